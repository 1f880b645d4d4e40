/* Streams: the plug-in's side. */
#include <string.h>

#include "conformance/conformance.h"

/* More than any system keeps for somebody who does not read. */
#define UNREAD_BYTES (4u * 1024u * 1024u)

static uint8_t out[UNREAD_BYTES];
static uint8_t in[SERVER_FLOOD_BYTES];

static bool is_numbered(const uint8_t *bytes, uint32_t size) {
  for (uint32_t i = 0; i < size; i++) {
    if (bytes[i] != byte_at(i)) return false;
  }
  return true;
}

static void check_opening(const surroundings *around) {
  port_stream *stream = NULL;
  check(port_stream_open(around->endpoint, 1, around->account, &stream) == PORT_REFUSED,
        "an endpoint that nobody serves is refused");
  check(port_stream_open(around->endpoint, 0, "S-1-5-21-1-1-1-1", &stream) == PORT_FOREIGN,
        "an endpoint that another account must own is not used");
  check(port_stream_open(around->endpoint, 0, around->account, &stream) == PORT_OK, "an endpoint of the right account is");
  port_stream_close(stream);
}

static void check_echo(const surroundings *around) {
  port_stream *stream = server_connect(around, SERVER_ECHO);
  if (stream == NULL) return check(false, "a stream opens");
  bool same = true;
  static const uint32_t sizes[] = {1, 800, 1092};
  for (uint32_t i = 0; i < SERVER_CHECK_BYTES; i++) out[i] = byte_at(i);
  for (uint32_t i = 0; i < sizeof sizes / sizeof *sizes && same; i++) {
    memset(in, 0, sizes[i]);
    same = port_stream_write(stream, out, sizes[i], soon()) == PORT_OK &&
           port_stream_read(stream, in, sizes[i], soon()) == PORT_OK && is_numbered(in, sizes[i]);
  }
  check(same, "what is written comes back whole");
  check(port_stream_is_quiet(stream), "an idle stream is quiet");
  same = port_stream_write(stream, out, 10, soon()) == PORT_OK && port_stream_read(stream, in, 4, soon()) == PORT_OK &&
         port_stream_read(stream, in + 4, 6, soon()) == PORT_OK;
  check(same && is_numbered(in, 10), "it may be read in pieces");
  (void)port_stream_write(stream, out, 1, soon());
  uint64_t deadline_ns = soon();
  while (port_stream_is_quiet(stream) && port_now_ns() < deadline_ns) port_sleep_ms(1);
  check(!port_stream_is_quiet(stream), "a stream with something to read is not quiet");
  port_stream_close(stream);
}

static void check_large(const surroundings *around) {
  port_stream *stream = server_connect(around, SERVER_CHECK);
  if (stream == NULL) return check(false, "a stream opens");
  bool arrived = port_stream_write(stream, out, SERVER_CHECK_BYTES, soon()) == PORT_OK &&
                 port_stream_read(stream, in, 1, soon()) == PORT_OK;
  check(arrived && in[0] == 1, "the largest block arrives whole");
  port_stream_close(stream);
}

static void check_deadlines(const surroundings *around) {
  port_stream *stream = server_connect(around, SERVER_SILENT);
  if (stream == NULL) return check(false, "a stream opens");
  uint64_t before_ns = port_now_ns();
  port_status status = port_stream_read(stream, in, 1, in_ms(50));
  uint64_t took_ns = port_now_ns() - before_ns;
  check(status == PORT_TIMEOUT && took_ns >= 45 * NS_PER_MS && took_ns < SOON_MS * NS_PER_MS,
        "reading ends at the deadline, not before");
  port_stream_close(stream);
  stream = server_connect(around, SERVER_DEAF);
  if (stream == NULL) return check(false, "a stream opens");
  before_ns = port_now_ns();
  status = port_stream_write(stream, out, UNREAD_BYTES, in_ms(50));
  took_ns = port_now_ns() - before_ns;
  check(status == PORT_TIMEOUT && took_ns >= 45 * NS_PER_MS && took_ns < SOON_MS * NS_PER_MS,
        "so does writing to somebody who does not read");
  port_stream_close(stream);
}

static void check_closing(const surroundings *around) {
  port_stream *stream = server_connect(around, SERVER_FAREWELL);
  if (stream == NULL) return check(false, "a stream opens");
  port_sleep_ms(100);
  bool whole = port_stream_read(stream, in, SERVER_FAREWELL_BYTES, soon()) == PORT_OK;
  check(whole && is_numbered(in, SERVER_FAREWELL_BYTES), "what was sent before closing arrives");
  check(port_stream_read(stream, in, 1, soon()) == PORT_CLOSED, "and after it the stream is closed");
  check(!port_stream_is_quiet(stream), "a closed stream is not quiet");
  port_stream_close(stream);
}

static void cancel_later(void *stream) {
  port_sleep_ms(50);
  port_stream_cancel(stream);
}

static void check_cancelling(const surroundings *around) {
  port_thread thread;
  port_stream *stream = server_connect(around, SERVER_SILENT);
  if (stream == NULL || !port_thread_start(&thread, cancel_later, stream)) return check(false, "a thread starts");
  check(port_stream_read(stream, in, 1, soon()) == PORT_CANCELLED, "a read is cancelled by another thread");
  port_thread_join(&thread);
  check(port_stream_read(stream, in, 1, soon()) == PORT_CANCELLED, "and so is what is begun later");
  port_stream_close(stream);
  stream = server_connect(around, SERVER_DEAF);
  if (stream == NULL || !port_thread_start(&thread, cancel_later, stream)) return check(false, "a thread starts");
  check(port_stream_write(stream, out, UNREAD_BYTES, soon()) == PORT_CANCELLED, "a write is too");
  port_thread_join(&thread);
  port_stream_close(stream);
}

/* Slowly read, the sender's pieces must neither get lost nor change their order. */
static void check_flood(const surroundings *around) {
  port_stream *stream = server_connect(around, SERVER_FLOOD);
  if (stream == NULL) return check(false, "a stream opens");
  port_sleep_ms(100);
  bool whole = port_stream_read(stream, in, SERVER_FLOOD_BYTES, in_ms(3 * SOON_MS)) == PORT_OK;
  check(whole && is_numbered(in, SERVER_FLOOD_BYTES), "what is sent without waiting arrives whole and in order");
  port_stream_close(stream);
}

static void signal_later(void *waker) {
  port_sleep_ms(50);
  port_waker_signal(waker);
}

static void check_waiting(const surroundings *around) {
  port_waker *waker = port_waker_open();
  port_thread thread;
  size_t count = 1;
  port_stream *both[] = {server_connect(around, SERVER_SILENT), server_connect(around, SERVER_ECHO)};
  if (waker == NULL || both[0] == NULL || both[1] == NULL) return check(false, "two streams open");
  check(port_stream_receive(both[1], in, 10, &count) == PORT_TIMEOUT && count == 0, "receiving does not wait");
  uint64_t before_ns = port_now_ns();
  port_streams_wait(both, 2, waker, in_ms(50));
  check(port_now_ns() - before_ns >= 45 * NS_PER_MS, "waiting for several ends at the deadline, not before");
  port_waker_signal(waker);
  before_ns = port_now_ns();
  port_streams_wait(both, 2, waker, soon());
  check(port_now_ns() - before_ns < SOON_MS / 2 * NS_PER_MS, "a signal that came before the wait is not lost");
  if (!port_thread_start(&thread, signal_later, waker)) return check(false, "a thread starts");
  port_streams_wait(both, 2, waker, soon());
  check(port_now_ns() - before_ns < SOON_MS / 2 * NS_PER_MS, "one that comes during it ends it");
  port_thread_join(&thread);
  (void)port_stream_write(both[1], out, 10, soon());
  port_streams_wait(both, 2, waker, soon());
  bool same = port_stream_receive(both[1], in, 6, &count) == PORT_OK && count > 0;
  same = same && port_stream_read(both[1], in + count, 10 - count, soon()) == PORT_OK;
  check(same && is_numbered(in, 10), "and so does what one of them has to read, none of which is lost");
  check(port_stream_is_quiet(both[0]) && port_stream_is_quiet(both[1]), "after waiting they are quiet again");
  port_stream_close(both[0]);
  port_stream_close(both[1]);
  port_waker_close(waker);
}

void check_streams(const surroundings *around) {
  server *server = server_start(around);
  if (server == NULL) return check(false, "an endpoint is served");
  check_opening(around);
  check_echo(around);
  check_large(around);
  check_deadlines(around);
  check_closing(around);
  check_cancelling(around);
  check_flood(around);
  check_waiting(around);
  server_stop(server);
}
