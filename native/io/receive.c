/* What comes in: connections, frames, turns. A plug-in's connection owes a hello first and then one question
 * at a time; anything else closes it. What arrives whole goes to the caller with one copy. */
#include "io/io_internal.h"

#include <string.h>

#include "block/bytes.h"

_Static_assert(PCIO_CONTROL_BYTES_MAX > BLOCK_BYTES_MAX, "the event buffer takes every frame");
_Static_assert(PCIO_ACCOUNT_BYTES == PORT_ACCOUNT_BYTES_MAX, "an account is copied whole");

/* How often silent connections are looked for. */
#define SWEEP_MS 250u

/* How soon a supervisor that did not take everything is offered the rest. */
#define FLUSH_AGAIN_MS 10u

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

/* A hello is worth what the account behind it may ask for, so the two come together. */
static int event_hello(uint8_t *event, const pcio_connection *connection, const uint8_t *body, uint32_t size) {
  event_write(event, PCIO_FRAME, connection->number, FRAME_HELLO, connection->account, PCIO_ACCOUNT_BYTES);
  bytes_put32(event + 12, PCIO_ACCOUNT_BYTES + size);
  memcpy(event + PCIO_EVENT_HEADER_BYTES + PCIO_ACCOUNT_BYTES, body, size);
  return PCIO_FRAME;
}

static int event_closed(pcio *io, uint8_t *event, pcio_connection *connection, uint32_t reason) {
  const char *account = connection->account;
  event_write(event, PCIO_CLOSED, connection->number, reason, account, (uint32_t)strlen(account));
  if (connection->number != PCIO_CONTROL_CONNECTION) pcio__drop(io, connection);
  return PCIO_CLOSED;
}

/* ---- receiving -------------------------------------------------------------------------------- */

/* How many other connections the same account has. */
static uint32_t count_of_others(const pcio *io, const pcio_connection *connection) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < PCIO_CONNECTIONS_MAX; i++) {
    const pcio_connection *other = io->connections[i];
    if (other != NULL && other != connection && strcmp(other->account, connection->account) == 0) count++;
  }
  return count;
}

/* Asks who is there, if that is not known yet. False if they have as many connections as they may have. */
static bool identify(const pcio *io, pcio_connection *connection, port_link *link) {
  if (connection->account[0] != '\0') return true;
  port_link_account(link, connection->account);
  return count_of_others(io, connection) < PCIO_CONNECTIONS_PER_ACCOUNT_MAX;
}

static int accept_one(pcio *io, uint8_t *event) {
  uint32_t index = 0;
  while (index < PCIO_CONNECTIONS_MAX && io->connections[index] != NULL) index++;
  pcio_connection *made = port_alloc(sizeof *made);
  port_link *link;
  if (made == NULL || port_hub_accept(io->hub, made, &link) != PORT_OK) {
    port_free(made);
    return PCIO_TIMEOUT;
  }
  if (!identify(io, made, link) || index == PCIO_CONNECTIONS_MAX) {
    const char *account = made->account;
    event_write(event, PCIO_CLOSED, PCIO_NO_CONNECTION, PCIO_CLOSED_TOO_MANY, account, (uint32_t)strlen(account));
    port_link_close(io->hub, link);
    port_free(made);
    return PCIO_CLOSED;
  }
  made->link = link;
  made->number = index + 1;
  made->due_ns = port_now_ns() + PCIO_SILENCE_MS_MAX * NS_PER_MS;
  io->connections[index] = made;
  return PCIO_TIMEOUT;
}

static void run(pcio *io, pcio_connection *connection, const uint8_t *block) {
  port_mutex_lock(&io->lock);
  connection->kind = (uint16_t)bytes_get16(block + BLOCK_AT_KIND);
  connection->attempt = (uint16_t)bytes_get16(block + BLOCK_AT_ATTEMPT);
  memcpy(connection->id, block + BLOCK_AT_QUESTION_ID, BLOCK_ID_BYTES);
  pcio__run(io, connection);
  port_mutex_unlock(&io->lock);
}

/* Looks at `size` bytes of a plug-in's frame: the event of a whole one, PCIO_TIMEOUT while it is not
 * whole, or the end of a connection that breaks the rules. */
static int take_frame(pcio *io, pcio_connection *connection, const uint8_t *frame, uint32_t size, uint8_t *event) {
  if (size < FRAME_HEADER_BYTES) return PCIO_TIMEOUT;
  uint32_t body_size;
  uint16_t type;
  uint16_t type_due = connection->welcomed ? FRAME_QUESTION : FRAME_HELLO;
  uint32_t body_min = connection->welcomed ? BLOCK_HEADER_BYTES : HELLO_PREFIX_BYTES;
  uint32_t body_max = connection->welcomed ? BLOCK_BYTES_MAX : HELLO_BYTES_MAX;
  if (!frame_header_read(frame, &body_size, &type) || type != type_due || body_size < body_min ||
      body_size > body_max || size > FRAME_HEADER_BYTES + body_size || connection->held) {
    return event_closed(io, event, connection, PCIO_CLOSED_GARBAGE);
  }
  if (size < FRAME_HEADER_BYTES + body_size) return PCIO_TIMEOUT;
  const uint8_t *body = frame + FRAME_HEADER_BYTES;
  connection->due_ns = PORT_NEVER;
  if (type == FRAME_HELLO) return event_hello(event, connection, body, body_size);
  run(io, connection, body);
  return event_write(event, PCIO_FRAME, connection->number, type, body, body_size);
}

static bool keep_partial(pcio_connection *connection, const uint8_t *bytes, uint32_t size) {
  connection->partial = port_alloc(PCIO_FRAME_BYTES_MAX + 1);
  if (connection->partial == NULL) return false;
  memcpy(connection->partial, bytes, size);
  connection->partial_size = size;
  /* A hello is due from the beginning: sending it in pieces gains nothing. */
  if (connection->due_ns == PORT_NEVER) connection->due_ns = port_now_ns() + PCIO_SILENCE_MS_MAX * NS_PER_MS;
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
  if (!identify(io, connection, connection->link)) {
    return event_closed(io, event, connection, PCIO_CLOSED_TOO_MANY);
  }
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
                                         PCIO_CONTROL_FRAME_BYTES_MAX - io->control_in_size, &count);
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

/* PCIO_TIMEOUT: dealt with, and nothing to tell. */
static int handle(pcio *io, port_hub_event what, void *owner, uint8_t *event) {
  if (what == PORT_HUB_CONNECT) return accept_one(io, event);
  /* Also if a question is left: its answer would reach nobody. */
  if (what == PORT_HUB_CLOSED) return event_closed(io, event, owner, PCIO_CLOSED_BY_PEER);
  return owner == &io->control ? receive_control(io, event) : receive(io, owner, event);
}

/* The next event, without waiting as long as there are any; only then the reports go out, and it waits. */
static port_hub_event next_event(pcio *io, uint64_t deadline_ns, void **owner) {
  port_hub_event what = port_hub_next(io->hub, 0, owner);
  if (what != PORT_HUB_TIMEOUT) return what;
  port_mutex_lock(&io->lock);
  bool flushed = pcio__control_flush(io);
  port_mutex_unlock(&io->lock);
  uint64_t again_ns = port_now_ns() + FLUSH_AGAIN_MS * NS_PER_MS;
  return port_hub_next(io->hub, flushed || deadline_ns < again_ns ? deadline_ns : again_ns, owner);
}

int pcio_next(pcio *io, uint8_t *event, int32_t timeout_ms) {
  uint64_t now_ns = port_now_ns();
  uint64_t deadline_ns = timeout_ms < 0 ? PORT_NEVER : now_ns + (uint64_t)timeout_ms * NS_PER_MS;
  int told = io->control_in_drained ? PCIO_TIMEOUT : take_control(io, event);
  while (told == PCIO_TIMEOUT) {
    uint64_t sweep_ns = io->swept_ns + SWEEP_MS * NS_PER_MS;
    void *owner = NULL;
    if ((now_ns = port_now_ns()) >= sweep_ns) {
      told = sweep(io, now_ns, event);
      continue;
    }
    port_hub_event what = next_event(io, sweep_ns < deadline_ns ? sweep_ns : deadline_ns, &owner);
    if (what != PORT_HUB_TIMEOUT) told = handle(io, what, owner, event);
    else if (port_now_ns() >= deadline_ns) return event_write(event, PCIO_TIMEOUT, 0, 0, NULL, 0);
  }
  return told;
}
