/* port.h on Linux, first half: time, memory, threads, the module, tokens. The channel (streams and the
 * hub) is in channel_posix.c. What a token is here stands in posix_token.h. */
#include "port/port.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "port/posix_token.h"

#define NS_PER_SECOND 1000000000ull

/* A status has about 1,500 bytes, and more on machines with many processors. */
#define PROC_STATUS_BYTES_MAX 16384

/* ---- time, memory, chance --------------------------------------------------------------------- */

static uint64_t clock_ns(clockid_t clock) {
  struct timespec now;
  if (clock_gettime(clock, &now) != 0) return 0;
  return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

uint64_t port_now_ns(void) { return clock_ns(CLOCK_MONOTONIC); }

void *port_alloc(size_t size) { return calloc(1, size); }

void port_free(void *memory) { free(memory); }

void port_sleep_ms(uint32_t ms) {
  struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
  while (nanosleep(&left, &left) != 0 && errno == EINTR) continue;
}

void port_random(void *bytes, size_t size) {
  uint8_t *next = bytes;
  while (size > 0) {
    ssize_t got = getrandom(next, size, 0);
    if (got < 0) {
      if (errno == EINTR) continue;
      abort(); /* getrandom fails only for arguments that cannot occur here */
    }
    next += got;
    size -= (size_t)got;
  }
}

uint32_t port_process_id(void) { return (uint32_t)getpid(); }

/* ---- threads ---------------------------------------------------------------------------------- */

void port_mutex_lock(port_mutex *mutex) { pthread_mutex_lock(&mutex->mutex); }

void port_mutex_unlock(port_mutex *mutex) { pthread_mutex_unlock(&mutex->mutex); }

void port_condition_open(port_condition *condition) {
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(&condition->condition, &attributes);
  pthread_condattr_destroy(&attributes);
}

void port_condition_close(port_condition *condition) { pthread_cond_destroy(&condition->condition); }

void port_condition_signal(port_condition *condition) { pthread_cond_signal(&condition->condition); }

void port_condition_broadcast(port_condition *condition) { pthread_cond_broadcast(&condition->condition); }

void port_condition_wait(port_condition *condition, port_mutex *mutex, uint64_t deadline_ns) {
  if (deadline_ns == PORT_NEVER) {
    pthread_cond_wait(&condition->condition, &mutex->mutex);
    return;
  }
  struct timespec until = {.tv_sec = (time_t)(deadline_ns / NS_PER_SECOND),
                           .tv_nsec = (long)(deadline_ns % NS_PER_SECOND)};
  pthread_cond_timedwait(&condition->condition, &mutex->mutex, &until);
}

typedef struct thread_start {
  void (*run)(void *);
  void *argument;
} thread_start;

static void *thread_main(void *memory) {
  thread_start start = *(thread_start *)memory;
  port_free(memory);
  start.run(start.argument);
  return NULL;
}

bool port_thread_start(port_thread *thread, void (*run)(void *), void *argument) {
  thread_start *start = port_alloc(sizeof *start);
  if (start == NULL) return false;
  *start = (thread_start){run, argument};
  /* The host's signals are the host's: none of them is ever handled on a thread of ours. */
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int failed = pthread_create(&thread->thread, NULL, thread_main, start);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (failed) port_free(start);
  return !failed;
}

void port_thread_join(port_thread *thread) { pthread_join(thread->thread, NULL); }

uintptr_t port_thread_self(void) { return (uintptr_t)pthread_self(); }

bool port_thread_clock_open(port_thread_clock *clock) {
  return pthread_getcpuclockid(pthread_self(), &clock->clock) == 0;
}

uint64_t port_thread_clock_ns(const port_thread_clock *clock) { return clock_ns(clock->clock); }

void port_thread_clock_close(port_thread_clock *clock) { (void)clock; }

port_caller port_caller_save(void) { return (port_caller){errno}; }

void port_caller_restore(port_caller caller) { errno = caller.last_error; }

/* ---- the module and its file ------------------------------------------------------------------ */

bool port_module_folder(const void *address, char *folder, size_t folder_size) {
  Dl_info info;
  if (dladdr(address, &info) == 0 || info.dli_fname == NULL) return false;
  const char *slash = strrchr(info.dli_fname, '/');
  const char *name = slash == NULL ? "." : info.dli_fname;
  size_t length = slash == NULL ? 1 : (size_t)(slash - info.dli_fname);
  if (length >= folder_size) return false;
  memcpy(folder, name, length);
  folder[length] = '\0';
  return true;
}

void port_module_pin(const void *address) {
  Dl_info info;
  if (dladdr(address, &info) != 0 && info.dli_fname != NULL) {
    (void)dlopen(info.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
  }
}

port_status port_file_read(const char *path, char *bytes, size_t bytes_max, size_t *size) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return errno == ENOENT ? PORT_REFUSED : PORT_FAILED;
  size_t total = 0;
  port_status status = PORT_OK;
  for (;;) {
    char beyond;
    bool full = total == bytes_max;
    ssize_t got = full ? read(file, &beyond, 1) : read(file, bytes + total, bytes_max - total);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 || (got > 0 && full)) status = PORT_FAILED;
    if (got <= 0 || full) break;
    total += (size_t)got;
  }
  close(file);
  *size = total;
  return status;
}

void port_process_kill(void) { kill(getpid(), SIGKILL); }

/* As RLIMIT_DATA counts: private memory that can be written. Not known: UINT64_MAX. */
static uint64_t data_bytes_now(void) {
  char status[PROC_STATUS_BYTES_MAX + 1];
  size_t size = 0;
  if (port_file_read("/proc/self/status", status, PROC_STATUS_BYTES_MAX, &size) != PORT_OK) return UINT64_MAX;
  status[size] = '\0';
  const char *line = strstr(status, "\nVmData:");
  unsigned long long kib;
  return line != NULL && sscanf(line, "\nVmData: %llu kB", &kib) == 1 ? (uint64_t)kib * 1024 : UINT64_MAX;
}

/* Both limits at once: the hard one cannot be raised again. One that is lower already stays. */
static bool lower_limit(int resource, uint64_t most) {
  struct rlimit limit;
  if (getrlimit(resource, &limit) != 0) return false;
  if (limit.rlim_max > most) limit.rlim_max = (rlim_t)most;
  limit.rlim_cur = limit.rlim_max;
  return setrlimit(resource, &limit) == 0;
}

port_status port_process_limit(uint32_t processor_s, uint64_t data_bytes) {
  uint64_t data = data_bytes_now();
  bool known = data <= UINT64_MAX - data_bytes;
  bool limited = known && lower_limit(RLIMIT_DATA, data + data_bytes) && lower_limit(RLIMIT_CPU, processor_s) &&
                 lower_limit(RLIMIT_FSIZE, 0) && lower_limit(RLIMIT_CORE, 0);
  return limited ? PORT_OK : PORT_FAILED;
}

uint8_t *port_page_map(intptr_t handle, size_t size) {
  void *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, (int)handle, 0);
  return page == MAP_FAILED ? NULL : page;
}

/* ---- tokens ----------------------------------------------------------------------------------- */

port_status port_token_open(HANDLE token, port_token_view *view) {
  const posix_token *record = token;
  if (record->magic != POSIX_TOKEN_MAGIC) return PORT_FAILED;
  *view = (port_token_view){record->user_sid, record->group_count, record->groups, NULL};
  return PORT_OK;
}

void port_token_group(const port_token_view *view, uint32_t index, const uint8_t **sid, uint32_t *attributes) {
  const posix_token_group *group = (const posix_token_group *)view->groups + index;
  *sid = group->sid;
  *attributes = group->attributes;
}

void port_token_close(port_token_view *view) { view->group_count = 0; }
