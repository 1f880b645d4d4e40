/* One question from WinRM's arguments to a verdict: flattened, asked, at most twice, within its deadline. */
#ifndef PORTCULLIS_QUESTION_H
#define PORTCULLIS_QUESTION_H

#include "plugin/process.h"

/* WinRM's arguments as they came. Everything they point to belongs to WinRM and is gone as soon as a
 * completion has been called. */
typedef struct question {
  uint16_t kind; /* BLOCK_KIND_* */
  WSMAN_SENDER_DETAILS *sender;
  DWORD flags;
  DWORD operation;
  PCWSTR action;
  PCWSTR resource_uri;
} question;

typedef struct verdict {
  bool allowed;
  bool no_answer; /* not allowed, and nobody decided that */
  bool administrator;
  uint32_t code;
  uint32_t quota[4];
  uint8_t id[BLOCK_ID_BYTES];
  uint32_t text_units; /* redirect target, or a reason that may be shown */
  uint8_t text[2 * ANSWER_TEXT_UNITS_MAX];
} verdict;

/* Uses the id in `verdict` and sets the rest of it. Holds no connection, buffer or lock when it returns. */
void question_decide(const question *question, instance *instance, verdict *verdict);

/* A verdict of our own, counted for the instance, or for nobody's if that is NULL. */
void verdict_deny(verdict *verdict, instance *instance, denial why);

#endif
