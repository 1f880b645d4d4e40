/* The other side of a stream, on a hub of its own thread. */
#include "conformance/conformance.h"

#include <stdatomic.h>

#define GUESTS_MAX 128u
#define READ_BYTES 4096u

typedef struct guest {
  port_link *link;
  char treatment; /* 0: nothing was said yet */
  uint32_t sent;  /* of a flood */
  uint32_t heard; /* of what is checked */
  bool is_wrong;
} guest;

struct server {
  port_hub *hub;
  port_thread thread;
  atomic_bool stopping;
  guest *guests[GUESTS_MAX];
};

static void leave(server *server, guest *guest) {
  uint32_t index = 0;
  while (server->guests[index] != guest) index++;
  server->guests[index] = NULL;
  port_link_close(server->hub, guest->link);
  port_free(guest);
}

static void accept_guest(server *server) {
  uint32_t index = 0;
  while (index < GUESTS_MAX && server->guests[index] != NULL) index++;
  guest *made = index == GUESTS_MAX ? NULL : port_alloc(sizeof *made);
  if (made == NULL || port_hub_accept(server->hub, made, &made->link) != PORT_OK) {
    port_free(made);
    return;
  }
  server->guests[index] = made;
}

/* Everything, for somebody who reads as it comes. */
static void send_all(guest *guest, const uint8_t *bytes, size_t size) {
  port_status status = PORT_TIMEOUT;
  while (status == PORT_TIMEOUT) {
    size_t sent;
    status = port_link_send(guest->link, bytes, size, &sent);
    bytes += sent;
    size -= sent;
    if (status == PORT_TIMEOUT) port_sleep_ms(1);
  }
}

static void flood_on(guest *guest) {
  static uint8_t bytes[READ_BYTES];
  uint32_t left = SERVER_FLOOD_BYTES - guest->sent;
  uint32_t size = left < READ_BYTES ? left : READ_BYTES;
  size_t sent = 0;
  for (uint32_t i = 0; i < size; i++) bytes[i] = byte_at(guest->sent + i);
  if (size > 0) (void)port_link_send(guest->link, bytes, size, &sent);
  guest->sent += (uint32_t)sent;
}

static void check_bytes(guest *guest, const uint8_t *bytes, size_t count) {
  for (size_t i = 0; i < count; i++) guest->is_wrong |= bytes[i] != byte_at(guest->heard++);
  uint8_t verdict = !guest->is_wrong;
  if (guest->heard == SERVER_CHECK_BYTES) send_all(guest, &verdict, 1);
}

static void hear(server *server, guest *guest) {
  uint8_t bytes[READ_BYTES];
  size_t count;
  if (guest->treatment == SERVER_DEAF) return;
  port_status status = port_link_receive(guest->link, bytes, sizeof bytes, &count);
  if (status == PORT_TIMEOUT) return;
  if (status != PORT_OK) return leave(server, guest);
  size_t skipped = guest->treatment == 0;
  if (skipped) guest->treatment = (char)bytes[0];
  if (guest->treatment == SERVER_ECHO) send_all(guest, bytes + skipped, count - skipped);
  if (guest->treatment == SERVER_CHECK) check_bytes(guest, bytes + skipped, count - skipped);
  if (guest->treatment != SERVER_FAREWELL) return;
  for (uint32_t i = 0; i < SERVER_FAREWELL_BYTES; i++) bytes[i] = byte_at(i);
  send_all(guest, bytes, SERVER_FAREWELL_BYTES);
  leave(server, guest);
}

static void serve(void *argument) {
  server *server = argument;
  while (!atomic_load(&server->stopping)) {
    void *owner = NULL;
    switch (port_hub_next(server->hub, in_ms(1), &owner)) {
      case PORT_HUB_CONNECT: accept_guest(server); break;
      case PORT_HUB_READABLE: hear(server, owner); break;
      case PORT_HUB_CLOSED: leave(server, owner); break;
      case PORT_HUB_TIMEOUT: break;
    }
    for (uint32_t i = 0; i < GUESTS_MAX; i++) {
      if (server->guests[i] != NULL && server->guests[i]->treatment == SERVER_FLOOD) flood_on(server->guests[i]);
    }
  }
  for (uint32_t i = 0; i < GUESTS_MAX; i++) {
    if (server->guests[i] != NULL) leave(server, server->guests[i]);
  }
}

server *server_start(const surroundings *around) {
  server *made = port_alloc(sizeof *made);
  if (made == NULL) return NULL;
  made->hub = port_hub_open();
  if (made->hub != NULL && port_hub_listen(made->hub, around->endpoint, 0, "") == PORT_OK &&
      port_thread_start(&made->thread, serve, made)) {
    return made;
  }
  if (made->hub != NULL) port_hub_close(made->hub);
  port_free(made);
  return NULL;
}

void server_stop(server *server) {
  atomic_store(&server->stopping, true);
  port_thread_join(&server->thread);
  port_hub_close(server->hub);
  port_free(server);
}

port_stream *server_connect(const surroundings *around, char treatment) {
  port_stream *stream = NULL;
  port_status status = PORT_TIMEOUT;
  uint64_t deadline_ns = soon();
  /* Busy for the moment that it takes to accept the one before. */
  while (status == PORT_TIMEOUT && port_now_ns() < deadline_ns) {
    status = port_stream_open(around->endpoint, 0, around->account, &stream);
  }
  if (status != PORT_OK) return NULL;
  if (port_stream_write(stream, &treatment, 1, soon()) == PORT_OK) return stream;
  port_stream_close(stream);
  return NULL;
}
