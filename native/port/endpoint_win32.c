/* Endpoints on Windows as both sides see them: the name of a pipe, and who owns it. An account is the text of a SID. */
#include "port/win32_internal.h"

#include <aclapi.h>
#include <sddl.h>
#include <stdio.h>
#include <string.h>

bool win32_pipe_name(const char *endpoint, uint32_t index, WCHAR name[WIN32_PIPE_NAME_UNITS_MAX]) {
  char text[WIN32_PIPE_NAME_UNITS_MAX];
  if (endpoint[0] == '\0' || strpbrk(endpoint, "\\/") != NULL) return false;
  int length = snprintf(text, sizeof text, "\\\\.\\pipe\\%s-evaluator-%u", endpoint, (unsigned)index);
  return length > 0 && (size_t)length < sizeof text && win32_wide(text, name, WIN32_PIPE_NAME_UNITS_MAX);
}

void win32_account(PSID sid, char account[PORT_ACCOUNT_BYTES_MAX]) {
  LPSTR text;
  account[0] = '\0';
  if (!ConvertSidToStringSidA(sid, &text)) return;
  if (strlen(text) < PORT_ACCOUNT_BYTES_MAX) strcpy(account, text);
  LocalFree(text);
}

void win32_owner_account(HANDLE pipe, char account[PORT_ACCOUNT_BYTES_MAX]) {
  PSID owner;
  PSECURITY_DESCRIPTOR security;
  account[0] = '\0';
  if (GetSecurityInfo(pipe, SE_KERNEL_OBJECT, OWNER_SECURITY_INFORMATION, &owner, NULL, NULL, NULL, &security) !=
      ERROR_SUCCESS) {
    return;
  }
  if (owner != NULL) win32_account(owner, account);
  LocalFree(security);
}
