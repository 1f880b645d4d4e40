/* The three completions. A grant carries a context, a user's grant the client's own token; a failure
 * carries neither, nor the administrator's right, but a text. */
#include "plugin/completion.h"

#include <string.h>

#include "plugin/context.h"
#include "block/bytes.h"

static bool is_bare_https(const verdict *verdict) {
  static const char scheme[] = "https://";
  if (verdict->text_units < sizeof scheme) return false;
  for (uint32_t i = 0; i < verdict->text_units; i++) {
    uint32_t unit = bytes_get16(verdict->text + 2 * i);
    if (i < sizeof scheme - 1 && unit != (uint32_t)scheme[i]) return false;
    if (unit <= 0x20 || unit == '<' || unit == '>' || unit == '"') return false;
  }
  return true;
}

/* The extended information of a failure: for a redirect the bare target, otherwise a small XML element. */
static PCWSTR describe(verdict *verdict, WCHAR text[EXTENDED_UNITS_MAX]) {
  if (verdict->code != ERROR_WSMAN_REDIRECT_REQUESTED) {
    extended_write(text, verdict->no_answer, verdict->id, verdict->text, verdict->text_units);
    return text;
  }
  memcpy(text, verdict->text, 2 * verdict->text_units);
  text[verdict->text_units] = 0;
  return text;
}

static DWORD call_winrm(const question *question, const verdict *verdict, PVOID context, PCWSTR text) {
  WSMAN_SENDER_DETAILS *sender = question->sender;
  switch (question->kind) {
    case BLOCK_KIND_USER:
      return WSManPluginAuthzUserComplete(sender, 0, context, verdict->allowed ? sender->clientToken : NULL,
                                          verdict->allowed && verdict->administrator, verdict->code, text);
    case BLOCK_KIND_OPERATION:
      return WSManPluginAuthzOperationComplete(sender, 0, context, verdict->code, text);
    default: {
      WSMAN_AUTHZ_QUOTA quota = {verdict->quota[0], verdict->quota[1], verdict->quota[2], verdict->quota[3]};
      return WSManPluginAuthzQueryQuotaComplete(sender, 0, verdict->allowed ? &quota : NULL, verdict->code, text);
    }
  }
}

void completion_send(const question *question, instance *instance, verdict *verdict) {
  WCHAR text[EXTENDED_UNITS_MAX];
  PVOID context = NULL;
  if (verdict->code == ERROR_WSMAN_REDIRECT_REQUESTED && !is_bare_https(verdict)) {
    verdict_deny(verdict, instance, DENIAL_GARBAGE);
  }
  if (verdict->allowed && question->kind != BLOCK_KIND_QUOTA) {
    /* Granted before the call: ReleaseContext may come on another thread before the call returns. */
    context = context_grant(instance->handle);
    if (context == NULL) verdict_deny(verdict, instance, DENIAL_NO_MEMORY);
  }
  DWORD result = call_winrm(question, verdict, context, verdict->allowed ? NULL : describe(verdict, text));
  if (result != NO_ERROR) {
    context_release(context);
    process_count(DENIAL_NOT_ACCEPTED);
  }
}
