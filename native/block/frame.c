/* Encodes and decodes the frames. Each layout stands once, as offsets, above its writer and reader. */
#include "block/frame.h"

#include <string.h>

#include "block/bytes.h"
#include "wsman/wsman_types.h"

#define HELLO_MAGIC 0x49484350u   /* "PCHI" */
#define WELCOME_MAGIC 0x45574350u /* "PCWE" */
#define REFUSAL_MAGIC 0x4f4e4350u /* "PCNO" */
#define ANSWER_MAGIC 0x4e414350u  /* "PCAN" */

_Static_assert(HELLO_PREFIX_BYTES + 4u * HELLO_COUNTERS_MAX + 2u * APPLICATION_UNITS_MAX <= HELLO_BYTES_MAX,
               "every hello that we write fits");

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

/* hello: magic 0, version lowest 4, highest 6, product version 8, process id 16, application at 20 and units 22,
 * counters 24, zero 26; counters 32, then the application */

uint32_t hello_write(uint8_t body[HELLO_BYTES_MAX], const hello *hello) {
  uint32_t application_at = HELLO_PREFIX_BYTES + 4 * hello->counter_count;
  bytes_put32(body, HELLO_MAGIC);
  bytes_put16(body + 4, hello->version_lowest);
  bytes_put16(body + 6, hello->version_highest);
  for (uint32_t i = 0; i < 4; i++) bytes_put16(body + 8 + 2 * i, hello->product_version[i]);
  bytes_put32(body + 16, hello->process_id);
  bytes_put16(body + 20, application_at);
  bytes_put16(body + 22, hello->application.length);
  bytes_put16(body + 24, hello->counter_count);
  memset(body + 26, 0, HELLO_PREFIX_BYTES - 26);
  for (uint32_t i = 0; i < hello->counter_count; i++) bytes_put32(body + HELLO_PREFIX_BYTES + 4 * i, hello->counters[i]);
  memcpy(body + application_at, hello->application.units, 2 * hello->application.length);
  return application_at + 2 * hello->application.length;
}

/* welcome: magic 0, version 4, evaluator count 6, generation 8, switches 12 */

void welcome_write(uint8_t body[WELCOME_BYTES], const welcome *welcome) {
  bytes_put32(body, WELCOME_MAGIC);
  bytes_put16(body + 4, welcome->version);
  bytes_put16(body + 6, welcome->evaluator_count);
  bytes_put32(body + 8, welcome->generation);
  bytes_put32(body + 12, welcome->switches);
}

bool welcome_read(const uint8_t *body, uint32_t size, welcome *welcome) {
  if (size != WELCOME_BYTES || bytes_get32(body) != WELCOME_MAGIC) return false;
  welcome->version = (uint16_t)bytes_get16(body + 4);
  welcome->evaluator_count = (uint16_t)bytes_get16(body + 6);
  welcome->generation = bytes_get32(body + 8);
  welcome->switches = bytes_get32(body + 12);
  return welcome->evaluator_count > 0 && (welcome->switches & ~SWITCHES_ALL) == 0;
}

/* refusal: magic 0, version lowest 4, highest 6, reason 8, zero 12 */

void refusal_write(uint8_t body[REFUSAL_BYTES], const refusal *refusal) {
  bytes_put32(body, REFUSAL_MAGIC);
  bytes_put16(body + 4, refusal->version_lowest);
  bytes_put16(body + 6, refusal->version_highest);
  bytes_put32(body + 8, refusal->reason);
  bytes_put32(body + 12, 0);
}

bool refusal_read(const uint8_t *body, uint32_t size, refusal *refusal) {
  if (size != REFUSAL_BYTES || bytes_get32(body) != REFUSAL_MAGIC) return false;
  refusal->version_lowest = (uint16_t)bytes_get16(body + 4);
  refusal->version_highest = (uint16_t)bytes_get16(body + 6);
  refusal->reason = bytes_get32(body + 8);
  return refusal->version_lowest <= refusal->version_highest;
}

/* answer: magic 0, version 4, kind 6, id 8, attempt 24, outcome 26, flags 28, text units 30, error code 32,
 * quota 36, text 52 */

uint32_t answer_write(uint8_t body[ANSWER_BYTES_MAX], const answer *answer) {
  bytes_put32(body, ANSWER_MAGIC);
  bytes_put16(body + 4, ANSWER_VERSION);
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
  if (bytes_get16(body + 4) != ANSWER_VERSION) return false;
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
