/* port.h on Windows: what a token says. GetTokenInformation is asked through the caller's own handle, which is neither
 * kept nor duplicated, so who the calling thread impersonates does not matter. */
#include "port/port.h"

/* A user and the longest SID there is, at a multiple of what the groups behind it are aligned to. */
#define USER_BYTES ((sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE + 7) / 8 * 8)

/* The groups of most users fit at the first attempt. */
#define GROUPS_BYTES_FIRST 4096u

/* Three times what the 1,024 groups of a Windows token take at most: more than a block lists is for the block to
 * refuse, and this is only so that nothing grows without end. */
#define GROUPS_BYTES_MAX (256u * 1024u)

/* The token is not ours, and may change between two looks. */
#define LOOKS_MAX 4u

static uint8_t *look(HANDLE token, DWORD *groups_bytes) {
  uint8_t *memory = port_alloc(USER_BYTES + *groups_bytes);
  DWORD used;
  if (memory == NULL) return NULL;
  if (GetTokenInformation(token, TokenUser, memory, USER_BYTES, &used)) {
    if (GetTokenInformation(token, TokenGroups, memory + USER_BYTES, *groups_bytes, &used)) return memory;
    *groups_bytes = GetLastError() == ERROR_INSUFFICIENT_BUFFER ? used : 0;
  } else {
    *groups_bytes = 0;
  }
  port_free(memory);
  return NULL;
}

port_status port_token_open(HANDLE token, port_token_view *view) {
  DWORD groups_bytes = GROUPS_BYTES_FIRST;
  uint8_t *memory = NULL;
  for (uint32_t looks = 0; memory == NULL && looks < LOOKS_MAX; looks++) {
    DWORD tried = groups_bytes;
    memory = look(token, &groups_bytes);
    if (memory == NULL && (groups_bytes <= tried || groups_bytes > GROUPS_BYTES_MAX)) break;
  }
  if (memory == NULL) return PORT_FAILED;
  const TOKEN_GROUPS *groups = (const TOKEN_GROUPS *)(memory + USER_BYTES);
  const TOKEN_USER *user = (const TOKEN_USER *)memory;
  *view = (port_token_view){.user_sid = (const uint8_t *)user->User.Sid,
                            .group_count = groups->GroupCount,
                            .groups = groups->Groups,
                            .memory = memory};
  return PORT_OK;
}

void port_token_group(const port_token_view *view, uint32_t index, const uint8_t **sid, uint32_t *attributes) {
  const SID_AND_ATTRIBUTES *group = (const SID_AND_ATTRIBUTES *)view->groups + index;
  *sid = (const uint8_t *)group->Sid;
  *attributes = group->Attributes;
}

void port_token_close(port_token_view *view) {
  port_free(view->memory);
  view->group_count = 0;
}
