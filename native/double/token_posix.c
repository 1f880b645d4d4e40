/* The client token where there is no Windows: the record of port/posix_token.h, with its SIDs, as parts
 * of a question's parcel, with which they are destroyed. */
#include "double/double_internal.h"
#include "port/posix_token.h"

#include <string.h>

/* A Windows token always has a user; this one speaks for a test that does not care who it is. */
#define USER_SID_DEFAULT "S-1-5-21-1004336348-1177238915-682003330-1001"

#define LIST_SEPARATOR ';'

static size_t item_length(const char *item) {
  const char *separator = strchr(item, LIST_SEPARATOR);
  return separator == NULL ? strlen(item) : (size_t)(separator - item);
}

static uint32_t list_count(const char *list) {
  if (list == NULL || *list == '\0') {
    return 0;
  }
  uint32_t count = 1;
  for (const char *at = list; *at != '\0'; at++) {
    count += *at == LIST_SEPARATOR;
  }
  return count;
}

static int add_sid(wsmd__parcel *parcel, const char *text, size_t length, const uint8_t **sid) {
  uint8_t bytes[WSMD__SID_BYTES_MAX];
  size_t size = wsmd__sid_parse(text, length, bytes);
  if (size == 0) {
    return -1;
  }
  uint8_t *copy = wsmd__parcel_add(parcel, size);
  if (copy == NULL) {
    return -1;
  }
  memcpy(copy, bytes, size);
  *sid = copy;
  return 0;
}

static int add_groups(wsmd__parcel *parcel, const char *list, uint32_t attributes,
                      posix_token_group *groups) {
  uint32_t count = list_count(list);
  for (uint32_t index = 0; index < count; index++) {
    size_t length = item_length(list);
    if (add_sid(parcel, list, length, &groups[index].sid) != 0) {
      return -1;
    }
    groups[index].attributes = attributes;
    list += length + 1;
  }
  return 0;
}

int wsmd__token_make(wsmd__parcel *parcel, const wsmd_question *question, HANDLE *token) {
  const char *user = question->user_sid == NULL ? USER_SID_DEFAULT : question->user_sid;
  uint32_t enabled_count = list_count(question->group_sids);
  uint32_t deny_only_count = list_count(question->deny_only_sids);
  posix_token *made = wsmd__parcel_add(parcel, sizeof *made);
  if (made == NULL || add_sid(parcel, user, strlen(user), &made->user_sid) != 0) {
    return -1;
  }
  made->magic = POSIX_TOKEN_MAGIC;
  made->group_count = enabled_count + deny_only_count;
  if (made->group_count != 0) {
    posix_token_group *groups = wsmd__parcel_add(parcel, made->group_count * sizeof *groups);
    if (groups == NULL || add_groups(parcel, question->group_sids, SE_GROUP_ENABLED, groups) != 0 ||
        add_groups(parcel, question->deny_only_sids, SE_GROUP_USE_FOR_DENY_ONLY, groups + enabled_count) != 0) {
      return -1;
    }
    made->groups = groups;
  }
  *token = made;
  return 0;
}

void wsmd__token_destroy(HANDLE token) {
  (void)token;
}

void *wsmd__token_to_impersonate(HANDLE token) {
  (void)token;
  return NULL;
}

int wsmd__token_attach(void *library) {
  (void)library;
  return 0;
}
