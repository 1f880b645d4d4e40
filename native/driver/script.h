/* One line of a question script, read (script_parse.c, script_command.c) and then played (script.c). The
 * format is described in the README beside this file. */
#ifndef PORTCULLIS_DRIVER_SCRIPT_H
#define PORTCULLIS_DRIVER_SCRIPT_H

#include "double/double.h"
#include "driver/report.h"

/* Every word of one line: a key and its value, or a value alone (then `key` is NULL). */
typedef struct script_word {
  char *key;
  WCHAR *value;
} script_word;

/* More than there are keys. */
#define SCRIPT_WORDS_MAX 48u

typedef struct script_line {
  script_word words[SCRIPT_WORDS_MAX];
  uint32_t count;
} script_line;

/* What is wrong with a line, in words; the caller adds which line. */
#define SCRIPT_ERROR_BYTES_MAX 256u
typedef struct script_error {
  char text[SCRIPT_ERROR_BYTES_MAX];
} script_error;

/* Splits a line into words. Returns 0, or -1 with the reason. Free the words in both cases. */
int script_parse(const char *text, script_line *line, script_error *error);
void script_line_free(script_line *line);

enum script_verb {
  SCRIPT_NOTHING, /* an empty line or a comment */
  SCRIPT_STARTUP,
  SCRIPT_SHUTDOWN,
  SCRIPT_ASK,
  SCRIPT_RELEASE,
  SCRIPT_SLEEP,
  SCRIPT_MARK,
  SCRIPT_LOAD,
  SCRIPT_UNLOAD,
  SCRIPT_WAIT,
  SCRIPT_MEASURE,
  SCRIPT_HAND,
  SCRIPT_PROBE
};

/* Which plug-in context an entry point is given. */
enum script_context { CONTEXT_INSTANCE, CONTEXT_NULL, CONTEXT_STALE, CONTEXT_GARBAGE };

enum script_release { RELEASE_GARBAGE, RELEASE_NULL, RELEASE_KEPT, RELEASE_CONTEXT };

/* A number that a line may leave out. */
typedef struct script_optional {
  uint32_t given;
  uint32_t value;
} script_optional;

/* What a line asks for. Its strings belong to the script_line. */
typedef struct script_command {
  enum script_verb verb;
  PCWSTR name; /* the instance's or context's label, or NULL */
  PCWSTR text; /* of a mark */
  wsmd_startup_arguments startup;
  uint32_t flags; /* of shutdown */
  uint32_t reason;
  uint32_t milliseconds;
  uint32_t hand; /* WSMD_HAND_* */
  uint32_t failing_allocation;
  uint32_t seconds_back;
  enum script_release release;
  uint32_t context; /* enum script_context */
  wsmd_question question;
  char *ascii[3]; /* the question's SID texts, freed with the command */
  uint32_t again;
  uint32_t refuse;
  uint32_t sleep;
  uint32_t confined;
  PCWSTR context_name; /* what the context of the answer is called, or NULL */
  script_optional threads;
  script_optional expected_code;
  script_optional expected_outcome; /* enum outcome */
  script_optional within_milliseconds;
} script_command;

/* Returns 0, or -1 with the reason. Free the command in both cases. */
int script_command_read(const script_line *line, script_command *command, script_error *error);
void script_command_free(script_command *command);

#endif
