/* The connector's loop: find something to connect, connect it without the lock, say how it ended. The
 * settings file is read for every attempt, so that a mended one is found without a restart. */
#include "plugin/connector.h"

#include "plugin/process.h"

static port_thread thread;
static bool stopping; /* under process_lock */

static void connect_one(instance *instance, uint32_t evaluator) {
  static settings settings; /* too large for a stack of unknown size; only this thread uses it */
  uint32_t counters[HELLO_COUNTERS];
  connection *connection = NULL;
  welcome welcome;
  block_text application = {instance->application, instance->application_length};
  bool configured = settings_read(&settings);
  port_status status = PORT_FAILED;
  if (configured) {
    process_counters_take(instance, counters);
    status = connection_open(&settings, evaluator, application, counters, &connection, &welcome);
    if (status != PORT_OK) process_counters_return(instance, counters);
  }
  port_mutex_lock(&process_lock);
  if (status == PORT_OK) pool__connected(&instance->pool, evaluator, connection, &welcome);
  else pool__failed(&instance->pool, evaluator, !configured);
  instance->connecting--;
  port_condition_broadcast(&instance->calmer);
}

static void run(void *unused) {
  (void)unused;
  port_mutex_lock(&process_lock);
  while (!stopping) {
    instance *instance;
    uint32_t evaluator;
    uint64_t wake_ns = PORT_NEVER;
    if (process__next_job(port_now_ns(), &instance, &evaluator, &wake_ns)) {
      instance->connecting++;
      port_mutex_unlock(&process_lock);
      connect_one(instance, evaluator); /* comes back with the lock */
    } else {
      process__wait_for_job(wake_ns);
    }
  }
  port_mutex_unlock(&process_lock);
}

bool connector_start(void) {
  stopping = false;
  return port_thread_start(&thread, run, NULL);
}

void connector_stop(void) {
  port_mutex_lock(&process_lock);
  stopping = true;
  process_wake_connector();
  port_mutex_unlock(&process_lock);
  port_thread_join(&thread);
}
