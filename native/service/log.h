/* A log file in the log folder: appended to, begun anew when it is large, with a bounded number of old files. */
#ifndef PORTCULLIS_SERVICE_LOG_H
#define PORTCULLIS_SERVICE_LOG_H

#include <stdbool.h>
#include <stddef.h>

#include <windows.h>

#include "service/rotation.h"

/* What a path may have here, with its terminator; programs that know no longer paths have to read the files. */
#define LOG_PATH_UNITS_MAX 260u

typedef struct log {
  CRITICAL_SECTION lock; /* several threads write to service.log */
  const WCHAR *folder;
  const char *stem;
  HANDLE file;
  rotation rotation;
} log;

/* Opens <folder>\<stem>.log, and makes it if it is not there. The texts must stay. Returns 0 or an error of Windows. */
DWORD log_open(log *self, const WCHAR *folder, const char *stem);

/* Whole lines only: a file ends with what is appended before the next begins. Returns 0 or an error of Windows, and after
 * an error nothing is known of what has been written. Any thread. */
DWORD log_append(log *self, const char *bytes, size_t size);

/* A line with the time, a word that says what it is, and a text, whose own lines are indented. */
DWORD log_line(log *self, const char *word, const char *text, size_t size);

/* Where it is. */
bool log_path(const log *self, uint32_t index, WCHAR path[LOG_PATH_UNITS_MAX]);

#endif
