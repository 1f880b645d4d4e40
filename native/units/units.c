/* The plug-in's pure parts as functions that a test can call through koffi: the block writer, the answer
 * reader, the hello writer, the settings parser, the context table, the text beside a failure. Not part of the product. */
#include <string.h>

#include "block/bytes.h"
#include "block/frame.h"
#include "plugin/context.h"
#include "plugin/denial.h"
#include "plugin/settings.h"

/* Everything as a test has it at hand: texts with their lengths (-1: absent), SIDs packed one after the
 * other as in a block, groups with their Windows attributes. Returns block_status, or -1 for more groups
 * than the array takes. */
PCL_EXPORT int units_block_write(uint32_t kind, uint32_t attempt, const uint8_t *id, uint32_t operation,
                                 const uint8_t *user_sid, const uint8_t *group_sids, const uint32_t *attributes,
                                 uint32_t group_count, const uint16_t *texts, const int32_t *text_lengths,
                                 uint8_t *block, uint32_t capacity, uint32_t *size);

/* Fills `fields` with kind, attempt, outcome, flags, code, the quota and the text's units. */
PCL_EXPORT int units_answer_read(const uint8_t *body, uint32_t size, uint32_t fields[10]);

/* Returns the size of the hello's body. */
PCL_EXPORT uint32_t units_hello_write(const uint16_t versions[2], const uint16_t product[4], uint32_t process_id,
                                      const uint16_t *application, uint32_t units, const uint32_t *counters,
                                      uint32_t counter_count, uint8_t *body);

PCL_EXPORT int units_settings_parse(const char *text, uint32_t size, char *endpoint, char *owner);

PCL_EXPORT uint64_t units_context_grant(uint64_t instance);
PCL_EXPORT int units_context_release(uint64_t context);
PCL_EXPORT void units_context_release_all(uint64_t instance);
PCL_EXPORT void units_context_table_free(void);
PCL_EXPORT uint32_t units_context_count(void);

/* Returns the units written, without the terminator. */
PCL_EXPORT uint32_t units_extended_write(uint16_t *text, int no_answer, const uint8_t *id, const uint8_t *reason,
                                         uint32_t reason_units);

#define GROUPS_MAX 2048u

int units_block_write(uint32_t kind, uint32_t attempt, const uint8_t *id, uint32_t operation,
                      const uint8_t *user_sid, const uint8_t *group_sids, const uint32_t *attributes,
                      uint32_t group_count, const uint16_t *texts, const int32_t *text_lengths, uint8_t *block,
                      uint32_t capacity, uint32_t *size) {
  static block_group groups[GROUPS_MAX];
  if (group_count > GROUPS_MAX) return -1;
  block_question question = {.kind = (uint16_t)kind,
                             .attempt = (uint16_t)attempt,
                             .operation = operation,
                             .user_sid = user_sid,
                             .groups = groups,
                             .group_count = group_count};
  memcpy(question.id, id, BLOCK_ID_BYTES);
  for (uint32_t i = 0; i < group_count; i++) {
    groups[i] = (block_group){group_sids, block_group_list_of(attributes[i])};
    group_sids += 8 + 4 * group_sids[1];
  }
  for (uint32_t i = 0; i < BLOCK_TEXT_FIELDS; i++) {
    if (text_lengths[i] < 0) continue;
    question.text[i] = (block_text){texts, (uint32_t)text_lengths[i]};
    texts += text_lengths[i];
  }
  return (int)block_write(&question, block, capacity, size);
}

int units_answer_read(const uint8_t *body, uint32_t size, uint32_t fields[10]) {
  answer answer;
  if (!answer_read(body, size, &answer)) return 0;
  uint32_t values[10] = {answer.kind,     answer.attempt,  answer.outcome,  answer.flags,    answer.error_code,
                         answer.quota[0], answer.quota[1], answer.quota[2], answer.quota[3], answer.text_units};
  memcpy(fields, values, sizeof values);
  return 1;
}

uint32_t units_hello_write(const uint16_t versions[2], const uint16_t product[4], uint32_t process_id,
                           const uint16_t *application, uint32_t units, const uint32_t *counters,
                           uint32_t counter_count, uint8_t *body) {
  hello hello = {.version_lowest = versions[0],
                 .version_highest = versions[1],
                 .product_version = {product[0], product[1], product[2], product[3]},
                 .process_id = process_id,
                 .application = {application, units},
                 .counters = counters,
                 .counter_count = counter_count};
  return hello_write(body, &hello);
}

int units_settings_parse(const char *text, uint32_t size, char *endpoint, char *owner) {
  settings settings;
  if (!settings_parse(text, size, &settings)) return 0;
  strcpy(endpoint, settings.endpoint);
  strcpy(owner, settings.owner);
  return 1;
}

uint64_t units_context_grant(uint64_t instance) { return (uint64_t)(uintptr_t)context_grant((uintptr_t)instance); }

int units_context_release(uint64_t context) { return context_release((PVOID)(uintptr_t)context); }

void units_context_release_all(uint64_t instance) { context_release_all((uintptr_t)instance); }

void units_context_table_free(void) { context_table_free(); }

uint32_t units_context_count(void) { return context_count(); }

uint32_t units_extended_write(uint16_t *text, int no_answer, const uint8_t *id, const uint8_t *reason,
                              uint32_t reason_units) {
  extended_write(text, no_answer != 0, id, reason, reason_units);
  return block_text_length(text, EXTENDED_UNITS_MAX);
}
