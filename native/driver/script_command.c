/* Turns the words of one script line into a command: which verb, which instance, which question, which
 * expectations. Every key stands in one table with where its value goes; a key that the verb does not
 * have, or that comes twice, is an error that names it. */
#include "driver/options.h"
#include "driver/script.h"
#include "driver/utf16.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Longer than any number, choice or list of SIDs that a script needs: 1,200 groups. */
#define ASCII_BYTES_MAX 65536u

/* More than an application pool's worker process has busy at once. */
#define THREADS_MAX 512u

enum key_kind { KEY_TEXT, KEY_SIDS, KEY_NUMBER, KEY_SWITCH, KEY_CHOICE, KEY_EXPECTED, KEY_EXPECTED_CHOICE };

typedef struct key {
  enum script_verb verb;
  const char *name;
  enum key_kind kind;
  size_t offset;
  const char *const *choices; /* NULL-terminated; the value is the index */
} key;

static const char *const certificate_choices[] = {"none", "full", "garbage", NULL};
static const char *const release_choices[] = {"keep", "inside", "other-thread", "after", "late", NULL};
static const char *const context_choices[] = {"instance", "null", "stale", "garbage", NULL};
static const char *const outcome_choices[] = {"allow", "denied", "redirect", "no-answer", "none", NULL};
static const char *const kind_choices[] = {"user", "operation", "quota", NULL};
static const char *const drop_choices[] = {"garbage", "null", "kept", "context", NULL};
static const char *const hand_choices[] = {"heap", "pages", "same", NULL};
static const char *const verb_choices[] = {"startup", "shutdown", "ask",  "release", "sleep", "mark", "load",
                                           "unload",  "wait",     "measure", "hand",    "probe", NULL};

_Static_assert(sizeof outcome_choices / sizeof outcome_choices[0] == OUTCOME_COUNT + 1, "every outcome");

#define AT(field) offsetof(script_command, field)
#define AT_STARTUP(field) (offsetof(script_command, startup) + offsetof(wsmd_startup_arguments, field))
#define AT_QUESTION(field) (offsetof(script_command, question) + offsetof(wsmd_question, field))

static const key keys[] = {
    {SCRIPT_STARTUP, "application", KEY_TEXT, AT_STARTUP(application), NULL},
    {SCRIPT_STARTUP, "extra", KEY_TEXT, AT_STARTUP(extra_info), NULL},
    {SCRIPT_STARTUP, "extraUnreadable", KEY_SWITCH, AT_STARTUP(extra_unreadable), NULL},
    {SCRIPT_STARTUP, "noContext", KEY_SWITCH, AT_STARTUP(no_context), NULL},
    {SCRIPT_STARTUP, "flags", KEY_NUMBER, AT_STARTUP(flags), NULL},
    {SCRIPT_STARTUP, "expect", KEY_EXPECTED, AT(expected_code), NULL},
    {SCRIPT_SHUTDOWN, "reason", KEY_NUMBER, AT(reason), NULL},
    {SCRIPT_SHUTDOWN, "flags", KEY_NUMBER, AT(flags), NULL},
    {SCRIPT_SHUTDOWN, "context", KEY_CHOICE, AT(context), context_choices},
    {SCRIPT_SHUTDOWN, "expect", KEY_EXPECTED, AT(expected_code), NULL},
    {SCRIPT_ASK, "sender", KEY_TEXT, AT_QUESTION(sender_name), NULL},
    {SCRIPT_ASK, "mechanism", KEY_TEXT, AT_QUESTION(authentication_mechanism), NULL},
    {SCRIPT_ASK, "certificate", KEY_CHOICE, AT_QUESTION(has_certificate), certificate_choices},
    {SCRIPT_ASK, "certificateSubject", KEY_TEXT, AT_QUESTION(certificate_subject), NULL},
    {SCRIPT_ASK, "certificateIssuerName", KEY_TEXT, AT_QUESTION(certificate_issuer_name), NULL},
    {SCRIPT_ASK, "certificateIssuerThumbprint", KEY_TEXT, AT_QUESTION(certificate_issuer_thumbprint), NULL},
    {SCRIPT_ASK, "certificateSubjectName", KEY_TEXT, AT_QUESTION(certificate_subject_name), NULL},
    {SCRIPT_ASK, "url", KEY_TEXT, AT_QUESTION(http_url), NULL},
    {SCRIPT_ASK, "userSid", KEY_SIDS, AT_QUESTION(user_sid), NULL},
    {SCRIPT_ASK, "groups", KEY_SIDS, AT_QUESTION(group_sids), NULL},
    {SCRIPT_ASK, "denyOnly", KEY_SIDS, AT_QUESTION(deny_only_sids), NULL},
    {SCRIPT_ASK, "token", KEY_SWITCH, AT_QUESTION(has_token), NULL},
    {SCRIPT_ASK, "flags", KEY_NUMBER, AT_QUESTION(flags), NULL},
    {SCRIPT_ASK, "operation", KEY_NUMBER, AT_QUESTION(operation), NULL},
    {SCRIPT_ASK, "action", KEY_TEXT, AT_QUESTION(action), NULL},
    {SCRIPT_ASK, "resource", KEY_TEXT, AT_QUESTION(resource_uri), NULL},
    {SCRIPT_ASK, "release", KEY_CHOICE, AT_QUESTION(release), release_choices},
    {SCRIPT_ASK, "noSender", KEY_SWITCH, AT_QUESTION(no_sender), NULL},
    {SCRIPT_ASK, "again", KEY_SWITCH, AT(again), NULL},
    {SCRIPT_ASK, "refuse", KEY_SWITCH, AT(refuse), NULL},
    {SCRIPT_ASK, "sleep", KEY_SWITCH, AT(sleep), NULL},
    {SCRIPT_ASK, "confined", KEY_SWITCH, AT(confined), NULL},
    {SCRIPT_ASK, "threads", KEY_EXPECTED, AT(threads), NULL},
    {SCRIPT_ASK, "as", KEY_TEXT, AT(context_name), NULL},
    {SCRIPT_ASK, "context", KEY_CHOICE, AT(context), context_choices},
    {SCRIPT_ASK, "expect", KEY_EXPECTED, AT(expected_code), NULL},
    {SCRIPT_ASK, "expect-outcome", KEY_EXPECTED_CHOICE, AT(expected_outcome), outcome_choices},
    {SCRIPT_ASK, "within", KEY_EXPECTED, AT(within_milliseconds), NULL},
    {SCRIPT_PROBE, "allocation", KEY_NUMBER, AT(failing_allocation), NULL},
    {SCRIPT_PROBE, "secondsBack", KEY_NUMBER, AT(seconds_back), NULL},
};
#define KEY_COUNT (sizeof keys / sizeof keys[0])

static int fail(script_error *error, const char *format, const char *detail) {
  snprintf(error->text, sizeof error->text, format, detail);
  return -1;
}

/* A copy in ASCII, or NULL if the text has other characters or is too long to be meant. */
static char *ascii_copy(PCWSTR text) {
  uint32_t length = utf16_length(text);
  char *copy = length >= ASCII_BYTES_MAX ? NULL : malloc(length + 1u);
  for (uint32_t index = 0; copy != NULL && index <= length; index++) {
    if (text[index] > 0x7E) {
      free(copy);
      return NULL;
    }
    copy[index] = (char)text[index];
  }
  return copy;
}

/* Returns the index of `text` among the choices, or -1. */
static int find_choice(const char *const *choices, PCWSTR text) {
  char *copy = ascii_copy(text);
  int found = -1;
  for (int index = 0; copy != NULL && choices[index] != NULL && found < 0; index++) {
    if (strcmp(choices[index], copy) == 0) {
      found = index;
    }
  }
  free(copy);
  return found;
}

static int find_number(PCWSTR text, uint64_t most, uint32_t *number) {
  char *copy = ascii_copy(text);
  uint64_t value = 0;
  int result = copy == NULL ? -1 : number_parse(copy, 0, most, &value);
  *number = (uint32_t)value;
  free(copy);
  return result;
}

static int take_sids(script_command *command, PCWSTR text, const char **target) {
  for (size_t index = 0; index < sizeof command->ascii / sizeof command->ascii[0]; index++) {
    if (command->ascii[index] == NULL) {
      command->ascii[index] = ascii_copy(text);
      *target = command->ascii[index];
      return *target == NULL ? -1 : 0;
    }
  }
  return -1;
}

static int take_value(script_command *command, const key *found, PCWSTR text) {
  void *target = (char *)command + found->offset;
  script_optional *optional = target;
  int choice;
  switch (found->kind) {
  case KEY_TEXT:
    *(PCWSTR *)target = text;
    return 0;
  case KEY_SIDS:
    return take_sids(command, text, target);
  case KEY_NUMBER:
    return find_number(text, UINT32_MAX, target);
  case KEY_SWITCH:
    return find_number(text, 1, target);
  case KEY_CHOICE:
    choice = find_choice(found->choices, text);
    *(uint32_t *)target = (uint32_t)choice;
    return choice < 0 ? -1 : 0;
  case KEY_EXPECTED:
    optional->given = 1;
    return find_number(text, UINT32_MAX, &optional->value);
  default:
    choice = find_choice(found->choices, text);
    optional->given = 1;
    optional->value = (uint32_t)choice;
    return choice < 0 ? -1 : 0;
  }
}

static int take_key(script_command *command, const script_word *word, int *seen, script_error *error) {
  for (size_t index = 0; index < KEY_COUNT; index++) {
    if (keys[index].verb != command->verb || strcmp(keys[index].name, word->key) != 0) {
      continue;
    }
    if (seen[index]) {
      return fail(error, "%s is given twice", word->key);
    }
    seen[index] = 1;
    if (take_value(command, &keys[index], word->value) != 0) {
      return fail(error, "the value of %s is not one that it can have", word->key);
    }
    return 0;
  }
  return fail(error, "there is no key %s here", word->key);
}

/* The words without a key, after the verb, in order. Returns 0 or -1. */
static int take_positions(script_command *command, const PCWSTR *words, uint32_t count, script_error *error) {
  int choice;
  switch (command->verb) {
  case SCRIPT_STARTUP:
  case SCRIPT_SHUTDOWN:
    command->name = count == 1 ? words[0] : NULL;
    return count == 1 ? 0 : fail(error, "%s is followed by one instance name",
                                 verb_choices[command->verb - SCRIPT_STARTUP]);
  case SCRIPT_ASK:
    choice = count == 2 ? find_choice(kind_choices, words[1]) : -1;
    command->name = count == 2 ? words[0] : NULL;
    command->question.kind = WSMD_KIND_USER + (uint32_t)choice;
    return choice >= 0 ? 0 : fail(error, "ask is followed by an instance name and %s",
                                  "user, operation or quota");
  case SCRIPT_RELEASE:
    choice = count == 0 ? -1 : find_choice(drop_choices, words[0]);
    command->release = (enum script_release)choice;
    command->name = count == 2 ? words[1] : NULL;
    if (choice < 0 || count != (choice == RELEASE_KEPT || choice == RELEASE_CONTEXT ? 2u : 1u)) {
      return fail(error, "release is followed by %s",
                  "garbage, null, kept and an instance name, or context and a context's name");
    }
    return 0;
  case SCRIPT_HAND:
    choice = count == 1 ? find_choice(hand_choices, words[0]) : -1;
    command->hand = (uint32_t)choice;
    return choice >= 0 ? 0 : fail(error, "hand is followed by %s", "heap, pages or same");
  case SCRIPT_LOAD:
  case SCRIPT_UNLOAD:
  case SCRIPT_WAIT:
  case SCRIPT_MEASURE:
  case SCRIPT_PROBE:
    return count == 0 ? 0 : fail(error, "%s stands alone, or with keys",
                                 verb_choices[command->verb - SCRIPT_STARTUP]);
  case SCRIPT_SLEEP:
    return count == 1 && find_number(words[0], UINT32_MAX, &command->milliseconds) == 0
               ? 0
               : fail(error, "%s is followed by milliseconds", "sleep");
  default:
    command->text = count == 1 ? words[0] : NULL;
    return count == 1 ? 0 : fail(error, "%s is followed by one text; quote it if it has spaces", "mark");
  }
}

static int check_question(const script_command *command, script_error *error) {
  const wsmd_question *question = &command->question;
  int has_field = question->certificate_subject != NULL || question->certificate_issuer_name != NULL ||
                  question->certificate_issuer_thumbprint != NULL ||
                  question->certificate_subject_name != NULL;
  if (has_field && question->has_certificate != 1) {
    return fail(error, "certificate fields need %s", "certificate=full");
  }
  if (command->confined != 0 && !command->threads.given) {
    return fail(error, "what confines a thread cannot be undone, so %s", "confined needs threads");
  }
  if (command->threads.given && (command->threads.value == 0 || command->threads.value > THREADS_MAX)) {
    return fail(error, "threads are at least one and at most %s", "512");
  }
  return 0;
}

int script_command_read(const script_line *line, script_command *command, script_error *error) {
  PCWSTR positions[SCRIPT_WORDS_MAX];
  uint32_t position_count = 0;
  int seen[KEY_COUNT] = {0};
  memset(command, 0, sizeof *command);
  if (line->count == 0) {
    return 0;
  }
  int verb = line->words[0].key == NULL ? find_choice(verb_choices, line->words[0].value) : -1;
  if (verb < 0) {
    return fail(error, "a line begins with a verb such as %s; see the README beside this program", "ask");
  }
  command->verb = (enum script_verb)(verb + SCRIPT_STARTUP);
  command->reason = WSMAN_PLUGIN_SHUTDOWN_IISHOST;
  command->question.has_token = 1;
  for (uint32_t index = 1; index < line->count; index++) {
    if (line->words[index].key == NULL) {
      positions[position_count++] = line->words[index].value;
    } else if (take_key(command, &line->words[index], seen, error) != 0) {
      return -1;
    }
  }
  command->question.inside = (command->again ? WSMD_INSIDE_ASK_AGAIN : 0) |
                             (command->refuse ? WSMD_INSIDE_RETURN_87 : 0) |
                             (command->sleep ? WSMD_INSIDE_SLEEP : 0);
  return take_positions(command, positions, position_count, error) != 0 ? -1 : check_question(command, error);
}

void script_command_free(script_command *command) {
  for (size_t index = 0; index < sizeof command->ascii / sizeof command->ascii[0]; index++) {
    free(command->ascii[index]);
    command->ascii[index] = NULL;
  }
}
