#include "service/manager.h"

#include "service/command_line.h"
#include "service/report.h"

/* Between two looks at a service that is on its way. */
#define LOOK_MS 50u

/* A service that starts says when the next sign of life is due; we wait as long as they come, and for one that stops some
 * more than it gives its host. */
#define START_MS_MAX 660000u
#define STOP_MS_MAX 60000u
#define HINT_MS_MIN 15000u

/* ---- shared ----------------------------------------------------------------------------------------- */

/* To be freed with HeapFree. */
static QUERY_SERVICE_CONFIGW *query_config(SC_HANDLE service) {
  DWORD size = 0;
  (void)QueryServiceConfigW(service, NULL, 0, &size);
  QUERY_SERVICE_CONFIGW *config = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, size == 0 ? 1 : size);
  if (config != NULL && !QueryServiceConfigW(service, config, size, &size)) {
    DWORD error = GetLastError();
    HeapFree(GetProcessHeap(), 0, config);
    SetLastError(error);
    return NULL;
  }
  return config;
}

bool manager_open(opened *self, const WCHAR *name, DWORD manager_access, DWORD service_access) {
  *self = (opened){NULL, NULL, NULL};
  self->manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT | manager_access);
  if (self->manager == NULL) return report_refusal("OpenSCManager", GetLastError());
  self->service = OpenServiceW(self->manager, name, SERVICE_QUERY_CONFIG | SERVICE_QUERY_STATUS | service_access);
  DWORD error = self->service == NULL ? GetLastError() : 0;
  if (error == ERROR_SERVICE_DOES_NOT_EXIST) return true;
  if (error == 0) {
    self->config = query_config(self->service);
    if (self->config == NULL) error = GetLastError();
  }
  if (error != 0) {
    manager_close(self);
    return report_refusal("OpenService", error);
  }
  if (command_line_runs(self->config->lpBinaryPathName, PROGRAM_NAME)) return true;
  report_begin("foreign");
  report_text("image", self->config->lpBinaryPathName);
  report_end();
  manager_close(self);
  return false;
}

void manager_close(opened *self) {
  if (self->config != NULL) HeapFree(GetProcessHeap(), 0, self->config);
  if (self->service != NULL) CloseServiceHandle(self->service);
  if (self->manager != NULL) CloseServiceHandle(self->manager);
}

static DWORD query(SC_HANDLE service, SERVICE_STATUS_PROCESS *status) {
  DWORD size;
  return QueryServiceStatusEx(service, SC_STATUS_PROCESS_INFO, (BYTE *)status, sizeof *status, &size) ? 0
                                                                                                      : GetLastError();
}

/* Until it is not in `state` any more. ERROR_TIMEOUT if it gives no sign of life when it has said, or in all that time. */
static DWORD wait_while(SC_HANDLE service, DWORD state, DWORD ms_max, SERVICE_STATUS_PROCESS *status) {
  uint64_t until = GetTickCount64() + ms_max;
  uint64_t due = 0;
  DWORD check_point = 0;
  for (bool is_first = true;; is_first = false) {
    DWORD error = query(service, status);
    uint64_t now = GetTickCount64();
    if (error != 0 || status->dwCurrentState != state) return error;
    if (is_first || status->dwCheckPoint != check_point) {
      due = now + (status->dwWaitHint > HINT_MS_MIN ? status->dwWaitHint : HINT_MS_MIN);
      check_point = status->dwCheckPoint;
    }
    if (now > due || now > until) return ERROR_TIMEOUT;
    Sleep(LOOK_MS);
  }
}

DWORD manager_stop_and_wait(SC_HANDLE service) {
  SERVICE_STATUS_PROCESS status;
  SERVICE_STATUS ignored;
  /* One that is starting cannot be told to stop yet. */
  DWORD error = wait_while(service, SERVICE_START_PENDING, START_MS_MAX, &status);
  if (error != 0) return error;
  if (status.dwCurrentState == SERVICE_RUNNING && !ControlService(service, SERVICE_CONTROL_STOP, &ignored)) {
    error = GetLastError();
    if (error != ERROR_SERVICE_NOT_ACTIVE) return error;
  }
  uint64_t until = GetTickCount64() + STOP_MS_MAX;
  for (;;) {
    error = query(service, &status);
    if (error != 0 || status.dwCurrentState == SERVICE_STOPPED) return error;
    if (GetTickCount64() > until) return ERROR_TIMEOUT;
    Sleep(LOOK_MS);
  }
}

/* ---- the commands ----------------------------------------------------------------------------------- */

/* Opens one that is there. */
static bool open_installed(opened *self, const WCHAR *name, DWORD access) {
  if (!manager_open(self, name, 0, access)) return false;
  if (self->service != NULL) return true;
  manager_close(self);
  return report_refusal("OpenService", ERROR_SERVICE_DOES_NOT_EXIST);
}

static bool report_started(DWORD error, const SERVICE_STATUS_PROCESS *status, const QUERY_SERVICE_CONFIGW *config,
                           const char *running) {
  bool runs = error == 0 && status->dwCurrentState == SERVICE_RUNNING;
  if (error != 0 && error != ERROR_TIMEOUT) return report_refusal("QueryServiceStatusEx", error);
  report_begin(runs ? running : error == ERROR_TIMEOUT ? "timeout" : "ended");
  report_number("pid", status->dwProcessId);
  report_number("exitCode", status->dwWin32ExitCode);
  report_number("specificCode", status->dwServiceSpecificExitCode);
  report_text("image", config->lpBinaryPathName);
  report_end();
  return runs;
}

bool manager_start(const WCHAR *name) {
  opened opened;
  SERVICE_STATUS_PROCESS status = {0};
  const char *running = "started";
  if (!open_installed(&opened, name, SERVICE_START)) return false;
  DWORD error = StartServiceW(opened.service, 0, NULL) ? 0 : GetLastError();
  if (error == ERROR_SERVICE_ALREADY_RUNNING) {
    running = "runs-already";
    error = 0;
  }
  bool done = false;
  if (error != 0) {
    done = report_refusal("StartService", error);
  } else {
    error = wait_while(opened.service, SERVICE_START_PENDING, START_MS_MAX, &status);
    done = report_started(error, &status, opened.config, running);
  }
  manager_close(&opened);
  return done;
}

bool manager_stop(const WCHAR *name) {
  opened opened;
  SERVICE_STATUS_PROCESS status;
  if (!open_installed(&opened, name, SERVICE_STOP)) return false;
  DWORD error = query(opened.service, &status);
  bool was_stopped = error == 0 && status.dwCurrentState == SERVICE_STOPPED;
  if (error == 0 && !was_stopped) error = manager_stop_and_wait(opened.service);
  manager_close(&opened);
  if (error == ERROR_TIMEOUT) return report_only("timeout", false);
  if (error != 0) return report_refusal("ControlService", error);
  return report_only(was_stopped ? "stopped-already" : "stopped", true);
}

static const char *state_name(DWORD state) {
  switch (state) {
    case SERVICE_STOPPED: return "stopped";
    case SERVICE_START_PENDING: return "starting";
    case SERVICE_RUNNING: return "running";
    case SERVICE_STOP_PENDING: return "stopping";
    default: return "paused"; /* a state that ours never has */
  }
}

/* When a process began, in milliseconds since 1970; 0 if it cannot be told. */
static uint64_t began_ms(DWORD process_id) {
  FILETIME began;
  FILETIME ignored[3];
  uint64_t ms = 0;
  HANDLE process = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, process_id);
  if (process == NULL) return 0;
  if (GetProcessTimes(process, &began, &ignored[0], &ignored[1], &ignored[2])) {
    /* Windows counts 100 ns since 1601. */
    ms = (((uint64_t)began.dwHighDateTime << 32) + began.dwLowDateTime) / 10000u - 11644473600000u;
  }
  CloseHandle(process);
  return ms;
}

bool manager_status(const WCHAR *name) {
  opened opened;
  SERVICE_STATUS_PROCESS status;
  if (!open_installed(&opened, name, 0)) return false;
  DWORD error = query(opened.service, &status);
  if (error != 0) {
    manager_close(&opened);
    return report_refusal("QueryServiceStatusEx", error);
  }
  report_begin(state_name(status.dwCurrentState));
  report_number("pid", status.dwProcessId);
  report_number("since", status.dwProcessId == 0 ? 0 : began_ms(status.dwProcessId));
  report_number("exitCode", status.dwWin32ExitCode);
  report_number("specificCode", status.dwServiceSpecificExitCode);
  report_number("startType", opened.config->dwStartType);
  report_text("image", opened.config->lpBinaryPathName);
  report_text("account", opened.config->lpServiceStartName == NULL ? L"" : opened.config->lpServiceStartName);
  report_end();
  manager_close(&opened);
  return true;
}
