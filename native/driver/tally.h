/* Counts the answers of a load run and holds each against the mirror. Every thread has a tally of its
 * own; they are added up at the end. */
#ifndef PORTCULLIS_DRIVER_TALLY_H
#define PORTCULLIS_DRIVER_TALLY_H

#include "double/double.h"

/* Distinct error codes that one run can tell apart; the plug-in uses about six. */
#define TALLY_CODES_MAX 16u

typedef struct tally {
  uint64_t questions;
  uint64_t allowed;
  uint64_t denied;
  uint64_t no_answer;
  uint64_t wrong_allow; /* code 0 where the mirror denies */
  uint64_t wrong_deny;  /* denied where the mirror allows */
  uint64_t wrong_quota; /* not the mirror's four words */
  uint64_t wrong_grant; /* a user allowed as administrator, or without the sender's own token */
  uint32_t code_count;
  uint64_t other_codes;
  struct {
    uint32_t code;
    uint64_t count;
  } codes[TALLY_CODES_MAX];
} tally;

/* Returns a word for what is wrong with the answer, or NULL. */
const char *tally_answer(tally *counts, PCWSTR application, const wsmd_question *question,
                         const wsmd_answer *answer);

void tally_add(tally *sum, const tally *more);
uint64_t tally_wrong(const tally *counts);

/* Writes the counts as the first fields of a JSON object, without braces. */
void tally_report(const tally *counts);

#endif
