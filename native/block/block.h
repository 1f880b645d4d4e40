/* The request block: one question as bytes (docs/reference/request-block.md).
 *
 * Only the plug-in writes blocks; the evaluator checks them and the policy reads them. Pure: no system
 * call, no allocation, no state. */
#ifndef PORTCULLIS_BLOCK_H
#define PORTCULLIS_BLOCK_H

#include <stddef.h>
#include <stdint.h>

#define BLOCK_MAGIC 0x42524350u /* "PCRB" */
#define BLOCK_VERSION 1u
#define BLOCK_HEADER_BYTES 160u
/* What a 64 KiB page of a policy can take and still leave room to think. */
#define BLOCK_BYTES_MAX 49152u
/* A Windows token holds at most 1,024 groups. */
#define BLOCK_GROUPS_MAX 1024u
#define BLOCK_ID_BYTES 16u
#define BLOCK_SUB_AUTHORITIES_MAX 15u

#define BLOCK_KIND_USER 1u
#define BLOCK_KIND_OPERATION 2u
#define BLOCK_KIND_QUOTA 3u

#define BLOCK_FLAG_TOKEN 1u

/* Offsets of the fields that identify a question; block.c has the others. */
#define BLOCK_AT_KIND 12u
#define BLOCK_AT_ATTEMPT 14u
#define BLOCK_AT_QUESTION_ID 16u

/* The ten texts, in the order of the payload. */
typedef enum block_text_field {
  BLOCK_APPLICATION,
  BLOCK_SENDER_NAME,
  BLOCK_AUTHENTICATION_MECHANISM,
  BLOCK_CERTIFICATE_SUBJECT,
  BLOCK_CERTIFICATE_ISSUER_NAME,
  BLOCK_CERTIFICATE_ISSUER_THUMBPRINT,
  BLOCK_CERTIFICATE_SUBJECT_NAME,
  BLOCK_HTTP_URL,
  BLOCK_ACTION,
  BLOCK_RESOURCE_URI,
  BLOCK_TEXT_FIELDS
} block_text_field;

/* `units` NULL: absent. Otherwise `length` UTF-16 units, which may be 0. */
typedef struct block_text {
  const uint16_t *units;
  uint32_t length;
} block_text;

typedef enum block_group_list { BLOCK_GROUP_IGNORED, BLOCK_GROUP_ENABLED, BLOCK_GROUP_DENY_ONLY } block_group_list;

/* A group's binary SID and the list that it belongs to. */
typedef struct block_group {
  const uint8_t *sid;
  block_group_list list;
} block_group;

typedef struct block_question {
  uint16_t kind;
  uint16_t attempt;
  uint8_t id[BLOCK_ID_BYTES];
  uint32_t operation;
  const uint8_t *user_sid; /* NULL: the question carries no token, and no groups */
  const block_group *groups;
  uint32_t group_count;
  block_text text[BLOCK_TEXT_FIELDS];
} block_question;

typedef enum block_status {
  BLOCK_OK = 0,
  BLOCK_TOO_LARGE, /* over `capacity`, BLOCK_BYTES_MAX or BLOCK_GROUPS_MAX; nothing is ever truncated */
  BLOCK_BAD_SID    /* a revision other than 1, or over 15 sub-authorities */
} block_status;

/* Writes the block and its size. `block` is not to be used unless the result is BLOCK_OK. */
block_status block_write(const block_question *question, uint8_t *block, uint32_t capacity, uint32_t *size);

/* Which list Windows' attribute bits put a group on. Deny-only wins: such a group must never allow. */
block_group_list block_group_list_of(uint32_t attributes);

/* The length of a text that ends with NUL, or `units_max` + 1 if it does not end within `units_max`. */
uint32_t block_text_length(const uint16_t *units, uint32_t units_max);

#endif
