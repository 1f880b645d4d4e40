/* What a command of this program says: one line of JSON on standard output, which `portcullis service` reads. */
#ifndef PORTCULLIS_SERVICE_REPORT_H
#define PORTCULLIS_SERVICE_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include <windows.h>

/* Begins with {"result":"<result>"; members follow, and the end. */
void report_begin(const char *result);
void report_text(const char *name, const WCHAR *text);
void report_number(const char *name, uint64_t number);
void report_end(void);

/* A whole line for what Windows refused: {"result":"<failed|...>","win32":<error>,"doing":"<doing>"}. The result is a word for
 * the errors that a caller can do something about. Returns false, so that it can be returned. */
bool report_refusal(const char *doing, DWORD error);

/* A whole line with a result and nothing else. Returns `done`. */
bool report_only(const char *result, bool done);

#endif
