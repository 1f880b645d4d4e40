/* See process.h. */
#include "driver/process.h"

#include <windows.h>
#define PSAPI_VERSION 2
#include <psapi.h>
#include <tlhelp32.h>

#include <stdbool.h>
#include <stdlib.h>
#include <winternl.h>

/* The table of all handles of all processes, of which Wine, which counts none for a single process, has this version
 * too. Not in MinGW's headers. */
#define SYSTEM_EXTENDED_HANDLES ((SYSTEM_INFORMATION_CLASS)64)

/* Room for 100,000 handles. */
#define SYSTEM_TABLE_BYTES (4u * 1024u * 1024u)

typedef struct system_handle {
  void *object;
  ULONG_PTR process;
  ULONG_PTR handle;
  ULONG access;
  USHORT backtrace;
  USHORT type;
  ULONG attributes;
  ULONG reserved;
} system_handle;

typedef struct system_handles {
  ULONG_PTR count;
  ULONG_PTR reserved;
  system_handle handles[];
} system_handles;

#define NANOSECONDS_PER_SECOND 1000000000ull

uint64_t process_rss_kib(void) {
  PROCESS_MEMORY_COUNTERS counters = {.cb = sizeof counters};
  return GetProcessMemoryInfo(GetCurrentProcess(), &counters, sizeof counters) ? counters.WorkingSetSize / 1024 : 0;
}

static uint32_t count_in_system_table(void) {
  system_handles *table = malloc(SYSTEM_TABLE_BYTES);
  uint32_t count = 0;
  if (table != NULL && NtQuerySystemInformation(SYSTEM_EXTENDED_HANDLES, table, SYSTEM_TABLE_BYTES, NULL) == 0) {
    for (ULONG_PTR index = 0; index < table->count; index++) {
      count += table->handles[index].process == GetCurrentProcessId();
    }
  }
  free(table);
  return count;
}

uint32_t process_fd_count(void) {
  DWORD count;
  bool told = GetProcessHandleCount(GetCurrentProcess(), &count) && count != 0;
  return told ? count : count_in_system_table();
}

uint32_t process_threads(uint64_t *numbers, uint32_t most) {
  HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0);
  THREADENTRY32 entry = {.dwSize = sizeof entry};
  uint32_t count = 0;
  for (BOOL more = Thread32First(snapshot, &entry); more; more = Thread32Next(snapshot, &entry)) {
    if (entry.th32OwnerProcessID == GetCurrentProcessId() && count < most) {
      numbers[count++] = entry.th32ThreadID;
    }
  }
  CloseHandle(snapshot);
  return count;
}

uint32_t process_id(void) {
  return GetCurrentProcessId();
}

int process_confine_thread(void) {
  return 0;
}

uint64_t process_nanoseconds(void) {
  LARGE_INTEGER frequency;
  LARGE_INTEGER counter;
  QueryPerformanceFrequency(&frequency);
  QueryPerformanceCounter(&counter);
  uint64_t per_second = (uint64_t)frequency.QuadPart;
  uint64_t ticks = (uint64_t)counter.QuadPart;
  return ticks / per_second * NANOSECONDS_PER_SECOND +
         ticks % per_second * NANOSECONDS_PER_SECOND / per_second;
}

void process_sleep_milliseconds(uint32_t milliseconds) {
  Sleep(milliseconds);
}

uint64_t process_seed(void) {
  /* Small enough to be typed again. */
  return process_nanoseconds() % 1000000007u;
}

int process_is_sanitized(void) {
  return 0;
}
