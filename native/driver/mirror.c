/* See mirror.h. FNV-1a over UTF-16 units, with a unit that no text should hold behind each string so
 * that ("ab", "c") and ("a", "bc") differ. */
#include "driver/mirror.h"

#define HASH_START 2166136261u
#define HASH_PRIME 16777619u
#define HASH_END_OF_STRING 0xFFFFu

static uint32_t hash_string(uint32_t hash, PCWSTR text) {
  for (; text != NULL && *text != 0; text++) {
    hash = (hash ^ *text) * HASH_PRIME;
  }
  return (hash ^ HASH_END_OF_STRING) * HASH_PRIME;
}

static uint32_t hash_sender(PCWSTR application, const wsmd_question *question) {
  return hash_string(hash_string(HASH_START, application), question->sender_name);
}

int mirror_allows(PCWSTR application, const wsmd_question *question) {
  uint32_t hash = hash_sender(application, question);
  if (question->kind == WSMD_KIND_QUOTA) {
    return 1;
  }
  if ((hash & 7) == 0) {
    return 0;
  }
  if (question->kind == WSMD_KIND_USER) {
    return 1;
  }
  return (hash_string(hash_string(hash, question->action), question->resource_uri) & 1) != 0;
}

void mirror_quota(PCWSTR application, const wsmd_question *question, uint32_t quota[4]) {
  uint32_t hash = hash_sender(application, question);
  for (uint32_t index = 0; index < 4; index++) {
    quota[index] = 1 + ((hash >> (8 * index)) & 0xFF);
  }
}
