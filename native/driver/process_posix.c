/* See process.h. */
#include "driver/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
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

/* PF_EXITING of Linux: the thread runs no code of ours any more; whoever joined it may have been woken already. */
#define FLAG_EXITING 0x4u

/* Flags are the sixth number after the state, which follows the command's name in brackets. Gone is ended too. */
static int is_exiting(const char *task) {
  char path[64];
  char text[512];
  unsigned flags = 0;
  snprintf(path, sizeof path, "/proc/self/task/%s/stat", task);
  FILE *file = fopen(path, "r");
  if (file == NULL) {
    return 1;
  }
  size_t size = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  text[size] = '\0';
  const char *bracket = strrchr(text, ')');
  int read = bracket == NULL ? 0 : sscanf(bracket + 1, " %*c %*d %*d %*d %*d %*d %u", &flags);
  return read != 1 || (flags & FLAG_EXITING) != 0;
}

uint32_t process_threads(uint64_t *numbers, uint32_t most) {
  DIR *directory = opendir("/proc/self/task");
  uint32_t count = 0;
  if (directory == NULL) {
    return 0;
  }
  for (const struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
    if (entry->d_name[0] != '.' && count < most && !is_exiting(entry->d_name)) {
      numbers[count++] = strtoull(entry->d_name, NULL, 10);
    }
  }
  closedir(directory);
  return count;
}

uint32_t process_id(void) {
  return (uint32_t)getpid();
}

#define REFUSE_CALL(number)                                                                                            \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES)

int process_confine_thread(void) {
  struct sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      REFUSE_CALL(SYS_open),   REFUSE_CALL(SYS_openat), REFUSE_CALL(SYS_creat), REFUSE_CALL(SYS_socket),
      REFUSE_CALL(SYS_connect), REFUSE_CALL(SYS_pipe2),  REFUSE_CALL(SYS_pipe),  REFUSE_CALL(SYS_execve),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const struct sock_fprog program = {.len = sizeof filter / sizeof filter[0], .filter = filter};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
    return -1;
  }
  /* Seen at work, so that a question on this thread shows something. */
  return open("/dev/null", O_RDONLY | O_CLOEXEC) == -1 && errno == EACCES ? 0 : -1;
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
