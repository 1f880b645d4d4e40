/* A connection before it is one: connected, the hello sent, the welcome or the refusal not yet whole.
 *
 * The connector has many of them under way at once, because an evaluator that works on a question does not
 * come round to a hello, and the others must not wait for it. Nothing here waits. */
#ifndef PORTCULLIS_GREETING_H
#define PORTCULLIS_GREETING_H

#include "plugin/connection.h"
#include "plugin/denial.h"
#include "plugin/settings.h"

typedef struct greeting {
  port_stream *stream;
  uint32_t evaluator;
  uint64_t deadline_ns; /* HANDSHAKE_MS_MAX after its beginning */
  size_t had;           /* bytes of the reply */
  uint8_t reply[FRAME_HEADER_BYTES + WELCOME_BYTES]; /* or a refusal, which is as long */
} greeting;

/* Connects and sends the hello. After anything but PORT_OK there is nothing to end. */
port_status greeting_begin(greeting *greeting, const settings *settings, uint32_t evaluator, block_text application,
                           const uint32_t counters[DENIALS]);

/* Takes what has come of the reply. PORT_OK: `*opened` is the connection. PORT_TIMEOUT: not yet whole, and
 * not yet too late. Anything else: there will be none, `*why` says what to tell, and the greeting has ended. */
port_status greeting_advance(greeting *greeting, connection **opened, welcome *welcome, denial *why);

void greeting_end(greeting *greeting);

#endif
