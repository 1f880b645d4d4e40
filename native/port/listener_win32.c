/* Endpoints on Windows as the host sees them: who may use a pipe, and who has connected to it. */
#include "port/win32_internal.h"

#include <sddl.h>
#include <stdio.h>
#include <string.h>

/* An access control list has at most 64 KiB, and an entry for the longest SID takes 76 bytes of it. */
#define ACCOUNTS_MAX 800u

/* "(A;;0x120083;;;" and ")", with an account between them. */
#define ENTRY_BYTES_MAX (PORT_ACCOUNT_BYTES_MAX + 32u)

/* What a token's user takes. */
#define USER_BYTES (sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE)

/* ---- accounts --------------------------------------------------------------------------------- */

void win32_token_account(HANDLE token, char account[PORT_ACCOUNT_BYTES_MAX]) {
  union {
    TOKEN_USER user;
    uint8_t bytes[USER_BYTES];
  } memory;
  DWORD used;
  account[0] = '\0';
  if (GetTokenInformation(token, TokenUser, &memory, sizeof memory, &used)) {
    win32_account(memory.user.User.Sid, account);
  }
}

void port_own_account(char account[PORT_ACCOUNT_BYTES_MAX]) {
  HANDLE token;
  account[0] = '\0';
  if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token)) return;
  win32_token_account(token, account);
  CloseHandle(token);
}

/* The only place where this process is anybody else, and nothing but the question who it is happens meanwhile. */
void win32_client_account(HANDLE pipe, char account[PORT_ACCOUNT_BYTES_MAX]) {
  HANDLE token = NULL;
  account[0] = '\0';
  if (!ImpersonateNamedPipeClient(pipe)) return;
  bool opened = OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &token);
  /* A thread that stayed somebody else would do everything after this in their name. */
  if (!RevertToSelf()) port_process_kill();
  if (!opened) return;
  win32_token_account(token, account);
  CloseHandle(token);
}

/* ---- rights ----------------------------------------------------------------------------------- */

/* Only the plain form: the two letters of well-known accounts, or anything that would end the entry, are refused. */
static bool is_sid_text(const char *text, size_t length) {
  static const char prefix[] = "S-1-";
  size_t at = sizeof prefix - 1;
  if (length <= at || length >= PORT_ACCOUNT_BYTES_MAX || memcmp(text, prefix, at) != 0) return false;
  for (; at < length; at++) {
    if (text[at] != '-' && (text[at] < '0' || text[at] > '9')) return false;
  }
  return true;
}

/* Writes an entry for each account behind the first `length` bytes. False for what is no list of accounts. */
static bool add_accounts(char *text, size_t text_size, size_t length, const char *accounts) {
  while (*accounts != '\0') {
    size_t account_length = strcspn(accounts, PORT_ACCOUNTS_SEPARATOR);
    if (!is_sid_text(accounts, account_length)) return false;
    int added = snprintf(text + length, text_size - length, "(A;;0x%lx;;;%.*s)", (unsigned long)WIN32_CLIENT_ACCESS,
                         (int)account_length, accounts);
    if (added < 0 || (size_t)added >= text_size - length) return false;
    length += (size_t)added;
    accounts += account_length;
    accounts += strspn(accounts, PORT_ACCOUNTS_SEPARATOR);
  }
  return true;
}

PSECURITY_DESCRIPTOR win32_pipe_security(const char *accounts) {
  char own[PORT_ACCOUNT_BYTES_MAX];
  PSECURITY_DESCRIPTOR security = NULL;
  size_t text_size = (ACCOUNTS_MAX + 4) * ENTRY_BYTES_MAX;
  port_own_account(own);
  char *text = port_alloc(text_size);
  if (text == NULL) return NULL;
  /* P: nothing is inherited. Denials come first, as the system wants them. */
  int length = snprintf(text, text_size, "O:%sG:%sD:P(D;;GA;;;NU)(A;;GA;;;%s)", own, own, own);
  if (own[0] == '\0' || !add_accounts(text, text_size, (size_t)length, accounts) ||
      !ConvertStringSecurityDescriptorToSecurityDescriptorA(text, SDDL_REVISION_1, &security, NULL)) {
    security = NULL;
  }
  port_free(text);
  return security;
}
