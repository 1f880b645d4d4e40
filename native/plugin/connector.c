/* The connector's loop: begin what is to be connected, wait for welcomes, say how each ended. The settings
 * file is read anew in every round, so that a mended one is found without a restart. */
#include "plugin/connector.h"

#include "plugin/greeting.h"
#include "plugin/process.h"

typedef struct job {
  instance *instance; /* stays while instance->jobs counts this one */
  uint32_t counters[DENIALS];
  greeting greeting;
} job;

/* Belongs to its thread, but for `stopping` and `ended`, which are under process_lock, and the waker. */
typedef struct connector {
  port_thread thread;
  port_waker *waker;
  bool stopping;
  bool ended;
  port_condition end;
  bool configured; /* whether `settings` were read in this round */
  settings settings;
  job jobs[HANDSHAKES_MAX];
  uint32_t job_count;
} connector;

static connector *running; /* under process_lock */

void connector__wake(void) {
  if (running != NULL) port_waker_signal(running->waker);
}

/* Both need the lock. */
static void job_done(instance *instance) {
  instance->jobs--;
  port_condition_broadcast(&instance->calmer);
}

static void job_failed(instance *instance, uint32_t evaluator, denial why) {
  pool__failed(&instance->pool, evaluator, why);
  job_done(instance);
}

/* Begins a job without the lock; comes back with it. */
static void begin(connector *connector, instance *instance, uint32_t evaluator) {
  job *job = &connector->jobs[connector->job_count];
  block_text application = {instance->application, instance->application_length};
  port_status status = PORT_FAILED;
  if (connector->configured) {
    job->instance = instance;
    process_counters_take(instance, job->counters);
    status = greeting_begin(&job->greeting, &connector->settings, evaluator, application, job->counters);
    if (status != PORT_OK) process_counters_return(instance, job->counters);
  }
  port_mutex_lock(&process_lock);
  if (status == PORT_OK) connector->job_count++;
  else if (!connector->configured) job_failed(instance, evaluator, DENIAL_NOT_CONFIGURED);
  else job_failed(instance, evaluator, status == PORT_FOREIGN ? DENIAL_WRONG_OWNER : DENIAL_UNREACHABLE);
}

/* Begins what is due, a bounded number of jobs, so that those under way are looked at in between. Returns when
 * there is something to be begun again. With the lock. */
static uint64_t begin_some(connector *connector) {
  uint64_t wake_ns = PORT_NEVER;
  for (uint32_t begun = 0; connector->job_count < HANDSHAKES_MAX; begun++) {
    instance *instance;
    uint32_t evaluator;
    wake_ns = PORT_NEVER;
    if (begun == HANDSHAKES_MAX) return 0;
    if (!process__next_job(port_now_ns(), &instance, &evaluator, &wake_ns)) break;
    instance->jobs++;
    port_mutex_unlock(&process_lock);
    if (begun == 0) connector->configured = settings_read(&connector->settings);
    begin(connector, instance, evaluator);
  }
  return wake_ns;
}

/* Looks at one job. True if it has ended. With the lock. */
static bool advance(job *job) {
  connection *connection;
  welcome welcome;
  denial why;
  pool *pool = &job->instance->pool;
  uint32_t evaluator = job->greeting.evaluator;
  port_status status = PORT_CANCELLED;
  if (pool->closing) {
    why = DENIAL_UNREACHABLE; /* nobody will be told */
    greeting_end(&job->greeting);
  } else {
    status = greeting_advance(&job->greeting, &connection, &welcome, &why);
  }
  if (status == PORT_TIMEOUT) return false;
  if (status == PORT_OK) {
    pool__connected(pool, evaluator, connection, &welcome);
    job_done(job->instance);
  } else {
    process_counters_return(job->instance, job->counters);
    job_failed(job->instance, evaluator, why);
  }
  return true;
}

static void advance_all(connector *connector) {
  for (uint32_t i = 0; i < connector->job_count;) {
    if (advance(&connector->jobs[i])) connector->jobs[i] = connector->jobs[--connector->job_count];
    else i++;
  }
}

static void wait_for_something(connector *connector, uint64_t wake_ns) {
  port_stream *streams[HANDSHAKES_MAX];
  for (uint32_t i = 0; i < connector->job_count; i++) {
    const greeting *greeting = &connector->jobs[i].greeting;
    streams[i] = greeting->stream;
    if (greeting->deadline_ns < wake_ns) wake_ns = greeting->deadline_ns;
  }
  port_streams_wait(streams, connector->job_count, connector->waker, wake_ns);
}

static void run(void *argument) {
  connector *connector = argument;
  port_mutex_lock(&process_lock);
  while (!connector->stopping) {
    uint64_t wake_ns = begin_some(connector);
    port_mutex_unlock(&process_lock);
    wait_for_something(connector, wake_ns);
    port_mutex_lock(&process_lock);
    advance_all(connector);
  }
  connector->ended = true;
  port_condition_signal(&connector->end);
  port_mutex_unlock(&process_lock);
}

static void connector_free(connector *connector) {
  port_condition_close(&connector->end);
  port_waker_close(connector->waker);
  port_free(connector);
}

bool connector_start(void) {
  connector *made = port_alloc(sizeof *made);
  if (made == NULL) return false;
  made->waker = port_waker_open();
  if (made->waker == NULL) {
    port_free(made);
    return false;
  }
  port_condition_open(&made->end);
  port_mutex_lock(&process_lock);
  bool started = port_thread_start(&made->thread, run, made);
  if (started) running = made;
  port_mutex_unlock(&process_lock);
  if (!started) connector_free(made);
  return started;
}

void connector_stop(void) {
  port_mutex_lock(&process_lock);
  connector *stopped = running;
  uint64_t deadline_ns = port_now_ns() + SHUTDOWN_MS_MAX * NS_PER_MS;
  stopped->stopping = true;
  connector__wake();
  running = NULL;
  while (!stopped->ended && port_now_ns() < deadline_ns) {
    port_condition_wait(&stopped->end, &process_lock, deadline_ns);
  }
  bool ended = stopped->ended;
  port_mutex_unlock(&process_lock);
  if (ended) {
    port_thread_join(&stopped->thread);
    connector_free(stopped);
  } else {
    /* It hangs in the system, at worst in reading a file. It must find its code when it comes back. */
    port_module_pin((const void *)(uintptr_t)connector_stop);
  }
}
