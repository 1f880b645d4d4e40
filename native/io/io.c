/* Connections, frames and turns. A plug-in's connection owes a hello first and then one question at a
 * time; anything else closes it. What arrives whole goes to the caller with one copy. */
#include "io/io_internal.h"

#include <string.h>

#include "block/bytes.h"

_Static_assert(PCIO_CONTROL_BYTES_MAX > BLOCK_BYTES_MAX, "the event buffer takes every frame");

/* How often silent connections are looked for. */
#define SWEEP_MS 250u

#define CONTROL_FRAME_BYTES_MAX (FRAME_HEADER_BYTES + PCIO_CONTROL_BYTES_MAX)

/* ---- opening and closing ---------------------------------------------------------------------- */

pcio *pcio_open(int64_t control_handle) {
  pcio *io = port_alloc(sizeof *io);
  if (io == NULL) return NULL;
  io->lock = (port_mutex)PORT_MUTEX_INIT;
  io->control_in_drained = true;
  io->control_in = port_alloc(CONTROL_FRAME_BYTES_MAX);
  io->control_out = port_alloc(PCIO_CONTROL_QUEUE_BYTES_MAX);
  io->hub = port_hub_open();
  if (io->control_in != NULL && io->control_out != NULL && io->hub != NULL &&
      port_hub_adopt(io->hub, (intptr_t)control_handle, &io->control, &io->control.link) == PORT_OK) {
    return io;
  }
  pcio_close(io);
  return NULL;
}

static void connection_free(pcio *io, pcio_connection *connection) {
  port_link_close(io->hub, connection->link);
  port_free(connection->partial);
  io->connections[connection->number - 1] = NULL;
  port_free(connection);
}

void pcio_close(pcio *io) {
  pcio__watchdog_stop(io);
  for (uint32_t i = 0; i < PCIO_CONNECTIONS_MAX; i++) {
    if (io->connections[i] != NULL) connection_free(io, io->connections[i]);
  }
  if (io->control.link != NULL) port_link_close(io->hub, io->control.link);
  if (io->hub != NULL) port_hub_close(io->hub);
  port_free(io->control_in);
  port_free(io->control_out);
  port_free(io);
}

int pcio_listen(pcio *io, const char *endpoint, uint32_t index, int open_to_others) {
  port_status status = port_hub_listen(io->hub, endpoint, index, open_to_others != 0);
  return status == PORT_OK ? 0 : status == PORT_IN_USE ? PCIO_E_IN_USE : PCIO_E_FAILED;
}

void pcio_unlisten(pcio *io) { port_hub_unlisten(io->hub); }

static pcio_connection *find(pcio *io, uint32_t number) {
  return number == 0 || number > PCIO_CONNECTIONS_MAX ? NULL : io->connections[number - 1];
}

/* ---- events ----------------------------------------------------------------------------------- */

static int event_write(uint8_t *event, int what, uint32_t connection, uint32_t detail, const void *body,
                       uint32_t size) {
  bytes_put32(event, (uint32_t)what);
  bytes_put32(event + 4, connection);
  bytes_put32(event + 8, detail);
  bytes_put32(event + 12, size);
  if (size > 0) memcpy(event + PCIO_EVENT_HEADER_BYTES, body, size);
  return what;
}

static int event_closed(pcio *io, uint8_t *event, pcio_connection *connection, uint32_t reason) {
  uint32_t number = connection->number;
  if (number != PCIO_CONTROL_CONNECTION) connection_free(io, connection);
  return event_write(event, PCIO_CLOSED, number, reason, NULL, 0);
}

/* ---- sending ---------------------------------------------------------------------------------- */

bool pcio__send(pcio_connection *connection, uint16_t type, const uint8_t *body, uint32_t size) {
  uint8_t frame[FRAME_HEADER_BYTES + ANSWER_BYTES_MAX];
  frame_header_write(frame, size, type);
  memcpy(frame + FRAME_HEADER_BYTES, body, size);
  size_t sent;
  return port_link_send(connection->link, frame, FRAME_HEADER_BYTES + size, &sent) == PORT_OK;
}

void pcio__control_flush(pcio *io) {
  if (io->control_out_size == 0) return;
  size_t sent;
  port_status status = port_link_send(io->control.link, io->control_out, io->control_out_size, &sent);
  /* With the supervisor gone there is nobody to tell; the next event says so. */
  if (status == PORT_CLOSED) sent = io->control_out_size;
  io->control_out_size -= (uint32_t)sent;
  memmove(io->control_out, io->control_out + sent, io->control_out_size);
}

bool pcio__control_queue(pcio *io, uint16_t type, const uint8_t *body, uint32_t size) {
  if (size > PCIO_CONTROL_QUEUE_BYTES_MAX - FRAME_HEADER_BYTES ||
      io->control_out_size > PCIO_CONTROL_QUEUE_BYTES_MAX - FRAME_HEADER_BYTES - size) {
    return false;
  }
  uint8_t *frame = io->control_out + io->control_out_size;
  frame_header_write(frame, size, type);
  memcpy(frame + FRAME_HEADER_BYTES, body, size);
  io->control_out_size += FRAME_HEADER_BYTES + size;
  return true;
}

int pcio_report(pcio *io, const uint8_t *body, uint32_t size) {
  port_mutex_lock(&io->lock);
  pcio__control_flush(io);
  bool queued = pcio__control_queue(io, FRAME_CONTROL, body, size);
  pcio__control_flush(io);
  port_mutex_unlock(&io->lock);
  return queued ? 0 : PCIO_E_FULL;
}

int pcio_welcome(pcio *io, uint32_t number, uint32_t evaluator_count, uint32_t generation, uint32_t switches,
                 const char *label) {
  pcio_connection *connection = find(io, number);
  if (connection == NULL || connection->welcomed) return PCIO_E_UNKNOWN_CONNECTION;
  welcome welcome = {(uint16_t)evaluator_count, generation, switches};
  uint8_t body[WELCOME_BYTES];
  welcome_write(body, &welcome);
  strncpy(connection->label, label, PCIO_LABEL_BYTES_MAX - 1);
  connection->welcomed = true;
  return pcio__send(connection, FRAME_WELCOME, body, WELCOME_BYTES) ? 0 : PCIO_E_FAILED;
}

int pcio_answer(pcio *io, uint32_t number, const uint8_t *body, uint32_t size) {
  pcio_connection *connection = find(io, number);
  port_mutex_lock(&io->lock);
  bool due = connection != NULL && io->running.on && io->running.connection == connection && size <= ANSWER_BYTES_MAX;
  if (due) {
    io->running.on = false;
    /* One that does not take its own answer gets no other; the plug-in asks elsewhere. */
    if (!pcio__send(connection, FRAME_ANSWER, body, size)) connection_free(io, connection);
  }
  port_mutex_unlock(&io->lock);
  return due ? 0 : PCIO_E_UNKNOWN_CONNECTION;
}

int pcio_hang_up(pcio *io, uint32_t number) {
  pcio_connection *connection = find(io, number);
  if (connection == NULL) return PCIO_E_UNKNOWN_CONNECTION;
  connection_free(io, connection);
  return 0;
}

/* ---- receiving -------------------------------------------------------------------------------- */

static int accept_one(pcio *io, uint8_t *event) {
  uint32_t index = 0;
  while (index < PCIO_CONNECTIONS_MAX && io->connections[index] != NULL) index++;
  pcio_connection *made = port_alloc(sizeof *made);
  port_link *link;
  if (made == NULL || port_hub_accept(io->hub, made, &link) != PORT_OK) {
    port_free(made);
    return PCIO_TIMEOUT;
  }
  if (index == PCIO_CONNECTIONS_MAX) {
    port_link_close(io->hub, link);
    port_free(made);
    return event_write(event, PCIO_CLOSED, index + 1, PCIO_CLOSED_TOO_MANY, NULL, 0);
  }
  made->link = link;
  made->number = index + 1;
  made->due_ns = port_now_ns() + PCIO_SILENCE_MS_MAX * NS_PER_MS;
  io->connections[index] = made;
  char account[PORT_ACCOUNT_BYTES_MAX];
  port_link_account(link, account);
  return event_write(event, PCIO_CONNECTED, made->number, 0, account, (uint32_t)strlen(account));
}

static void run(pcio *io, pcio_connection *connection, const uint8_t *block) {
  port_mutex_lock(&io->lock);
  pcio_running *running = &io->running;
  running->connection = connection;
  running->kind = (uint16_t)bytes_get16(block + BLOCK_AT_KIND);
  running->attempt = (uint16_t)bytes_get16(block + BLOCK_AT_ATTEMPT);
  memcpy(running->id, block + BLOCK_AT_QUESTION_ID, BLOCK_ID_BYTES);
  running->wall_start_ns = port_now_ns();
  if (io->watchdog.on) running->processor_start_ns = port_thread_clock_ns(&io->watchdog.clock);
  running->on = true;
  port_mutex_unlock(&io->lock);
}

/* Looks at `size` bytes of a plug-in's frame: the event of a whole one, PCIO_TIMEOUT while it is not
 * whole, or the end of a connection that breaks the rules. */
static int take_frame(pcio *io, pcio_connection *connection, const uint8_t *frame, uint32_t size, uint8_t *event) {
  if (size < FRAME_HEADER_BYTES) return PCIO_TIMEOUT;
  uint32_t body_size;
  uint16_t type;
  uint16_t type_due = connection->welcomed ? FRAME_QUESTION : FRAME_HELLO;
  uint32_t body_min = connection->welcomed ? BLOCK_HEADER_BYTES : HELLO_HEADER_BYTES;
  uint32_t body_max = connection->welcomed ? BLOCK_BYTES_MAX : HELLO_BYTES_MAX;
  if (!frame_header_read(frame, &body_size, &type) || type != type_due || body_size < body_min ||
      body_size > body_max || size > FRAME_HEADER_BYTES + body_size) {
    return event_closed(io, event, connection, PCIO_CLOSED_GARBAGE);
  }
  if (size < FRAME_HEADER_BYTES + body_size) return PCIO_TIMEOUT;
  if (type == FRAME_QUESTION) run(io, connection, frame + FRAME_HEADER_BYTES);
  connection->due_ns = PORT_NEVER;
  return event_write(event, PCIO_FRAME, connection->number, type, frame + FRAME_HEADER_BYTES, body_size);
}

static bool keep_partial(pcio_connection *connection, const uint8_t *bytes, uint32_t size) {
  connection->partial = port_alloc(PCIO_FRAME_BYTES_MAX + 1);
  if (connection->partial == NULL) return false;
  memcpy(connection->partial, bytes, size);
  connection->partial_size = size;
  connection->due_ns = port_now_ns() + PCIO_SILENCE_MS_MAX * NS_PER_MS;
  return true;
}

static int receive(pcio *io, pcio_connection *connection, uint8_t *event) {
  /* One byte more than a frame may have, so that one which is too long is seen to be. */
  uint8_t staging[PCIO_FRAME_BYTES_MAX + 1];
  bool fresh = connection->partial == NULL;
  uint8_t *bytes = fresh ? staging : connection->partial;
  uint32_t had = fresh ? 0 : connection->partial_size;
  size_t count;
  port_status status = port_link_receive(connection->link, bytes + had, PCIO_FRAME_BYTES_MAX + 1 - had, &count);
  if (status == PORT_TIMEOUT) return PCIO_TIMEOUT;
  if (status != PORT_OK) return event_closed(io, event, connection, PCIO_CLOSED_BY_PEER);
  uint32_t size = had + (uint32_t)count;
  int what = take_frame(io, connection, bytes, size, event);
  if (what == PCIO_CLOSED) return what;
  if (what == PCIO_FRAME) {
    port_free(connection->partial);
    connection->partial = NULL;
    return what;
  }
  connection->partial_size = size;
  if (fresh && !keep_partial(connection, bytes, size)) {
    return event_closed(io, event, connection, PCIO_CLOSED_GARBAGE);
  }
  return PCIO_TIMEOUT;
}

/* The next whole control frame out of what has come in. */
static int take_control(pcio *io, uint8_t *event) {
  uint32_t body_size = 0;
  uint16_t type = 0;
  bool has_header = io->control_in_size >= FRAME_HEADER_BYTES;
  if (has_header && (!frame_header_read(io->control_in, &body_size, &type) || body_size > PCIO_CONTROL_BYTES_MAX)) {
    return event_closed(io, event, &io->control, PCIO_CLOSED_GARBAGE);
  }
  if (!has_header || io->control_in_size < FRAME_HEADER_BYTES + body_size) {
    io->control_in_drained = true;
    return PCIO_TIMEOUT;
  }
  event_write(event, PCIO_FRAME, PCIO_CONTROL_CONNECTION, type, io->control_in + FRAME_HEADER_BYTES, body_size);
  io->control_in_size -= FRAME_HEADER_BYTES + body_size;
  memmove(io->control_in, io->control_in + FRAME_HEADER_BYTES + body_size, io->control_in_size);
  return PCIO_FRAME;
}

static int receive_control(pcio *io, uint8_t *event) {
  size_t count;
  port_status status = port_link_receive(io->control.link, io->control_in + io->control_in_size,
                                         CONTROL_FRAME_BYTES_MAX - io->control_in_size, &count);
  if (status == PORT_TIMEOUT) return PCIO_TIMEOUT;
  if (status != PORT_OK) return event_closed(io, event, &io->control, PCIO_CLOSED_BY_PEER);
  io->control_in_size += (uint32_t)count;
  io->control_in_drained = false;
  return take_control(io, event);
}

/* Closes one connection that has been silent for too long. */
static int sweep(pcio *io, uint64_t now_ns, uint8_t *event) {
  for (uint32_t i = 0; i < PCIO_CONNECTIONS_MAX; i++) {
    pcio_connection *connection = io->connections[i];
    if (connection != NULL && connection->due_ns <= now_ns) {
      return event_closed(io, event, connection, PCIO_CLOSED_SILENT);
    }
  }
  io->swept_ns = now_ns;
  return PCIO_TIMEOUT;
}

static int next_once(pcio *io, uint64_t deadline_ns, uint8_t *event) {
  void *owner = NULL;
  switch (port_hub_next(io->hub, deadline_ns, &owner)) {
    case PORT_HUB_CONNECT: return accept_one(io, event);
    case PORT_HUB_READABLE: return owner == &io->control ? receive_control(io, event) : receive(io, owner, event);
    default: return PCIO_TIMEOUT;
  }
}

int pcio_next(pcio *io, uint8_t *event, int32_t timeout_ms) {
  uint64_t now_ns = port_now_ns();
  uint64_t deadline_ns = timeout_ms < 0 ? PORT_NEVER : now_ns + (uint64_t)timeout_ms * NS_PER_MS;
  int what = io->control_in_drained ? PCIO_TIMEOUT : take_control(io, event);
  while (what == PCIO_TIMEOUT) {
    port_mutex_lock(&io->lock);
    pcio__control_flush(io);
    port_mutex_unlock(&io->lock);
    now_ns = port_now_ns();
    uint64_t sweep_ns = io->swept_ns + SWEEP_MS * NS_PER_MS;
    if (now_ns >= sweep_ns) {
      what = sweep(io, now_ns, event);
      continue;
    }
    what = next_once(io, sweep_ns < deadline_ns ? sweep_ns : deadline_ns, event);
    if (what == PCIO_TIMEOUT && port_now_ns() >= deadline_ns) break;
  }
  return what == PCIO_TIMEOUT ? event_write(event, PCIO_TIMEOUT, 0, 0, NULL, 0) : what;
}
