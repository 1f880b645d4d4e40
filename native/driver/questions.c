/* See questions.h. Senders are few enough that many threads ask about the same one at the same time, and
 * some have names that break careless text handling: beyond ASCII, beyond the first plane, and with
 * surrogates that belong to no pair. */
#include "driver/questions.h"

#include "driver/random.h"

#include <string.h>
#include <uchar.h>

_Static_assert(sizeof(char16_t) == sizeof(WCHAR), "u\"\" literals are made of WCHAR");

#define SENDERS 400u
#define RESOURCES 1000u
#define OPERATIONS 16u
#define RELEASE_MODES (WSMD_RELEASE_LATE + 1u)

/* One question in so many sleeps inside its completion: sleeping at every eighth would make the run
 * measure sleep. */
#define SLEEP_ONE_IN 256u
#define AGAIN_ONE_IN 8u
#define REFUSE_ONE_IN 8u

static const WCHAR negotiate[] = u"Negotiate";
static const WCHAR client_certificate[] = u"ClientCertificate";

static const WCHAR *const urls[] = {NULL, u"https://winrm.example:5986/a",
                                    u"http://winrm.example:5985/b?x=1"};

/* The eighth stands for a custom action and gets a number. */
static const WCHAR *const actions[] = {
    u"http://schemas.xmlsoap.org/ws/2004/09/transfer/Get",
    u"http://schemas.xmlsoap.org/ws/2004/09/transfer/Put",
    u"http://schemas.xmlsoap.org/ws/2004/09/transfer/Create",
    u"http://schemas.xmlsoap.org/ws/2004/09/transfer/Delete",
    u"http://schemas.xmlsoap.org/ws/2004/09/enumeration/Enumerate",
    u"http://schemas.xmlsoap.org/ws/2004/08/eventing/Subscribe",
    u"http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Command",
    u"urn:example:invoke/",
};
#define ACTIONS (sizeof actions / sizeof actions[0])

static const WCHAR *const resources[] = {
    u"http://schemas.microsoft.com/wbem/wsman/1/windows/shell/cmd?",
    u"http://schemas.microsoft.com/powershell/",
    u"http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/",
    u"urn:example:r\u00e9sum\u00e9/\u7ba1\u7406/",
};
#define RESOURCE_STEMS (sizeof resources / sizeof resources[0])

static const char *const group_lists[] = {
    NULL,
    "",
    "S-1-5-32-545",
#ifdef _WIN32
    /* What every process that somebody has logged on for is in: its token is all that one can be made of. */
    "S-1-1-0;S-1-5-11",
#else
    "S-1-1-0;S-1-5-11;S-1-5-32-580;S-1-5-21-1004336348-1177238915-682003330-512",
#endif
};
#define GROUP_LISTS (sizeof group_lists / sizeof group_lists[0])

static const WCHAR *const sender_endings[] = {
    u"-\u00fc\u7ba1\u7406\u8005",
    u"-\U00020bb7\U0001f600",
};

/* Written as units, for no literal may hold an unpaired surrogate. */
static const WCHAR unpaired_endings[][4] = {{'-', 0xD800, 'x', 0}, {'-', 'x', 0xDFFF, 0}};

static void append(WCHAR *text, const WCHAR *more) {
  uint32_t length = 0;
  while (text[length] != 0) {
    length++;
  }
  while (*more != 0 && length < QUESTION_UNITS_MAX - 1) {
    text[length++] = *more++;
  }
  text[length] = 0;
}

static void append_number(WCHAR *text, uint32_t number) {
  WCHAR digits[11] = {0};
  uint32_t at = 10;
  do {
    digits[--at] = (WCHAR)('0' + number % 10);
    number /= 10;
  } while (number != 0);
  append(text, digits + at);
}

static void make_sender(uint64_t *state, random_question *made) {
  uint32_t number = random_below(state, SENDERS);
  append(made->sender_name, u"DOMAIN\\user");
  append_number(made->sender_name, number);
  switch (number % 16) {
  case 0:
  case 1:
    append(made->sender_name, sender_endings[number % 16]);
    break;
  case 2:
  case 3:
    append(made->sender_name, unpaired_endings[number % 16 - 2]);
    break;
  default:
    break;
  }
  made->question.sender_name = made->sender_name;
}

/* Certificates appear in the two ways that matter: with the mechanism that gives them a meaning, and as
 * a pointer that nobody may follow with a mechanism that does not. */
static void make_mechanism(uint64_t *state, wsmd_question *question) {
  question->authentication_mechanism = negotiate;
  switch (random_below(state, 8)) {
  case 0:
    question->authentication_mechanism = client_certificate;
    question->has_certificate = 1;
    question->certificate_subject = u"CN=user, O=\"Example, Ltd\"";
    question->certificate_issuer_name = u"CN=Example CA";
    question->certificate_issuer_thumbprint = u"0123456789abcdef0123456789abcdef01234567";
    question->certificate_subject_name = NULL;
    break;
  case 1:
    question->has_certificate = 2;
    break;
  default:
    break;
  }
}

static void make_common(uint64_t *state, random_question *made) {
  memset(made, 0, sizeof *made);
  make_sender(state, made);
  make_mechanism(state, &made->question);
  made->question.has_token = 1;
  made->question.http_url = urls[random_below(state, sizeof urls / sizeof urls[0])];
  made->question.group_sids = group_lists[random_below(state, GROUP_LISTS)];
  made->question.deny_only_sids = group_lists[random_below(state, GROUP_LISTS)];
  made->question.release = random_below(state, RELEASE_MODES);
}

static void make_operation(uint64_t *state, random_question *made) {
  uint32_t action = random_below(state, ACTIONS);
  made->question.operation = random_below(state, OPERATIONS);
  append(made->action, actions[action]);
  if (action == ACTIONS - 1) {
    append_number(made->action, random_below(state, RESOURCES));
  }
  append(made->resource_uri, resources[random_below(state, RESOURCE_STEMS)]);
  append_number(made->resource_uri, random_below(state, RESOURCES));
  made->question.action = made->action;
  made->question.resource_uri = made->resource_uri;
}

void question_random(uint64_t *state, int inside_mix, random_question *made) {
  make_common(state, made);
  made->question.kind = WSMD_KIND_USER + random_below(state, 3);
  if (made->question.kind == WSMD_KIND_OPERATION) {
    make_operation(state, made);
  }
  if (inside_mix) {
    made->question.inside |= random_below(state, AGAIN_ONE_IN) == 0 ? WSMD_INSIDE_ASK_AGAIN : 0;
    made->question.inside |= random_below(state, REFUSE_ONE_IN) == 0 ? WSMD_INSIDE_RETURN_87 : 0;
    made->question.inside |= random_below(state, SLEEP_ONE_IN) == 0 ? WSMD_INSIDE_SLEEP : 0;
  }
}

void question_random_user(uint64_t *state, random_question *made) {
  make_common(state, made);
  made->question.kind = WSMD_KIND_USER;
}
