/* The three functions that a plug-in imports from WsmSvc.dll. Each turns its arguments into one report
 * and lets complete() do the rest: find the question, judge the report, overwrite and free everything
 * that the question handed out, and only then do what the test asked for inside the completion. */
#include "double/double_internal.h"

/* Long enough for other threads to overtake, short enough to be used at random in a load run. */
#define INSIDE_SLEEP_MILLISECONDS 50u

#define QUOTA_WORDS 4u

enum { TOKEN_NONE = 0, TOKEN_OWN = 1, TOKEN_FOREIGN = 2 };

typedef struct report {
  uint32_t kind;
  PVOID context;
  HANDLE token;
  uint32_t administrator;
  const WSMAN_AUTHZ_QUOTA *quota;
  uint32_t error_code;
  PCWSTR extended;
} report;

/* Copies at most what the answer holds. A text without a terminator within that is malformed. */
static void judge_extended(wsmd_answer *answer, const report *reported) {
  uint32_t units = 0;
  if (reported->extended == NULL) {
    return;
  }
  while (units < WSMD_EXTENDED_UNITS_MAX - 1 && reported->extended[units] != 0) {
    answer->extended[units] = reported->extended[units];
    units++;
  }
  answer->extended[units] = 0;
  answer->extended_units = units;
  answer->has_extended = 1;
  if (reported->error_code == NO_ERROR) {
    wsmd__violation_count(WSMD__GRANT_WITH_TEXT);
  } else if (reported->extended[units] != 0 ||
             !wsmd__extended_is_sound(reported->error_code, answer->extended, units)) {
    wsmd__violation_count(WSMD__EXTENDED_MALFORMED);
  }
}

static void judge_quota(wsmd_answer *answer, const report *reported) {
  if (reported->quota == NULL) {
    if (reported->error_code == NO_ERROR) {
      wsmd__violation_count(WSMD__QUOTA_MISSING);
    }
    return;
  }
  answer->has_quota = 1;
  answer->quota[0] = reported->quota->maxAllowedConcurrentShells;
  answer->quota[1] = reported->quota->maxAllowedConcurrentOperations;
  answer->quota[2] = reported->quota->timeslotSize;
  answer->quota[3] = reported->quota->maxAllowedOperationsPerTimeslot;
  for (uint32_t index = 0; index < QUOTA_WORDS && reported->error_code == NO_ERROR; index++) {
    if (answer->quota[index] == 0) {
      wsmd__violation_count(WSMD__QUOTA_ZERO);
      break;
    }
  }
}

/* Copies what was reported into the answer and counts what it breaks. Returns what the completion
 * function says, by WinRM's documentation, of arguments like these. */
static DWORD judge(const wsmd__record *record, const report *reported) {
  wsmd_answer *answer = record->answer;
  int is_own_token = reported->token == record->parcel.token;
  answer->error_code = reported->error_code;
  answer->administrator = reported->administrator;
  answer->context = reported->context;
  answer->token_passed = reported->token == NULL ? TOKEN_NONE : is_own_token ? TOKEN_OWN : TOKEN_FOREIGN;
  answer->nanoseconds = wsmd__clock_nanoseconds() - record->asked_nanoseconds;
  answer->same_thread = record->asked_thread == wsmd__thread_self();

  judge_extended(answer, reported);
  if (answer->token_passed == TOKEN_FOREIGN) {
    wsmd__violation_count(WSMD__FOREIGN_TOKEN);
  }
  if (reported->error_code != NO_ERROR &&
      (reported->context != NULL || reported->token != NULL || reported->administrator != 0)) {
    wsmd__violation_count(WSMD__FAILURE_WITH_GRANT);
  }
  if (reported->kind == WSMD_KIND_QUOTA) {
    judge_quota(answer, reported);
  }
  if (reported->kind != record->question->kind) {
    wsmd__violation_count(WSMD__WRONG_KIND);
    return ERROR_INVALID_PARAMETER;
  }
  if (reported->kind == WSMD_KIND_QUOTA && reported->quota == NULL && reported->error_code == NO_ERROR) {
    return ERROR_INVALID_PARAMETER;
  }
  return NO_ERROR;
}

/* The nested question has a record and an answer of its own, and wsmd__ask counts it if it is not
 * completed. A nested question that could not even be put counts too: the re-entry that the test asked
 * for was not shown. */
static void ask_again(const wsmd__record *record) {
  wsmd_question question = *record->question;
  wsmd_answer answer;
  question.inside &= ~WSMD_INSIDE_ASK_AGAIN;
  if (wsmd__ask(record->instance, record->plugin_context, &question, &answer) != 0) {
    wsmd__violation_count(WSMD__NO_COMPLETION);
  }
}

static DWORD take_report(WSMAN_SENDER_DETAILS *sender, DWORD flags, const report *reported) {
  if (sender == NULL || flags != 0) {
    wsmd__violation_count(WSMD__BAD_FLAGS);
    return ERROR_INVALID_PARAMETER;
  }
  wsmd__record *record = wsmd__record_claim(sender);
  if (record == NULL) {
    return ERROR_INVALID_PARAMETER;
  }
  uint32_t inside = record->question->inside;
  DWORD result = judge(record, reported);
  wsmd__parcel_destroy(&record->parcel);

  if ((inside & WSMD_INSIDE_RETURN_87) != 0) {
    result = ERROR_INVALID_PARAMETER;
  }
  if (result == NO_ERROR && reported->error_code == NO_ERROR && reported->context != NULL) {
    record->context_after = wsmd__context_reported(record->plugin, record->question->release,
                                                   record->instance, reported->context, &record->held);
  }
  if ((inside & WSMD_INSIDE_ASK_AGAIN) != 0) {
    ask_again(record);
  }
  if ((inside & WSMD_INSIDE_SLEEP) != 0) {
    wsmd__sleep_milliseconds(INSIDE_SLEEP_MILLISECONDS);
  }
  wsmd__record_completed(record);
  return result;
}

static DWORD complete(WSMAN_SENDER_DETAILS *sender, DWORD flags, const report *reported) {
  uint32_t last_error = wsmd__last_error();
  if (wsmd__probe_holds_lock()) {
    wsmd__violation_count(WSMD__LOCK_HELD);
  }
  DWORD result = take_report(sender, flags, reported);
  wsmd__last_error_set(last_error);
  return result;
}

PCL_EXPORT DWORD WINAPI WSManPluginAuthzUserComplete(WSMAN_SENDER_DETAILS *senderDetails, DWORD flags,
                                                     PVOID userAuthorizationContext,
                                                     HANDLE impersonationToken, WINBOOL userIsAdministrator,
                                                     DWORD errorCode, PCWSTR extendedErrorInformation) {
  report reported = {WSMD_KIND_USER,
                     userAuthorizationContext,
                     impersonationToken,
                     (uint32_t)userIsAdministrator,
                     NULL,
                     errorCode,
                     extendedErrorInformation};
  return complete(senderDetails, flags, &reported);
}

PCL_EXPORT DWORD WINAPI WSManPluginAuthzOperationComplete(WSMAN_SENDER_DETAILS *senderDetails, DWORD flags,
                                                          PVOID userAuthorizationContext, DWORD errorCode,
                                                          PCWSTR extendedErrorInformation) {
  report reported = {
      WSMD_KIND_OPERATION, userAuthorizationContext, NULL, 0, NULL, errorCode, extendedErrorInformation};
  return complete(senderDetails, flags, &reported);
}

PCL_EXPORT DWORD WINAPI WSManPluginAuthzQueryQuotaComplete(WSMAN_SENDER_DETAILS *senderDetails, DWORD flags,
                                                           WSMAN_AUTHZ_QUOTA *quota, DWORD errorCode,
                                                           PCWSTR extendedErrorInformation) {
  report reported = {WSMD_KIND_QUOTA, NULL, NULL, 0, quota, errorCode, extendedErrorInformation};
  return complete(senderDetails, flags, &reported);
}
