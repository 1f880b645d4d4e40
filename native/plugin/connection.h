/* One connection to one evaluator: it carries one question at a time, so that answers need no
 * correlation and a late one dies with its connection. It owns the buffers of what is under way. */
#ifndef PORTCULLIS_CONNECTION_H
#define PORTCULLIS_CONNECTION_H

#include "block/frame.h"
#include "port/port.h"

typedef struct connection {
  port_stream *stream;
  uint32_t evaluator;
  uint32_t epoch; /* of the evaluator when this was opened; see pool.c */
  uint32_t switches;
  struct connection *next; /* in the pool's list of idle or of busy ones */
  struct connection **link;
  block_group groups[BLOCK_GROUPS_MAX];
  uint8_t question[FRAME_HEADER_BYTES + BLOCK_BYTES_MAX];
  uint8_t answer[FRAME_HEADER_BYTES + ANSWER_BYTES_MAX];
} connection;

/* Makes a connection of a stream whose handshake is done. NULL, with the stream untouched, if memory is out. */
connection *connection_make(port_stream *stream, uint32_t evaluator, uint32_t switches);

/* Where the block of the next question is written. */
uint8_t *connection_block(connection *connection);

/* Sends the block and waits for its answer. PORT_FAILED: what came back is not an answer to it. After
 * anything but PORT_OK the connection is of no further use. */
port_status connection_ask(connection *connection, uint32_t block_size, uint64_t deadline_ns, answer *answer);

void connection_close(connection *connection);

#endif
