/* Encodes and decodes the frames. Each layout stands once, as offsets, above its writer and reader. */
#include "block/frame.h"

#include <string.h>

#include "block/bytes.h"
#include "wsman/wsman_types.h"

#define HELLO_MAGIC 0x49484350u   /* "PCHI" */
#define WELCOME_MAGIC 0x45574350u /* "PCWE" */
#define ANSWER_MAGIC 0x4e414350u  /* "PCAN" */

void frame_header_write(uint8_t header[FRAME_HEADER_BYTES], uint32_t body_size, uint16_t type) {
  bytes_put32(header, body_size);
  bytes_put16(header + 4, type);
  bytes_put16(header + 6, 0);
}

bool frame_header_read(const uint8_t header[FRAME_HEADER_BYTES], uint32_t *body_size, uint16_t *type) {
  *body_size = bytes_get32(header);
  *type = (uint16_t)bytes_get16(header + 4);
  return bytes_get16(header + 6) == 0;
}

/* hello: magic 0, version least 4, version most 6, process id 8, application units 12, counters 16, text */

uint32_t hello_write(uint8_t body[HELLO_BYTES_MAX], uint32_t process_id, block_text application,
                     const uint32_t counters[HELLO_COUNTERS]) {
  bytes_put32(body, HELLO_MAGIC);
  bytes_put16(body + 4, WIRE_VERSION);
  bytes_put16(body + 6, WIRE_VERSION);
  bytes_put32(body + 8, process_id);
  bytes_put32(body + 12, application.length);
  for (uint32_t i = 0; i < HELLO_COUNTERS; i++) bytes_put32(body + 16 + 4 * i, counters[i]);
  memcpy(body + HELLO_HEADER_BYTES, application.units, 2 * application.length);
  return HELLO_HEADER_BYTES + 2 * application.length;
}

/* welcome: magic 0, version 4, evaluator count 6, generation 8, switches 12 */

void welcome_write(uint8_t body[WELCOME_BYTES], const welcome *welcome) {
  bytes_put32(body, WELCOME_MAGIC);
  bytes_put16(body + 4, WIRE_VERSION);
  bytes_put16(body + 6, welcome->evaluator_count);
  bytes_put32(body + 8, welcome->generation);
  bytes_put32(body + 12, welcome->switches);
}

bool welcome_read(const uint8_t *body, uint32_t size, welcome *welcome) {
  if (size != WELCOME_BYTES || bytes_get32(body) != WELCOME_MAGIC) return false;
  if (bytes_get16(body + 4) != WIRE_VERSION) return false;
  welcome->evaluator_count = (uint16_t)bytes_get16(body + 6);
  welcome->generation = bytes_get32(body + 8);
  welcome->switches = bytes_get32(body + 12);
  return welcome->evaluator_count > 0 && (welcome->switches & ~SWITCHES_ALL) == 0;
}

/* answer: magic 0, version 4, kind 6, id 8, attempt 24, outcome 26, flags 28, text units 30, error code 32,
 * quota 36, text 52 */

uint32_t answer_write(uint8_t body[ANSWER_BYTES_MAX], const answer *answer) {
  bytes_put32(body, ANSWER_MAGIC);
  bytes_put16(body + 4, WIRE_VERSION);
  bytes_put16(body + 6, answer->kind);
  memcpy(body + 8, answer->id, BLOCK_ID_BYTES);
  bytes_put16(body + 24, answer->attempt);
  bytes_put16(body + 26, answer->outcome);
  bytes_put16(body + 28, answer->flags);
  bytes_put16(body + 30, answer->text_units);
  bytes_put32(body + 32, answer->error_code);
  for (uint32_t i = 0; i < 4; i++) bytes_put32(body + 36 + 4 * i, answer->quota[i]);
  if (answer->text_units > 0) memcpy(body + ANSWER_HEADER_BYTES, answer->text, 2 * answer->text_units);
  return ANSWER_HEADER_BYTES + 2 * answer->text_units;
}

static bool quota_is_right(const answer *answer) {
  bool granted = answer->kind == BLOCK_KIND_QUOTA && answer->outcome == ANSWER_ALLOW;
  for (uint32_t i = 0; i < 4; i++) {
    if ((answer->quota[i] != 0) != granted) return false;
  }
  return true;
}

static bool answer_is_coherent(const answer *answer) {
  bool allowed = answer->outcome == ANSWER_ALLOW;
  bool redirected = answer->error_code == ERROR_WSMAN_REDIRECT_REQUESTED;
  bool administrator = (answer->flags & ANSWER_FLAG_ADMINISTRATOR) != 0;
  if (allowed != (answer->error_code == NO_ERROR)) return false;
  if (administrator && !(allowed && answer->kind == BLOCK_KIND_USER)) return false;
  if (redirected && !(answer->outcome == ANSWER_DENY && answer->kind == BLOCK_KIND_USER)) return false;
  if (redirected && answer->text_units == 0) return false;
  if (allowed && answer->text_units > 0) return false;
  return quota_is_right(answer);
}

bool answer_read(const uint8_t *body, uint32_t size, answer *answer) {
  if (size < ANSWER_HEADER_BYTES || bytes_get32(body) != ANSWER_MAGIC) return false;
  if (bytes_get16(body + 4) != WIRE_VERSION) return false;
  answer->kind = (uint16_t)bytes_get16(body + 6);
  memcpy(answer->id, body + 8, BLOCK_ID_BYTES);
  answer->attempt = (uint16_t)bytes_get16(body + 24);
  answer->outcome = (uint16_t)bytes_get16(body + 26);
  answer->flags = (uint16_t)bytes_get16(body + 28);
  answer->text_units = bytes_get16(body + 30);
  answer->error_code = bytes_get32(body + 32);
  for (uint32_t i = 0; i < 4; i++) answer->quota[i] = bytes_get32(body + 36 + 4 * i);
  answer->text = body + ANSWER_HEADER_BYTES;
  if (answer->text_units > ANSWER_TEXT_UNITS_MAX) return false;
  if (size != ANSWER_HEADER_BYTES + 2 * answer->text_units) return false;
  if (answer->kind < BLOCK_KIND_USER || answer->kind > BLOCK_KIND_QUOTA) return false;
  if (answer->outcome < ANSWER_ALLOW || answer->outcome > ANSWER_NO_ANSWER) return false;
  if ((answer->flags & ~ANSWER_FLAG_ADMINISTRATOR) != 0) return false;
  return answer_is_coherent(answer);
}
