#include "service/log.h"

#include <stdio.h>
#include <string.h>

/* An event with the host's last words, or a line of what it printed. */
#define LINE_BYTES_MAX 8192u

bool log_path(const log *self, uint32_t index, WCHAR path[LOG_PATH_UNITS_MAX]) {
  char name[ROTATION_NAME_BYTES];
  size_t length = wcslen(self->folder);
  if (!rotation_name(name, self->stem, index)) return false;
  if (length + 1 + strlen(name) + 1 > LOG_PATH_UNITS_MAX) return false;
  wcscpy(path, self->folder);
  path[length++] = L'\\';
  for (const char *at = name; *at != '\0'; at++) path[length++] = (WCHAR)*at;
  path[length] = 0;
  return true;
}

/* With the right to append and no other, whatever is written goes to the end. Others may read it meanwhile, and give it
 * another name. */
static DWORD open_file(log *self) {
  WCHAR path[LOG_PATH_UNITS_MAX];
  LARGE_INTEGER size;
  if (!log_path(self, 0, path)) return ERROR_FILENAME_EXCED_RANGE;
  self->file = CreateFileW(path, FILE_APPEND_DATA | FILE_READ_ATTRIBUTES | SYNCHRONIZE,
                           FILE_SHARE_READ | FILE_SHARE_DELETE, NULL, OPEN_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
  if (self->file == INVALID_HANDLE_VALUE) return GetLastError();
  self->rotation.bytes = GetFileSizeEx(self->file, &size) ? (uint64_t)size.QuadPart : 0;
  return 0;
}

/* The oldest is overwritten by the one before it. A reader that does not share the file keeps it from being renamed; then
 * all goes on in the same file, and is tried again after as much again. */
static DWORD rotate(log *self) {
  WCHAR from[LOG_PATH_UNITS_MAX];
  WCHAR to[LOG_PATH_UNITS_MAX];
  CloseHandle(self->file);
  self->file = INVALID_HANDLE_VALUE;
  for (uint32_t index = ROTATION_FILES - 1; index > 0; index--) {
    if (!log_path(self, index - 1, from) || !log_path(self, index, to)) return ERROR_FILENAME_EXCED_RANGE;
    (void)MoveFileExW(from, to, MOVEFILE_REPLACE_EXISTING);
  }
  DWORD error = open_file(self);
  self->rotation.bytes = 0;
  return error;
}

DWORD log_open(log *self, const WCHAR *folder, const char *stem) {
  WCHAR longest[LOG_PATH_UNITS_MAX];
  InitializeCriticalSection(&self->lock);
  self->folder = folder;
  self->stem = stem;
  self->file = INVALID_HANDLE_VALUE;
  /* Found out now and not when the first file is full. */
  if (!log_path(self, ROTATION_FILES - 1, longest)) return ERROR_FILENAME_EXCED_RANGE;
  return open_file(self);
}

DWORD log_append(log *self, const char *bytes, size_t size) {
  DWORD error = 0;
  DWORD written = 0;
  EnterCriticalSection(&self->lock);
  /* A new file that could not be opened may be one by now: a folder that was away for a moment, a reader that has closed
   * what it kept from us. Without another try no host could serve until the service is started again. */
  if (self->file == INVALID_HANDLE_VALUE) error = open_file(self);
  if (error == 0 && rotation_is_due(&self->rotation, size)) error = rotate(self);
  if (error == 0 && !WriteFile(self->file, bytes, (DWORD)size, &written, NULL)) error = GetLastError();
  if (error == 0 && written != size) error = ERROR_DISK_FULL;
  self->rotation.bytes += written;
  LeaveCriticalSection(&self->lock);
  return error;
}

DWORD log_line(log *self, const char *word, const char *text, size_t size) {
  char line[LINE_BYTES_MAX];
  SYSTEMTIME now;
  GetSystemTime(&now);
  int length = snprintf(line, sizeof line, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ %s ", now.wYear, now.wMonth, now.wDay,
                        now.wHour, now.wMinute, now.wSecond, now.wMilliseconds, word);
  if (length < 0) return ERROR_INVALID_DATA;
  size_t used = (size_t)length;
  /* Room for a newline with its indentation, and for the last one. */
  for (size_t i = 0; i < size && used + 4 < sizeof line; i++) {
    if (text[i] == '\r') continue;
    line[used++] = text[i];
    if (text[i] != '\n') continue;
    line[used++] = ' ';
    line[used++] = ' ';
  }
  line[used++] = '\n';
  return log_append(self, line, used);
}
