/* The frames between plug-in and evaluator (docs/reference/wire.md): header, hello, welcome, refusal, answer.
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
#define FRAME_REFUSAL 5u
#define FRAME_CONTROL 16u  /* supervisor and evaluator; JSON */
#define FRAME_OVERTIME 17u /* evaluator's watchdog to the supervisor, the last thing it says */

/* The wire versions that this source speaks. Builds for tests stand for an older or a newer release by other numbers. */
#ifndef WIRE_VERSION_LOWEST
#define WIRE_VERSION_LOWEST 1u
#endif
#ifndef WIRE_VERSION_HIGHEST
#define WIRE_VERSION_HIGHEST 1u
#endif

/* An application identification is a path below "wsman/"; IIS paths have at most 260 characters. */
#define APPLICATION_UNITS_MAX 1024u

/* The beginning of every hello, in every version for ever; the counters follow it, in as many words as it says. */
#define HELLO_PREFIX_BYTES 32u

/* No hello of any version is larger: a pipe takes it while nobody reads, and a host that does not know the version
 * need not take more. */
#define HELLO_BYTES_MAX 4096u

/* Counters for which there is room beside the longest application identification. */
#define HELLO_COUNTERS_MAX 64u

#define WELCOME_BYTES 16u

/* In every version for ever. */
#define REFUSAL_BYTES 16u
#define REFUSAL_NO_COMMON_VERSION 1u

#define ANSWER_VERSION 1u

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

typedef struct hello {
  uint16_t version_lowest; /* of the wire */
  uint16_t version_highest;
  uint16_t product_version[4];
  uint32_t process_id;
  block_text application; /* at most APPLICATION_UNITS_MAX units */
  const uint32_t *counters;
  uint32_t counter_count; /* at most HELLO_COUNTERS_MAX */
} hello;

/* Returns the size of the hello's body. */
uint32_t hello_write(uint8_t body[HELLO_BYTES_MAX], const hello *hello);

typedef struct welcome {
  uint16_t version;         /* the wire version chosen: for the reader to compare with what was offered */
  uint16_t evaluator_count; /* at least 1 */
  uint32_t generation;      /* of the configuration that the other fields come from */
  uint32_t switches;
} welcome;

void welcome_write(uint8_t body[WELCOME_BYTES], const welcome *welcome);
bool welcome_read(const uint8_t *body, uint32_t size, welcome *welcome);

/* Why there is no welcome, said to whoever cannot know anything else of the version that the host speaks. */
typedef struct refusal {
  uint16_t version_lowest; /* of the wire, as the host speaks it */
  uint16_t version_highest;
  uint32_t reason; /* REFUSAL_*, or one of a host that is newer */
} refusal;

void refusal_write(uint8_t body[REFUSAL_BYTES], const refusal *refusal);
bool refusal_read(const uint8_t *body, uint32_t size, refusal *refusal);

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
