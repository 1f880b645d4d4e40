/* What the double needs of the operating system: locks, threads, a clock, and loading a library. It is
 * the double's own header, apart from the plug-in's, because a fault in a shared one would hide itself:
 * the double must be able to judge the plug-in's. Each platform has one file with the same functions in
 * the same order.
 *
 * Locks are not recursive. Nothing here may be called while the double calls into the plug-in with a
 * lock held; the double never does that. */
#ifndef PORTCULLIS_DOUBLE_OS_H
#define PORTCULLIS_DOUBLE_OS_H

#include <stddef.h>
#include <stdint.h>

#ifdef _WIN32

#include <windows.h>

typedef SRWLOCK wsmd__mutex;
typedef CONDITION_VARIABLE wsmd__condition;
#define WSMD__MUTEX_INITIAL SRWLOCK_INIT
#define WSMD__CONDITION_INITIAL CONDITION_VARIABLE_INIT

#else

#include <pthread.h>

typedef pthread_mutex_t wsmd__mutex;
typedef pthread_cond_t wsmd__condition;
#define WSMD__MUTEX_INITIAL PTHREAD_MUTEX_INITIALIZER
#define WSMD__CONDITION_INITIAL PTHREAD_COND_INITIALIZER

#endif

void wsmd__lock(wsmd__mutex *mutex);
void wsmd__unlock(wsmd__mutex *mutex);

/* Gives the lock back while it waits; may wake without reason, so callers test their condition again. */
void wsmd__wait(wsmd__condition *condition, wsmd__mutex *mutex);
void wsmd__wake_all(wsmd__condition *condition);

/* A running thread, to be joined exactly once. `body` gets `argument`. Start returns NULL if the system
 * has no thread left. */
typedef struct wsmd__thread wsmd__thread;
wsmd__thread *wsmd__thread_start(void (*body)(void *argument), void *argument);
void wsmd__thread_join(wsmd__thread *thread);

/* Tells the calling thread from every other one that is alive. */
uint64_t wsmd__thread_self(void);

/* A clock that never goes back. */
uint64_t wsmd__clock_nanoseconds(void);
void wsmd__sleep_milliseconds(uint32_t milliseconds);

/* `size` zeroed bytes that end where a page begins that nobody can read. What has been freed can never be read again:
 * its addresses are not given out a second time. NULL if memory is out. */
void *wsmd__pages_make(size_t size);
void wsmd__pages_free(void *bytes, size_t size);

/* What a plug-in must leave as it finds it on the thread that calls it: the last error, how floating-point numbers are
 * rounded and, on Windows, whom the thread impersonates. Disguising makes all of it unusual; with a token the thread
 * impersonates it, as WinRM's does, and with NULL nobody. Undoing returns 1 if all of it is still there, and brings back
 * what was there before. In between, the double's own functions that a plug-in calls keep the last error. */
typedef struct wsmd__caller {
  void *token_before;
  uint64_t token_id;
  int impersonates;
  int rounding_before;
} wsmd__caller;
void wsmd__caller_disguise(wsmd__caller *caller, void *token);
int wsmd__caller_undo(wsmd__caller *caller);
uint32_t wsmd__last_error(void);
void wsmd__last_error_set(uint32_t error);

/* `path` is UTF-8; without a directory it means the current one, never a search path. NULL on failure,
 * with the system's words in `reason` (always terminated). */
void *wsmd__library_open(const char *path, char *reason, size_t reason_size);

/* NULL if the library does not export `name`. Cast the result to the function's own type. */
typedef void (*wsmd__function)(void);
wsmd__function wsmd__library_function(void *library, const char *name);
void wsmd__library_close(void *library);

#endif
