/* What the service reports: entries in the Event Log, each of them also a line of service.log, because the one can be full,
 * be cleared, or be missing, and the other is beside the host's log. */
#ifndef PORTCULLIS_SERVICE_EVENTS_H
#define PORTCULLIS_SERVICE_EVENTS_H

#include <windows.h>

#include "events_table.h" /* made from events.mc */
#include "service/log.h"

/* `name` is the service's, and that of the event source; `service_log` must stay. */
void events_open(const WCHAR *name, log *service_log);

/* Reports unless there were too many of the kind lately. NULL stands for an empty text. Any thread. */
void events_report(DWORD event, const WCHAR *first, const WCHAR *second, const WCHAR *third);

/* Whether the next of this kind would be reported. */
bool events_would_report(DWORD event);

/* A number as a text for a report. */
#define EVENTS_NUMBER_UNITS 24u
const WCHAR *events_number(WCHAR text[EVENTS_NUMBER_UNITS], uint64_t number);

#endif
