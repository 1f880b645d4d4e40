/* The watchdog thread. It judges processor time, because a machine that is busy elsewhere is no fault of a
 * policy; wall time, in ticks of its own, is only for what uses none. When it fires it answers for the
 * culprit first, on the culprit's own connection, so that the plug-in does not ask it again elsewhere; then
 * it tells the supervisor why; then it kills the process, because nothing less stops WebAssembly for certain. */
#include "io/io_internal.h"

#include <string.h>

#include "block/bytes.h"
#include "wsman/wsman_types.h"

/* A tick is a tenth of the limit at its default, and costs less than a percent of a core. */
#define TICK_MS 10u

/* The supervisor is behind, not gone: it gets this long to hear why its evaluator dies. */
#define LAST_WORDS_MS_MAX 100u

static void report(pcio *io, uint64_t processor_ns, uint64_t number) {
  const pcio_running *running = &io->running;
  uint8_t body[OVERTIME_HEADER_BYTES + PCIO_LABEL_BYTES_MAX];
  const pcio_connection *connection = running->connection;
  uint32_t label_size = (uint32_t)strlen(connection->label);
  memcpy(body, connection->id, BLOCK_ID_BYTES);
  bytes_put16(body + 16, connection->kind);
  bytes_put16(body + 18, connection->attempt);
  bytes_put32(body + 20, (uint32_t)(processor_ns / NS_PER_MS));
  bytes_put32(body + 24, running->ticks * TICK_MS);
  memcpy(body + 28, io->page + PCIO_PAGE_AT_PHASE, 4);
  bytes_put32(body + 32, (uint32_t)number);
  bytes_put32(body + 36, (uint32_t)(number >> 32));
  memcpy(body + OVERTIME_HEADER_BYTES, connection->label, label_size);
  (void)pcio__control_queue(io, FRAME_OVERTIME, body, OVERTIME_HEADER_BYTES + label_size,
                            PCIO_CONTROL_QUEUE_BYTES_MAX + OVERTIME_BYTES_MAX);
  for (uint32_t ms = 0; !pcio__control_flush(io) && ms < LAST_WORDS_MS_MAX; ms++) port_sleep_ms(1);
}

/* With the lock, to the end: the evaluator cannot answer any more, so this is the question's one decision. It is
 * counted before it is answered, as every other: what is killed in between is a gap of one. */
static void fire(pcio *io, uint64_t processor_ns) {
  pcio_connection *connection = io->running.connection;
  answer answer = {.kind = connection->kind,
                   .attempt = connection->attempt,
                   .outcome = ANSWER_NO_ANSWER,
                   .error_code = ERROR_TIMEOUT};
  memcpy(answer.id, connection->id, BLOCK_ID_BYTES);
  uint8_t body[ANSWER_BYTES_MAX];
  uint32_t size = answer_write(body, &answer);
  uint64_t number = pcio__count(io);
  (void)pcio__send(connection, FRAME_ANSWER, body, size);
  /* First where it cannot get lost: a supervisor that is behind may not take the frame. */
  bytes_put32(io->page + PCIO_PAGE_AT_OVERTIME, (uint32_t)(processor_ns / NS_PER_MS));
  report(io, processor_ns, number);
  port_process_kill();
}

static void watch(void *argument) {
  pcio *io = argument;
  pcio_watchdog *dog = &io->watchdog;
  port_mutex_lock(&io->lock);
  while (!dog->stopping) {
    if (io->running.on) {
      uint64_t processor_ns = port_thread_clock_ns(&dog->clock) - io->running.processor_start_ns;
      if (processor_ns > dog->processor_ns_max || ++io->running.ticks > dog->ticks_max) fire(io, processor_ns);
    }
    port_condition_wait(&dog->wake, &io->lock, port_now_ns() + TICK_MS * NS_PER_MS);
  }
  port_mutex_unlock(&io->lock);
}

int pcio_watch(pcio *io, uint32_t processor_ms, uint32_t wall_ms) {
  pcio_watchdog *dog = &io->watchdog;
  if (dog->on || !port_thread_clock_open(&dog->clock)) return PCIO_E_FAILED;
  dog->processor_ns_max = processor_ms * NS_PER_MS;
  dog->ticks_max = wall_ms / TICK_MS;
  port_condition_open(&dog->wake);
  dog->on = port_thread_start(&dog->thread, watch, io);
  if (!dog->on) {
    port_condition_close(&dog->wake);
    port_thread_clock_close(&dog->clock);
  }
  return dog->on ? 0 : PCIO_E_FAILED;
}

void pcio__watchdog_stop(pcio *io) {
  if (!io->watchdog.on) return;
  port_mutex_lock(&io->lock);
  io->watchdog.stopping = true;
  port_condition_signal(&io->watchdog.wake);
  port_mutex_unlock(&io->lock);
  port_thread_join(&io->watchdog.thread);
  port_condition_close(&io->watchdog.wake);
  port_thread_clock_close(&io->watchdog.clock);
}
