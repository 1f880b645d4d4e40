#include "service/host_process.h"

#include <string.h>

#include "service/command_line.h"
#include "service/events.h"

/* What a host that had to be ended is said to have ended with; as in port/process_win32.c. */
#define KILLED_EXIT_CODE 137u

/* The system does not end a process at once, and what is in a pipe is still read. */
#define REMAINS_MS_MAX 5000u

#define STREAMS 3

static void close_handle(HANDLE *handle) {
  if (*handle != NULL) CloseHandle(*handle);
  *handle = NULL;
}

/* ---- what it says ----------------------------------------------------------------------------------- */

static void see_log_line(void *context, const char *line, size_t size) {
  host *self = context;
  if (lines_is_event(line, size, "serving")) SetEvent(self->serves);
  if (lines_is_event(line, size, "connection")) {
    InterlockedExchangeAdd64(&self->denied, (LONG64)lines_denied(line, size));
  }
}

static void see_error_line(void *context, const char *line, size_t size) {
  host *self = context;
  (void)log_line(self->service_log, "host", line, size);
  /* The end is kept, a newline included. */
  size_t taken = size < HOST_WORDS_BYTES ? size + 1 : HOST_WORDS_BYTES;
  size_t kept = self->words_used + taken > HOST_WORDS_BYTES ? HOST_WORDS_BYTES - taken : self->words_used;
  memmove(self->words, self->words + self->words_used - kept, kept);
  memcpy(self->words + kept, line + size - (taken - 1), taken - 1);
  self->words_used = kept + taken;
  self->words[self->words_used - 1] = '\n';
}

/* False at the end of the pipe. */
static bool read_more(HANDLE pipe, lines *lines) {
  DWORD count;
  if (!ReadFile(pipe, lines->bytes + lines->used, (DWORD)(LINES_BYTES_MAX - lines->used), &count, NULL)) return false;
  lines->used += count;
  return true;
}

/* The log goes to its file as it is, then it is looked at. If it cannot be written this ends, and with it the host. */
static DWORD WINAPI read_output(void *context) {
  host *self = context;
  lines *lines = &self->output_lines;
  bool more = true;
  while (more) {
    more = read_more(self->output, lines);
    size_t ready = more ? lines_ready(lines) : lines->used;
    DWORD error = ready == 0 ? 0 : log_append(self->host_log, lines->bytes, ready);
    if (error != 0) {
      WCHAR path[LOG_PATH_UNITS_MAX] = L"";
      WCHAR number[EVENTS_NUMBER_UNITS];
      (void)log_path(self->host_log, 0, path);
      events_report(EVENT_LOG_FAILED, path, events_number(number, error), NULL);
      break;
    }
    lines_each(lines->bytes, ready, see_log_line, self);
    lines_drop(lines, ready);
  }
  close_handle(&self->output);
  return 0;
}

static DWORD WINAPI read_errors(void *context) {
  host *self = context;
  lines *lines = &self->error_lines;
  bool more = true;
  while (more) {
    more = read_more(self->errors, lines);
    size_t ready = more ? lines_ready(lines) : lines->used;
    lines_each(lines->bytes, ready, see_error_line, self);
    lines_drop(lines, ready);
  }
  return 0;
}

/* ---- its beginning ---------------------------------------------------------------------------------- */

static bool make_command_line(WCHAR *text, const host_command *command) {
  const WCHAR *arguments[] = {command->node, command->main, L"serve", L"--config", command->config, L"--supervised"};
  size_t units = 0;
  for (size_t i = 0; i < sizeof arguments / sizeof *arguments; i++) {
    if (!command_line_add(text, COMMAND_LINE_UNITS_MAX, &units, arguments[i])) return false;
  }
  return true;
}

/* However this process ends, the job's last handle is closed then, and the system ends the host and all its evaluators. */
static HANDLE make_job(void) {
  JOBOBJECT_EXTENDED_LIMIT_INFORMATION limit = {
      .BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE};
  HANDLE job = CreateJobObjectW(NULL, NULL);
  if (job != NULL && !SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limit, sizeof limit)) {
    close_handle(&job);
  }
  return job;
}

/* A pipe of which the host gets one end. `theirs_reads`: the end to read from. */
static bool make_pipe(HANDLE *ours, HANDLE *theirs, bool theirs_reads) {
  SECURITY_ATTRIBUTES inherited = {.nLength = sizeof inherited, .bInheritHandle = TRUE};
  if (!CreatePipe(theirs_reads ? theirs : ours, theirs_reads ? ours : theirs, &inherited, 0)) return false;
  return SetHandleInformation(*ours, HANDLE_FLAG_INHERIT, 0);
}

/* Suspended until it is in its job: nothing of it may run outside. Of our handles it gets the three and no other. */
static bool create(host *self, WCHAR *command_line, HANDLE streams[STREAMS]) {
  STARTUPINFOEXW startup = {.StartupInfo = {.cb = sizeof startup,
                                            .dwFlags = STARTF_USESTDHANDLES,
                                            .hStdInput = streams[0],
                                            .hStdOutput = streams[1],
                                            .hStdError = streams[2]}};
  PROCESS_INFORMATION process = {0};
  SIZE_T size = 0;
  (void)InitializeProcThreadAttributeList(NULL, 1, 0, &size);
  startup.lpAttributeList = HeapAlloc(GetProcessHeap(), 0, size);
  if (startup.lpAttributeList == NULL) return false;
  bool created = false;
  if (InitializeProcThreadAttributeList(startup.lpAttributeList, 1, 0, &size)) {
    DWORD flags = CREATE_SUSPENDED | CREATE_NO_WINDOW | EXTENDED_STARTUPINFO_PRESENT;
    created = UpdateProcThreadAttribute(startup.lpAttributeList, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, streams,
                                        STREAMS * sizeof *streams, NULL, NULL) &&
              CreateProcessW(NULL, command_line, NULL, NULL, TRUE, flags, NULL, NULL, &startup.StartupInfo, &process);
    DWORD error = GetLastError();
    DeleteProcThreadAttributeList(startup.lpAttributeList);
    SetLastError(error);
  }
  HeapFree(GetProcessHeap(), 0, startup.lpAttributeList);
  if (!created) return false;
  self->process = process.hProcess;
  self->process_id = process.dwProcessId;
  bool runs = AssignProcessToJobObject(self->job, process.hProcess) && ResumeThread(process.hThread) != (DWORD)-1;
  DWORD error = GetLastError();
  CloseHandle(process.hThread);
  if (!runs) TerminateProcess(process.hProcess, KILLED_EXIT_CODE);
  SetLastError(error);
  return runs;
}

static void close_all(host *self) {
  HANDLE *handles[] = {&self->input, &self->output,  &self->errors,               &self->serves,
                       &self->job,   &self->process, &self->readers[HOST_OUTPUT], &self->readers[HOST_ERRORS]};
  for (size_t i = 0; i < sizeof handles / sizeof *handles; i++) close_handle(handles[i]);
}

DWORD host_start(host *self, const host_command *command) {
  HANDLE streams[STREAMS] = {NULL, NULL, NULL};
  DWORD error = 0;
  WCHAR *command_line = HeapAlloc(GetProcessHeap(), 0, COMMAND_LINE_UNITS_MAX * sizeof *command_line);
  if (command_line == NULL) return ERROR_NOT_ENOUGH_MEMORY;
  self->job = make_job();
  self->serves = CreateEventW(NULL, TRUE, FALSE, NULL);
  if (!make_command_line(command_line, command)) {
    error = ERROR_FILENAME_EXCED_RANGE;
  } else if (self->job == NULL || self->serves == NULL || !make_pipe(&self->input, &streams[0], true) ||
             !make_pipe(&self->output, &streams[1], false) || !make_pipe(&self->errors, &streams[2], false) ||
             !create(self, command_line, streams)) {
    error = GetLastError();
  }
  /* Theirs: while we hold them too, a pipe would not end with the host. */
  for (int i = 0; i < STREAMS; i++) close_handle(&streams[i]);
  HeapFree(GetProcessHeap(), 0, command_line);
  if (error == 0) {
    self->readers[HOST_OUTPUT] = CreateThread(NULL, 0, read_output, self, 0, NULL);
    self->readers[HOST_ERRORS] = CreateThread(NULL, 0, read_errors, self, 0, NULL);
    if (self->readers[HOST_OUTPUT] == NULL || self->readers[HOST_ERRORS] == NULL) {
      /* Memory is out, and a thread that was begun may still use this. There is no going on from here. */
      TerminateProcess(GetCurrentProcess(), KILLED_EXIT_CODE);
    }
  } else {
    close_all(self);
  }
  return error;
}

/* ---- its end ---------------------------------------------------------------------------------------- */

DWORD host_end(host *self, DWORD wait_ms, bool *in_order) {
  DWORD exit_code = KILLED_EXIT_CODE;
  close_handle(&self->input);
  *in_order = WaitForSingleObject(self->process, wait_ms) == WAIT_OBJECT_0;
  /* Its evaluators too, which hold nothing of ours but could go on for a moment without a supervisor. */
  TerminateJobObject(self->job, KILLED_EXIT_CODE);
  (void)WaitForSingleObject(self->process, REMAINS_MS_MAX);
  (void)GetExitCodeProcess(self->process, &exit_code);
  for (int i = 0; i < HOST_READERS; i++) {
    /* Whoever else might hold the other end of a pipe must not hold us. Again, should it have come between two reads. */
    while (WaitForSingleObject(self->readers[i], REMAINS_MS_MAX) != WAIT_OBJECT_0) CancelSynchronousIo(self->readers[i]);
  }
  close_all(self);
  while (self->words_used > 0 && self->words[self->words_used - 1] <= ' ') self->words_used--;
  self->words[self->words_used] = '\0';
  return exit_code;
}
