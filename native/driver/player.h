/* What a script is in the middle of: the plug-in, the instances and contexts that it has named, the questions that are
 * still under way on threads of their own. */
#ifndef PORTCULLIS_DRIVER_PLAYER_H
#define PORTCULLIS_DRIVER_PLAYER_H

#include "driver/script.h"

/* More instances than one application pool hosts; a script has a handful. */
#define NAMES_MAX 64u

/* Contexts that a script releases one by one. */
#define CONTEXT_NAMES_MAX 128u

/* Lines whose questions are under way at once. */
#define BATCHES_MAX 16u

/* A plug-in context and a user context that nobody ever gave out: mapped nowhere, aligned, not small. */
#define GARBAGE_POINTER ((PVOID)(uintptr_t)0x00007FDEADBEEF10)

typedef struct named_instance {
  WCHAR *name;
  uint32_t instance;
  PVOID plugin_context; /* also after Shutdown */
  int open;
} named_instance;

typedef struct named_context {
  WCHAR *name;
  PVOID context;
} named_context;

typedef struct script_batch script_batch;

typedef struct player {
  const char *plugin; /* path */
  int loaded;
  named_instance names[NAMES_MAX];
  uint32_t name_count;
  named_context contexts[CONTEXT_NAMES_MAX];
  uint32_t context_count;
  script_batch *batches[BATCHES_MAX];
  uint32_t batch_count;
  uint32_t line;
  int failed;
} player;

void complain(player *play, const char *words);

/* ---- script_names.c: an entry with the name, or NULL; the second adds one if there is room. ---- */

named_instance *find_instance(player *play, PCWSTR name);
named_instance *find_or_add_instance(player *play, PCWSTR name);
named_context *find_context(player *play, PCWSTR name);
named_context *find_or_add_context(player *play, PCWSTR name);
void names_free(player *play);

/* ---- script.c ---- */

/* Prints the answer, holds it against what the line expects, and remembers its context if the line names it. */
void play_answer(player *play, uint32_t line, const script_command *command, const wsmd_answer *answer);

/* Finds the plug-in context that a line asks for. Returns 0, or -1 after a complaint. */
int choose_context(player *play, const script_command *command, PVOID *plugin_context, named_instance **named);

/* ---- script_batch.c ---- */

/* Puts the line's question on as many threads as it wants, and returns when all of them have begun. Takes line and
 * command, which are left empty. */
void batch_begin(player *play, script_line *line, script_command *command);

/* Waits for the answers of every line, in the order of the lines. */
void batches_wait(player *play);

#endif
