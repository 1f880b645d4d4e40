/* port.h on Windows, first part: time, memory, threads, the module and its file. The process is in process_win32.c, tokens
 * are in token_win32.c, the channel is in stream_win32.c and hub_win32.c. */
#include "port/port.h"

#include <ntsecapi.h>
#include <stdlib.h>

#include "port/win32_internal.h"

#define NS_PER_SECOND 1000000000ull
#define NS_PER_MS 1000000ull

/* The unit of processor times. */
#define NS_PER_FILETIME 100u

/* ---- time, memory, chance --------------------------------------------------------------------- */

uint64_t port_now_ns(void) {
  LARGE_INTEGER frequency;
  LARGE_INTEGER counter;
  QueryPerformanceFrequency(&frequency);
  QueryPerformanceCounter(&counter);
  uint64_t per_second = (uint64_t)frequency.QuadPart;
  uint64_t ticks = (uint64_t)counter.QuadPart;
  /* In two parts: years of ticks times a billion do not fit. */
  return ticks / per_second * NS_PER_SECOND + ticks % per_second * NS_PER_SECOND / per_second;
}

void *port_alloc(size_t size) { return HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, size); }

void port_free(void *memory) {
  if (memory != NULL) HeapFree(GetProcessHeap(), 0, memory);
}

void port_sleep_ms(uint32_t ms) { Sleep(ms); }

void port_random(void *bytes, size_t size) {
  /* It fails only where the system has no generator any more. */
  if (!RtlGenRandom(bytes, (ULONG)size)) abort();
}

uint32_t port_process_id(void) { return GetCurrentProcessId(); }

DWORD win32_wait_ms(uint64_t deadline_ns) {
  if (deadline_ns == PORT_NEVER) return INFINITE;
  uint64_t now_ns = port_now_ns();
  if (deadline_ns <= now_ns) return 0;
  uint64_t ms = (deadline_ns - now_ns + NS_PER_MS - 1) / NS_PER_MS;
  return ms < INFINITE ? (DWORD)ms : INFINITE - 1;
}

bool win32_wide(const char *text, WCHAR *wide, size_t wide_units) {
  return MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, wide, (int)wide_units) > 0;
}

/* ---- threads ---------------------------------------------------------------------------------- */

/* Both are one word that is zero at first and needs no closing. */
_Static_assert(sizeof(port_mutex) == sizeof(SRWLOCK), "a mutex is a slim lock");
_Static_assert(sizeof(port_condition) == sizeof(CONDITION_VARIABLE), "a condition is a condition variable");

static SRWLOCK *lock_of(port_mutex *mutex) { return (SRWLOCK *)&mutex->word; }

static CONDITION_VARIABLE *variable_of(port_condition *condition) { return (CONDITION_VARIABLE *)&condition->word; }

void port_mutex_lock(port_mutex *mutex) { AcquireSRWLockExclusive(lock_of(mutex)); }

void port_mutex_unlock(port_mutex *mutex) { ReleaseSRWLockExclusive(lock_of(mutex)); }

void port_condition_open(port_condition *condition) { InitializeConditionVariable(variable_of(condition)); }

void port_condition_close(port_condition *condition) { (void)condition; }

void port_condition_signal(port_condition *condition) { WakeConditionVariable(variable_of(condition)); }

void port_condition_broadcast(port_condition *condition) { WakeAllConditionVariable(variable_of(condition)); }

void port_condition_wait(port_condition *condition, port_mutex *mutex, uint64_t deadline_ns) {
  SleepConditionVariableSRW(variable_of(condition), lock_of(mutex), win32_wait_ms(deadline_ns), 0);
}

typedef struct thread_start {
  void (*run)(void *);
  void *argument;
} thread_start;

static DWORD WINAPI thread_main(void *memory) {
  thread_start start = *(thread_start *)memory;
  port_free(memory);
  start.run(start.argument);
  return 0;
}

/* A new thread impersonates nobody, whatever the thread that starts it does. */
bool port_thread_start(port_thread *thread, void (*run)(void *), void *argument) {
  thread_start *start = port_alloc(sizeof *start);
  if (start == NULL) return false;
  *start = (thread_start){run, argument};
  thread->handle = CreateThread(NULL, 0, thread_main, start, 0, NULL);
  if (thread->handle == NULL) port_free(start);
  return thread->handle != NULL;
}

void port_thread_join(port_thread *thread) {
  WaitForSingleObject(thread->handle, INFINITE);
  CloseHandle(thread->handle);
}

uintptr_t port_thread_self(void) { return GetCurrentThreadId(); }

bool port_thread_clock_open(port_thread_clock *clock) {
  return DuplicateHandle(GetCurrentProcess(), GetCurrentThread(), GetCurrentProcess(), &clock->handle,
                         THREAD_QUERY_INFORMATION, FALSE, 0);
}

static uint64_t filetime_ns(FILETIME time) {
  return ((uint64_t)time.dwHighDateTime << 32 | time.dwLowDateTime) * NS_PER_FILETIME;
}

uint64_t port_thread_clock_ns(const port_thread_clock *clock) {
  FILETIME created, ended, kernel, user;
  if (!GetThreadTimes(clock->handle, &created, &ended, &kernel, &user)) return 0;
  return filetime_ns(kernel) + filetime_ns(user);
}

void port_thread_clock_close(port_thread_clock *clock) { CloseHandle(clock->handle); }

port_caller port_caller_save(void) { return (port_caller){(int)GetLastError()}; }

void port_caller_restore(port_caller caller) { SetLastError((DWORD)caller.last_error); }

/* ---- the module and its file ------------------------------------------------------------------ */

bool port_module_folder(const void *address, char *folder, size_t folder_size) {
  HMODULE module;
  WCHAR path[PORT_PATH_BYTES_MAX];
  DWORD flags = GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT;
  if (!GetModuleHandleExW(flags, (LPCWSTR)address, &module)) return false;
  DWORD length = GetModuleFileNameW(module, path, PORT_PATH_BYTES_MAX);
  if (length == 0 || length == PORT_PATH_BYTES_MAX) return false;
  while (length > 0 && path[length] != '\\') length--;
  path[length] = 0;
  return length > 0 && WideCharToMultiByte(CP_UTF8, WC_ERR_INVALID_CHARS, path, -1, folder, (int)folder_size, NULL,
                                           NULL) > 0;
}

void port_module_pin(const void *address) {
  HMODULE module;
  GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN, (LPCWSTR)address,
                     &module);
}

port_status port_file_read(const char *path, char *bytes, size_t bytes_max, size_t *size) {
  WCHAR wide[PORT_PATH_BYTES_MAX + MAX_PATH];
  if (!win32_wide(path, wide, sizeof wide / sizeof *wide)) return PORT_FAILED;
  HANDLE file = CreateFileW(wide, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                            OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);
  if (file == INVALID_HANDLE_VALUE) {
    DWORD error = GetLastError();
    return error == ERROR_FILE_NOT_FOUND || error == ERROR_PATH_NOT_FOUND ? PORT_REFUSED : PORT_FAILED;
  }
  size_t total = 0;
  port_status status = PORT_OK;
  for (;;) {
    char beyond;
    DWORD got = 0;
    bool full = total == bytes_max;
    bool read = full ? ReadFile(file, &beyond, 1, &got, NULL)
                     : ReadFile(file, bytes + total, (DWORD)(bytes_max - total), &got, NULL);
    if (!read || (got > 0 && full)) status = PORT_FAILED;
    if (!read || got == 0 || full) break;
    total += got;
  }
  CloseHandle(file);
  *size = total;
  return status;
}
