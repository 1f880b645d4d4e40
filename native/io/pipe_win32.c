/* What the host's own commands ask about a pipe before they connect to it by other means. */
#include "io/io.h"
#include "port/win32_internal.h"

#include <stdio.h>
#include <string.h>

/* A server that is busy is there all the same; longer than this nobody waits for it. */
#define BUSY_MS_MAX 1000u

/* The account of the process that serves the pipe, for one whose descriptor names no owner. */
static void server_account(HANDLE pipe, char account[PCIO_ACCOUNT_BYTES]) {
  ULONG server;
  HANDLE token;
  if (!GetNamedPipeServerProcessId(pipe, &server)) return;
  HANDLE process = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, server);
  if (process == NULL) return;
  if (OpenProcessToken(process, TOKEN_QUERY, &token)) {
    win32_token_account(token, account);
    CloseHandle(token);
  }
  CloseHandle(process);
}

int pcio_pipe_owner(const char *name, char account[PCIO_ACCOUNT_BYTES]) {
  char text[WIN32_PIPE_NAME_UNITS_MAX];
  WCHAR wide[WIN32_PIPE_NAME_UNITS_MAX];
  account[0] = '\0';
  int length = snprintf(text, sizeof text, "\\\\.\\pipe\\%s", name);
  if (strpbrk(name, "\\/") != NULL || length < 0 || (size_t)length >= sizeof text ||
      !win32_wide(text, wide, WIN32_PIPE_NAME_UNITS_MAX)) {
    return 0;
  }
  /* At identification level the other side, whoever it is, can see who we are, and act in nobody's name. */
  DWORD flags = SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION;
  HANDLE pipe = CreateFileW(wide, READ_CONTROL | FILE_READ_DATA, 0, NULL, OPEN_EXISTING, flags, NULL);
  if (pipe == INVALID_HANDLE_VALUE && GetLastError() == ERROR_PIPE_BUSY && WaitNamedPipeW(wide, BUSY_MS_MAX)) {
    pipe = CreateFileW(wide, READ_CONTROL | FILE_READ_DATA, 0, NULL, OPEN_EXISTING, flags, NULL);
  }
  if (pipe == INVALID_HANDLE_VALUE) return GetLastError() != ERROR_FILE_NOT_FOUND;
  win32_owner_account(pipe, account);
  if (account[0] == '\0') server_account(pipe, account);
  CloseHandle(pipe);
  return 1;
}
