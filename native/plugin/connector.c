/* The connector's loop: begin what is to be connected, wait for welcomes, say how each ended. The settings
 * file is read for every attempt, so that a mended one is found without a restart. */
#include "plugin/connector.h"

#include "plugin/greeting.h"
#include "plugin/process.h"

typedef struct job {
  instance *instance; /* stays while instance->connecting counts this job */
  uint32_t counters[HELLO_COUNTERS];
  greeting greeting;
} job;

/* All of this is the thread's own, but for `stopping`, which is under process_lock, and the waker. */
static port_thread thread;
static bool stopping;
static job jobs[HANDSHAKES_MAX];
static uint32_t job_count;
static port_waker *waker;

void connector__wake(void) {
  if (waker != NULL) port_waker_signal(waker);
}

/* Both need the lock. */
static void finished(instance *instance) {
  instance->connecting--;
  port_condition_broadcast(&instance->calmer);
}

static void failed(instance *instance, uint32_t evaluator, bool unconfigured) {
  pool__failed(&instance->pool, evaluator, unconfigured);
  finished(instance);
}

/* Begins a job without the lock; comes back with it. */
static void begin(instance *instance, uint32_t evaluator) {
  static settings settings; /* too large for a stack of unknown size */
  job *job = &jobs[job_count];
  block_text application = {instance->application, instance->application_length};
  bool configured = settings_read(&settings);
  port_status status = PORT_FAILED;
  if (configured) {
    job->instance = instance;
    process_counters_take(instance, job->counters);
    status = greeting_begin(&job->greeting, &settings, evaluator, application, job->counters);
    if (status != PORT_OK) process_counters_return(instance, job->counters);
  }
  port_mutex_lock(&process_lock);
  if (status == PORT_OK) job_count++;
  else failed(instance, evaluator, !configured);
}

/* Begins everything that is due; returns when there is something to be looked at again. With the lock. */
static uint64_t begin_all(void) {
  instance *instance;
  uint32_t evaluator;
  uint64_t wake_ns = PORT_NEVER;
  while (job_count < HANDSHAKES_MAX && process__next_job(port_now_ns(), &instance, &evaluator, &wake_ns)) {
    instance->connecting++;
    port_mutex_unlock(&process_lock);
    begin(instance, evaluator);
    wake_ns = PORT_NEVER;
  }
  return wake_ns;
}

/* Looks at one job. True if it has ended. With the lock. */
static bool advance(job *job) {
  connection *connection;
  welcome welcome;
  pool *pool = &job->instance->pool;
  uint32_t evaluator = job->greeting.evaluator;
  if (pool->closing) {
    greeting_end(&job->greeting);
    failed(job->instance, evaluator, false);
    return true;
  }
  port_status status = greeting_advance(&job->greeting, &connection, &welcome);
  if (status == PORT_TIMEOUT) return false;
  if (status == PORT_OK) {
    pool__connected(pool, evaluator, connection, &welcome);
    finished(job->instance);
  } else {
    process_counters_return(job->instance, job->counters);
    failed(job->instance, evaluator, false);
  }
  return true;
}

static void advance_all(void) {
  for (uint32_t i = 0; i < job_count;) {
    if (advance(&jobs[i])) jobs[i] = jobs[--job_count];
    else i++;
  }
}

static void wait_for_something(uint64_t wake_ns) {
  port_stream *streams[HANDSHAKES_MAX];
  for (uint32_t i = 0; i < job_count; i++) {
    streams[i] = jobs[i].greeting.stream;
    if (jobs[i].greeting.deadline_ns < wake_ns) wake_ns = jobs[i].greeting.deadline_ns;
  }
  port_streams_wait(streams, job_count, waker, wake_ns);
}

static void run(void *unused) {
  (void)unused;
  port_mutex_lock(&process_lock);
  while (!stopping) {
    uint64_t wake_ns = begin_all();
    port_mutex_unlock(&process_lock);
    wait_for_something(wake_ns);
    port_mutex_lock(&process_lock);
    advance_all();
  }
  port_mutex_unlock(&process_lock);
}

static void close_waker(void) {
  port_mutex_lock(&process_lock);
  port_waker_close(waker);
  waker = NULL;
  port_mutex_unlock(&process_lock);
}

bool connector_start(void) {
  port_waker *opened = port_waker_open();
  if (opened == NULL) return false;
  port_mutex_lock(&process_lock);
  waker = opened;
  stopping = false;
  port_mutex_unlock(&process_lock);
  if (port_thread_start(&thread, run, NULL)) return true;
  close_waker();
  return false;
}

void connector_stop(void) {
  port_mutex_lock(&process_lock);
  stopping = true;
  connector__wake();
  port_mutex_unlock(&process_lock);
  port_thread_join(&thread);
  close_waker();
}
