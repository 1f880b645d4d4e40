/* Writes request blocks. The payload is written behind a running cursor in the table's order, which is
 * all that the format asks for: each present field starts where the one before it ended. */
#include "block/block.h"

#include <stdbool.h>
#include <string.h>

#include "block/bytes.h"
#include "wsman/wsman_types.h"

/* Offsets of the header beside those in block.h, named as in the reference page. */
enum {
  AT_MAGIC = 0,
  AT_VERSION = 4,
  AT_HEADER_SIZE = 6,
  AT_TOTAL_SIZE = 8,
  AT_FLAGS = 44,
  AT_OPERATION = 48,
  AT_USER_SID = 56,
  AT_ENABLED_GROUPS = 64,
  AT_DENY_ONLY_GROUPS = 72,
  AT_TEXTS = 80
};

_Static_assert(AT_TEXTS + 8 * BLOCK_TEXT_FIELDS == BLOCK_HEADER_BYTES, "header size");
/* The largest identity leaves room for texts: 1,025 of the longest SIDs would not, 1,025 usual ones do. */
_Static_assert(BLOCK_HEADER_BYTES + (BLOCK_GROUPS_MAX + 1) * 28 < BLOCK_BYTES_MAX, "room for a full token");

typedef struct cursor {
  uint8_t *block;
  uint32_t capacity;
  uint32_t at;
  block_status status;
} cursor;

static void put_bytes(cursor *cursor, const void *bytes, uint32_t size) {
  if (cursor->status != BLOCK_OK) return;
  if (size > cursor->capacity - cursor->at) {
    cursor->status = BLOCK_TOO_LARGE;
    return;
  }
  if (size > 0) memcpy(cursor->block + cursor->at, bytes, size);
  cursor->at += size;
}

static void put_sid(cursor *cursor, const uint8_t *sid) {
  if (sid[0] != 1 || sid[1] > BLOCK_SUB_AUTHORITIES_MAX) {
    cursor->status = BLOCK_BAD_SID;
    return;
  }
  put_bytes(cursor, sid, 8u + 4u * sid[1]);
}

static void put_pair(cursor *cursor, uint32_t at, uint32_t start, uint32_t length) {
  bytes_put32(cursor->block + at, start);
  bytes_put32(cursor->block + at + 4, length);
}

static void put_groups(cursor *cursor, const block_question *question, block_group_list list, uint32_t at) {
  uint32_t start = cursor->at;
  for (uint32_t i = 0; i < question->group_count && cursor->status == BLOCK_OK; i++) {
    if (question->groups[i].list == list) put_sid(cursor, question->groups[i].sid);
  }
  put_pair(cursor, at, start, cursor->at - start);
}

static void put_identity(cursor *cursor, const block_question *question) {
  uint32_t listed = 0;
  for (uint32_t i = 0; i < question->group_count; i++) {
    if (question->groups[i].list != BLOCK_GROUP_IGNORED) listed++;
  }
  if (listed > BLOCK_GROUPS_MAX) {
    cursor->status = BLOCK_TOO_LARGE;
    return;
  }
  uint32_t start = cursor->at;
  put_sid(cursor, question->user_sid);
  put_pair(cursor, AT_USER_SID, start, cursor->at - start);
  put_groups(cursor, question, BLOCK_GROUP_ENABLED, AT_ENABLED_GROUPS);
  put_groups(cursor, question, BLOCK_GROUP_DENY_ONLY, AT_DENY_ONLY_GROUPS);
}

static void put_text(cursor *cursor, block_text_field field, block_text text) {
  if (text.units == NULL) return;
  if (text.length > BLOCK_BYTES_MAX / 2) {
    cursor->status = BLOCK_TOO_LARGE;
    return;
  }
  put_pair(cursor, AT_TEXTS + 8u * (uint32_t)field, cursor->at, text.length);
  put_bytes(cursor, text.units, 2 * text.length); /* both systems are little-endian, as the block is */
}

block_status block_write(const block_question *question, uint8_t *block, uint32_t capacity, uint32_t *size) {
  if (capacity > BLOCK_BYTES_MAX) capacity = BLOCK_BYTES_MAX;
  if (capacity < BLOCK_HEADER_BYTES) return BLOCK_TOO_LARGE;
  memset(block, 0, BLOCK_HEADER_BYTES);
  cursor cursor = {block, capacity, BLOCK_HEADER_BYTES, BLOCK_OK};
  if (question->user_sid != NULL) put_identity(&cursor, question);
  for (int field = 0; field < BLOCK_TEXT_FIELDS; field++) {
    if (cursor.status == BLOCK_OK) put_text(&cursor, (block_text_field)field, question->text[field]);
  }
  if (cursor.status != BLOCK_OK) return cursor.status;
  bytes_put32(block + AT_MAGIC, BLOCK_MAGIC);
  bytes_put16(block + AT_VERSION, BLOCK_VERSION);
  bytes_put16(block + AT_HEADER_SIZE, BLOCK_HEADER_BYTES);
  bytes_put32(block + AT_TOTAL_SIZE, cursor.at);
  bytes_put16(block + BLOCK_AT_KIND, question->kind);
  bytes_put16(block + BLOCK_AT_ATTEMPT, question->attempt);
  memcpy(block + BLOCK_AT_QUESTION_ID, question->id, BLOCK_ID_BYTES);
  bytes_put32(block + AT_FLAGS, question->user_sid != NULL ? BLOCK_FLAG_TOKEN : 0);
  bytes_put32(block + AT_OPERATION, question->operation);
  *size = cursor.at;
  return BLOCK_OK;
}

block_group_list block_group_list_of(uint32_t attributes) {
  if (attributes & SE_GROUP_USE_FOR_DENY_ONLY) return BLOCK_GROUP_DENY_ONLY;
  if (attributes & SE_GROUP_ENABLED) return BLOCK_GROUP_ENABLED;
  return BLOCK_GROUP_IGNORED;
}

uint32_t block_text_length(const uint16_t *units, uint32_t units_max) {
  uint32_t length = 0;
  while (length <= units_max && units[length] != 0) length++;
  return length;
}
