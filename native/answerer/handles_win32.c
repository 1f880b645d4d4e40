/* See handles.h. */
#include "answerer/handles.h"

#include <stdio.h>
#include <wchar.h>

#include "io/io.h"

/* What the far end of the control connection holds before anybody reads: nobody does. */
#define CONTROL_BYTES 65536u

#define PATH_UNITS_MAX 4096u

int64_t handles_control(void) {
  WCHAR name[64];
  swprintf(name, sizeof name / sizeof *name, L"\\\\.\\pipe\\portcullis-answerer-%lu", GetCurrentProcessId());
  HANDLE near_end = CreateNamedPipeW(name, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | FILE_FLAG_FIRST_PIPE_INSTANCE,
                                     PIPE_TYPE_BYTE | PIPE_REJECT_REMOTE_CLIENTS, 1, CONTROL_BYTES, CONTROL_BYTES, 0,
                                     NULL);
  HANDLE far_end = CreateFileW(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
  /* The far end stays open for as long as the process lives. */
  return far_end == INVALID_HANDLE_VALUE ? -1 : (int64_t)(intptr_t)near_end;
}

int64_t handles_page(const char *path) {
  WCHAR wide[PATH_UNITS_MAX];
  DWORD written;
  static const uint8_t zeros[PCIO_PAGE_BYTES];
  if (MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, wide, PATH_UNITS_MAX) == 0) return -1;
  HANDLE file = CreateFileW(wide, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, CREATE_ALWAYS,
                            FILE_ATTRIBUTE_NORMAL, NULL);
  if (file == INVALID_HANDLE_VALUE || !WriteFile(file, zeros, sizeof zeros, &written, NULL)) return -1;
  return (int64_t)(intptr_t)file;
}
