/* Opening a connection, and one frame out and one frame in. What is read is checked here, before anybody
 * else sees it. */
#include "plugin/connection.h"

#include <string.h>

#include "block/bytes.h"
#include "plugin/limits.h"

/* Reads a frame of exactly the type that is due, with a body within bounds. */
static port_status read_frame(port_stream *stream, uint16_t type_due, uint32_t body_min, uint32_t body_max,
                              uint8_t *frame, uint32_t *body_size, uint64_t deadline_ns) {
  port_status status = port_stream_read(stream, frame, FRAME_HEADER_BYTES, deadline_ns);
  if (status != PORT_OK) return status;
  uint16_t type;
  if (!frame_header_read(frame, body_size, &type) || type != type_due) return PORT_FAILED;
  if (*body_size < body_min || *body_size > body_max) return PORT_FAILED;
  return port_stream_read(stream, frame + FRAME_HEADER_BYTES, *body_size, deadline_ns);
}

static port_status shake_hands(port_stream *stream, block_text application, const uint32_t counters[HELLO_COUNTERS],
                               welcome *welcome) {
  uint64_t deadline_ns = port_now_ns() + HANDSHAKE_MS_MAX * NS_PER_MS;
  uint8_t hello[FRAME_HEADER_BYTES + HELLO_BYTES_MAX];
  uint32_t size = hello_write(hello + FRAME_HEADER_BYTES, port_process_id(), application, counters);
  frame_header_write(hello, size, FRAME_HELLO);
  port_status status = port_stream_write(stream, hello, FRAME_HEADER_BYTES + size, deadline_ns);
  if (status != PORT_OK) return status;
  uint8_t reply[FRAME_HEADER_BYTES + WELCOME_BYTES];
  status = read_frame(stream, FRAME_WELCOME, WELCOME_BYTES, WELCOME_BYTES, reply, &size, deadline_ns);
  if (status != PORT_OK) return status;
  return welcome_read(reply + FRAME_HEADER_BYTES, size, welcome) ? PORT_OK : PORT_FAILED;
}

port_status connection_open(const settings *settings, uint32_t evaluator, block_text application,
                            const uint32_t counters[HELLO_COUNTERS], connection **opened, welcome *welcome) {
  port_stream *stream;
  port_status status = port_stream_open(settings->endpoint, evaluator, settings->owner, &stream);
  if (status != PORT_OK) return status;
  connection *made = NULL;
  status = shake_hands(stream, application, counters, welcome);
  if (status == PORT_OK && (made = port_alloc(sizeof *made)) == NULL) status = PORT_NO_MEMORY;
  if (status != PORT_OK) {
    port_stream_close(stream);
    return status;
  }
  made->stream = stream;
  made->evaluator = evaluator;
  made->switches = welcome->switches;
  *opened = made;
  return PORT_OK;
}

uint8_t *connection_block(connection *connection) { return connection->question + FRAME_HEADER_BYTES; }

/* The answer is to this question, and not to one that a confused host remembers. */
static bool answers(const answer *answer, const uint8_t *block) {
  return answer->kind == bytes_get16(block + BLOCK_AT_KIND) && answer->attempt == bytes_get16(block + BLOCK_AT_ATTEMPT) &&
         memcmp(answer->id, block + BLOCK_AT_QUESTION_ID, BLOCK_ID_BYTES) == 0;
}

port_status connection_ask(connection *connection, uint32_t block_size, uint64_t deadline_ns, answer *answer) {
  frame_header_write(connection->question, block_size, FRAME_QUESTION);
  port_status status =
      port_stream_write(connection->stream, connection->question, FRAME_HEADER_BYTES + block_size, deadline_ns);
  if (status != PORT_OK) return status;
  uint32_t size;
  status = read_frame(connection->stream, FRAME_ANSWER, ANSWER_HEADER_BYTES, ANSWER_BYTES_MAX, connection->answer,
                      &size, deadline_ns);
  if (status != PORT_OK) return status;
  if (!answer_read(connection->answer + FRAME_HEADER_BYTES, size, answer)) return PORT_FAILED;
  return answers(answer, connection_block(connection)) ? PORT_OK : PORT_FAILED;
}

void connection_close(connection *connection) {
  port_stream_close(connection->stream);
  port_free(connection);
}
