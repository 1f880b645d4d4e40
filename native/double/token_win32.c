/* The client token on Windows. Who is in a token only the system's own logon may say. So a question that speaks of
 * this process's own user, or of nobody's in particular, and of groups that the process is in, is asked with a real token
 * (all the other groups of the process are in it too); any other with a stand-in, which has exactly what it says. */
#include "double/stand_in.h"

#include <sddl.h>
#include <stdlib.h>
#include <string.h>

#define LIST_SEPARATOR ";"

/* A process is in a dozen groups; a Windows token holds at most 1,024. */
#define GROUPS_BYTES_MAX 65536u
#define LIST_MAX 64u

typedef struct identity {
  union {
    TOKEN_USER user;
    uint8_t bytes[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
  } user;
  TOKEN_GROUPS *groups;
} identity;

static int identity_read(HANDLE token, identity *own) {
  DWORD used;
  own->groups = malloc(GROUPS_BYTES_MAX);
  if (own->groups != NULL && GetTokenInformation(token, TokenUser, &own->user, sizeof own->user, &used) &&
      GetTokenInformation(token, TokenGroups, own->groups, GROUPS_BYTES_MAX, &used)) {
    return 0;
  }
  free(own->groups);
  return -1;
}

static PSID find_group(const identity *own, const uint8_t *sid) {
  for (DWORD index = 0; index < own->groups->GroupCount; index++) {
    if (EqualSid(own->groups->Groups[index].Sid, (PSID)sid)) {
      return own->groups->Groups[index].Sid;
    }
  }
  return NULL;
}

static int is_own_user(const identity *own, const char *text) {
  uint8_t sid[WSMD__SID_BYTES_MAX];
  return text == NULL ||
         (wsmd__sid_parse(text, strlen(text), sid) != 0 && EqualSid(own->user.user.User.Sid, sid));
}

/* Looks up each SID of a list among the process's own groups. Returns how many there are, or -1 if one is not. */
static int find_groups(const identity *own, const char *list, SID_AND_ATTRIBUTES found[LIST_MAX]) {
  uint8_t sid[WSMD__SID_BYTES_MAX];
  uint32_t count = 0;
  while (list != NULL && *list != '\0') {
    size_t length = strcspn(list, LIST_SEPARATOR);
    PSID group = wsmd__sid_parse(list, length, sid) == 0 ? NULL : find_group(own, sid);
    if (group == NULL || count == LIST_MAX) {
      return -1;
    }
    found[count++] = (SID_AND_ATTRIBUTES){group, 0};
    list += length + (list[length] != '\0');
  }
  return (int)count;
}

static HANDLE restrict_token(HANDLE token, const identity *own, const wsmd_question *question) {
  SID_AND_ATTRIBUTES enabled[LIST_MAX];
  SID_AND_ATTRIBUTES disabled[LIST_MAX];
  HANDLE restricted = NULL;
  HANDLE impersonation = NULL;
  int disabled_count = find_groups(own, question->deny_only_sids, disabled);
  if (!is_own_user(own, question->user_sid) || find_groups(own, question->group_sids, enabled) < 0 ||
      disabled_count < 0 ||
      !CreateRestrictedToken(token, 0, (DWORD)disabled_count, disabled, 0, NULL, 0, NULL, &restricted)) {
    return NULL;
  }
  if (!DuplicateTokenEx(restricted, TOKEN_QUERY | TOKEN_IMPERSONATE | TOKEN_DUPLICATE, NULL,
                        SecurityImpersonation, TokenImpersonation, &impersonation)) {
    impersonation = NULL;
  }
  CloseHandle(restricted);
  return impersonation;
}

static int make_real(const wsmd_question *question, HANDLE *token) {
  HANDLE process;
  identity own;
  *token = NULL;
  if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY | TOKEN_DUPLICATE | TOKEN_ASSIGN_PRIMARY, &process)) {
    return -1;
  }
  if (identity_read(process, &own) == 0) {
    *token = restrict_token(process, &own, question);
    free(own.groups);
  }
  CloseHandle(process);
  return *token == NULL ? -1 : 0;
}

int wsmd__token_make(wsmd__parcel *parcel, const wsmd_question *question, HANDLE *token) {
  return make_real(question, token) == 0 ? 0 : wsmd__stand_in_make(parcel, question, token);
}

void wsmd__token_destroy(HANDLE token) {
  if (wsmd__stand_in_is(token)) {
    wsmd__stand_in_forget(token);
  } else {
    CloseHandle(token);
  }
}

void *wsmd__token_to_impersonate(HANDLE token) {
  return wsmd__stand_in_is(token) ? NULL : token;
}

int wsmd__token_attach(void *library) {
  return wsmd__stand_in_attach(library);
}
