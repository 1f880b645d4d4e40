/* The courier's work. Any doubt ends in verdict_deny; only an answer that was read, checked and says
 * "allow" becomes an allowed verdict. */
#include "plugin/question.h"

#include <string.h>

/* A text of more units than this cannot fit into a block, and is not scanned to its end. */
#define TEXT_UNITS_MAX (BLOCK_BYTES_MAX / 2)

void verdict_deny(verdict *verdict, instance *instance, denial why) {
  verdict->allowed = false;
  verdict->no_answer = true;
  verdict->administrator = false;
  verdict->code = denial_code(why);
  verdict->text_units = 0;
  if (instance == NULL) process_count(why);
  else atomic_fetch_add(&instance->denied[why], 1);
}

/* ---- flattening ------------------------------------------------------------------------------- */

static block_text text_of(PCWSTR units) {
  return (block_text){units, units == NULL ? 0 : block_text_length(units, TEXT_UNITS_MAX)};
}

static bool is_missing(PCWSTR text) { return text == NULL || text[0] == 0; }

/* Ordinal, ignoring ASCII case: what the mechanism's own name consists of. */
static bool is_client_certificate(PCWSTR mechanism) {
  static const char name[] = "clientcertificate";
  for (size_t i = 0; i < sizeof name; i++) {
    WCHAR unit = mechanism[i];
    if (unit >= 'A' && unit <= 'Z') unit = (WCHAR)(unit | 0x20);
    if (unit != (WCHAR)name[i]) return false;
  }
  return true;
}

/* What every question must have: who asks and how they were authenticated; for an operation what and on
 * what; certificate details exactly when the mechanism says so. */
static bool is_complete(const question *question) {
  const WSMAN_SENDER_DETAILS *sender = question->sender;
  if (is_missing(sender->senderName) || sender->authenticationMechanism == NULL) return false;
  if (is_client_certificate(sender->authenticationMechanism) && sender->certificateDetails == NULL) return false;
  if (question->kind != BLOCK_KIND_OPERATION) return true;
  return !is_missing(question->action) && !is_missing(question->resource_uri);
}

static void add_texts(const question *question, const instance *instance, block_question *block) {
  const WSMAN_SENDER_DETAILS *sender = question->sender;
  block->text[BLOCK_APPLICATION] = (block_text){instance->application, instance->application_length};
  block->text[BLOCK_SENDER_NAME] = text_of(sender->senderName);
  block->text[BLOCK_AUTHENTICATION_MECHANISM] = text_of(sender->authenticationMechanism);
  if (is_client_certificate(sender->authenticationMechanism)) {
    /* With any other mechanism the pointer means nothing and is not followed. */
    const WSMAN_CERTIFICATE_DETAILS *certificate = sender->certificateDetails;
    block->text[BLOCK_CERTIFICATE_SUBJECT] = text_of(certificate->subject);
    block->text[BLOCK_CERTIFICATE_ISSUER_NAME] = text_of(certificate->issuerName);
    block->text[BLOCK_CERTIFICATE_ISSUER_THUMBPRINT] = text_of(certificate->issuerThumbprint);
    block->text[BLOCK_CERTIFICATE_SUBJECT_NAME] = text_of(certificate->subjectName);
  }
  block->text[BLOCK_HTTP_URL] = text_of(sender->httpURL);
  if (question->kind == BLOCK_KIND_OPERATION) {
    block->operation = question->operation;
    block->text[BLOCK_ACTION] = text_of(question->action);
    block->text[BLOCK_RESOURCE_URI] = text_of(question->resource_uri);
  }
}

/* False: more groups than a block lists. */
static bool add_groups(const port_token_view *token, block_group groups[BLOCK_GROUPS_MAX], block_question *block) {
  block->user_sid = token->user_sid;
  block->groups = groups;
  for (uint32_t i = 0; i < token->group_count; i++) {
    uint32_t attributes;
    block_group group;
    port_token_group(token, i, &group.sid, &attributes);
    group.list = block_group_list_of(attributes);
    if (group.list == BLOCK_GROUP_IGNORED) continue;
    if (block->group_count == BLOCK_GROUPS_MAX) return false;
    groups[block->group_count++] = group;
  }
  return true;
}

/* Writes the question's block into the connection. DENIALS: done. */
static denial flatten(const question *question, const instance *instance, const verdict *verdict, uint16_t attempt,
                      connection *connection, uint32_t *size) {
  block_question block = {.kind = question->kind, .attempt = attempt};
  memcpy(block.id, verdict->id, sizeof block.id);
  add_texts(question, instance, &block);
  port_token_view token = {.user_sid = NULL};
  HANDLE client_token = question->sender->clientToken;
  if (client_token != NULL && port_token_open(client_token, &token) != PORT_OK) return DENIAL_NO_TOKEN;
  block_status status = BLOCK_TOO_LARGE;
  if (client_token == NULL || add_groups(&token, connection->groups, &block)) {
    status = block_write(&block, connection_block(connection), BLOCK_BYTES_MAX, size);
  }
  if (client_token != NULL) port_token_close(&token);
  if (status == BLOCK_BAD_SID) return DENIAL_NO_TOKEN;
  return status == BLOCK_OK ? DENIALS : DENIAL_TOO_LARGE;
}

/* ---- asking ----------------------------------------------------------------------------------- */

static void adopt(const answer *answer, uint32_t switches, verdict *verdict) {
  verdict->allowed = answer->outcome == ANSWER_ALLOW;
  verdict->no_answer = answer->outcome == ANSWER_NO_ANSWER;
  verdict->administrator =
      (answer->flags & ANSWER_FLAG_ADMINISTRATOR) != 0 && (switches & SWITCH_ADMINISTRATOR) != 0;
  verdict->code = answer->error_code;
  memcpy(verdict->quota, answer->quota, sizeof verdict->quota);
  verdict->text_units = answer->text_units;
  memcpy(verdict->text, answer->text, 2 * answer->text_units);
}

static denial denial_of(port_status status) {
  switch (status) {
    case PORT_TIMEOUT: return DENIAL_LATE;
    case PORT_CANCELLED: return DENIAL_SHUTTING_DOWN;
    case PORT_CLOSED: return DENIAL_UNREACHABLE;
    default: return DENIAL_GARBAGE;
  }
}

/* Asks one evaluator. DENIALS: answered. `*again`: what went wrong is the connection's, not the question's. */
static denial ask_once(const question *question, instance *instance, verdict *verdict, uint16_t attempt,
                       uint64_t deadline_ns, bool *again) {
  connection *connection;
  denial why;
  *again = false;
  /* Who waits in line leaves it while a whole attempt is left: nobody is asked what they cannot answer in time. */
  if (!pool_take(&instance->pool, deadline_ns - ATTEMPT_MS_MAX * NS_PER_MS, &connection, &why)) return why;
  uint32_t size;
  why = question->sender->clientToken == NULL && !(connection->switches & SWITCH_RUN_AS_POOL_ACCOUNT)
            ? DENIAL_NO_TOKEN
            : flatten(question, instance, verdict, attempt, connection, &size);
  if (why != DENIALS) {
    pool_give_back(&instance->pool, connection);
    return why;
  }
  uint64_t attempt_ns = port_now_ns() + ATTEMPT_MS_MAX * NS_PER_MS;
  bool is_cut_short = attempt_ns > deadline_ns; /* a second attempt, after a long first one */
  answer answer;
  port_status status = connection_ask(connection, size, is_cut_short ? deadline_ns : attempt_ns, &answer);
  if (status == PORT_OK) {
    adopt(&answer, connection->switches, verdict);
    pool_give_back(&instance->pool, connection);
    return DENIALS;
  }
  *again = status == PORT_CLOSED || status == PORT_TIMEOUT;
  pool_fault fault = status == PORT_CLOSED ? POOL_BROKEN : POOL_FAULTY;
  if (status == PORT_CANCELLED || (status == PORT_TIMEOUT && is_cut_short)) fault = POOL_CUT_SHORT;
  pool_drop(&instance->pool, connection, fault);
  return denial_of(status);
}

static bool is_nobody_to_ask(denial why) {
  return why == DENIAL_UNREACHABLE || why == DENIAL_BUSY || why == DENIAL_NOT_CONFIGURED || why == DENIAL_WRONG_OWNER;
}

void question_decide(const question *question, instance *instance, verdict *verdict) {
  uint64_t deadline_ns = port_now_ns() + QUESTION_MS_MAX * NS_PER_MS;
  denial why = DENIAL_BAD_QUESTION;
  bool again = is_complete(question);
  for (uint16_t attempt = 1; again && attempt <= ATTEMPTS_MAX; attempt++) {
    denial before = why;
    why = ask_once(question, instance, verdict, attempt, deadline_ns, &again);
    /* Nobody else to ask: then what happened at the first attempt is what there is to tell. */
    if (attempt > 1 && is_nobody_to_ask(why)) why = before;
  }
  if (why != DENIALS) verdict_deny(verdict, instance, why);
}
