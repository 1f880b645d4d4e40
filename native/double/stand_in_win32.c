/* See stand_in.h. A stand-in is what GetTokenInformation would write, kept ready: the user, and the groups with their
 * SIDs behind them, whose addresses are made right when they are copied. */
#include "double/stand_in.h"

#include <string.h>

/* A user that a test does not care about. */
#define USER_SID_DEFAULT "S-1-5-21-1004336348-1177238915-682003330-1001"

#define LIST_SEPARATOR ";"

/* Beyond what a Windows token may have, for a test that asks for too many. */
#define GROUPS_MAX 4096u

typedef struct stand_in stand_in;
struct stand_in {
  stand_in *next;
  uint8_t user[WSMD__SID_BYTES_MAX];
  DWORD user_bytes;
  DWORD group_count;
  SID_AND_ATTRIBUTES *groups;
};

static wsmd__mutex lock = WSMD__MUTEX_INITIAL;
static stand_in *living;

typedef BOOL(WINAPI *information_function)(HANDLE, TOKEN_INFORMATION_CLASS, LPVOID, DWORD, PDWORD);

/* ---- making ----------------------------------------------------------------------------------- */

static uint32_t list_count(const char *list) {
  uint32_t count = list != NULL && *list != '\0';
  for (; count != 0 && *list != '\0'; list++) {
    count += *list == *LIST_SEPARATOR;
  }
  return count;
}

static int add_groups(wsmd__parcel *parcel, stand_in *made, const char *list, DWORD attributes) {
  for (uint32_t left = list_count(list); left > 0; left--) {
    uint8_t bytes[WSMD__SID_BYTES_MAX];
    size_t length = strcspn(list, LIST_SEPARATOR);
    size_t size = wsmd__sid_parse(list, length, bytes);
    uint8_t *sid = size == 0 ? NULL : wsmd__parcel_add(parcel, size);
    if (sid == NULL) {
      return -1;
    }
    memcpy(sid, bytes, size);
    made->groups[made->group_count++] = (SID_AND_ATTRIBUTES){sid, attributes};
    list += length + 1;
  }
  return 0;
}

int wsmd__stand_in_make(wsmd__parcel *parcel, const wsmd_question *question, HANDLE *token) {
  const char *user = question->user_sid == NULL ? USER_SID_DEFAULT : question->user_sid;
  uint32_t count = list_count(question->group_sids) + list_count(question->deny_only_sids);
  stand_in *made = wsmd__parcel_add(parcel, sizeof *made);
  if (made == NULL || count > GROUPS_MAX) {
    return -1;
  }
  made->user_bytes = (DWORD)wsmd__sid_parse(user, strlen(user), made->user);
  made->groups = wsmd__parcel_add(parcel, (count + 1) * sizeof *made->groups);
  if (made->user_bytes == 0 || made->groups == NULL ||
      add_groups(parcel, made, question->group_sids, SE_GROUP_MANDATORY | SE_GROUP_ENABLED) != 0 ||
      add_groups(parcel, made, question->deny_only_sids, SE_GROUP_USE_FOR_DENY_ONLY) != 0) {
    return -1;
  }
  wsmd__lock(&lock);
  made->next = living;
  living = made;
  wsmd__unlock(&lock);
  *token = made;
  return 0;
}

/* With the lock held. */
static stand_in **find(HANDLE token) {
  stand_in **at = &living;
  while (*at != NULL && *at != token) {
    at = &(*at)->next;
  }
  return at;
}

int wsmd__stand_in_is(HANDLE token) {
  wsmd__lock(&lock);
  int found = *find(token) != NULL;
  wsmd__unlock(&lock);
  return found;
}

void wsmd__stand_in_forget(HANDLE token) {
  wsmd__lock(&lock);
  stand_in **at = find(token);
  if (*at != NULL) {
    *at = (*at)->next;
  }
  wsmd__unlock(&lock);
}

/* ---- answering -------------------------------------------------------------------------------- */

static BOOL too_small(DWORD needed, PDWORD used) {
  *used = needed;
  SetLastError(ERROR_INSUFFICIENT_BUFFER);
  return FALSE;
}

static BOOL write_user(const stand_in *token, void *target, DWORD size, PDWORD used) {
  DWORD needed = sizeof(TOKEN_USER) + token->user_bytes;
  if (size < needed) {
    return too_small(needed, used);
  }
  TOKEN_USER *user = target;
  user->User = (SID_AND_ATTRIBUTES){user + 1, 0};
  memcpy(user + 1, token->user, token->user_bytes);
  *used = needed;
  return TRUE;
}

static BOOL write_groups(const stand_in *token, void *target, DWORD size, PDWORD used) {
  DWORD at = (DWORD)(offsetof(TOKEN_GROUPS, Groups) + token->group_count * sizeof(SID_AND_ATTRIBUTES));
  DWORD needed = at;
  for (DWORD index = 0; index < token->group_count; index++) {
    needed += GetLengthSid(token->groups[index].Sid);
  }
  if (size < needed) {
    return too_small(needed, used);
  }
  TOKEN_GROUPS *groups = target;
  groups->GroupCount = token->group_count;
  for (DWORD index = 0; index < token->group_count; index++) {
    DWORD bytes = GetLengthSid(token->groups[index].Sid);
    groups->Groups[index] = (SID_AND_ATTRIBUTES){(uint8_t *)target + at, token->groups[index].Attributes};
    memcpy((uint8_t *)target + at, token->groups[index].Sid, bytes);
    at += bytes;
  }
  *used = needed;
  return TRUE;
}

/* In the place of GetTokenInformation, for the plug-in. The question that a stand-in is of keeps it alive. */
static BOOL WINAPI information(HANDLE token, TOKEN_INFORMATION_CLASS kind, LPVOID target, DWORD size, PDWORD used) {
  if (!wsmd__stand_in_is(token)) {
    return GetTokenInformation(token, kind, target, size, used);
  }
  if (kind == TokenUser) {
    return write_user(token, target, size, used);
  }
  if (kind == TokenGroups) {
    return write_groups(token, target, size, used);
  }
  SetLastError(ERROR_INVALID_PARAMETER);
  return FALSE;
}

/* ---- leading the plug-in there ---------------------------------------------------------------- */

/* Whether an entry of the import table is this function; the name stands behind a number that the loader uses. */
static int is_named(const uint8_t *base, const IMAGE_THUNK_DATA *name, const char *wanted) {
  if (IMAGE_SNAP_BY_ORDINAL(name->u1.Ordinal)) {
    return 0;
  }
  const IMAGE_IMPORT_BY_NAME *entry = (const IMAGE_IMPORT_BY_NAME *)(base + name->u1.AddressOfData);
  return strcmp((const char *)entry->Name, wanted) == 0;
}

static information_function *find_import(uint8_t *base, const char *wanted) {
  const IMAGE_DOS_HEADER *dos = (const IMAGE_DOS_HEADER *)base;
  const IMAGE_NT_HEADERS *headers = (const IMAGE_NT_HEADERS *)(base + dos->e_lfanew);
  const IMAGE_DATA_DIRECTORY *table = &headers->OptionalHeader.DataDirectory[IMAGE_DIRECTORY_ENTRY_IMPORT];
  const IMAGE_IMPORT_DESCRIPTOR *library = (const IMAGE_IMPORT_DESCRIPTOR *)(base + table->VirtualAddress);
  for (; library->Name != 0; library++) {
    const IMAGE_THUNK_DATA *name = (const IMAGE_THUNK_DATA *)(base + library->OriginalFirstThunk);
    IMAGE_THUNK_DATA *address = (IMAGE_THUNK_DATA *)(base + library->FirstThunk);
    for (; name->u1.AddressOfData != 0; name++, address++) {
      if (is_named(base, name, wanted)) {
        return (information_function *)&address->u1.Function;
      }
    }
  }
  return NULL;
}

int wsmd__stand_in_attach(HMODULE plugin) {
  DWORD before;
  information_function *import = find_import((uint8_t *)plugin, "GetTokenInformation");
  if (import == NULL || !VirtualProtect(import, sizeof *import, PAGE_READWRITE, &before)) {
    return -1;
  }
  *import = information;
  return VirtualProtect(import, sizeof *import, before, &before) ? 0 : -1;
}
