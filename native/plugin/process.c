/* Instances from Startup to Shutdown, and the calls inside them.
 *
 * Shutdown is the hard part: it refuses new calls, sends away and cancels those that wait, and returns
 * only when no other thread is inside. A call of its *own* thread can be there too, when WinRM shuts down
 * from inside a completion: that one is not waited for but cut loose, and finds nothing to give back. */
#include "plugin/process.h"

#include <string.h>

#include "plugin/connector.h"
#include "plugin/context.h"

typedef struct registration {
  instance *instance; /* NULL: free */
  uint32_t generation;
} registration;

static registration registrations[INSTANCES_MAX];
static uint32_t served_last; /* index; where process__next_job begins */

/* Startup and Shutdown one after the other where they start and stop the connector. Taken before
 * process_lock, and never by the connector. */
static port_mutex lifecycle = PORT_MUTEX_INIT;
static uint32_t connector_users; /* under lifecycle */

static _Atomic uint32_t unattributed[DENIALS];

port_mutex process_lock = PORT_MUTEX_INIT;

/* ---- counters --------------------------------------------------------------------------------- */

void process_count(denial denial) { atomic_fetch_add(&unattributed[denial], 1); }

void process_counters_take(instance *instance, uint32_t counters[DENIALS]) {
  for (int i = 0; i < DENIALS; i++) {
    counters[i] = atomic_exchange(&instance->denied[i], 0) + atomic_exchange(&unattributed[i], 0);
  }
}

void process_counters_return(instance *instance, const uint32_t counters[DENIALS]) {
  for (int i = 0; i < DENIALS; i++) atomic_fetch_add(&instance->denied[i], counters[i]);
}

/* ---- instances -------------------------------------------------------------------------------- */

static PVOID context_of(uint32_t index) {
  return (PVOID)((uintptr_t)registrations[index].generation << 32 | (index + 1));
}

static registration *find(PVOID context) {
  uintptr_t index = ((uintptr_t)context & UINT32_MAX) - 1;
  if (index >= INSTANCES_MAX || context_of((uint32_t)index) != context) return NULL;
  return registrations[index].instance == NULL ? NULL : &registrations[index];
}

static bool connector_use(void) {
  if (connector_users == 0 && !connector_start()) return false;
  connector_users++;
  return true;
}

static void connector_unuse(void) {
  port_mutex_lock(&lifecycle);
  if (--connector_users == 0) {
    connector_stop();
    context_table_free();
  }
  port_mutex_unlock(&lifecycle);
}

static instance *instance_make(PCWSTR application, uint32_t length) {
  instance *made = port_alloc(sizeof *made);
  if (made == NULL) return NULL;
  memcpy(made->application, application, length * sizeof *application);
  made->application_length = length;
  port_condition_open(&made->calmer);
  pool__open(&made->pool);
  return made;
}

/* What it has not reported yet goes to whoever reports next. */
static void instance_free(instance *instance) {
  for (int i = 0; i < DENIALS; i++) atomic_fetch_add(&unattributed[i], atomic_load(&instance->denied[i]));
  pool__close(&instance->pool);
  port_condition_close(&instance->calmer);
  port_free(instance);
}

static PVOID instance_register(instance *instance) {
  PVOID context = NULL;
  port_mutex_lock(&process_lock);
  for (uint32_t i = 0; i < INSTANCES_MAX && context == NULL; i++) {
    if (registrations[i].instance != NULL) continue;
    /* Any start but a small one: 1 is what a caller that mixes things up is likely to pass. */
    if (registrations[i].generation == 0) port_random(&registrations[i].generation, sizeof(uint32_t));
    registrations[i].instance = instance;
    context = context_of(i);
    instance->handle = (uintptr_t)context;
    connector__wake();
  }
  port_mutex_unlock(&process_lock);
  return context;
}

DWORD process_start(PCWSTR application, PVOID *context) {
  uint32_t length = block_text_length(application, APPLICATION_UNITS_MAX);
  if (length == 0 || length > APPLICATION_UNITS_MAX) return ERROR_INVALID_PARAMETER;
  instance *made = instance_make(application, length);
  if (made == NULL) return ERROR_NOT_ENOUGH_MEMORY;
  port_mutex_lock(&lifecycle);
  bool running = connector_use();
  port_mutex_unlock(&lifecycle);
  PVOID registered = running ? instance_register(made) : NULL;
  if (registered == NULL) {
    if (running) connector_unuse();
    instance_free(made);
    return ERROR_NOT_ENOUGH_MEMORY;
  }
  *context = registered;
  return NO_ERROR;
}

static bool has_foreign_calls(const instance *instance) {
  for (call *call = instance->calls; call != NULL; call = call->next) {
    if (call->thread != port_thread_self()) return true;
  }
  return false;
}

static void cut_loose(instance *instance) {
  while (instance->calls != NULL) {
    call *call = instance->calls;
    instance->calls = call->next;
    call->instance = NULL;
  }
}

DWORD process_stop(PVOID context) {
  port_mutex_lock(&process_lock);
  registration *registration = find(context);
  instance *stopped = registration == NULL ? NULL : registration->instance;
  if (stopped == NULL || stopped->pool.closing) {
    port_mutex_unlock(&process_lock);
    return ERROR_INVALID_PARAMETER;
  }
  pool__cancel(&stopped->pool);
  connector__wake();
  uint64_t deadline_ns = port_now_ns() + SHUTDOWN_MS_MAX * NS_PER_MS;
  bool occupied;
  while ((occupied = has_foreign_calls(stopped) || stopped->jobs > 0) && port_now_ns() < deadline_ns) {
    port_condition_wait(&stopped->calmer, &process_lock, deadline_ns);
  }
  registration->instance = NULL;
  registration->generation++;
  if (!occupied) cut_loose(stopped);
  port_mutex_unlock(&process_lock);
  context_release_all(stopped->handle);
  /* A thread that is still inside, in one of WinRM's completions or in the system, must find code and data in
   * place when it comes back. */
  if (occupied) port_module_pin((const void *)(uintptr_t)process_stop);
  else instance_free(stopped);
  connector_unuse();
  return NO_ERROR;
}

bool process_enter(PVOID context, call *call, denial *why) {
  port_mutex_lock(&process_lock);
  registration *registration = find(context);
  bool entered = registration != NULL && !registration->instance->pool.closing;
  if (entered) {
    instance *instance = registration->instance;
    call->instance = instance;
    call->thread = port_thread_self();
    call->next = instance->calls;
    call->link = &instance->calls;
    if (call->next != NULL) call->next->link = &call->next;
    instance->calls = call;
  } else {
    *why = registration == NULL ? DENIAL_STALE_INSTANCE : DENIAL_SHUTTING_DOWN;
  }
  port_mutex_unlock(&process_lock);
  return entered;
}

void process_leave(call *call) {
  port_mutex_lock(&process_lock);
  if (call->instance != NULL) {
    *call->link = call->next;
    if (call->next != NULL) call->next->link = call->link;
    if (call->instance->pool.closing) port_condition_broadcast(&call->instance->calmer);
  }
  port_mutex_unlock(&process_lock);
}

bool process__next_job(uint64_t now_ns, instance **instance, uint32_t *evaluator, uint64_t *wake_ns) {
  for (uint32_t step = 1; step <= INSTANCES_MAX; step++) {
    uint32_t index = (served_last + step) % INSTANCES_MAX;
    if (registrations[index].instance == NULL) continue;
    if (!pool__next_job(&registrations[index].instance->pool, now_ns, evaluator, wake_ns)) continue;
    *instance = registrations[index].instance;
    served_last = index;
    return true;
  }
  return false;
}
