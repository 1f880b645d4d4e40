/* The service's place in the registry under which the Event Log finds the texts of its entries. */
#include "service/manager.h"

#include <wchar.h>

#include "service/command_line.h"

#define SOURCES L"SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\"
#define KEY_UNITS_MAX 256u
#define VALUE_UNITS_MAX 1024u

static bool key_of(const WCHAR *name, WCHAR key[KEY_UNITS_MAX]) {
  if (wcslen(SOURCES) + wcslen(name) >= KEY_UNITS_MAX) return false;
  wcscpy(key, SOURCES);
  wcscat(key, name);
  return true;
}

/* ERROR_FILE_NOT_FOUND if there is none, ERROR_DUPLICATE_SERVICE_NAME if it is another program's. */
static DWORD check(const WCHAR *key) {
  WCHAR file[VALUE_UNITS_MAX];
  DWORD size = sizeof file;
  DWORD flags = RRF_RT_REG_SZ | RRF_RT_REG_EXPAND_SZ | RRF_NOEXPAND;
  LSTATUS error = RegGetValueW(HKEY_LOCAL_MACHINE, key, L"EventMessageFile", flags, NULL, file, &size);
  if (error != 0) return (DWORD)error;
  WCHAR quoted[VALUE_UNITS_MAX + 2];
  size_t units = 0;
  if (!command_line_add(quoted, VALUE_UNITS_MAX + 2, &units, file)) return ERROR_DUPLICATE_SERVICE_NAME;
  return command_line_runs(quoted, PROGRAM_NAME) ? 0 : ERROR_DUPLICATE_SERVICE_NAME;
}

DWORD event_source_add(const WCHAR *name, const WCHAR *program) {
  WCHAR path[KEY_UNITS_MAX];
  HKEY key;
  DWORD types = EVENTLOG_ERROR_TYPE | EVENTLOG_WARNING_TYPE | EVENTLOG_INFORMATION_TYPE;
  if (!key_of(name, path)) return ERROR_INVALID_NAME;
  DWORD error = check(path);
  if (error != 0 && error != ERROR_FILE_NOT_FOUND) return error;
  error = (DWORD)RegCreateKeyExW(HKEY_LOCAL_MACHINE, path, 0, NULL, 0, KEY_SET_VALUE, NULL, &key, NULL);
  if (error != 0) return error;
  DWORD size = (DWORD)((wcslen(program) + 1) * sizeof *program);
  error = (DWORD)RegSetValueExW(key, L"EventMessageFile", 0, REG_SZ, (const BYTE *)program, size);
  if (error == 0) {
    error = (DWORD)RegSetValueExW(key, L"TypesSupported", 0, REG_DWORD, (const BYTE *)&types, sizeof types);
  }
  RegCloseKey(key);
  return error;
}

DWORD event_source_remove(const WCHAR *name) {
  WCHAR path[KEY_UNITS_MAX];
  if (!key_of(name, path)) return ERROR_INVALID_NAME;
  DWORD error = check(path);
  if (error != 0) return error == ERROR_FILE_NOT_FOUND ? 0 : error;
  return (DWORD)RegDeleteKeyW(HKEY_LOCAL_MACHINE, path);
}
