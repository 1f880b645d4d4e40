/* Registering and taking away. What install has begun it takes back if it cannot finish. */
#include "service/manager.h"

#include <stdio.h>
#include <wchar.h>

#include "service/command_line.h"
#include "service/report.h"

#define DISPLAY_UNITS_MAX 256u
#define PROGRAM_UNITS_MAX 1024u

/* A failure is forgotten after a day without one. */
#define RESET_S 86400u

/* How long a deleted service may linger: as long as somebody, such as services.msc, has it open. */
#define GONE_MS_MAX 5000u
#define LOOK_MS 50u

#define DESCRIPTION L"Answers the authorization questions of Windows Remote Management in IIS by policies, and keeps their log."

/* What the host needs beside an ordinary account's rights: to pass through folders. It tells who has connected to a pipe from
 * a token at identification level, which takes no privilege, so it cannot act in anybody's name. Ended by an empty text. */
#define PRIVILEGES L"SeChangeNotifyPrivilege\0"

/* It may do everything, and tenants' policies would run under it. */
#define LOCAL_SYSTEM L"S-1-5-18"

/* ---- the command line ------------------------------------------------------------------------------- */

static bool make_image(const installation *given, WCHAR program[PROGRAM_UNITS_MAX], WCHAR *image) {
  const service_options *options = &given->options;
  const WCHAR *arguments[] = {program,       L"run",    L"--name",    options->name,
                              L"--node",     options->command.node,   L"--main",
                              options->command.main,    L"--config",  options->command.config,
                              L"--log",      options->log_folder};
  size_t units = 0;
  DWORD length = GetModuleFileNameW(NULL, program, PROGRAM_UNITS_MAX);
  if (length == 0 || length >= PROGRAM_UNITS_MAX) return false;
  for (size_t i = 0; i < sizeof arguments / sizeof *arguments; i++) {
    if (!command_line_add(image, COMMAND_LINE_UNITS_MAX, &units, arguments[i])) return false;
  }
  return true;
}

/* ---- what a service has beside its command line ----------------------------------------------------- */

/* A part that this service manager does not know is said, not passed over in silence: Wine has only some. Anything else that
 * goes wrong is an error. */
typedef struct settled {
  DWORD error;
  const char *doing;
  char lacks[128];
} settled;

static void settle(settled *self, SC_HANDLE service, DWORD level, void *info, const char *what) {
  if (self->error != 0 || ChangeServiceConfig2W(service, level, info)) return;
  DWORD error = GetLastError();
  if (error == ERROR_INVALID_LEVEL || error == ERROR_CALL_NOT_IMPLEMENTED) {
    size_t used = strlen(self->lacks);
    (void)snprintf(self->lacks + used, sizeof self->lacks - used, "%s%s", used == 0 ? "" : ", ", what);
    return;
  }
  self->error = error;
  self->doing = what;
}

/* The host is kept by this program; these are for when this program itself ends. The last is repeated for as long as it takes:
 * a configuration that is wrong for hours should cost a start a minute. */
static settled settle_all(SC_HANDLE service) {
  SC_ACTION actions[] = {{SC_ACTION_RESTART, 0}, {SC_ACTION_RESTART, 1000}, {SC_ACTION_RESTART, 5000},
                         {SC_ACTION_RESTART, 60000}};
  SERVICE_DESCRIPTIONW description = {(WCHAR *)(uintptr_t)DESCRIPTION};
  SERVICE_SID_INFO sid = {SERVICE_SID_TYPE_UNRESTRICTED};
  SERVICE_REQUIRED_PRIVILEGES_INFOW privileges = {(WCHAR *)(uintptr_t)PRIVILEGES};
  SERVICE_FAILURE_ACTIONSW failure = {.dwResetPeriod = RESET_S, .cActions = 4, .lpsaActions = actions};
  SERVICE_FAILURE_ACTIONS_FLAG flag = {TRUE};
  SERVICE_DELAYED_AUTO_START_INFO delayed = {FALSE};
  settled settled = {0, "", ""};
  settle(&settled, service, SERVICE_CONFIG_DESCRIPTION, &description, "description");
  settle(&settled, service, SERVICE_CONFIG_SERVICE_SID_INFO, &sid, "service SID");
  settle(&settled, service, SERVICE_CONFIG_REQUIRED_PRIVILEGES_INFO, &privileges, "required privileges");
  settle(&settled, service, SERVICE_CONFIG_FAILURE_ACTIONS, &failure, "recovery actions");
  settle(&settled, service, SERVICE_CONFIG_FAILURE_ACTIONS_FLAG, &flag, "recovery after errors");
  settle(&settled, service, SERVICE_CONFIG_DELAYED_AUTO_START_INFO, &delayed, "delayed start");
  return settled;
}

/* ---- install ---------------------------------------------------------------------------------------- */

/* Registers it, or points ours to the new files. There is no password: the accounts that need none must be given none, not
 * even an empty one. Returns 0 or an error of Windows. */
static DWORD register_service(opened *opened, const installation *given, const WCHAR *image) {
  WCHAR display[DISPLAY_UNITS_MAX];
  bool is_plain = wcscmp(given->options.name, L"Portcullis") == 0;
  (void)_snwprintf(display, DISPLAY_UNITS_MAX, is_plain ? L"Portcullis" : L"Portcullis (%ls)", given->options.name);
  if (opened->service != NULL) {
    return ChangeServiceConfigW(opened->service, SERVICE_WIN32_OWN_PROCESS, SERVICE_AUTO_START, SERVICE_ERROR_NORMAL,
                                image, NULL, NULL, NULL, given->account, NULL, display)
               ? 0
               : GetLastError();
  }
  opened->service = CreateServiceW(opened->manager, given->options.name, display, SERVICE_ALL_ACCESS,
                                   SERVICE_WIN32_OWN_PROCESS, SERVICE_AUTO_START, SERVICE_ERROR_NORMAL, image, NULL, NULL,
                                   NULL, given->account, NULL);
  return opened->service == NULL ? GetLastError() : 0;
}

/* What it was before: an upgrade that fails leaves the service that was there. */
static void restore(const opened *opened) {
  const QUERY_SERVICE_CONFIGW *config = opened->config;
  (void)ChangeServiceConfigW(opened->service, config->dwServiceType, config->dwStartType, config->dwErrorControl,
                             config->lpBinaryPathName, NULL, NULL, NULL, config->lpServiceStartName, NULL,
                             config->lpDisplayName);
}

/* What belongs to it. Says what went wrong. */
static bool finish(const opened *opened, const installation *given, const WCHAR *program, settled *settled,
                   WCHAR sid[ACCOUNT_SID_UNITS]) {
  *settled = settle_all(opened->service);
  if (settled->error != 0) return report_refusal(settled->doing, settled->error);
  account_sid(given->account, sid);
  if (sid[0] == 0 && given->sid != NULL && wcslen(given->sid) < ACCOUNT_SID_UNITS) wcscpy(sid, given->sid);
  if (sid[0] == 0) return report_refusal("LookupAccountName", ERROR_NONE_MAPPED);
  /* Its name is another in other languages of Windows. */
  if (wcscmp(sid, LOCAL_SYSTEM) == 0) return report_refusal("LookupAccountName", ERROR_INVALID_SERVICE_ACCOUNT);
  DWORD error = account_log_folder(given->options.log_folder, sid);
  if (error != 0) {
    report_begin("log-folder");
    report_number("win32", error);
    report_end();
    return false;
  }
  error = event_source_add(given->options.name, program);
  return error == 0 || report_refusal("the Event Log's source", error);
}

bool manager_install(const installation *given) {
  static WCHAR image[COMMAND_LINE_UNITS_MAX];
  WCHAR program[PROGRAM_UNITS_MAX];
  WCHAR sid[ACCOUNT_SID_UNITS];
  opened opened;
  settled settled;
  if (!make_image(given, program, image)) return report_refusal("the command line", ERROR_FILENAME_EXCED_RANGE);
  if (!manager_open(&opened, given->options.name, SC_MANAGER_CREATE_SERVICE, SERVICE_CHANGE_CONFIG | SERVICE_START)) {
    return false;
  }
  bool is_new = opened.service == NULL;
  DWORD error = register_service(&opened, given, image);
  bool done = error == 0 ? finish(&opened, given, program, &settled, sid) : report_refusal("CreateService", error);
  if (done) {
    SERVICE_STATUS status = {0};
    (void)QueryServiceStatus(opened.service, &status);
    report_begin(is_new ? "installed" : "changed");
    report_text("sid", sid);
    report_number("runs", status.dwCurrentState != 0 && status.dwCurrentState != SERVICE_STOPPED);
    WCHAR lacks[sizeof settled.lacks];
    for (size_t i = 0; i < sizeof settled.lacks; i++) lacks[i] = (WCHAR)settled.lacks[i];
    report_text("lacks", lacks);
    report_end();
  } else if (error == 0 && is_new) {
    (void)event_source_remove(given->options.name);
    (void)DeleteService(opened.service);
  } else if (error == 0) {
    restore(&opened);
  }
  manager_close(&opened);
  return done;
}

/* ---- uninstall -------------------------------------------------------------------------------------- */

/* Whether nobody has it open any more, so that the name is free. */
static bool is_gone(SC_HANDLE manager, const WCHAR *name) {
  uint64_t until = GetTickCount64() + GONE_MS_MAX;
  for (;;) {
    SC_HANDLE service = OpenServiceW(manager, name, SERVICE_QUERY_STATUS);
    if (service == NULL && GetLastError() == ERROR_SERVICE_DOES_NOT_EXIST) return true;
    if (service != NULL) CloseServiceHandle(service);
    if (GetTickCount64() > until) return false;
    Sleep(LOOK_MS);
  }
}

static DWORD stop_and_delete(SC_HANDLE service, const char **doing) {
  *doing = "ControlService";
  DWORD error = manager_stop_and_wait(service);
  if (error != 0) return error;
  *doing = "DeleteService";
  return DeleteService(service) ? 0 : GetLastError();
}

bool manager_uninstall(const WCHAR *name) {
  opened opened;
  const char *doing = "";
  if (!manager_open(&opened, name, 0, SERVICE_STOP | DELETE)) return false;
  bool was_there = opened.service != NULL;
  DWORD error = was_there ? stop_and_delete(opened.service, &doing) : 0;
  if (was_there) CloseServiceHandle(opened.service);
  opened.service = NULL;
  bool gone = error == 0 && is_gone(opened.manager, name);
  manager_close(&opened);
  if (error == 0) {
    doing = "the Event Log's source";
    error = event_source_remove(name);
    /* Another program's stays; ours was not there. */
    if (error == ERROR_DUPLICATE_SERVICE_NAME) error = 0;
  }
  if (error == ERROR_TIMEOUT) return report_only("timeout", false);
  if (error != 0) return report_refusal(doing, error);
  if (!gone) return report_refusal(doing, ERROR_SERVICE_MARKED_FOR_DELETE);
  return report_only(was_there ? "uninstalled" : "not-installed", true);
}
