/* What exists once in a worker process: the lock, the started instances, the calls that are under way.
 *
 * One lock for instances and pools is enough: it is held for a few list operations, and never while the
 * system is asked to wait or WinRM is called. context.c has a lock of its own. An instance, like a
 * context, is named to WinRM by slot and generation, never by its address. */
#ifndef PORTCULLIS_PROCESS_H
#define PORTCULLIS_PROCESS_H

#include <stdatomic.h>

#include "plugin/pool.h"

typedef struct call call;

/* One started application. */
typedef struct instance {
  uintptr_t handle; /* the plug-in context by which WinRM knows it; 0 before it is registered */
  pool pool;
  call *calls;           /* entry points that are inside it now */
  port_condition calmer; /* a call left, or a job of the connector ended */
  uint32_t jobs;         /* of the connector, under way */
  _Atomic uint32_t denied[DENIALS]; /* not yet reported in a hello */
  uint32_t application_length;
  WCHAR application[APPLICATION_UNITS_MAX];
} instance;

/* One entry point's stay in an instance; lives on the entry point's stack. */
struct call {
  instance *instance; /* NULL once Shutdown has taken it away from under a call of its own thread */
  uintptr_t thread;
  call *next;
  call **link;
};

extern port_mutex process_lock;

/* Counts a denial that no instance can be blamed for; the next hello of any instance reports it. */
void process_count(denial denial);

/* Starts an instance, and the connector with the first. Returns a Win32 code; on success `*context`. */
DWORD process_start(PCWSTR application, PVOID *context);

/* Ends an instance, and the connector with the last. Nothing of it runs on other threads when this
 * returns, or the module stays in memory for ever. */
DWORD process_stop(PVOID context);

/* Enters the instance behind a plug-in context: STALE_INSTANCE or SHUTTING_DOWN if that cannot be. */
bool process_enter(PVOID context, call *call, denial *why);
void process_leave(call *call);

/* For the connector, which holds the lock: the next instance with something to connect, starting after
 * the one that was served last. */
bool process__next_job(uint64_t now_ns, instance **instance, uint32_t *evaluator, uint64_t *wake_ns);

/* Takes what is to be reported, and puts it back if the report did not arrive. */
void process_counters_take(instance *instance, uint32_t counters[DENIALS]);
void process_counters_return(instance *instance, const uint32_t counters[DENIALS]);

#endif
