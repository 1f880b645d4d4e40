/* The operating system, as promises.
 *
 * Everything that the plug-in and portcullis_io need from the system stands here, before any
 * implementation: who may call it, what NULL and zero mean, how it ends. The *_posix.c files are one
 * implementation, the *_win32.c files another. Times are monotonic nanoseconds from port_now_ns; a deadline in the
 * past means "do not wait".
 *
 * An *endpoint* is a base name (a folder on Linux, the beginning of a pipe's name on Windows); evaluator
 * `index` listens below it. An *account* is text: "uid:1000" on Linux, a SID in text form on Windows. */
#ifndef PORTCULLIS_PORT_H
#define PORTCULLIS_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wsman/wsman_types.h"

#ifndef _WIN32
#include <pthread.h>
#include <time.h>
#endif

/* Text bounds: the longest SID has 184 characters; a path below 108 bytes is what a Unix socket takes,
 * and settings are read before that is known. */
#define PORT_ACCOUNT_BYTES_MAX 192
#define PORT_PATH_BYTES_MAX 1024

/* Between the accounts of a list; no account contains it. */
#define PORT_ACCOUNTS_SEPARATOR " "

/* The longest line of waiting connection attempts that a listener keeps. */
#define PORT_LISTEN_BACKLOG 128

#define PORT_NEVER UINT64_MAX

typedef enum port_status {
  PORT_OK = 0,
  PORT_TIMEOUT,   /* the deadline passed first, or the other side is alive and busy */
  PORT_CLOSED,    /* the other side is gone, at whatever point */
  PORT_CANCELLED, /* port_stream_cancel was called */
  PORT_REFUSED,   /* nobody serves this endpoint */
  PORT_FOREIGN,   /* somebody serves it, but not the account that must */
  PORT_IN_USE,    /* somebody serves the endpoint that was to be created */
  PORT_NO_MEMORY,
  PORT_FAILED     /* anything else */
} port_status;

/* ---- time, memory, chance --------------------------------------------------------------------- */

/* Monotonic; never goes back when the wall clock is set. */
uint64_t port_now_ns(void);

/* Zeroed memory, or NULL. */
void *port_alloc(size_t size);
void port_free(void *memory);

/* Keeps the calling thread for about that long. */
void port_sleep_ms(uint32_t ms);

/* Fills `bytes` from the system's generator. */
void port_random(void *bytes, size_t size);

uint32_t port_process_id(void);

/* ---- threads ---------------------------------------------------------------------------------- */

#ifdef _WIN32
typedef struct port_mutex { void *word; } port_mutex;
typedef struct port_condition { void *word; } port_condition;
typedef struct port_thread { void *handle; } port_thread;
#define PORT_MUTEX_INIT { NULL }
#else
typedef struct port_mutex { pthread_mutex_t mutex; } port_mutex;
typedef struct port_condition { pthread_cond_t condition; } port_condition;
typedef struct port_thread { pthread_t thread; } port_thread;
#define PORT_MUTEX_INIT { PTHREAD_MUTEX_INITIALIZER }
#endif

/* Static mutexes need no construction: nothing runs when the library is loaded. Not recursive. */
void port_mutex_lock(port_mutex *mutex);
void port_mutex_unlock(port_mutex *mutex);

void port_condition_open(port_condition *condition);
void port_condition_close(port_condition *condition);
void port_condition_signal(port_condition *condition);
void port_condition_broadcast(port_condition *condition);
/* Wakes also without a signal; the caller looks again. PORT_NEVER waits without end. */
void port_condition_wait(port_condition *condition, port_mutex *mutex, uint64_t deadline_ns);

/* Starts a thread that runs `run(argument)`. False if the system has none to give. */
bool port_thread_start(port_thread *thread, void (*run)(void *), void *argument);
/* Waits for the end of a thread whose `run` has nothing left to do. */
void port_thread_join(port_thread *thread);
/* Names the calling thread for as long as it lives. */
uintptr_t port_thread_self(void);

/* Processor time that one thread has used, readable from another thread while it lives. */
typedef struct port_thread_clock {
#ifdef _WIN32
  void *handle;
#else
  clockid_t clock;
#endif
} port_thread_clock;
bool port_thread_clock_open(port_thread_clock *clock); /* of the calling thread */
uint64_t port_thread_clock_ns(const port_thread_clock *clock);
void port_thread_clock_close(port_thread_clock *clock);

/* What the caller of an entry point must find unchanged: the thread's last error. */
typedef struct port_caller { int last_error; } port_caller;
port_caller port_caller_save(void);
void port_caller_restore(port_caller caller);

/* ---- the module and its file ------------------------------------------------------------------ */

/* The folder that holds the library which contains `address`, without a trailing separator. */
bool port_module_folder(const void *address, char *folder, size_t folder_size);

/* Keeps that library in memory until the process ends. For the case that a thread cannot be joined:
 * running code that is no longer mapped is worse than memory that is never given back. */
void port_module_pin(const void *address);

/* Reads a whole file of at most `bytes_max` bytes. PORT_REFUSED if there is none, PORT_FAILED if it is
 * longer or cannot be read. */
port_status port_file_read(const char *path, char *bytes, size_t bytes_max, size_t *size);

/* Ends this process at once, as SIGKILL does: no handler, no clean-up. */
void port_process_kill(void);

/* Bounds this process for the rest of its life, all its threads together, in a way that nothing in it can undo.
 * When it has used `processor_s` seconds of processor time since it began, the system ends it as
 * port_process_kill does. Memory of its own beyond what it has now and `data_bytes` is refused to it; address
 * space that is only reserved does not count. It writes to no file and leaves no dump. PORT_FAILED: not all of
 * this holds, and the caller must not go on.
 *
 * Windows counts the time spent outside the kernel only, and keeps the process from what others have made rather
 * than from writing as such: a file that it had opened before stays open. */
port_status port_process_limit(uint32_t processor_s, uint64_t data_bytes);

/* Maps the first `size` bytes of an inherited file, shared with whoever else has it: what is written there can be
 * read by others after this process has died in whatever way. NULL if it cannot be mapped. Never unmapped. */
uint8_t *port_page_map(intptr_t handle, size_t size);

/* ---- tokens ----------------------------------------------------------------------------------- */

typedef struct port_token_view {
  const uint8_t *user_sid;
  uint32_t group_count;
  const void *groups;
  void *memory; /* what the view owns, if anything */
} port_token_view;

/* Reads the identity in a token without keeping or changing the token. PORT_FAILED if it is none. */
port_status port_token_open(HANDLE token, port_token_view *view);
void port_token_group(const port_token_view *view, uint32_t index, const uint8_t **sid, uint32_t *attributes);
void port_token_close(port_token_view *view);

/* ---- streams: the plug-in's side -------------------------------------------------------------- */

typedef struct port_stream port_stream;

/* Connects to evaluator `index` of an endpoint, under the process identity, without waiting, and accepts it
 * only if `owner_account` is what serves it. Call it on a thread that impersonates nobody. */
port_status port_stream_open(const char *endpoint, uint32_t index, const char *owner_account,
                             port_stream **stream);

/* Writes or reads exactly `size` bytes. One reader and one writer at a time. After any result but
 * PORT_OK the stream is of no further use and is to be closed. The system does not use the buffer any
 * more when the function returns, whatever the result. */
port_status port_stream_write(port_stream *stream, const void *bytes, size_t size, uint64_t deadline_ns);
port_status port_stream_read(port_stream *stream, void *bytes, size_t size, uint64_t deadline_ns);

/* Reads what is there without waiting: PORT_OK with `*count` > 0, PORT_TIMEOUT if nothing is there. */
port_status port_stream_receive(port_stream *stream, void *bytes, size_t size, size_t *count);

/* True if the other side is there and has sent nothing: what an idle stream should be. Does not wait. */
bool port_stream_is_quiet(port_stream *stream);

/* From any thread: what is under way and what is begun later returns PORT_CANCELLED. */
void port_stream_cancel(port_stream *stream);
void port_stream_close(port_stream *stream);

/* What a thread that waits for several streams can be woken with, from any thread. A signal that comes
 * before the wait is not lost. */
typedef struct port_waker port_waker;
port_waker *port_waker_open(void);
void port_waker_signal(port_waker *waker);
void port_waker_close(port_waker *waker);

/* At most this many streams in one wait: what WaitForMultipleObjects takes, less the waker. */
#define PORT_STREAMS_WAIT_MAX 63

/* Returns when one of the streams may have something to read, the waker was signalled, or the deadline has
 * passed; the caller looks at all of them. */
void port_streams_wait(port_stream *const *streams, size_t count, port_waker *waker, uint64_t deadline_ns);

/* ---- hub: the host's side --------------------------------------------------------------------- */

/* One thread waits for many links at once. Only port_link_send may be called from another thread. */
typedef struct port_hub port_hub;
typedef struct port_link port_link;

typedef enum port_hub_event {
  PORT_HUB_TIMEOUT,
  PORT_HUB_CONNECT,  /* somebody waits to be accepted */
  PORT_HUB_READABLE, /* port_link_receive has something to say */
  PORT_HUB_CLOSED    /* the other side is gone, and nobody waits for what it may have sent last */
} port_hub_event;

port_hub *port_hub_open(void);
void port_hub_close(port_hub *hub);

/* This process's own account; empty if it cannot be told. */
void port_own_account(char account[PORT_ACCOUNT_BYTES_MAX]);

/* Serves evaluator `index` of an endpoint, once in a hub's life. `accounts`: a list of those other than this process's own
 * that may connect too, empty for none. Linux lets everybody connect as soon as it is not empty; in any case who has connected
 * is told by port_link_account. PORT_IN_USE if another process serves it, or still ends serving it. */
port_status port_hub_listen(port_hub *hub, const char *endpoint, uint32_t index, const char *accounts);

/* Who may connect from now on, instead of those that port_hub_listen was given; the links that exist go on. */
port_status port_hub_admit(port_hub *hub, const char *accounts);

/* Accepts nobody from now on; the links that exist go on. */
void port_hub_unlisten(port_hub *hub);

/* Waits for the next event; `*owner` is what the link was given, NULL for PORT_HUB_CONNECT. Events of
 * one wait may be handed out over several calls; a link closed in between gives none. */
port_hub_event port_hub_next(port_hub *hub, uint64_t deadline_ns, void **owner);

/* Takes the next waiting connection. PORT_REFUSED if there is none any more; PORT_NO_MEMORY if the system
 * has no room for one, and then it is not told of again until something was closed or some time passed. */
port_status port_hub_accept(port_hub *hub, void *owner, port_link **link);

/* Makes a link of an inherited handle, for instance of the supervisor's control connection. */
port_status port_hub_adopt(port_hub *hub, intptr_t handle, void *owner, port_link **link);

/* The account at the other end, from the operating system; empty text if it cannot be told. Some systems
 * can tell it only after something was received. */
void port_link_account(const port_link *link, char account[PORT_ACCOUNT_BYTES_MAX]);

/* Reads what is there without waiting: PORT_OK with `*count` > 0, PORT_TIMEOUT if nothing is there,
 * PORT_CLOSED. */
port_status port_link_receive(port_link *link, void *bytes, size_t size, size_t *count);

/* Writes without waiting; `*sent` tells how much was taken. PORT_OK: all of it, and what was taken reaches the other
 * side even if this process ends now. PORT_TIMEOUT: not yet; a send of nothing says when. */
port_status port_link_send(port_link *link, const void *bytes, size_t size, size_t *sent);

void port_link_close(port_hub *hub, port_link *link);

#endif
