/* See show.h. */
#include "answerer/show.h"

#include <inttypes.h>
#include <stdio.h>

#include "block/block.h"
#include "block/bytes.h"

/* Offsets of the identity in a block, as in docs/reference/request-block.md. */
enum { AT_FLAGS = 44, AT_USER_SID = 56, AT_ENABLED_GROUPS = 64, AT_DENY_ONLY_GROUPS = 72 };

#define SID_HEADER_BYTES 8u

/* Returns the size of the binary SID. */
static uint32_t show_sid(const uint8_t *sid) {
  uint64_t authority = 0;
  for (uint32_t i = 2; i < SID_HEADER_BYTES; i++) authority = authority << 8 | sid[i];
  printf("\"S-%u-%" PRIu64, sid[0], authority);
  for (uint32_t i = 0; i < sid[1]; i++) printf("-%" PRIu32, bytes_get32(sid + SID_HEADER_BYTES + 4 * i));
  printf("\"");
  return SID_HEADER_BYTES + 4u * sid[1];
}

static void show_sids(const char *name, const uint8_t *block, uint32_t pair) {
  uint32_t at = bytes_get32(block + pair);
  uint32_t end = at + bytes_get32(block + pair + 4);
  printf(",\"%s\":[", name);
  while (at < end) {
    at += show_sid(block + at);
    if (at < end) printf(",");
  }
  printf("]");
}

void show_hello(const uint8_t *body) {
  printf("{\"account\":\"%s\"}\n", (const char *)body);
  fflush(stdout);
}

void show_identity(const uint8_t *block) {
  printf("{\"kind\":%" PRIu32 ",\"token\":%s", bytes_get16(block + BLOCK_AT_KIND),
         (bytes_get32(block + AT_FLAGS) & BLOCK_FLAG_TOKEN) != 0 ? "true" : "false");
  show_sids("user", block, AT_USER_SID);
  show_sids("enabled", block, AT_ENABLED_GROUPS);
  show_sids("denyOnly", block, AT_DENY_ONLY_GROUPS);
  printf("}\n");
  fflush(stdout);
}
