/* A probe for live-iis-questions.md: an authorization plug-in that lets everybody in, writes down how WinRM calls it,
 * and, if it is built so, breaks one rule on purpose. ONLY FOR A SERVER THAT IS THROWN AWAY AFTERWARDS.
 *
 * On a machine with MinGW-w64, in a folder with this file; PROBE is one of the numbers below:
 *
 *   printf 'LIBRARY WsmSvc.dll\nEXPORTS\n' > winrm.def
 *   for kind in User Operation QueryQuota; do echo "WSManPluginAuthz${kind}Complete" >> winrm.def; done
 *   x86_64-w64-mingw32-dlltool -d winrm.def -l winrm.a
 *   x86_64-w64-mingw32-gcc -O1 -shared -static-libgcc -DPROBE=0 -o probe.dll live-iis-probe.c winrm.a
 *
 * It appends to probe.log in its own folder, where the account of the application pool must be able to write. */
#define WSMAN_API_VERSION_1_0
#include <windows.h>
#include <wsman.h>

#include <stdio.h>

#define PROBE_WATCH 0           /* breaks nothing */
#define PROBE_STARTUP_FAILS 1   /* Startup returns 5 */
#define PROBE_NEVER 2           /* operations are never completed */
#define PROBE_TWICE 3           /* operations are completed twice */
#define PROBE_LATE 4            /* operations are completed by another thread, 200 ms after the entry point returned */
#define PROBE_ERROR_CONTEXT 5   /* operations are denied, with a context */
#define PROBE_ZERO_SHELLS 6     /* 6 to 9: one number of the quota is 0 */
#define PROBE_ZERO_OPERATIONS 7
#define PROBE_ZERO_SLOT 8
#define PROBE_ZERO_PER_SLOT 9
#define PROBE_NO_QUOTA 10       /* WSManPluginAuthzQueryQuota is not exported */
#define PROBE_NO_RELEASE 11     /* WSManPluginAuthzReleaseContext is not exported */

#ifndef PROBE
#define PROBE PROBE_WATCH
#endif

#define EXPORT __declspec(dllexport)
#define LINE_BYTES 4096

static HANDLE log_file = INVALID_HANDLE_VALUE; /* opened once: a later thread may be somebody else */
static volatile LONG contexts;
static HANDLE granted_token; /* of the last grant to a user, and what it was then */
static LUID granted_id;

static LUID token_id(HANDLE token) {
  TOKEN_STATISTICS statistics = {0};
  DWORD size;
  GetTokenInformation(token, TokenStatistics, &statistics, sizeof statistics, &size);
  return statistics.TokenId;
}

/* Whom the calling thread acts for: its impersonation level, or "nobody". */
static const char *acts(void) {
  static const char *levels[] = {"anonymous", "identification", "impersonation", "delegation"};
  HANDLE token;
  SECURITY_IMPERSONATION_LEVEL level = SecurityAnonymous;
  DWORD size;
  if (!OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &token)) return "nobody";
  GetTokenInformation(token, TokenImpersonationLevel, &level, sizeof level, &size);
  CloseHandle(token);
  return level <= SecurityDelegation ? levels[level] : "unknown";
}

/* Whether the token that was granted last can still be found under its handle. */
static const char *granted(void) {
  if (granted_token == NULL) return "none";
  LUID now = token_id(granted_token);
  return memcmp(&now, &granted_id, sizeof now) == 0 ? "open" : "closed";
}

#define WRITE(...) write_line(__func__, __VA_ARGS__)

static void write_line(const char *function, const char *format, ...) {
  char line[LINE_BYTES];
  SYSTEMTIME time;
  DWORD written;
  GetSystemTime(&time);
  int used = snprintf(line, sizeof line, "%02u:%02u:%02u.%03u pid=%lu tid=%lu acts-for=%s granted-token=%s %s ",
                      time.wHour, time.wMinute, time.wSecond, time.wMilliseconds, GetCurrentProcessId(),
                      GetCurrentThreadId(), acts(), granted(), function);
  va_list rest;
  va_start(rest, format);
  int more = vsnprintf(line + used, sizeof line - used - 2, format, rest);
  va_end(rest);
  size_t size = more < 0 ? (size_t)used : strlen(line);
  memcpy(line + size, "\r\n", 2);
  WriteFile(log_file, line, (DWORD)size + 2, &written, NULL);
}

static void write_sender(const char *function, PVOID instance, const WSMAN_SENDER_DETAILS *sender, DWORD flags) {
  DWORD size = 0;
  BOOL readable = GetTokenInformation(sender->clientToken, TokenUser, NULL, 0, &size) ||
                  GetLastError() == ERROR_INSUFFICIENT_BUFFER;
  write_line(function, "instance=%p sender=%p flags=%lu name=[%ls] mechanism=[%ls] certificate=%p token=%p "
             "token-readable=%d url=[%ls]", instance, (void *)sender, flags, sender->senderName,
             sender->authenticationMechanism, (void *)sender->certificateDetails, sender->clientToken, readable,
             sender->httpURL);
}

EXPORT DWORD WINAPI WSManPluginStartup(DWORD flags, PCWSTR application, PCWSTR extra, PVOID *context) {
  WCHAR path[MAX_PATH];
  HMODULE self;
  DWORD how = GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT;
  GetModuleHandleExW(how, (LPCWSTR)&contexts, &self);
  GetModuleFileNameW(self, path, MAX_PATH);
  wcscpy(wcsrchr(path, L'\\') + 1, L"probe.log");
  if (log_file == INVALID_HANDLE_VALUE) {
    DWORD share = FILE_SHARE_READ | FILE_SHARE_WRITE;
    log_file = CreateFileW(path, FILE_APPEND_DATA, share, NULL, OPEN_ALWAYS, 0, NULL);
  }
  *context = (PVOID)(ULONG_PTR)InterlockedIncrement(&contexts);
  WRITE("probe=%d flags=%lu application=[%ls] extra=[%ls] instance=%p", PROBE, flags, application, extra, *context);
  return PROBE == PROBE_STARTUP_FAILS ? ERROR_ACCESS_DENIED : NO_ERROR;
}

EXPORT DWORD WINAPI WSManPluginShutdown(PVOID instance, DWORD flags, DWORD reason) {
  WRITE("instance=%p flags=%lu reason=%lu", instance, flags, reason);
  return NO_ERROR;
}

EXPORT void WINAPI WSManPluginAuthzUser(PVOID instance, WSMAN_SENDER_DETAILS *sender, DWORD flags) {
  PVOID context = (PVOID)(ULONG_PTR)InterlockedIncrement(&contexts);
  write_sender(__func__, instance, sender, flags);
  granted_token = sender->clientToken;
  granted_id = token_id(granted_token);
  DWORD result = WSManPluginAuthzUserComplete(sender, 0, context, sender->clientToken, FALSE, NO_ERROR, NULL);
  WRITE("context=%p result=%lu", context, result);
}

static DWORD WINAPI complete_late(void *sender) {
  Sleep(200);
  WRITE("sender=%p result=%lu", sender, WSManPluginAuthzOperationComplete(sender, 0, NULL, NO_ERROR, NULL));
  return 0;
}

EXPORT void WINAPI WSManPluginAuthzOperation(PVOID instance, WSMAN_SENDER_DETAILS *sender, DWORD flags,
                                             DWORD operation, PCWSTR action, PCWSTR resource) {
  PVOID context = (PVOID)(ULONG_PTR)InterlockedIncrement(&contexts);
  write_sender(__func__, instance, sender, flags);
  WRITE("sender=%p operation=%lu action=[%ls] resource=[%ls]", (void *)sender, operation, action, resource);
  if (PROBE == PROBE_NEVER) return;
  if (PROBE == PROBE_LATE) {
    CloseHandle(CreateThread(NULL, 0, complete_late, sender, 0, NULL));
    WRITE("sender=%p returns before the completion", (void *)sender);
    return;
  }
  DWORD code = PROBE == PROBE_ERROR_CONTEXT ? ERROR_ACCESS_DENIED : NO_ERROR;
  DWORD result = WSManPluginAuthzOperationComplete(sender, 0, context, code, NULL);
  WRITE("sender=%p context=%p result=%lu", (void *)sender, context, result);
  if (PROBE != PROBE_TWICE) return;
  result = WSManPluginAuthzOperationComplete(sender, 0, NULL, NO_ERROR, NULL);
  WRITE("sender=%p a second time, result=%lu", (void *)sender, result);
}

#if PROBE != PROBE_NO_QUOTA
EXPORT void WINAPI WSManPluginAuthzQueryQuota(PVOID instance, WSMAN_SENDER_DETAILS *sender, DWORD flags) {
  WSMAN_AUTHZ_QUOTA quota = {PROBE == PROBE_ZERO_SHELLS ? 0 : 5, PROBE == PROBE_ZERO_OPERATIONS ? 0 : 15,
                             PROBE == PROBE_ZERO_SLOT ? 0 : 60, PROBE == PROBE_ZERO_PER_SLOT ? 0 : 1000};
  write_sender(__func__, instance, sender, flags);
  WRITE("result=%lu", WSManPluginAuthzQueryQuotaComplete(sender, 0, &quota, NO_ERROR, NULL));
}
#endif

#if PROBE != PROBE_NO_RELEASE
EXPORT void WINAPI WSManPluginAuthzReleaseContext(PVOID context) { WRITE("context=%p", context); }
#endif
