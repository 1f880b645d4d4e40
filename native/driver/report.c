/* See report.h. */
#include "driver/report.h"

#include "driver/process.h"
#include "driver/utf16.h"

#include <inttypes.h>
#include <stdio.h>

/* More than a process that asks from 512 threads. */
#define THREADS_MAX 1024u

/* How the plug-in marks, in what a client may see, that no policy has decided. */
#define NO_ANSWER_MARK "outcome=\"no answer\""

const char *const outcome_names[] = {"allow", "denied", "redirect", "no-answer", "none"};
_Static_assert(sizeof outcome_names / sizeof outcome_names[0] == OUTCOME_COUNT, "a name for each outcome");

static const struct {
  const char *name;
  size_t offset;
} violation_fields[] = {
    {"noCompletion", offsetof(wsmd_violations, no_completion)},
    {"doubleCompletion", offsetof(wsmd_violations, double_completion)},
    {"wrongKind", offsetof(wsmd_violations, wrong_kind)},
    {"unknownSender", offsetof(wsmd_violations, unknown_sender)},
    {"afterShutdown", offsetof(wsmd_violations, after_shutdown)},
    {"badFlags", offsetof(wsmd_violations, bad_flags)},
    {"quotaMissing", offsetof(wsmd_violations, quota_missing)},
    {"quotaZero", offsetof(wsmd_violations, quota_zero)},
    {"grantWithText", offsetof(wsmd_violations, grant_with_text)},
    {"failureWithGrant", offsetof(wsmd_violations, failure_with_grant)},
    {"extendedMalformed", offsetof(wsmd_violations, extended_malformed)},
    {"foreignToken", offsetof(wsmd_violations, foreign_token)},
    {"callerChanged", offsetof(wsmd_violations, caller_changed)},
    {"lockHeld", offsetof(wsmd_violations, lock_held)},
};
#define VIOLATION_FIELDS (sizeof violation_fields / sizeof violation_fields[0])
_Static_assert(VIOLATION_FIELDS * sizeof(uint32_t) == sizeof(wsmd_violations), "a name for each field");

enum outcome outcome_of(const wsmd_answer *answer) {
  if (answer->completions == 0) {
    return OUTCOME_NONE;
  }
  if (answer->error_code == NO_ERROR) {
    return OUTCOME_ALLOW;
  }
  if (answer->has_extended && utf16_contains(answer->extended, NO_ANSWER_MARK)) {
    return OUTCOME_NO_ANSWER;
  }
  switch (answer->error_code) {
  case ERROR_ACCESS_DENIED:
    return OUTCOME_DENIED;
  case ERROR_WSMAN_REDIRECT_REQUESTED:
    return OUTCOME_REDIRECT;
  default:
    return OUTCOME_NO_ANSWER;
  }
}

static uint32_t violation_at(const wsmd_violations *violations, size_t index) {
  return *(const uint32_t *)((const char *)violations + violation_fields[index].offset);
}

uint64_t violations_total(const wsmd_violations *violations) {
  uint64_t total = 0;
  for (size_t index = 0; index < VIOLATION_FIELDS; index++) {
    total += violation_at(violations, index);
  }
  return total;
}

void report_text(PCWSTR text) {
  putchar('"');
  for (; *text != 0; text++) {
    if (*text == '"' || *text == '\\') {
      printf("\\%c", (char)*text);
    } else if (*text >= 0x20 && *text < 0x7F) {
      putchar((char)*text);
    } else {
      printf("\\u%04x", *text);
    }
  }
  putchar('"');
}

void report_violations(const wsmd_violations *violations) {
  putchar('{');
  for (size_t index = 0; index < VIOLATION_FIELDS; index++) {
    printf("%s\"%s\":%" PRIu32, index == 0 ? "" : ",", violation_fields[index].name,
           violation_at(violations, index));
  }
  putchar('}');
}

void report_answer(uint32_t line, PCWSTR instance, uint32_t kind, const wsmd_answer *answer) {
  static const char *const kind_names[] = {"", "user", "operation", "quota"};
  printf("{\"line\":%" PRIu32 ",\"instance\":", line);
  report_text(instance);
  printf(",\"kind\":\"%s\",\"code\":", kind_names[kind]);
  if (answer->completions == 0) {
    printf("null");
  } else {
    printf("%" PRIu32, answer->error_code);
  }
  printf(",\"outcome\":\"%s\",\"administrator\":%" PRIu32 ",\"token\":%" PRIu32 ",\"context\":%s",
         outcome_names[outcome_of(answer)], answer->administrator, answer->token_passed,
         answer->context == NULL ? "false" : "true");
  if (answer->has_quota) {
    printf(",\"quota\":[%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",%" PRIu32 "]", answer->quota[0],
           answer->quota[1], answer->quota[2], answer->quota[3]);
  } else {
    printf(",\"quota\":null");
  }
  printf(",\"extended\":");
  if (answer->has_extended) {
    report_text(answer->extended);
  } else {
    printf("null");
  }
  printf(",\"microseconds\":%" PRIu64 ",\"completions\":%" PRIu32 ",\"sameThread\":%s}\n",
         answer->nanoseconds / 1000, answer->completions, answer->same_thread ? "true" : "false");
}

static void begin(uint32_t line, PCWSTR instance) {
  printf("{\"line\":%" PRIu32 ",\"instance\":", line);
  report_text(instance);
}

void report_startup(uint32_t line, PCWSTR instance, uint32_t code, const wsmd_started *started) {
  begin(line, instance);
  printf(",\"startup\":%" PRIu32 ",\"written\":%s,\"context\":\"%" PRIxPTR "\"}\n", code,
         started->context_written ? "true" : "false", (uintptr_t)started->context);
}

void report_shutdown(uint32_t line, PCWSTR instance, uint32_t code, uint64_t nanoseconds) {
  begin(line, instance);
  printf(",\"shutdown\":%" PRIu32 ",\"microseconds\":%" PRIu64 "}\n", code, nanoseconds / 1000);
}

void report_mark(uint32_t line, PCWSTR text) {
  printf("{\"line\":%" PRIu32 ",\"mark\":", line);
  report_text(text);
  printf("}\n");
}

void report_process(uint32_t line) {
  uint64_t threads[THREADS_MAX];
  uint32_t count = process_threads(threads, THREADS_MAX);
  wsmd_probes probes;
  wsmd_probe_read(&probes);
  printf("{\"line\":%" PRIu32 ",\"threads\":[", line);
  for (uint32_t index = 0; index < count; index++) {
    printf("%s%" PRIu64, index == 0 ? "" : ",", threads[index]);
  }
  printf("],\"handles\":%" PRIu32 ",\"memoryKib\":%" PRIu64, process_fd_count(), process_rss_kib());
  printf(",\"allocations\":%" PRIu32 ",\"locks\":%" PRIu32 "}\n", probes.allocations, probes.locks);
}

void report_end(const wsmd_violations *violations) {
  printf("{\"violations\":");
  report_violations(violations);
  printf(",\"processId\":%" PRIu32 "}\n", process_id());
}
