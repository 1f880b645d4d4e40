/* What a `clientToken` is where there is no Windows: a pointer to this record, owned by whoever plays
 * WinRM (the double). The plug-in reads it only through port_token_*, as it reads a Windows token, and
 * never keeps or frees it. SIDs are in their binary form, as GetTokenInformation gives them. */
#ifndef PORTCULLIS_POSIX_TOKEN_H
#define PORTCULLIS_POSIX_TOKEN_H

#include <stdint.h>

#define POSIX_TOKEN_MAGIC 0x4b4f5450u /* "PTOK"; overwritten when the token is freed */

typedef struct posix_token_group {
  const uint8_t *sid;
  uint32_t attributes; /* SE_GROUP_ENABLED, SE_GROUP_USE_FOR_DENY_ONLY, as in wsman_types.h */
} posix_token_group;

typedef struct posix_token {
  uint32_t magic;
  uint32_t group_count;
  const uint8_t *user_sid;
  const posix_token_group *groups;
} posix_token;

#endif
