/* The handshake in steps. */
#include "plugin/greeting.h"

#include "plugin/limits.h"

port_status greeting_begin(greeting *greeting, const settings *settings, uint32_t evaluator, block_text application,
                           const uint32_t counters[HELLO_COUNTERS]) {
  port_stream *stream;
  port_status status = port_stream_open(settings->endpoint, evaluator, settings->owner, &stream);
  if (status != PORT_OK) return status;
  *greeting = (struct greeting){.stream = stream, .evaluator = evaluator};
  greeting->deadline_ns = port_now_ns() + HANDSHAKE_MS_MAX * NS_PER_MS;
  uint8_t hello[FRAME_HEADER_BYTES + HELLO_BYTES_MAX];
  uint32_t size = hello_write(hello + FRAME_HEADER_BYTES, port_process_id(), application, counters);
  frame_header_write(hello, size, FRAME_HELLO);
  /* A new connection takes this much without anybody reading it: no waiting, and none is granted. */
  status = port_stream_write(stream, hello, FRAME_HEADER_BYTES + size, 0);
  if (status != PORT_OK) port_stream_close(stream);
  return status;
}

static bool is_welcome(const greeting *greeting, welcome *welcome) {
  uint32_t size;
  uint16_t type;
  return frame_header_read(greeting->reply, &size, &type) && type == FRAME_WELCOME && size == WELCOME_BYTES &&
         welcome_read(greeting->reply + FRAME_HEADER_BYTES, size, welcome);
}

port_status greeting_advance(greeting *greeting, connection **opened, welcome *welcome) {
  size_t count;
  port_status status =
      port_stream_receive(greeting->stream, greeting->reply + greeting->had, sizeof greeting->reply - greeting->had, &count);
  greeting->had += count;
  if (status == PORT_TIMEOUT && port_now_ns() < greeting->deadline_ns) return PORT_TIMEOUT;
  if (status == PORT_OK && greeting->had < sizeof greeting->reply) return PORT_TIMEOUT;
  if (status == PORT_OK && !is_welcome(greeting, welcome)) status = PORT_FAILED;
  if (status == PORT_OK) {
    *opened = connection_make(greeting->stream, greeting->evaluator, welcome->switches);
    if (*opened == NULL) status = PORT_NO_MEMORY;
  }
  if (status == PORT_TIMEOUT) status = PORT_FAILED;
  if (status != PORT_OK) greeting_end(greeting);
  return status;
}

void greeting_end(greeting *greeting) { port_stream_close(greeting->stream); }
