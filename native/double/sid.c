/* Text SIDs to binary SIDs: "S-1-5-32-544" to revision, count, six bytes of authority (big-endian) and
 * little-endian sub-authorities, the form that a Windows token gives. Strict, because a test that
 * misspells a SID should hear of it rather than ask about somebody else. */
#include "double/double_internal.h"

#include <string.h>

#define SID_REVISION_ONLY 1u
#define SID_AUTHORITY_BYTES 6u
#define SID_HEADER_BYTES 8u
#define SID_SUB_AUTHORITIES_MAX 15u
#define SID_AUTHORITY_MAX 0xFFFFFFFFFFFFull /* 48 bits */
#define SID_SUB_AUTHORITY_MAX 0xFFFFFFFFull

_Static_assert(WSMD__SID_BYTES_MAX == SID_HEADER_BYTES + 4 * SID_SUB_AUTHORITIES_MAX, "the largest SID");

/* Reads "-" and a decimal number of at most `value_max` at `*at`, and moves `*at` behind it. */
static int read_part(const char **at, const char *end, uint64_t value_max, uint64_t *value) {
  const char *digit = *at;
  if (digit == end || *digit != '-') {
    return -1;
  }
  digit++;
  const char *first = digit;
  *value = 0;
  while (digit != end && *digit >= '0' && *digit <= '9') {
    *value = *value * 10 + (uint64_t)(*digit - '0');
    if (*value > value_max) {
      return -1;
    }
    digit++;
  }
  if (digit == first) {
    return -1;
  }
  *at = digit;
  return 0;
}

size_t wsmd__sid_parse(const char *text, size_t length, uint8_t bytes[WSMD__SID_BYTES_MAX]) {
  const char *at = text;
  const char *end = text + length;
  uint64_t revision;
  uint64_t authority;
  if (at == end || *at != 'S') {
    return 0;
  }
  at++;
  if (read_part(&at, end, SID_REVISION_ONLY, &revision) != 0 || revision != SID_REVISION_ONLY) {
    return 0;
  }
  if (read_part(&at, end, SID_AUTHORITY_MAX, &authority) != 0) {
    return 0;
  }
  bytes[0] = SID_REVISION_ONLY;
  for (uint32_t index = 0; index < SID_AUTHORITY_BYTES; index++) {
    bytes[2 + index] = (uint8_t)(authority >> (8 * (SID_AUTHORITY_BYTES - 1 - index)));
  }
  uint32_t count = 0;
  while (at != end) {
    uint64_t sub_authority;
    if (count == SID_SUB_AUTHORITIES_MAX || read_part(&at, end, SID_SUB_AUTHORITY_MAX, &sub_authority) != 0) {
      return 0;
    }
    for (uint32_t index = 0; index < 4; index++) {
      bytes[SID_HEADER_BYTES + 4 * count + index] = (uint8_t)(sub_authority >> (8 * index));
    }
    count++;
  }
  if (count == 0) {
    return 0;
  }
  bytes[1] = (uint8_t)count;
  return SID_HEADER_BYTES + 4 * count;
}
