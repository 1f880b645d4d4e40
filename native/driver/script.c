/* The command `script`: plays a script of questions line by line, as it comes, so that a harness can
 * write lines into a pipe, read the answers, and disturb the policy host in between. Every answer, Startup and
 * Shutdown is one line of JSON. Expectations that do not hold are reported and the script goes on; a line that is not one
 * ends it. */
#include "driver/driver.h"
#include "driver/player.h"
#include "driver/process.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Lines are short, but a text of 4 Mi characters may be written out, six bytes for each. */
#define LINE_BYTES_FIRST 256u
#define LINE_BYTES_MAX (32u * 1024u * 1024u)

void complain(player *play, const char *words) {
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
  named_instance *named = find_or_add_instance(play, command->name);
  wsmd_started started;
  if (named == NULL || named->open) {
    complain(play, named == NULL ? "there are too many instance names" : "this instance is already started");
    return;
  }
  uint32_t code = wsmd_startup_with(&command->startup, &started);
  if (started.instance != 0) {
    named->instance = started.instance;
    named->plugin_context = started.context;
    named->open = 1;
  }
  report_startup(play->line, command->name, code, &started);
  expect_code(play, command, NO_ERROR, 1, code);
}

int choose_context(player *play, const script_command *command, PVOID *plugin_context, named_instance **named) {
  *named = find_instance(play, command->name);
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
  *plugin_context = (*named)->plugin_context;
  return 0;
}

static void play_shutdown(player *play, const script_command *command) {
  named_instance *named;
  PVOID plugin_context;
  if (choose_context(play, command, &plugin_context, &named) != 0) {
    return;
  }
  uint64_t began = process_nanoseconds();
  int is_raw = command->context != CONTEXT_INSTANCE || command->flags != 0;
  uint32_t code = is_raw ? wsmd_shutdown_raw(plugin_context, command->flags, command->reason)
                         : wsmd_shutdown(named->instance, command->reason);
  if (command->context == CONTEXT_INSTANCE && (!is_raw || code == NO_ERROR)) {
    named->open = 0;
  }
  report_shutdown(play->line, command->name, code, process_nanoseconds() - began);
  expect_code(play, command, NO_ERROR, !is_raw, code);
}

void play_answer(player *play, uint32_t line, const script_command *command, const wsmd_answer *answer) {
  enum outcome outcome = outcome_of(answer);
  report_answer(line, command->name, command->question.kind, answer);
  if (command->context_name != NULL) {
    named_context *named = find_or_add_context(play, command->context_name);
    if (named == NULL) {
      complain(play, "there are too many context names");
    } else {
      named->context = answer->context;
    }
  }
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
  play_answer(play, play->line, command, &answer);
}

static void play_release(player *play, const script_command *command) {
  const named_instance *instance;
  const named_context *context;
  switch (command->release) {
  case RELEASE_GARBAGE:
    wsmd_release(GARBAGE_POINTER);
    break;
  case RELEASE_NULL:
    wsmd_release(NULL);
    break;
  case RELEASE_KEPT:
    instance = find_instance(play, command->name);
    if (instance == NULL) {
      complain(play, "this instance was never started");
    } else {
      wsmd_release_kept(instance->instance);
    }
    break;
  case RELEASE_CONTEXT:
    context = find_context(play, command->name);
    if (context == NULL) {
      complain(play, "no answer's context has this name");
    } else {
      wsmd_release(context->context);
    }
    break;
  }
}

static void play_load(player *play) {
  char error[1024];
  if (wsmd_load(play->plugin, error, sizeof error) == 0) {
    play->loaded = 1;
  } else {
    complain(play, error);
  }
}

/* They are counted from one loading to the next. */
static void judge_violations(player *play) {
  wsmd_violations violations;
  wsmd_violations_read(&violations);
  if (violations_total(&violations) != 0) {
    fprintf(stderr, "before line %" PRIu32 ": the plug-in broke its contract %" PRIu64 " times\n", play->line,
            violations_total(&violations));
    play->failed = 1;
  }
}

static void play_unload(player *play) {
  if (wsmd_unload() != 0) {
    complain(play, "the plug-in cannot be unloaded; is an instance open, or a question under way?");
    return;
  }
  play->loaded = 0;
  judge_violations(play);
}

static void play_command(player *play, script_line *line, script_command *command) {
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
    if (command->threads.given) {
      batch_begin(play, line, command);
    } else {
      play_ask(play, command);
    }
    break;
  case SCRIPT_RELEASE:
    play_release(play, command);
    break;
  case SCRIPT_SLEEP:
    process_sleep_milliseconds(command->milliseconds);
    break;
  case SCRIPT_MARK:
    report_mark(play->line, command->text);
    break;
  case SCRIPT_LOAD:
    play_load(play);
    break;
  case SCRIPT_UNLOAD:
    play_unload(play);
    break;
  case SCRIPT_WAIT:
    batches_wait(play);
    break;
  case SCRIPT_MEASURE:
    report_process(play->line);
    break;
  case SCRIPT_HAND:
    wsmd_hand(command->hand);
    break;
  case SCRIPT_PROBE:
    wsmd_probe_set(command->failing_allocation, command->seconds_back);
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
    play_command(play, &line, &command);
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
  batches_wait(play);
  for (uint32_t index = 0; index < play->name_count; index++) {
    if (play->names[index].open && wsmd_shutdown(play->names[index].instance, 3) != NO_ERROR) {
      complain(play, "Shutdown failed at the end of the script");
    }
  }
  names_free(play);
  if (play->loaded && wsmd_unload() != 0) {
    complain(play, "the plug-in could not be unloaded at the end of the script");
  }
  wsmd_violations_read(&violations);
  report_end(&violations);
  judge_violations(play);
}

int driver_script(int argc, char **argv) {
  static player play;
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
  play.plugin = argv[0];
  play_load(&play);
  if (play.loaded) {
    int is_script = play_file(&play, file) == 0;
    finish(&play);
    result = !is_script ? EXIT_CODE_USAGE : play.failed ? EXIT_CODE_FAILED : EXIT_CODE_PASSED;
  }
  if (file != stdin) {
    fclose(file);
  }
  return result;
}
