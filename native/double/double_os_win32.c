/* The double's view of Windows. A lock that cannot be taken or a thread that cannot be joined means that the double
 * itself is broken, and then no verdict about a plug-in is worth anything: it aborts. */
#include "double/double_os.h"

#include <fenv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NANOSECONDS_PER_SECOND 1000000000ull

/* Long enough for any path that tests use. */
#define PATH_UNITS_MAX 4096u

/* Bit 29 is kept for applications: no function of the system sets an error with it. */
#define ERROR_UNUSUAL 0x20006FF1u

static void require(int ok) {
  if (!ok) {
    abort();
  }
}

void wsmd__lock(wsmd__mutex *mutex) {
  AcquireSRWLockExclusive(mutex);
}

void wsmd__unlock(wsmd__mutex *mutex) {
  ReleaseSRWLockExclusive(mutex);
}

void wsmd__wait(wsmd__condition *condition, wsmd__mutex *mutex) {
  require(SleepConditionVariableSRW(condition, mutex, INFINITE, 0));
}

void wsmd__wake_all(wsmd__condition *condition) {
  WakeAllConditionVariable(condition);
}

struct wsmd__thread {
  HANDLE native;
  void (*body)(void *argument);
  void *argument;
};

static DWORD WINAPI thread_main(void *opaque) {
  wsmd__thread *thread = opaque;
  thread->body(thread->argument);
  return 0;
}

wsmd__thread *wsmd__thread_start(void (*body)(void *argument), void *argument) {
  wsmd__thread *thread = malloc(sizeof *thread);
  if (thread == NULL) {
    return NULL;
  }
  thread->body = body;
  thread->argument = argument;
  thread->native = CreateThread(NULL, 0, thread_main, thread, 0, NULL);
  if (thread->native == NULL) {
    free(thread);
    return NULL;
  }
  return thread;
}

void wsmd__thread_join(wsmd__thread *thread) {
  require(WaitForSingleObject(thread->native, INFINITE) == WAIT_OBJECT_0);
  CloseHandle(thread->native);
  free(thread);
}

uint64_t wsmd__thread_self(void) {
  return GetCurrentThreadId();
}

uint64_t wsmd__clock_nanoseconds(void) {
  LARGE_INTEGER frequency;
  LARGE_INTEGER counter;
  require(QueryPerformanceFrequency(&frequency) && QueryPerformanceCounter(&counter));
  uint64_t per_second = (uint64_t)frequency.QuadPart;
  uint64_t ticks = (uint64_t)counter.QuadPart;
  return ticks / per_second * NANOSECONDS_PER_SECOND +
         ticks % per_second * NANOSECONDS_PER_SECOND / per_second;
}

void wsmd__sleep_milliseconds(uint32_t milliseconds) {
  Sleep(milliseconds);
}

static size_t page_size(void) {
  SYSTEM_INFO system;
  GetSystemInfo(&system);
  return system.dwPageSize;
}

/* What `size` bytes take, without the page behind them. */
static size_t whole_pages(size_t size) {
  return (size + page_size() - 1) / page_size() * page_size();
}

void *wsmd__pages_make(size_t size) {
  size_t used = whole_pages(size);
  uint8_t *pages = VirtualAlloc(NULL, used + page_size(), MEM_RESERVE, PAGE_NOACCESS);
  if (pages == NULL || VirtualAlloc(pages, used, MEM_COMMIT, PAGE_READWRITE) == NULL) {
    return NULL;
  }
  return pages + used - size;
}

void wsmd__pages_free(void *bytes, size_t size) {
  size_t used = whole_pages(size);
  require(VirtualFree((uint8_t *)bytes + size - used, used, MEM_DECOMMIT));
}

/* The token that this thread impersonates, to be closed; NULL for none. */
static HANDLE open_thread_token(DWORD access) {
  HANDLE token;
  return OpenThreadToken(GetCurrentThread(), access, TRUE, &token) ? token : NULL;
}

static uint64_t token_id(HANDLE token) {
  TOKEN_STATISTICS statistics;
  DWORD used;
  require(GetTokenInformation(token, TokenStatistics, &statistics, sizeof statistics, &used));
  return (uint64_t)(uint32_t)statistics.TokenId.HighPart << 32 | statistics.TokenId.LowPart;
}

void wsmd__caller_disguise(wsmd__caller *caller, void *token) {
  memset(caller, 0, sizeof *caller);
  caller->token_before = open_thread_token(TOKEN_IMPERSONATE);
  require(SetThreadToken(NULL, token));
  caller->impersonates = token != NULL;
  caller->token_id = token == NULL ? 0 : token_id(token);
  caller->rounding_before = fegetround();
  fesetround(FE_UPWARD);
  SetLastError(ERROR_UNUSUAL);
}

int wsmd__caller_undo(wsmd__caller *caller) {
  int unchanged = GetLastError() == ERROR_UNUSUAL && fegetround() == FE_UPWARD;
  HANDLE token = open_thread_token(TOKEN_QUERY);
  unchanged = unchanged && (token != NULL) == caller->impersonates;
  if (token != NULL) {
    unchanged = unchanged && token_id(token) == caller->token_id;
    CloseHandle(token);
  }
  require(SetThreadToken(NULL, caller->token_before));
  if (caller->token_before != NULL) {
    CloseHandle(caller->token_before);
  }
  fesetround(caller->rounding_before);
  return unchanged;
}

uint32_t wsmd__last_error(void) {
  return GetLastError();
}

void wsmd__last_error_set(uint32_t error) {
  SetLastError(error);
}

/* WinRM names its plug-ins by absolute paths; so does this, and what the plug-in itself needs is looked for
 * beside it and beside the program. */
void *wsmd__library_open(const char *path, char *reason, size_t reason_size) {
  WCHAR given[PATH_UNITS_MAX];
  WCHAR absolute[PATH_UNITS_MAX];
  if (MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, given, PATH_UNITS_MAX) == 0) {
    snprintf(reason, reason_size, "the path is not UTF-8 or longer than %u characters", PATH_UNITS_MAX - 1);
    return NULL;
  }
  DWORD length = GetFullPathNameW(given, PATH_UNITS_MAX, absolute, NULL);
  HMODULE library = NULL;
  if (length != 0 && length < PATH_UNITS_MAX) {
    library = LoadLibraryExW(absolute, NULL, LOAD_WITH_ALTERED_SEARCH_PATH);
  }
  if (library == NULL) {
    snprintf(reason, reason_size, "error %lu of Windows", GetLastError());
  }
  return library;
}

wsmd__function wsmd__library_function(void *library, const char *name) {
  FARPROC address = GetProcAddress(library, name);
  wsmd__function function;
  _Static_assert(sizeof function == sizeof address, "function pointers are plain addresses");
  memcpy(&function, &address, sizeof function);
  return function;
}

void wsmd__library_close(void *library) {
  FreeLibrary(library);
}
