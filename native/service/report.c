#include "service/report.h"

#include <inttypes.h>
#include <stdio.h>

/* An ImagePath may be as long as a command line. */
#define TEXT_BYTES_MAX (3u * 32767u)

static const struct {
  DWORD error;
  const char *result;
} refusals[] = {
    {ERROR_ACCESS_DENIED, "access-denied"},
    {ERROR_SERVICE_DOES_NOT_EXIST, "not-installed"},
    {ERROR_SERVICE_MARKED_FOR_DELETE, "marked-for-delete"},
    {ERROR_INVALID_SERVICE_ACCOUNT, "bad-account"},
    {ERROR_NONE_MAPPED, "bad-account"},
    {ERROR_SERVICE_LOGON_FAILED, "logon-failed"},
    {ERROR_SERVICE_DISABLED, "disabled"},
    {ERROR_DUPLICATE_SERVICE_NAME, "foreign"},
};

void report_begin(const char *result) { printf("{\"result\":\"%s\"", result); }

void report_text(const char *name, const WCHAR *text) {
  static char bytes[TEXT_BYTES_MAX + 1];
  int size = WideCharToMultiByte(CP_UTF8, 0, text, -1, bytes, TEXT_BYTES_MAX, NULL, NULL);
  printf(",\"%s\":\"", name);
  for (int i = 0; i + 1 < size; i++) {
    unsigned char c = (unsigned char)bytes[i];
    if (c == '"' || c == '\\') {
      printf("\\%c", c);
    } else if (c < ' ') {
      printf("\\u%04x", c);
    } else {
      putchar(c);
    }
  }
  putchar('"');
}

void report_number(const char *name, uint64_t number) { printf(",\"%s\":%" PRIu64, name, number); }

void report_end(void) { puts("}"); }

bool report_only(const char *result, bool done) {
  report_begin(result);
  report_end();
  return done;
}

bool report_refusal(const char *doing, DWORD error) {
  const char *result = "failed";
  for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
    if (refusals[i].error == error) result = refusals[i].result;
  }
  report_begin(result);
  report_number("win32", error);
  printf(",\"doing\":\"%s\"", doing);
  report_end();
  return false;
}
