#include "service/events.h"

#include <stdio.h>
#include <string.h>

#include "service/rate.h"

/* Identifiers begin with 1. */
#define KINDS 8u

/* The code within an identifier, and above it the severity. */
#define CODE_OF(event) ((event)&0xffffu)
#define SEVERITY_OF(event) ((event) >> 30)

#define TEXT_UNITS_MAX 4096u
#define LEFT_OUT_UNITS_MAX 96u

static struct {
  CRITICAL_SECTION lock;
  HANDLE source;
  log *service_log;
  rate rates[KINDS];
} events;

/* By severity. */
static const WORD types[] = {EVENTLOG_SUCCESS, EVENTLOG_INFORMATION_TYPE, EVENTLOG_WARNING_TYPE, EVENTLOG_ERROR_TYPE};
static const char *const words[] = {"success", "info", "warning", "error"};

void events_open(const WCHAR *name, log *service_log) {
  InitializeCriticalSection(&events.lock);
  events.service_log = service_log;
  events.source = RegisterEventSourceW(NULL, name);
}

const WCHAR *events_number(WCHAR text[EVENTS_NUMBER_UNITS], uint64_t number) {
  (void)_snwprintf(text, EVENTS_NUMBER_UNITS, L"%I64u", number);
  return text;
}

/* The same text as the Event Log shows, from the same table. */
static void write_line(DWORD event, const WCHAR *const *texts) {
  WCHAR text[TEXT_UNITS_MAX];
  char line[3 * TEXT_UNITS_MAX];
  DWORD flags = FORMAT_MESSAGE_FROM_HMODULE | FORMAT_MESSAGE_ARGUMENT_ARRAY;
  DWORD units = FormatMessageW(flags, GetModuleHandleW(NULL), event, 0, text, TEXT_UNITS_MAX,
                               (va_list *)(uintptr_t)texts);
  if (units == 0) units = (DWORD)_snwprintf(text, TEXT_UNITS_MAX, L"event %lu", (unsigned long)CODE_OF(event));
  while (units > 0 && (text[units - 1] <= ' ')) units--;
  int bytes = WideCharToMultiByte(CP_UTF8, 0, text, (int)units, line, sizeof line, NULL, NULL);
  char word[16];
  (void)snprintf(word, sizeof word, "%s %u", words[SEVERITY_OF(event)], (unsigned)CODE_OF(event));
  (void)log_line(events.service_log, word, line, (size_t)bytes);
}

void events_report(DWORD event, const WCHAR *first, const WCHAR *second, const WCHAR *third) {
  WCHAR left_out[LEFT_OUT_UNITS_MAX] = L"";
  const WCHAR *texts[] = {first, second, third, left_out};
  uint32_t count = 0;
  for (size_t i = 0; i < 3; i++) {
    if (texts[i] == NULL) texts[i] = L"";
  }
  EnterCriticalSection(&events.lock);
  if (rate_allows(&events.rates[CODE_OF(event)], GetTickCount64(), &count)) {
    if (count > 0) {
      (void)_snwprintf(left_out, LEFT_OUT_UNITS_MAX, L" Entries of this kind left out since the last: %u.", count);
    }
    write_line(event, texts);
    if (events.source != NULL) {
      (void)ReportEventW(events.source, types[SEVERITY_OF(event)], 0, event, NULL, 4, 0, texts, NULL);
    }
  }
  LeaveCriticalSection(&events.lock);
}

bool events_would_report(DWORD event) {
  EnterCriticalSection(&events.lock);
  bool would = rate_would_allow(&events.rates[CODE_OF(event)], GetTickCount64());
  LeaveCriticalSection(&events.lock);
  return would;
}
