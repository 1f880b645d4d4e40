/* The account that the service runs as: its SID, and its right to write the log. */
#include "service/manager.h"

#include <aclapi.h>
#include <sddl.h>
#include <stdio.h>
#include <wchar.h>

#define DOMAIN_UNITS_MAX 256u
#define DESCRIPTOR_UNITS_MAX 512u

void account_sid(const WCHAR *account, WCHAR text[ACCOUNT_SID_UNITS]) {
  union {
    SID sid;
    BYTE bytes[SECURITY_MAX_SID_SIZE];
  } memory;
  WCHAR domain[DOMAIN_UNITS_MAX];
  DWORD size = sizeof memory;
  DWORD domain_units = DOMAIN_UNITS_MAX;
  SID_NAME_USE use;
  LPWSTR written;
  text[0] = 0;
  if (!LookupAccountNameW(NULL, account, &memory.sid, &size, domain, &domain_units, &use)) return;
  if (use == SidTypeDomain || !ConvertSidToStringSidW(&memory.sid, &written)) return;
  if (wcslen(written) < ACCOUNT_SID_UNITS) wcscpy(text, written);
  LocalFree(written);
}

/* Names of people and what they did are in the log: it is not for everybody who can log on. */
static DWORD make_folder(const WCHAR *folder, const WCHAR *sid) {
  WCHAR text[DESCRIPTOR_UNITS_MAX];
  SECURITY_ATTRIBUTES security = {.nLength = sizeof security};
  const WCHAR *form = L"D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1301bf;;;%ls)"; /* the last: modify */
  int units = _snwprintf(text, DESCRIPTOR_UNITS_MAX, form, sid);
  if (units < 0 || (size_t)units >= DESCRIPTOR_UNITS_MAX) return ERROR_INVALID_SID;
  if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(text, SDDL_REVISION_1, &security.lpSecurityDescriptor,
                                                            NULL)) {
    return GetLastError();
  }
  DWORD error = CreateDirectoryW(folder, &security) ? 0 : GetLastError();
  LocalFree(security.lpSecurityDescriptor);
  return error;
}

/* The folder itself and nothing that it leads to: the system's own folders would be opened to the service by whoever has put a
 * junction to them where the log will be, and in ProgramData everybody may make a folder. */
static HANDLE open_folder(const WCHAR *folder, DWORD *error) {
  BY_HANDLE_FILE_INFORMATION info;
  HANDLE handle = CreateFileW(folder, READ_CONTROL | WRITE_DAC | FILE_READ_ATTRIBUTES | FILE_LIST_DIRECTORY,
                              FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_EXISTING,
                              FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT, NULL);
  *error = handle == INVALID_HANDLE_VALUE || !GetFileInformationByHandle(handle, &info) ? GetLastError() : 0;
  if (*error == 0 && !(info.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY)) *error = ERROR_DIRECTORY;
  if (*error == 0 && (info.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT)) *error = ERROR_CANT_RESOLVE_FILENAME;
  if (*error != 0 && handle != INVALID_HANDLE_VALUE) CloseHandle(handle);
  return handle;
}

static DWORD let_write(HANDLE folder, PSID sid) {
  PACL list;
  PACL longer = NULL;
  PSECURITY_DESCRIPTOR security;
  EXPLICIT_ACCESSW entry = {.grfAccessPermissions = FILE_GENERIC_READ | FILE_GENERIC_WRITE | FILE_TRAVERSE | DELETE,
                            .grfAccessMode = GRANT_ACCESS,
                            .grfInheritance = SUB_CONTAINERS_AND_OBJECTS_INHERIT,
                            .Trustee = {.TrusteeForm = TRUSTEE_IS_SID, .ptstrName = (WCHAR *)sid}};
  DWORD error = GetSecurityInfo(folder, SE_FILE_OBJECT, DACL_SECURITY_INFORMATION, NULL, NULL, &list, NULL, &security);
  if (error != 0) return error;
  error = SetEntriesInAclW(1, &entry, list, &longer);
  if (error == 0) {
    error = SetSecurityInfo(folder, SE_FILE_OBJECT, DACL_SECURITY_INFORMATION, NULL, NULL, longer, NULL);
    LocalFree(longer);
  }
  LocalFree(security);
  return error;
}

DWORD account_log_folder(const WCHAR *folder, const WCHAR *sid) {
  PSID account;
  DWORD error = make_folder(folder, sid);
  if (error != ERROR_ALREADY_EXISTS) return error;
  HANDLE handle = open_folder(folder, &error);
  if (error != 0) return error;
  if (ConvertStringSidToSidW(sid, &account)) {
    error = let_write(handle, account);
    LocalFree(account);
  } else {
    error = GetLastError();
  }
  CloseHandle(handle);
  return error;
}
