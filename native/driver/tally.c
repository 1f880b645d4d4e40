/* See tally.h. */
#include "driver/tally.h"

#include "driver/mirror.h"
#include "driver/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define TOKEN_OWN 1u

static void count_code(tally *counts, uint32_t code, uint64_t count) {
  for (uint32_t index = 0; index < counts->code_count; index++) {
    if (counts->codes[index].code == code) {
      counts->codes[index].count += count;
      return;
    }
  }
  if (counts->code_count == TALLY_CODES_MAX) {
    counts->other_codes += count;
    return;
  }
  counts->codes[counts->code_count].code = code;
  counts->codes[counts->code_count].count = count;
  counts->code_count++;
}

static const char *judge_allow(tally *counts, PCWSTR application, const wsmd_question *question,
                               const wsmd_answer *answer) {
  uint32_t quota[4];
  counts->allowed++;
  if (!mirror_allows(application, question)) {
    counts->wrong_allow++;
    return "allowed where the mirror denies";
  }
  mirror_quota(application, question, quota);
  if (question->kind == WSMD_KIND_QUOTA &&
      (!answer->has_quota || memcmp(quota, answer->quota, sizeof quota) != 0)) {
    counts->wrong_quota++;
    return "given another quota than the mirror's";
  }
  if (question->kind == WSMD_KIND_USER &&
      (answer->administrator != 0 || (question->has_token && answer->token_passed != TOKEN_OWN))) {
    counts->wrong_grant++;
    return "allowed as administrator or without the sender's token";
  }
  return NULL;
}

const char *tally_answer(tally *counts, PCWSTR application, const wsmd_question *question,
                         const wsmd_answer *answer) {
  counts->questions++;
  switch (outcome_of(answer)) {
  case OUTCOME_ALLOW:
    count_code(counts, answer->error_code, 1);
    return judge_allow(counts, application, question, answer);
  case OUTCOME_NO_ANSWER:
    count_code(counts, answer->error_code, 1);
    counts->no_answer++;
    return NULL;
  case OUTCOME_NONE:
    /* The double has counted it as a violation; there is no code to count. */
    return NULL;
  default:
    /* A redirect is a denial too: the mirror never redirects. */
    count_code(counts, answer->error_code, 1);
    counts->denied++;
    if (mirror_allows(application, question)) {
      counts->wrong_deny++;
      return "denied where the mirror allows";
    }
    return NULL;
  }
}

void tally_add(tally *sum, const tally *more) {
  sum->questions += more->questions;
  sum->allowed += more->allowed;
  sum->denied += more->denied;
  sum->no_answer += more->no_answer;
  sum->wrong_allow += more->wrong_allow;
  sum->wrong_deny += more->wrong_deny;
  sum->wrong_quota += more->wrong_quota;
  sum->wrong_grant += more->wrong_grant;
  sum->other_codes += more->other_codes;
  for (uint32_t index = 0; index < more->code_count; index++) {
    count_code(sum, more->codes[index].code, more->codes[index].count);
  }
}

uint64_t tally_wrong(const tally *counts) {
  return counts->wrong_allow + counts->wrong_deny + counts->wrong_quota + counts->wrong_grant;
}

void tally_report(const tally *counts) {
  printf("\"questions\":%" PRIu64 ",\"allowed\":%" PRIu64 ",\"denied\":%" PRIu64 ",\"noAnswer\":%" PRIu64,
         counts->questions, counts->allowed, counts->denied, counts->no_answer);
  printf(",\"wrong\":%" PRIu64 ",\"wrongAllow\":%" PRIu64 ",\"wrongDeny\":%" PRIu64, tally_wrong(counts),
         counts->wrong_allow, counts->wrong_deny);
  printf(",\"wrongQuota\":%" PRIu64 ",\"wrongGrant\":%" PRIu64 ",\"byCode\":{", counts->wrong_quota,
         counts->wrong_grant);
  for (uint32_t index = 0; index < counts->code_count; index++) {
    printf("%s\"%" PRIu32 "\":%" PRIu64, index == 0 ? "" : ",", counts->codes[index].code,
           counts->codes[index].count);
  }
  if (counts->other_codes != 0) {
    printf(",\"other\":%" PRIu64, counts->other_codes);
  }
  putchar('}');
}
