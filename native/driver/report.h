/* How answers and violations are named in output: the outcome of an answer, and pieces of JSON. */
#ifndef PORTCULLIS_DRIVER_REPORT_H
#define PORTCULLIS_DRIVER_REPORT_H

#include "double/double.h"

/* The three outcomes of a policy, the redirect, and none: the question was never completed. */
enum outcome { OUTCOME_ALLOW, OUTCOME_DENIED, OUTCOME_REDIRECT, OUTCOME_NO_ANSWER, OUTCOME_NONE };

enum outcome outcome_of(const wsmd_answer *answer);
extern const char *const outcome_names[];
#define OUTCOME_COUNT 5u

/* All of them together; a run with any has failed. */
uint64_t violations_total(const wsmd_violations *violations);

/* Write to standard output: a quoted JSON string, the object of all violations, and the line for one
 * question of a script. Everything outside printable ASCII is written as \uXXXX, so unpaired surrogates
 * survive. A question that was never completed has no code: it must not look like code 0. */
void report_text(PCWSTR text);
void report_violations(const wsmd_violations *violations);
void report_answer(uint32_t line, PCWSTR instance, uint32_t kind, const wsmd_answer *answer);

/* The lines of a script's other verbs, and its last one. */
void report_startup(uint32_t line, PCWSTR instance, uint32_t code, const wsmd_started *started);
void report_shutdown(uint32_t line, PCWSTR instance, uint32_t code, uint64_t nanoseconds);
void report_mark(uint32_t line, PCWSTR text);
void report_process(uint32_t line); /* threads, handles, memory; what a probed build has told */
void report_end(const wsmd_violations *violations);

#endif
