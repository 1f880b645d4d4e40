/* See process.h. */
#include "driver/process.h"

#include <windows.h>
#define PSAPI_VERSION 2
#include <psapi.h>

#define NANOSECONDS_PER_SECOND 1000000000ull

uint64_t process_rss_kib(void) {
  PROCESS_MEMORY_COUNTERS counters = {.cb = sizeof counters};
  return GetProcessMemoryInfo(GetCurrentProcess(), &counters, sizeof counters) ? counters.WorkingSetSize / 1024 : 0;
}

uint32_t process_fd_count(void) {
  DWORD count;
  return GetProcessHandleCount(GetCurrentProcess(), &count) ? count : 0;
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
