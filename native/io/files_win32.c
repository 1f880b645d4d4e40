/* Files on Windows: a lock is a file that nobody else can open, and what may be done with a file is in its access list. */
#include "io/files.h"

#include <aclapi.h>
#include <sddl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "port/win32_internal.h"

/* The caller frees it. NULL: no memory, or no UTF-8. */
static WCHAR *wide_of(const char *text) {
  int units = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, NULL, 0);
  WCHAR *wide = units == 0 ? NULL : malloc((size_t)units * sizeof *wide);
  if (wide != NULL) MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, wide, units);
  return wide;
}

int pcio_file_lock(const char *path, int64_t *lock) {
  WCHAR *wide = wide_of(path);
  if (wide == NULL) return ERROR_INVALID_NAME;
  HANDLE file = CreateFileW(wide, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
  DWORD error = file == INVALID_HANDLE_VALUE ? GetLastError() : NO_ERROR;
  free(wide);
  if (error == ERROR_SHARING_VIOLATION) return PCIO_LOCKED;
  *lock = (int64_t)(intptr_t)file;
  return (int)error;
}

void pcio_file_unlock(int64_t lock) { CloseHandle((HANDLE)(intptr_t)lock); }

int pcio_file_replace(const char *path, const char *replacement) {
  WCHAR *replaced = wide_of(path);
  WCHAR *with = wide_of(replacement);
  DWORD error = ERROR_INVALID_NAME;
  if (replaced != NULL && with != NULL) {
    /* Not REPLACEFILE_IGNORE_ACL_ERRORS: a file that others may read afterwards is no replacement. */
    error = ReplaceFileW(replaced, with, NULL, 0, NULL, NULL) ? NO_ERROR : GetLastError();
  }
  free(replaced);
  free(with);
  return (int)error;
}

static bool is_listed(const char *texts, const char *account) {
  size_t length = strlen(account);
  for (const char *at = texts; *at != '\0'; at = strchr(at, '\n') + 1) {
    if (strncmp(at, account, length) == 0 && at[length] == '\n') return true;
  }
  return false;
}

static bool add_account(PSID sid, char texts[PCIO_WRITERS_BYTES]) {
  char account[PORT_ACCOUNT_BYTES_MAX];
  win32_account(sid, account);
  if (account[0] == '\0') return false;
  if (is_listed(texts, account)) return true;
  if (strlen(texts) + strlen(account) + 2 > PCIO_WRITERS_BYTES) return false;
  strcat(texts, account);
  strcat(texts, "\n");
  return true;
}

/* What an entry allows, and the place of its SID; 0 for a kind that allows nothing. */
static ACCESS_MASK allowed_by(ACE_HEADER *entry, PSID *sid) {
  if (entry->AceFlags & INHERIT_ONLY_ACE) return 0;
  if (entry->AceType != ACCESS_ALLOWED_ACE_TYPE && entry->AceType != ACCESS_ALLOWED_CALLBACK_ACE_TYPE) return 0;
  ACCESS_ALLOWED_ACE *allowed = (ACCESS_ALLOWED_ACE *)entry;
  GENERIC_MAPPING files = {FILE_GENERIC_READ, FILE_GENERIC_WRITE, FILE_GENERIC_EXECUTE, FILE_ALL_ACCESS};
  ACCESS_MASK mask = allowed->Mask;
  MapGenericMask(&mask, &files);
  *sid = &allowed->SidStart;
  return mask;
}

static int list_writers(PACL list, PSID owner, uint32_t mask, char texts[PCIO_WRITERS_BYTES]) {
  if (owner != NULL && !add_account(owner, texts)) return ERROR_INSUFFICIENT_BUFFER;
  if (list == NULL) { /* no list at all: everybody may do everything */
    strcat(texts, "S-1-1-0\n");
    return NO_ERROR;
  }
  for (DWORD i = 0; i < list->AceCount; i++) {
    void *entry;
    PSID sid = NULL;
    if (!GetAce(list, i, &entry)) return (int)GetLastError();
    if ((allowed_by(entry, &sid) & mask) != 0 && !add_account(sid, texts)) return ERROR_INSUFFICIENT_BUFFER;
  }
  return NO_ERROR;
}

int pcio_file_writers(const char *path, uint32_t mask, char texts[PCIO_WRITERS_BYTES]) {
  PSID owner = NULL;
  PACL list = NULL;
  PSECURITY_DESCRIPTOR security = NULL;
  WCHAR *wide = wide_of(path);
  texts[0] = '\0';
  if (wide == NULL) return ERROR_INVALID_NAME;
  DWORD error = GetNamedSecurityInfoW(wide, SE_FILE_OBJECT, OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION, &owner,
                                      NULL, &list, NULL, &security);
  if (error == ERROR_SUCCESS) error = (DWORD)list_writers(list, owner, mask, texts);
  if (security != NULL) LocalFree(security);
  free(wide);
  return (int)error;
}

void pcio_account_name(const char *text, char name[PCIO_NAME_BYTES]) {
  PSID sid;
  WCHAR account[256], domain[256], both[513];
  DWORD account_units = 256, domain_units = 256;
  SID_NAME_USE use;
  name[0] = '\0';
  if (!ConvertStringSidToSidA(text, &sid)) return;
  if (LookupAccountSidW(NULL, sid, account, &account_units, domain, &domain_units, &use)) {
    wcscpy(both, domain);
    if (domain[0] != 0) wcscat(both, L"\\");
    wcscat(both, account);
    if (WideCharToMultiByte(CP_UTF8, 0, both, -1, name, PCIO_NAME_BYTES, NULL, NULL) == 0) name[0] = '\0';
  }
  LocalFree(sid);
}
