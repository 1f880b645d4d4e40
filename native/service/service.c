/* The service's life:
 *
 *   start pending --the host serves--> running --told to stop--> stop pending --the host has ended--> stopped
 *        |                              |   ^
 *        +--the host ended: stopped     +---+  the host was lost: it is started again, in restart_delay
 *
 * "Running" is said only when the host serves, so that a start that succeeded means an answer. A host that is lost later is
 * this file's to bring back: the service manager would have to be told that the service has failed first. */
#include "service/service.h"

#include <stdio.h>
#include <string.h>

#include "service/events.h"
#include "service/restart.h"

/* Between two signs of life for the service manager while the host starts, and two looks at what was denied. */
#define TICK_MS 1000u

/* By when the next sign of life comes at the latest: a busy machine is given time. */
#define HINT_MS 15000u

/* The host bounds each step of its own start. This is for a thousand policies on a busy machine, or for a host that hangs. */
#define START_MS_MAX 600000u

/* The host kills what it has accepted after 5 s (closeMsMax in host/limits.ts), and then waits 5 s for the disk of its audit log
 * (auditCloseMsMax); as much again is for a busy machine. */
#define STOP_MS_MAX 15000u

static struct {
  service_options options;
  SERVICE_STATUS_HANDLE manager;
  SERVICE_STATUS status;
  HANDLE stop; /* an event: told to */
  log service_log;
  log host_log;
  uint64_t denied; /* not reported yet */
} service;

typedef enum happened { HAPPENED_STOP, HAPPENED_SERVES, HAPPENED_ENDED, HAPPENED_LATE } happened;

/* ---- the service manager ---------------------------------------------------------------------------- */

static void say(DWORD state, DWORD hint_ms) {
  service.status.dwCurrentState = state;
  service.status.dwControlsAccepted = state == SERVICE_RUNNING ? SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_SHUTDOWN : 0;
  service.status.dwWaitHint = hint_ms;
  service.status.dwCheckPoint = hint_ms == 0 ? 0 : service.status.dwCheckPoint + 1;
  (void)SetServiceStatus(service.manager, &service.status);
}

/* Only the main thread says how things stand; this one passes on what it is told. */
static DWORD WINAPI control(DWORD control, DWORD type, void *data, void *context) {
  (void)type;
  (void)data;
  (void)context;
  if (control == SERVICE_CONTROL_INTERROGATE) return NO_ERROR;
  if (control != SERVICE_CONTROL_STOP && control != SERVICE_CONTROL_SHUTDOWN) return ERROR_CALL_NOT_IMPLEMENTED;
  SetEvent(service.stop);
  return NO_ERROR;
}

/* ---- the host --------------------------------------------------------------------------------------- */

static void report_denied(host *host) {
  WCHAR number[EVENTS_NUMBER_UNITS];
  service.denied += (uint64_t)InterlockedExchange64(&host->denied, 0);
  if (service.denied == 0 || !events_would_report(EVENT_DENIED)) return;
  events_report(EVENT_DENIED, events_number(number, service.denied), NULL, NULL);
  service.denied = 0;
}

/* What comes first. A host that serves is waited for without a bound, one that does not yet for START_MS_MAX. One whose log is
 * not read any more counts as ended: it may have nothing to write for hours, and would not notice that it cannot. */
static happened await(host *host, bool serves) {
  HANDLE handles[] = {service.stop, host->process, host->readers[HOST_OUTPUT], host->serves};
  uint64_t until = GetTickCount64() + START_MS_MAX;
  for (;;) {
    DWORD which = WaitForMultipleObjects(serves ? 3 : 4, handles, FALSE, TICK_MS);
    report_denied(host);
    if (which == WAIT_OBJECT_0) return HAPPENED_STOP;
    if (which == WAIT_OBJECT_0 + 1 || which == WAIT_OBJECT_0 + 2) return HAPPENED_ENDED;
    if (which == WAIT_OBJECT_0 + 3) return HAPPENED_SERVES;
    if (service.status.dwCurrentState == SERVICE_START_PENDING) say(SERVICE_START_PENDING, HINT_MS);
    if (!serves && GetTickCount64() > until) return HAPPENED_LATE;
  }
}

/* What the host printed before it ended, or where to look if it printed nothing. */
static void last_words(const host *host, WCHAR text[HOST_WORDS_BYTES + 1]) {
  if (host->words_used == 0) {
    wcscpy(text, L"It printed no reason; host.log has what it did.");
    return;
  }
  int units = MultiByteToWideChar(CP_UTF8, 0, host->words, (int)host->words_used, text, HOST_WORDS_BYTES);
  text[units] = 0;
}

typedef struct life {
  happened end;
  bool in_order;
  DWORD exit_code;      /* or why it could not be started */
  bool began;           /* there was a process */
  uint64_t served_ms;   /* 0: never */
  WCHAR words[HOST_WORDS_BYTES + 1];
} life;

static void report_serving(const host *host, uint64_t since) {
  WCHAR process[EVENTS_NUMBER_UNITS];
  WCHAR ms[EVENTS_NUMBER_UNITS];
  bool is_first = service.status.dwCurrentState != SERVICE_RUNNING;
  events_report(is_first ? EVENT_HOST_SERVES : EVENT_HOST_BACK, events_number(process, host->process_id),
                events_number(ms, GetTickCount64() - since), NULL);
  if (is_first) say(SERVICE_RUNNING, 0);
}

/* One host from beginning to end. `since` is when it began to be missing. */
static void live(life *life, uint64_t since) {
  static host host;
  memset(&host, 0, sizeof host);
  memset(life, 0, sizeof *life);
  host.host_log = &service.host_log;
  host.service_log = &service.service_log;
  life->end = HAPPENED_ENDED;
  life->exit_code = host_start(&host, &service.options.command);
  if (life->exit_code != 0) return;
  life->began = true;
  life->end = await(&host, false);
  if (life->end == HAPPENED_SERVES) {
    uint64_t serves_since = GetTickCount64();
    report_serving(&host, since);
    life->end = await(&host, true);
    life->served_ms = GetTickCount64() - serves_since + 1;
  }
  if (life->end == HAPPENED_STOP) say(SERVICE_STOP_PENDING, STOP_MS_MAX + HINT_MS);
  life->exit_code = host_end(&host, life->end == HAPPENED_LATE ? 0 : STOP_MS_MAX, &life->in_order);
  report_denied(&host);
  last_words(&host, life->words);
}

/* ---- the whole -------------------------------------------------------------------------------------- */

static void fail(service_failure failure) {
  service.status.dwWin32ExitCode = ERROR_SERVICE_SPECIFIC_ERROR;
  service.status.dwServiceSpecificExitCode = (DWORD)failure;
}

static void report_not_started(const life *life) {
  WCHAR cause[128];
  if (!life->began) {
    (void)_snwprintf(cause, 128, L"Windows does not run Node, error %lu. Is it where the service has it?",
                     (unsigned long)life->exit_code);
    fail(SERVICE_FAILURE_NO_HOST);
  } else if (life->end == HAPPENED_LATE) {
    (void)_snwprintf(cause, 128, L"It did not serve within %u s and was ended.", START_MS_MAX / 1000);
    fail(SERVICE_FAILURE_LATE);
  } else {
    (void)_snwprintf(cause, 128, L"It ended with exit code %lu.", (unsigned long)life->exit_code);
    fail(SERVICE_FAILURE_HOST_ENDED);
  }
  events_report(EVENT_NOT_STARTED, cause, life->words, NULL);
}

/* Until it is told to stop, or cannot start. */
static void keep_host(void) {
  static life life;
  restart restart = {0};
  uint64_t since = GetTickCount64();
  for (;;) {
    WCHAR code[EVENTS_NUMBER_UNITS];
    WCHAR ms[EVENTS_NUMBER_UNITS];
    live(&life, since);
    if (life.end == HAPPENED_STOP) break;
    if (service.status.dwCurrentState != SERVICE_RUNNING) {
      report_not_started(&life);
      return;
    }
    if (life.served_ms > 0) since = GetTickCount64();
    uint32_t delay = restart_delay(&restart, life.served_ms);
    events_report(EVENT_HOST_LOST, events_number(code, life.exit_code), events_number(ms, delay), life.words);
    if (WaitForSingleObject(service.stop, delay) == WAIT_OBJECT_0) {
      life.in_order = true; /* there was none to be ended */
      break;
    }
  }
  events_report(EVENT_STOPPED,
                life.in_order ? L"the host had finished what it had accepted"
                              : L"the host did not end by itself and was ended",
                NULL, NULL);
}

static void WINAPI service_main(DWORD count, WCHAR **arguments) {
  (void)count;
  (void)arguments;
  service.status.dwServiceType = SERVICE_WIN32_OWN_PROCESS;
  service.manager = RegisterServiceCtrlHandlerExW(service.options.name, control, NULL);
  if (service.manager == NULL) return;
  say(SERVICE_START_PENDING, HINT_MS);
  DWORD error = log_open(&service.service_log, service.options.log_folder, "service");
  events_open(service.options.name, &service.service_log);
  if (error == 0) error = log_open(&service.host_log, service.options.log_folder, "host");
  if (error == 0) {
    keep_host();
  } else {
    WCHAR number[EVENTS_NUMBER_UNITS];
    events_report(EVENT_LOG_FAILED, service.options.log_folder, events_number(number, error), NULL);
    fail(SERVICE_FAILURE_LOG);
  }
  say(SERVICE_STOPPED, 0);
}

DWORD service_run(const service_options *options) {
  SERVICE_TABLE_ENTRYW table[] = {{options->name, service_main}, {NULL, NULL}};
  service.options = *options;
  service.stop = CreateEventW(NULL, TRUE, FALSE, NULL);
  if (service.stop == NULL || !StartServiceCtrlDispatcherW(table)) return GetLastError();
  return 0;
}
