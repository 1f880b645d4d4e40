/* The command `script`: plays a script of questions line by line, as it comes, so that a harness can
 * write lines into a pipe, read the answers, and disturb the policy host in between. Every answer is one
 * line of JSON. Expectations that do not hold are reported and the script goes on; a line that is not one
 * ends it. */
#include "driver/driver.h"
#include "driver/process.h"
#include "driver/script.h"
#include "driver/utf16.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More instances than one application pool hosts; a script has a handful. */
#define NAMES_MAX 64u

/* Lines are short, but a text of 4 Mi characters may be written out, six bytes for each. */
#define LINE_BYTES_FIRST 256u
#define LINE_BYTES_MAX (32u * 1024u * 1024u)

/* A plug-in context and a user context that nobody ever gave out: mapped nowhere, aligned, not small. */
#define GARBAGE_POINTER ((PVOID)(uintptr_t)0x00007FDEADBEEF10)

typedef struct named_instance {
  WCHAR *name;
  uint32_t instance;
  int open;
} named_instance;

typedef struct player {
  named_instance names[NAMES_MAX];
  uint32_t name_count;
  uint32_t line;
  int failed;
} player;

static named_instance *find_name(player *play, PCWSTR name) {
  for (uint32_t index = 0; index < play->name_count; index++) {
    if (utf16_equal(play->names[index].name, name)) {
      return &play->names[index];
    }
  }
  return NULL;
}

static named_instance *find_or_add_name(player *play, PCWSTR name) {
  named_instance *found = find_name(play, name);
  if (found != NULL || play->name_count == NAMES_MAX) {
    return found;
  }
  size_t size = (utf16_length(name) + 1u) * sizeof(WCHAR);
  WCHAR *copy = malloc(size);
  if (copy == NULL) {
    return NULL;
  }
  memcpy(copy, name, size);
  found = &play->names[play->name_count++];
  found->name = copy;
  return found;
}

static void complain(player *play, const char *words) {
  fprintf(stderr, "line %" PRIu32 ": %s\n", play->line, words);
  play->failed = 1;
}

static void expect_code(player *play, const script_command *command, uint32_t fallback, int has_fallback,
                        uint32_t code) {
  uint32_t expected = command->expected_code.given ? command->expected_code.value : fallback;
  if ((command->expected_code.given || has_fallback) && code != expected) {
    fprintf(stderr, "line %" PRIu32 ": code %" PRIu32 " came back where %" PRIu32 " was expected\n",
            play->line, code, expected);
    play->failed = 1;
  }
}

static void play_startup(player *play, const script_command *command) {
  named_instance *named = find_or_add_name(play, command->name);
  uint32_t instance;
  if (named == NULL || named->open) {
    complain(play, named == NULL ? "there are too many instance names" : "this instance is already started");
    return;
  }
  uint32_t code = wsmd_startup(command->application, command->flags, &instance);
  if (instance != 0) {
    named->instance = instance;
    named->open = 1;
  }
  expect_code(play, command, NO_ERROR, 1, code);
}

/* Finds the plug-in context that a line asks for. Returns 0 or -1 after a complaint. */
static int choose_context(player *play, const script_command *command, PVOID *plugin_context,
                          named_instance **named) {
  *named = find_name(play, command->name);
  *plugin_context = command->context == CONTEXT_GARBAGE ? GARBAGE_POINTER : NULL;
  if (command->context == CONTEXT_NULL || command->context == CONTEXT_GARBAGE) {
    return 0;
  }
  if (*named == NULL || (command->context == CONTEXT_INSTANCE && !(*named)->open)) {
    complain(play, "this instance is not started");
    return -1;
  }
  if (command->context == CONTEXT_STALE && (*named)->open) {
    complain(play, "this instance is not shut down, so its context is not stale");
    return -1;
  }
  *plugin_context = wsmd_plugin_context((*named)->instance);
  return 0;
}

static void play_shutdown(player *play, const script_command *command) {
  named_instance *named;
  PVOID plugin_context;
  if (choose_context(play, command, &plugin_context, &named) != 0) {
    return;
  }
  if (command->context != CONTEXT_INSTANCE || command->flags != 0) {
    uint32_t code = wsmd_shutdown_raw(plugin_context, command->flags, command->reason);
    if (command->context == CONTEXT_INSTANCE && code == NO_ERROR) {
      named->open = 0;
    }
    expect_code(play, command, NO_ERROR, 0, code);
    return;
  }
  uint32_t code = wsmd_shutdown(named->instance, command->reason);
  named->open = 0;
  expect_code(play, command, NO_ERROR, 1, code);
}

static void check_answer(player *play, const script_command *command, const wsmd_answer *answer) {
  enum outcome outcome = outcome_of(answer);
  if (answer->completions != 0) {
    expect_code(play, command, NO_ERROR, 0, answer->error_code);
  } else if (command->expected_code.given) {
    complain(play, "no completion came, where a code was expected");
  }
  if (command->expected_outcome.given && command->expected_outcome.value != (uint32_t)outcome) {
    fprintf(stderr, "line %" PRIu32 ": the outcome is %s where %s was expected\n", play->line,
            outcome_names[outcome], outcome_names[command->expected_outcome.value]);
    play->failed = 1;
  }
  uint64_t within_nanoseconds = (uint64_t)command->within_milliseconds.value * 1000000u;
  if (command->within_milliseconds.given && answer->nanoseconds > within_nanoseconds) {
    fprintf(stderr, "line %" PRIu32 ": the answer took %" PRIu64 " ms where %" PRIu32 " were allowed\n",
            play->line, answer->nanoseconds / 1000000u, command->within_milliseconds.value);
    play->failed = 1;
  }
}

static void play_ask(player *play, const script_command *command) {
  named_instance *named;
  PVOID plugin_context;
  wsmd_answer answer;
  if (choose_context(play, command, &plugin_context, &named) != 0) {
    return;
  }
  int result = command->context == CONTEXT_INSTANCE
                   ? wsmd_ask(named->instance, &command->question, &answer)
                   : wsmd_ask_raw(plugin_context, &command->question, &answer);
  if (result != 0) {
    complain(play, "the question cannot be put; look at its SIDs");
    return;
  }
  report_answer(play->line, command->name, command->question.kind, &answer);
  check_answer(play, command, &answer);
}

static void play_release(player *play, const script_command *command) {
  const named_instance *named;
  switch (command->release) {
  case RELEASE_GARBAGE:
    wsmd_release(GARBAGE_POINTER);
    break;
  case RELEASE_NULL:
    wsmd_release(NULL);
    break;
  case RELEASE_KEPT:
    named = find_name(play, command->name);
    if (named == NULL) {
      complain(play, "this instance was never started");
    } else {
      wsmd_release_kept(named->instance);
    }
    break;
  }
}

static void play_command(player *play, const script_command *command) {
  switch (command->verb) {
  case SCRIPT_NOTHING:
    break;
  case SCRIPT_STARTUP:
    play_startup(play, command);
    break;
  case SCRIPT_SHUTDOWN:
    play_shutdown(play, command);
    break;
  case SCRIPT_ASK:
    play_ask(play, command);
    break;
  case SCRIPT_RELEASE:
    play_release(play, command);
    break;
  case SCRIPT_SLEEP:
    process_sleep_milliseconds(command->milliseconds);
    break;
  case SCRIPT_MARK:
    printf("{\"line\":%" PRIu32 ",\"mark\":", play->line);
    report_text(command->text);
    printf("}\n");
    break;
  }
  fflush(stdout);
}

/* Returns 0, or -1 after a sentence if the line is not one. */
static int play_line(player *play, const char *text) {
  script_line line;
  script_command command = {0};
  script_error error;
  int result = script_parse(text, &line, &error);
  if (result == 0) {
    result = script_command_read(&line, &command, &error);
  }
  if (result == 0) {
    play_command(play, &command);
  } else {
    fprintf(stderr, "line %" PRIu32 ": %s\n", play->line, error.text);
  }
  script_command_free(&command);
  script_line_free(&line);
  return result;
}

/* Reads up to the end of the line, without it, into `*text`, which grows. Returns the length, or -1 if there is no
 * further line or no memory for it. A line is handed on as soon as it has come whole. */
static long read_line(FILE *file, char **text, size_t *room) {
  size_t length = 0;
  int byte = getc(file);
  while (byte != EOF && byte != '\n') {
    if (length + 1 >= *room) {
      size_t more = *room == 0 ? LINE_BYTES_FIRST : *room * 2;
      char *grown = more > LINE_BYTES_MAX ? NULL : realloc(*text, more);
      if (grown == NULL) {
        return -1;
      }
      *text = grown;
      *room = more;
    }
    (*text)[length++] = (char)byte;
    byte = getc(file);
  }
  if (length == 0 && byte == EOF) {
    return -1;
  }
  if (length > 0) {
    (*text)[length] = '\0';
  }
  return (long)length;
}

static int play_file(player *play, FILE *file) {
  char *text = NULL;
  size_t room = 0;
  int result = 0;
  long length;
  while (result == 0 && (length = read_line(file, &text, &room)) >= 0) {
    play->line++;
    if (length == 0) {
      continue;
    }
    if (strlen(text) != (size_t)length) {
      fprintf(stderr, "line %" PRIu32 ": a script is text, without zero bytes\n", play->line);
      result = -1;
    } else {
      result = play_line(play, text);
    }
  }
  free(text);
  if (result == 0 && !feof(file)) {
    fprintf(stderr, "line %" PRIu32 ": the line is too long or cannot be read\n", play->line + 1);
    result = -1;
  }
  return result;
}

/* Shuts down what the script left open, so that Shutdown's own duties are checked too. */
static void finish(player *play) {
  wsmd_violations violations;
  for (uint32_t index = 0; index < play->name_count; index++) {
    if (play->names[index].open && wsmd_shutdown(play->names[index].instance, 3) != NO_ERROR) {
      complain(play, "Shutdown failed at the end of the script");
    }
    free(play->names[index].name);
  }
  if (wsmd_unload() != 0) {
    complain(play, "the plug-in could not be unloaded at the end of the script");
  }
  wsmd_violations_read(&violations);
  printf("{\"violations\":");
  report_violations(&violations);
  printf("}\n");
  if (violations_total(&violations) != 0) {
    fprintf(stderr, "after line %" PRIu32 ": the plug-in broke its contract %" PRIu64 " times\n", play->line,
            violations_total(&violations));
    play->failed = 1;
  }
}

int driver_script(int argc, char **argv) {
  static player play;
  char error[1024];
  if (argc != 2) {
    fprintf(stderr, "give the plug-in and a script, or - for standard input; see --help\n");
    return EXIT_CODE_USAGE;
  }
  FILE *file = strcmp(argv[1], "-") == 0 ? stdin : fopen(argv[1], "r");
  if (file == NULL) {
    fprintf(stderr, "cannot read %s; name a script that exists\n", argv[1]);
    return EXIT_CODE_USAGE;
  }
  int result = EXIT_CODE_FAILED;
  if (wsmd_load(argv[0], error, sizeof error) != 0) {
    fprintf(stderr, "%s\n", error);
  } else {
    int is_script = play_file(&play, file) == 0;
    finish(&play);
    result = !is_script ? EXIT_CODE_USAGE : play.failed ? EXIT_CODE_FAILED : EXIT_CODE_PASSED;
  }
  if (file != stdin) {
    fclose(file);
  }
  return result;
}
