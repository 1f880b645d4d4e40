/* See process.h. */
#define _POSIX_C_SOURCE 200809L

#include "driver/process.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

uint64_t process_rss_kib(void) {
  uint64_t total_pages;
  uint64_t resident_pages = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (file == NULL) {
    return 0;
  }
  if (fscanf(file, "%" SCNu64 " %" SCNu64, &total_pages, &resident_pages) != 2) {
    resident_pages = 0;
  }
  fclose(file);
  return resident_pages * (uint64_t)sysconf(_SC_PAGESIZE) / 1024;
}

static uint32_t count_entries(const char *path) {
  DIR *directory = opendir(path);
  if (directory == NULL) {
    return 0;
  }
  uint32_t count = 0;
  for (const struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
    count += entry->d_name[0] != '.';
  }
  closedir(directory);
  return count;
}

uint32_t process_fd_count(void) {
  uint32_t count = count_entries("/proc/self/fd");
  return count == 0 ? 0 : count - 1; /* without the directory's own */
}

uint32_t process_thread_count(void) {
  return count_entries("/proc/self/task");
}

uint64_t process_nanoseconds(void) {
  struct timespec now = {0};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void process_sleep_milliseconds(uint32_t milliseconds) {
  struct timespec left = {(time_t)(milliseconds / 1000), (long)(milliseconds % 1000) * 1000000};
  while (nanosleep(&left, &left) != 0 && errno == EINTR) {
  }
}

uint64_t process_seed(void) {
  /* Small enough to be typed again. */
  return process_nanoseconds() % 1000000007u;
}

int process_is_sanitized(void) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return 1;
#else
  return 0;
#endif
}
