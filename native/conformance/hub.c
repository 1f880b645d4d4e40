/* The hub: the host's side, with streams of the same thread at the other end. */
#include <string.h>

#include "conformance/conformance.h"

#define MANY 100u

/* The next event within reason. */
static port_hub_event next(port_hub *hub, void **owner) { return port_hub_next(hub, soon(), owner); }

static void check_listening(const surroundings *around, port_hub *hub) {
  port_stream *stream = NULL;
  port_hub *second = port_hub_open();
  check(port_hub_listen(hub, around->endpoint, 0, "") == PORT_OK, "a hub serves an endpoint");
  check(port_hub_listen(second, around->endpoint, 0, "") == PORT_IN_USE, "a second one finds it in use");
  check(port_hub_listen(second, around->endpoint, 1, "") == PORT_OK, "and may serve another number");
  port_hub_unlisten(second);
  check(port_stream_open(around->endpoint, 1, around->account, &stream) == PORT_REFUSED,
        "what is not served any more is refused");
  port_hub_close(second);
  /* On some systems looking whether an endpoint is in use is a connection that comes and goes. */
  void *nobody = NULL;
  port_link *link;
  while (port_hub_next(hub, in_ms(20), &nobody) == PORT_HUB_CONNECT) {
    if (port_hub_accept(hub, NULL, &link) == PORT_OK) port_link_close(hub, link);
  }
}

/* A link and the stream at its other end. False if they cannot be made. */
static bool pair_make(const surroundings *around, port_hub *hub, void *owner, port_stream **stream, port_link **link) {
  void *nobody = hub;
  if (port_stream_open(around->endpoint, 0, around->account, stream) != PORT_OK) return false;
  port_hub_event event = next(hub, &nobody);
  return event == PORT_HUB_CONNECT && port_hub_accept(hub, owner, link) == PORT_OK;
}

static void check_link(const surroundings *around, port_hub *hub) {
  void *owner = NULL;
  char account[PORT_ACCOUNT_BYTES_MAX];
  uint8_t bytes[16];
  size_t count;
  port_stream *stream;
  port_link *link;
  if (!pair_make(around, hub, &count, &stream, &link)) return check(false, "a connection is accepted");
  check(port_link_receive(link, bytes, sizeof bytes, &count) == PORT_TIMEOUT, "a link with nothing to read does not wait");
  uint64_t before_ns = port_now_ns();
  check(port_hub_next(hub, in_ms(50), &owner) == PORT_HUB_TIMEOUT && port_now_ns() - before_ns >= 45 * NS_PER_MS,
        "without events a hub waits until the deadline");
  (void)port_stream_write(stream, "question", 8, soon());
  check(next(hub, &owner) == PORT_HUB_READABLE && owner == &count, "what comes in is told with the link's owner");
  bool first = port_link_receive(link, bytes, 3, &count) == PORT_OK && count == 3;
  check(first && next(hub, &owner) == PORT_HUB_READABLE, "what was left is told again");
  check(port_link_receive(link, bytes + 3, 13, &count) == PORT_OK && count == 5 && memcmp(bytes, "question", 8) == 0,
        "and is the rest");
  port_link_account(link, account);
  check(strcmp(account, around->account) == 0, "the account at the other end is told");
  bool sent = port_link_send(link, "answer", 6, &count) == PORT_OK && count == 6;
  check(sent && port_stream_read(stream, bytes, 6, soon()) == PORT_OK && memcmp(bytes, "answer", 6) == 0,
        "what is sent arrives");
  port_stream_close(stream);
  check(next(hub, &owner) == PORT_HUB_CLOSED, "a peer that has gone is told");
  check(port_link_send(link, "answer", 6, &count) != PORT_OK, "and takes nothing any more");
  port_link_close(hub, link);
}

/* A question whose asker has gone is nobody's any more: it may be told, but not be handed out. */
static void check_orphan(const surroundings *around, port_hub *hub) {
  void *owner = NULL;
  uint8_t bytes[16];
  size_t count = 0;
  port_stream *stream;
  port_link *link;
  if (!pair_make(around, hub, &count, &stream, &link)) return check(false, "a connection is accepted");
  (void)port_stream_write(stream, "question", 8, soon());
  port_stream_close(stream);
  port_hub_event event = next(hub, &owner);
  bool handed = event == PORT_HUB_READABLE && port_link_receive(link, bytes, sizeof bytes, &count) != PORT_CLOSED;
  check(!handed, "what somebody said who has gone since is not handed out");
  port_link_close(hub, link);
}

static void check_many(const surroundings *around, port_hub *hub) {
  port_stream *streams[MANY];
  port_link *links[MANY];
  bool seen[MANY] = {false};
  uint32_t made = 0;
  while (made < MANY && pair_make(around, hub, &seen[made], &streams[made], &links[made])) made++;
  check(made == MANY, "a hundred connections are accepted");
  for (uint32_t i = 0; i < made; i++) (void)port_stream_write(streams[i], &i, sizeof i, soon());
  uint32_t right = 0;
  for (uint32_t i = 0; i < made; i++) {
    void *owner = NULL;
    uint32_t said = MANY;
    size_t count;
    if (next(hub, &owner) != PORT_HUB_READABLE) break;
    uint32_t index = (uint32_t)((bool *)owner - seen);
    if (port_link_receive(links[index], &said, sizeof said, &count) == PORT_OK && said == index && !seen[index]) right++;
    seen[index] = true;
  }
  check(right == MANY, "each of them is heard once");
  for (uint32_t i = 0; i < made; i++) {
    port_link_close(hub, links[i]);
    port_stream_close(streams[i]);
  }
  void *owner = NULL;
  check(port_hub_next(hub, in_ms(20), &owner) == PORT_HUB_TIMEOUT, "a link that was closed gives no event");
}

/* Connections that nobody has accepted yet: some of them wait, and the others are told so. */
static void check_backlog(const surroundings *around, port_hub *hub) {
  port_stream *streams[MANY];
  uint32_t opened = 0;
  port_status status = PORT_OK;
  while (opened < 20 && status == PORT_OK) {
    status = port_stream_open(around->endpoint, 0, around->account, &streams[opened]);
    opened += status == PORT_OK;
  }
  check(opened == 20, "twenty connections wait until they are accepted");
  port_hub_unlisten(hub);
  uint8_t byte;
  for (uint32_t i = 0; i < opened; i++) {
    bool closed = port_stream_read(streams[i], &byte, 1, soon()) == PORT_CLOSED;
    if (i == 0) check(closed, "and are closed when nobody will");
    port_stream_close(streams[i]);
  }
}

void check_hub(const surroundings *around) {
  port_hub *hub = port_hub_open();
  if (hub == NULL) return check(false, "a hub opens");
  check_listening(around, hub);
  check_link(around, hub);
  check_orphan(around, hub);
  check_many(around, hub);
  check_backlog(around, hub);
  port_hub_close(hub);
}
