/* One frame out and one frame in. What is read is checked here, before anybody
 * else sees it. */
#include "plugin/connection.h"

#include <string.h>

#include "block/bytes.h"

connection *connection_make(port_stream *stream, uint32_t evaluator, uint32_t switches) {
  connection *made = port_alloc(sizeof *made);
  if (made == NULL) return NULL;
  made->stream = stream;
  made->evaluator = evaluator;
  made->switches = switches;
  return made;
}

uint8_t *connection_block(connection *connection) { return connection->question + FRAME_HEADER_BYTES; }

/* The answer is to this question, and not to one that a confused host remembers. */
static bool answers(const answer *answer, const uint8_t *block) {
  return answer->kind == bytes_get16(block + BLOCK_AT_KIND) && answer->attempt == bytes_get16(block + BLOCK_AT_ATTEMPT) &&
         memcmp(answer->id, block + BLOCK_AT_QUESTION_ID, BLOCK_ID_BYTES) == 0;
}

/* Reads the frame of an answer, within bounds. */
static port_status read_answer(connection *connection, uint32_t *body_size, uint64_t deadline_ns) {
  uint8_t *frame = connection->answer;
  port_status status = port_stream_read(connection->stream, frame, FRAME_HEADER_BYTES, deadline_ns);
  if (status != PORT_OK) return status;
  uint16_t type;
  if (!frame_header_read(frame, body_size, &type) || type != FRAME_ANSWER) return PORT_FAILED;
  if (*body_size < ANSWER_HEADER_BYTES || *body_size > ANSWER_BYTES_MAX) return PORT_FAILED;
  return port_stream_read(connection->stream, frame + FRAME_HEADER_BYTES, *body_size, deadline_ns);
}

port_status connection_ask(connection *connection, uint32_t block_size, uint64_t deadline_ns, answer *answer) {
  frame_header_write(connection->question, block_size, FRAME_QUESTION);
  port_status status =
      port_stream_write(connection->stream, connection->question, FRAME_HEADER_BYTES + block_size, deadline_ns);
  if (status != PORT_OK) return status;
  uint32_t size;
  status = read_answer(connection, &size, deadline_ns);
  if (status != PORT_OK) return status;
  if (!answer_read(connection->answer + FRAME_HEADER_BYTES, size, answer)) return PORT_FAILED;
  return answers(answer, connection_block(connection)) ? PORT_OK : PORT_FAILED;
}

void connection_close(connection *connection) {
  port_stream_close(connection->stream);
  port_free(connection);
}
