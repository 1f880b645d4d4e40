/* The double's view of a POSIX system. Failures of locks and joins mean that the double itself is
 * broken, and then no verdict about a plug-in is worth anything: they abort. */
#include "double/double_os.h"

#include <dlfcn.h>
#include <errno.h>
#include <fenv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define NANOSECONDS_PER_SECOND 1000000000ull
#define NANOSECONDS_PER_MILLISECOND 1000000l
#define MILLISECONDS_PER_SECOND 1000u

/* Long enough for any path that the system would open (PATH_MAX on Linux). */
#define PATH_BYTES_MAX 4096u

/* No system call sets errno to this. */
#define ERROR_UNUSUAL 28657u

static void require(int ok) {
  if (!ok) {
    abort();
  }
}

void wsmd__lock(wsmd__mutex *mutex) {
  require(pthread_mutex_lock(mutex) == 0);
}

void wsmd__unlock(wsmd__mutex *mutex) {
  require(pthread_mutex_unlock(mutex) == 0);
}

void wsmd__wait(wsmd__condition *condition, wsmd__mutex *mutex) {
  require(pthread_cond_wait(condition, mutex) == 0);
}

void wsmd__wake_all(wsmd__condition *condition) {
  require(pthread_cond_broadcast(condition) == 0);
}

struct wsmd__thread {
  pthread_t native;
  void (*body)(void *argument);
  void *argument;
};

static void *thread_main(void *opaque) {
  wsmd__thread *thread = opaque;
  thread->body(thread->argument);
  return NULL;
}

wsmd__thread *wsmd__thread_start(void (*body)(void *argument), void *argument) {
  wsmd__thread *thread = malloc(sizeof *thread);
  if (thread == NULL) {
    return NULL;
  }
  thread->body = body;
  thread->argument = argument;
  if (pthread_create(&thread->native, NULL, thread_main, thread) != 0) {
    free(thread);
    return NULL;
  }
  return thread;
}

void wsmd__thread_join(wsmd__thread *thread) {
  require(pthread_join(thread->native, NULL) == 0);
  free(thread);
}

uint64_t wsmd__thread_self(void) {
  static _Thread_local char marker;
  return (uint64_t)(uintptr_t)&marker;
}

uint64_t wsmd__clock_nanoseconds(void) {
  struct timespec now;
  require(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
  return (uint64_t)now.tv_sec * NANOSECONDS_PER_SECOND + (uint64_t)now.tv_nsec;
}

void wsmd__sleep_milliseconds(uint32_t milliseconds) {
  struct timespec left;
  left.tv_sec = (time_t)(milliseconds / MILLISECONDS_PER_SECOND);
  left.tv_nsec = (long)(milliseconds % MILLISECONDS_PER_SECOND) * NANOSECONDS_PER_MILLISECOND;
  while (nanosleep(&left, &left) != 0 && errno == EINTR) {
  }
}

/* What `size` bytes take, without the page behind them. */
static size_t whole_pages(size_t size) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  return (size + page - 1) / page * page;
}

void *wsmd__pages_make(size_t size) {
  size_t used = whole_pages(size);
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  uint8_t *pages = mmap(NULL, used + page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) {
    return NULL;
  }
  require(mprotect(pages, used, PROT_READ | PROT_WRITE) == 0);
  return pages + used - size;
}

void wsmd__pages_free(void *bytes, size_t size) {
  size_t used = whole_pages(size);
  uint8_t *pages = (uint8_t *)bytes + size - used;
  require(madvise(pages, used, MADV_DONTNEED) == 0 && mprotect(pages, used, PROT_NONE) == 0);
}

void wsmd__caller_disguise(wsmd__caller *caller, void *token) {
  (void)token; /* there is nobody to impersonate here */
  memset(caller, 0, sizeof *caller);
  caller->rounding_before = fegetround();
  fesetround(FE_UPWARD);
  wsmd__last_error_set(ERROR_UNUSUAL);
}

int wsmd__caller_undo(wsmd__caller *caller) {
  int unchanged = wsmd__last_error() == ERROR_UNUSUAL && fegetround() == FE_UPWARD;
  fesetround(caller->rounding_before);
  return unchanged;
}

uint32_t wsmd__last_error(void) {
  return (uint32_t)errno;
}

void wsmd__last_error_set(uint32_t error) {
  errno = (int)error;
}

void *wsmd__library_open(const char *path, char *reason, size_t reason_size) {
  char here[PATH_BYTES_MAX];
  const char *directory = strchr(path, '/') == NULL ? "./" : "";
  int length = snprintf(here, sizeof here, "%s%s", directory, path);
  if (length < 0 || (size_t)length >= sizeof here) {
    snprintf(reason, reason_size, "the path is longer than %u bytes", PATH_BYTES_MAX - 1);
    return NULL;
  }
  void *library = dlopen(here, RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) {
    const char *words = dlerror();
    snprintf(reason, reason_size, "%s", words == NULL ? "no reason given" : words);
  }
  return library;
}

wsmd__function wsmd__library_function(void *library, const char *name) {
  /* ISO C has no cast from an object pointer to a function pointer; POSIX promises the same bytes. */
  void *address = dlsym(library, name);
  wsmd__function function;
  _Static_assert(sizeof function == sizeof address, "function pointers are plain addresses");
  memcpy(&function, &address, sizeof function);
  return function;
}

void wsmd__library_close(void *library) {
  dlclose(library);
}
