/* What only Windows has: rights on a pipe, tokens, a job, a page in a file. */
#include <aclapi.h>
#include <sddl.h>
#include <stdio.h>
#include <string.h>

#include "conformance/conformance.h"
#include "port/win32_internal.h"

/* An application pool's account, as IIS makes them; nobody is logged on with it here. */
#define POOL_ACCOUNT "S-1-5-82-1036420768-1044797643-1061213386-2937092688-4282445334"

#define PAGE_BYTES 4096u

/* More than this program uses. */
#define LIMIT_PROCESSOR_S 100u
#define LIMIT_DATA_BYTES (256u * 1024u * 1024u)

/* ---- who may use a pipe ----------------------------------------------------------------------- */

typedef struct rights {
  bool owned;       /* by the account of this process */
  DWORD pool;       /* what the pool's account may do */
  DWORD others;     /* what anybody may do who is neither of the two */
  bool network_out; /* the network may nothing, and this comes first */
} rights;

static bool is_account(PSID sid, const char *account) {
  char text[PORT_ACCOUNT_BYTES_MAX];
  win32_account(sid, text);
  return strcmp(text, account) == 0;
}

static void take_entry(const surroundings *around, PACL list, DWORD index, rights *read) {
  void *memory;
  if (!GetAce(list, index, &memory)) return;
  const ACCESS_ALLOWED_ACE *entry = memory;
  PSID sid = (PSID)&entry->SidStart;
  if (entry->Header.AceType == ACCESS_DENIED_ACE_TYPE) {
    read->network_out = index == 0 && is_account(sid, "S-1-5-2");
  } else if (is_account(sid, POOL_ACCOUNT)) {
    read->pool |= entry->Mask;
  } else if (!is_account(sid, around->account)) {
    read->others |= entry->Mask;
  }
}

static rights rights_of(const surroundings *around, HANDLE pipe) {
  rights read = {.others = ~0u};
  PSID owner;
  PACL list;
  PSECURITY_DESCRIPTOR security;
  if (GetSecurityInfo(pipe, SE_KERNEL_OBJECT, OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION, &owner, NULL,
                      &list, NULL, &security) != ERROR_SUCCESS) {
    return read;
  }
  read.owned = is_account(owner, around->account);
  read.others = list == NULL ? ~0u : 0;
  for (DWORD i = 0; list != NULL && i < list->AceCount; i++) take_entry(around, list, i, &read);
  LocalFree(security);
  return read;
}

static void check_rights(const surroundings *around) {
  WCHAR name[WIN32_PIPE_NAME_UNITS_MAX];
  port_hub *hub = port_hub_open();
  if (hub == NULL) return check(false, "a hub opens");
  static const char *const none[] = {"WD", "S-1-1-0)(A;;GA;;;WD", "uid:1000", POOL_ACCOUNT ";" POOL_ACCOUNT, "S-1-"};
  bool refused = true;
  for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
    refused = refused && port_hub_listen(hub, around->endpoint, 0, none[i]) == PORT_FAILED;
  }
  check(refused, "what is no list of plain SIDs gives nobody any right");
  check(port_hub_listen(hub, "a\\b", 0, "") == PORT_FAILED && port_hub_listen(hub, "", 0, "") == PORT_FAILED,
        "what is no plain name is no endpoint");
  bool listens = port_hub_listen(hub, around->endpoint, 0, POOL_ACCOUNT) == PORT_OK &&
                 win32_pipe_name(around->endpoint, 0, name);
  HANDLE pipe = CreateFileW(name, WIN32_CLIENT_ACCESS, 0, NULL, OPEN_EXISTING, 0, NULL);
  check(listens && pipe != INVALID_HANDLE_VALUE, "what a client asks for is enough to connect");
  rights read = rights_of(around, pipe);
  check(read.owned, "a pipe belongs to whoever serves it");
  check(read.pool == WIN32_CLIENT_ACCESS, "an account of the list may connect, and nothing else");
  check((read.pool & FILE_CREATE_PIPE_INSTANCE) == 0, "above all not make another instance of the pipe");
  check(read.others == 0 && read.network_out, "nobody else may anything, whoever comes from the network least of all");
  CloseHandle(pipe);
  port_hub_close(hub);
}

/* ---- tokens ----------------------------------------------------------------------------------- */

static void check_tokens(const surroundings *around) {
  HANDLE token;
  HANDLE thread_token;
  port_token_view view;
  uint32_t lists[3] = {0};
  DWORD used = 0;
  check(port_token_open((HANDLE)(uintptr_t)0xDEAD0, &view) == PORT_FAILED, "a handle that is none has no identity");
  check(port_token_open(GetCurrentProcess(), &view) == PORT_FAILED, "nor has one of something else");
  if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token)) return check(false, "a process has a token");
  bool opened = port_token_open(token, &view) == PORT_OK;
  check(opened && is_account((PSID)view.user_sid, around->account), "a token says whose it is");
  for (uint32_t i = 0; opened && i < view.group_count; i++) {
    const uint8_t *sid;
    uint32_t attributes;
    port_token_group(&view, i, &sid, &attributes);
    lists[attributes & SE_GROUP_USE_FOR_DENY_ONLY ? 2 : attributes & SE_GROUP_ENABLED ? 1 : 0]++;
    if (!IsValidSid((PSID)sid)) lists[1] = 0;
  }
  check(lists[1] > 0, "and which groups are enabled");
  if (opened) port_token_close(&view);
  check(GetTokenInformation(token, TokenType, &lists, sizeof lists, &used), "reading it does not close it");
  CloseHandle(token);
  check(!OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &thread_token) && GetLastError() == ERROR_NO_TOKEN,
        "nobody is impersonated any more");
}

/* ---- the process ------------------------------------------------------------------------------ */

static void check_page(const surroundings *around) {
  char path[PORT_PATH_BYTES_MAX];
  uint8_t bytes[PAGE_BYTES] = {0};
  DWORD count;
  snprintf(path, sizeof path, "%s\\page", around->folder);
  HANDLE file = CreateFileA(path, GENERIC_READ | GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
  check(WriteFile(file, bytes, sizeof bytes, &count, NULL), "a page is a file");
  uint8_t *page = port_page_map((intptr_t)file, PAGE_BYTES);
  check(page != NULL && port_page_map(-1, PAGE_BYTES) == NULL, "it is mapped, and what is none is not");
  for (uint32_t i = 0; page != NULL && i < PAGE_BYTES; i++) page[i] = byte_at(i);
  SetFilePointer(file, 0, NULL, FILE_BEGIN);
  bool same = ReadFile(file, bytes, sizeof bytes, &count, NULL) && count == PAGE_BYTES;
  for (uint32_t i = 0; same && i < PAGE_BYTES; i++) same = bytes[i] == byte_at(i);
  check(same, "what is written to it is in the file at once");
  CloseHandle(file);
}

void check_windows(const surroundings *around) {
  check_rights(around);
  check_tokens(around);
  check_page(around);
  /* Last: it is for the rest of the process's life. */
  check(port_process_limit(LIMIT_PROCESSOR_S, LIMIT_DATA_BYTES) == PORT_OK, "a process can bound itself");
}
