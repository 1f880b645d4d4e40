/* The frames between plug-in and evaluator (docs/reference/wire.md): header, hello, welcome, answer.
 *
 * Pure: sizes in, sizes out, no system call. Readers take bytes that nobody vouches for: every field is
 * checked before it is used, and anything odd makes the whole frame refused. */
#ifndef PORTCULLIS_FRAME_H
#define PORTCULLIS_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#include "block/block.h"

#define FRAME_HEADER_BYTES 8u

#define FRAME_HELLO 1u
#define FRAME_WELCOME 2u
#define FRAME_QUESTION 3u
#define FRAME_ANSWER 4u
#define FRAME_CONTROL 16u  /* supervisor and evaluator; JSON */
#define FRAME_OVERTIME 17u /* evaluator's watchdog to the supervisor, the last thing it says */

#define WIRE_VERSION 1u

/* An application identification is a path below "wsman/"; IIS paths have at most 260 characters. */
#define APPLICATION_UNITS_MAX 1024u

/* Reasons of the plug-in's own denials that a hello can count; room for more than there are. */
#define HELLO_COUNTERS 16u
#define HELLO_HEADER_BYTES (16u + 4u * HELLO_COUNTERS)
#define HELLO_BYTES_MAX (HELLO_HEADER_BYTES + 2u * APPLICATION_UNITS_MAX)

#define WELCOME_BYTES 16u

#define ANSWER_HEADER_BYTES 52u
#define ANSWER_TEXT_UNITS_MAX 512u
#define ANSWER_BYTES_MAX (ANSWER_HEADER_BYTES + 2u * ANSWER_TEXT_UNITS_MAX)

#define ANSWER_ALLOW 1u
#define ANSWER_DENY 2u
#define ANSWER_NO_ANSWER 3u

#define ANSWER_FLAG_ADMINISTRATOR 1u

/* The operator's switches for one application; all off until a welcome says otherwise. */
#define SWITCH_RUN_AS_POOL_ACCOUNT 1u /* questions without a token may be allowed */
#define SWITCH_ADMINISTRATOR 2u       /* a policy may ask for userIsAdministrator */
#define SWITCHES_ALL 3u

void frame_header_write(uint8_t header[FRAME_HEADER_BYTES], uint32_t body_size, uint16_t type);

/* False if the reserved half-word is not zero. */
bool frame_header_read(const uint8_t header[FRAME_HEADER_BYTES], uint32_t *body_size, uint16_t *type);

/* Returns the size of the hello's body. `application` has at most APPLICATION_UNITS_MAX units. */
uint32_t hello_write(uint8_t body[HELLO_BYTES_MAX], uint32_t process_id, block_text application,
                     const uint32_t counters[HELLO_COUNTERS]);

typedef struct welcome {
  uint16_t evaluator_count; /* at least 1 */
  uint32_t generation;      /* of the configuration that the other fields come from */
  uint32_t switches;
} welcome;

void welcome_write(uint8_t body[WELCOME_BYTES], const welcome *welcome);
bool welcome_read(const uint8_t *body, uint32_t size, welcome *welcome);

typedef struct answer {
  uint16_t kind;
  uint16_t attempt;
  uint8_t id[BLOCK_ID_BYTES];
  uint16_t outcome;
  uint16_t flags;
  uint32_t error_code;
  uint32_t quota[4];
  uint32_t text_units;
  const uint8_t *text; /* within the body; redirect target or a reason that may be shown */
} answer;

/* Returns the size of the answer's body; cuts nothing: text_units is at most ANSWER_TEXT_UNITS_MAX. */
uint32_t answer_write(uint8_t body[ANSWER_BYTES_MAX], const answer *answer);

/* False unless every field is in range and the fields agree with each other: success exactly with
 * allow, a redirect only for a user question and with a target, a quota exactly with an allowed quota
 * question and without zeros, administrator only with an allowed user question. */
bool answer_read(const uint8_t *body, uint32_t size, answer *answer);

#endif
