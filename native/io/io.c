/* Opening, closing and sending. What comes in is in receive.c. */
#include "io/io_internal.h"

#include <stdatomic.h>
#include <string.h>

#include "block/bytes.h"

/* Records of a busy evaluator travel together: some thirty of them. */
#define CONTROL_FLUSH_BYTES 16384u

_Static_assert(PCIO_PAGE_AT_DECIDED % 8 == 0 && PCIO_PAGE_AT_DECIDED + 8 <= PCIO_PAGE_BYTES, "one aligned store");
_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "one store, without a lock that dies with this process");

#define CONTROL_OUT_BYTES (PCIO_CONTROL_QUEUE_BYTES_MAX + OVERTIME_BYTES_MAX)

/* ---- opening and closing ---------------------------------------------------------------------- */

pcio *pcio_open(int64_t control_handle, int64_t page_handle) {
  pcio *io = port_alloc(sizeof *io);
  if (io == NULL) return NULL;
  io->lock = (port_mutex)PORT_MUTEX_INIT;
  io->control_in_drained = true;
  io->control_in = port_alloc(PCIO_CONTROL_FRAME_BYTES_MAX);
  io->control_out = port_alloc(CONTROL_OUT_BYTES);
  io->hub = port_hub_open();
  io->page = port_page_map((intptr_t)page_handle, PCIO_PAGE_BYTES);
  if (io->control_in != NULL && io->control_out != NULL && io->hub != NULL && io->page != NULL &&
      port_hub_adopt(io->hub, (intptr_t)control_handle, &io->control, &io->control.link) == PORT_OK) {
    return io;
  }
  pcio_close(io);
  return NULL;
}

uint8_t *pcio_page(pcio *io) { return io->page; }

/* ---- what runs -------------------------------------------------------------------------------- */

/* The page is read when this process is dead: what is on it then was written in this order. */
static void publish(pcio *io, bool on) {
  uint32_t sequence = bytes_get32(io->page + PCIO_PAGE_AT_SEQUENCE);
  bytes_put32(io->page, PCIO_PAGE_MAGIC);
  atomic_signal_fence(memory_order_seq_cst);
  bytes_put32(io->page + PCIO_PAGE_AT_SEQUENCE, ((sequence + 1) & ~1u) | on);
}

void pcio__run(pcio *io, pcio_connection *connection) {
  pcio_running *running = &io->running;
  bytes_put16(io->page + PCIO_PAGE_AT_KIND, connection->kind);
  bytes_put16(io->page + PCIO_PAGE_AT_KIND + 2, connection->attempt);
  bytes_put32(io->page + PCIO_PAGE_AT_PHASE, PCIO_PHASE_HOST);
  bytes_put32(io->page + PCIO_PAGE_AT_OVERTIME, 0);
  memcpy(io->page + PCIO_PAGE_AT_ID, connection->id, BLOCK_ID_BYTES);
  memcpy(io->page + PCIO_PAGE_AT_LABEL, connection->label, PCIO_LABEL_BYTES_MAX);
  publish(io, true);
  running->connection = connection;
  running->ticks = 0;
  if (io->watchdog.on) running->processor_start_ns = port_thread_clock_ns(&io->watchdog.clock);
  running->on = true;
}

void pcio__rest(pcio *io) {
  io->running.on = false;
  publish(io, false);
}

uint64_t pcio__count(pcio *io) {
  io->decided++;
  /* One store, so that whoever reads the page after a kill finds the number before or the number after. What follows,
   * record and answer, leaves this process by system calls, and those do not overtake it. */
  atomic_store((_Atomic uint64_t *)(void *)(io->page + PCIO_PAGE_AT_DECIDED), io->decided);
  return io->decided;
}

static bool is_running(const pcio *io, const pcio_connection *connection) {
  return connection != NULL && io->running.on && io->running.connection == connection;
}

void pcio__drop_locked(pcio *io, pcio_connection *connection) {
  if (is_running(io, connection)) pcio__rest(io);
  port_link_close(io->hub, connection->link);
  port_free(connection->partial);
  io->connections[connection->number - 1] = NULL;
  port_free(connection);
}

void pcio__drop(pcio *io, pcio_connection *connection) {
  port_mutex_lock(&io->lock);
  pcio__drop_locked(io, connection);
  port_mutex_unlock(&io->lock);
}

void pcio_close(pcio *io) {
  pcio__watchdog_stop(io);
  for (uint32_t i = 0; i < PCIO_CONNECTIONS_MAX; i++) {
    if (io->connections[i] != NULL) pcio__drop(io, io->connections[i]);
  }
  if (io->control.link != NULL) port_link_close(io->hub, io->control.link);
  if (io->hub != NULL) port_hub_close(io->hub);
  port_free(io->control_in);
  port_free(io->control_out);
  port_free(io);
}

int pcio_listen(pcio *io, const char *endpoint, uint32_t index, const char *accounts) {
  port_status status = port_hub_listen(io->hub, endpoint, index, accounts);
  return status == PORT_OK ? 0 : status == PORT_IN_USE ? PCIO_E_IN_USE : PCIO_E_FAILED;
}

int pcio_admit(pcio *io, const char *accounts) {
  return port_hub_admit(io->hub, accounts) == PORT_OK ? 0 : PCIO_E_FAILED;
}

void pcio_unlisten(pcio *io) { port_hub_unlisten(io->hub); }

static pcio_connection *find(pcio *io, uint32_t number) {
  return number == 0 || number > PCIO_CONNECTIONS_MAX ? NULL : io->connections[number - 1];
}

/* ---- sending ---------------------------------------------------------------------------------- */

bool pcio__send(pcio_connection *connection, uint16_t type, const uint8_t *body, uint32_t size) {
  uint8_t frame[FRAME_HEADER_BYTES + ANSWER_BYTES_MAX];
  frame_header_write(frame, size, type);
  memcpy(frame + FRAME_HEADER_BYTES, body, size);
  size_t sent;
  return port_link_send(connection->link, frame, FRAME_HEADER_BYTES + size, &sent) == PORT_OK;
}

bool pcio__control_flush(pcio *io) {
  size_t sent;
  port_status status = port_link_send(io->control.link, io->control_out, io->control_out_size, &sent);
  /* With the supervisor gone there is nobody to tell; the next event says so. */
  if (status == PORT_CLOSED) sent = io->control_out_size;
  io->control_out_size -= (uint32_t)sent;
  if (sent > 0) memmove(io->control_out, io->control_out + sent, io->control_out_size);
  return io->control_out_size == 0 && status != PORT_TIMEOUT;
}

bool pcio__control_queue(pcio *io, uint16_t type, const uint8_t *body, uint32_t size, uint32_t bytes_max) {
  if (size > bytes_max || io->control_out_size + FRAME_HEADER_BYTES > bytes_max - size) return false;
  uint8_t *frame = io->control_out + io->control_out_size;
  frame_header_write(frame, size, type);
  memcpy(frame + FRAME_HEADER_BYTES, body, size);
  io->control_out_size += FRAME_HEADER_BYTES + size;
  return true;
}

/* Needs the lock. */
static bool report(pcio *io, const uint8_t *body, uint32_t size) {
  bool queued = pcio__control_queue(io, FRAME_CONTROL, body, size, PCIO_CONTROL_QUEUE_BYTES_MAX);
  if (!queued || io->control_out_size > CONTROL_FLUSH_BYTES) (void)pcio__control_flush(io);
  return queued || pcio__control_queue(io, FRAME_CONTROL, body, size, PCIO_CONTROL_QUEUE_BYTES_MAX);
}

int pcio_report(pcio *io, const uint8_t *body, uint32_t size) {
  port_mutex_lock(&io->lock);
  bool queued = report(io, body, size);
  port_mutex_unlock(&io->lock);
  return queued ? 0 : PCIO_E_FULL;
}

int pcio_room(pcio *io, uint32_t bytes, uint32_t timeout_ms) {
  for (uint32_t ms = 0;; ms++) {
    port_mutex_lock(&io->lock);
    bool room = io->control_out_size + bytes <= PCIO_CONTROL_QUEUE_BYTES_MAX;
    if (!room) {
      (void)pcio__control_flush(io);
      room = io->control_out_size + bytes <= PCIO_CONTROL_QUEUE_BYTES_MAX;
    }
    port_mutex_unlock(&io->lock);
    if (room) return 0;
    if (ms >= timeout_ms) return PCIO_E_FULL;
    port_sleep_ms(1);
  }
}

void pcio_drain(pcio *io) {
  port_mutex_lock(&io->lock);
  for (uint32_t ms = 0; !pcio__control_flush(io) && ms < PCIO_DRAIN_MS_MAX; ms++) port_sleep_ms(1);
  port_mutex_unlock(&io->lock);
}

int pcio_welcome(pcio *io, uint32_t number, uint32_t version, uint32_t evaluator_count, uint32_t generation,
                 uint32_t switches, const char *label) {
  pcio_connection *connection = find(io, number);
  if (connection == NULL || connection->welcomed) return PCIO_E_UNKNOWN_CONNECTION;
  welcome welcome = {(uint16_t)version, (uint16_t)evaluator_count, generation, switches};
  uint8_t body[WELCOME_BYTES];
  welcome_write(body, &welcome);
  strncpy(connection->label, label, PCIO_LABEL_BYTES_MAX - 1);
  connection->welcomed = true;
  port_mutex_lock(&io->lock);
  bool sent = pcio__send(connection, FRAME_WELCOME, body, WELCOME_BYTES);
  port_mutex_unlock(&io->lock);
  return sent ? 0 : PCIO_E_FAILED;
}

int pcio_relabel(pcio *io, uint32_t number, const char *label) {
  pcio_connection *connection = find(io, number);
  if (connection == NULL || !connection->welcomed) return PCIO_E_UNKNOWN_CONNECTION;
  port_mutex_lock(&io->lock);
  strncpy(connection->label, label, PCIO_LABEL_BYTES_MAX - 1);
  port_mutex_unlock(&io->lock);
  return 0;
}

int pcio_refuse(pcio *io, uint32_t number, uint32_t version_lowest, uint32_t version_highest) {
  pcio_connection *connection = find(io, number);
  if (connection == NULL || connection->welcomed) return PCIO_E_UNKNOWN_CONNECTION;
  refusal refusal = {(uint16_t)version_lowest, (uint16_t)version_highest, REFUSAL_NO_COMMON_VERSION};
  uint8_t body[REFUSAL_BYTES];
  refusal_write(body, &refusal);
  port_mutex_lock(&io->lock);
  /* The system keeps what was sent for the other side to read after the end. */
  bool sent = pcio__send(connection, FRAME_REFUSAL, body, REFUSAL_BYTES);
  pcio__drop_locked(io, connection);
  port_mutex_unlock(&io->lock);
  return sent ? 0 : PCIO_E_FAILED;
}

int pcio_answer(pcio *io, uint32_t number, const uint8_t *body, uint32_t size, const uint8_t *record,
                uint32_t record_size) {
  pcio_connection *connection = find(io, number);
  port_mutex_lock(&io->lock);
  bool due = is_running(io, connection) && size <= ANSWER_BYTES_MAX;
  int result = 0;
  if (due) {
    (void)pcio__count(io);
    if (record_size > 0 && !report(io, record, record_size)) result |= PCIO_NOT_RECORDED;
    pcio__rest(io);
    if (!pcio__send(connection, FRAME_ANSWER, body, size)) {
      /* One that does not take its own answer gets no other; the plug-in asks elsewhere. */
      pcio__drop_locked(io, connection);
      result |= PCIO_NOT_TAKEN;
    }
  }
  port_mutex_unlock(&io->lock);
  return due ? result : PCIO_E_UNKNOWN_CONNECTION;
}

int pcio_hold(pcio *io, uint32_t number) {
  pcio_connection *connection = find(io, number);
  port_mutex_lock(&io->lock);
  bool due = is_running(io, connection);
  if (due) {
    connection->held = true;
    pcio__rest(io);
  }
  port_mutex_unlock(&io->lock);
  return due ? 0 : PCIO_E_UNKNOWN_CONNECTION;
}

int pcio_resume(pcio *io, uint32_t number) {
  pcio_connection *connection = find(io, number);
  port_mutex_lock(&io->lock);
  bool due = connection != NULL && connection->held && !io->running.on;
  if (due) {
    connection->held = false;
    pcio__run(io, connection);
  }
  port_mutex_unlock(&io->lock);
  return due ? 0 : PCIO_E_UNKNOWN_CONNECTION;
}

int pcio_hang_up(pcio *io, uint32_t number) {
  pcio_connection *connection = find(io, number);
  if (connection == NULL) return PCIO_E_UNKNOWN_CONNECTION;
  pcio__drop(io, connection);
  return 0;
}
