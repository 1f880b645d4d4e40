/* Questions on threads of their own, so that a script goes on while they are under way: to ask many at once, and to
 * shut down, kill or suspend in the middle. */
#include "double/double_os.h"
#include "driver/player.h"
#include "driver/process.h"

#include <stdatomic.h>
#include <stdlib.h>

/* Asked but not yet in the double, let alone in the plug-in: a thread that the system holds up. */
#define BEGIN_POLL_MILLISECONDS 1u

typedef struct batch_thread {
  wsmd__thread *native;
  script_batch *batch;
  wsmd_answer answer;
  int result;
} batch_thread;

struct script_batch {
  uint32_t number; /* of the line */
  script_line line;
  script_command command;
  PVOID plugin_context;
  uint32_t instance; /* 0: ask with the plug-in context */
  _Atomic uint32_t begun;
  uint32_t count;
  batch_thread threads[];
};

static void ask_on_thread(void *opaque) {
  batch_thread *thread = opaque;
  script_batch *batch = thread->batch;
  const wsmd_question *question = &batch->command.question;
  thread->result = -1;
  int confined = batch->command.confined == 0 || process_confine_thread() == 0;
  atomic_fetch_add(&batch->begun, 1);
  if (confined) {
    thread->result = batch->instance != 0 ? wsmd_ask(batch->instance, question, &thread->answer)
                                          : wsmd_ask_raw(batch->plugin_context, question, &thread->answer);
  }
}

static script_batch *batch_make(player *play, script_line *line, script_command *command) {
  named_instance *named;
  PVOID plugin_context;
  uint32_t count = command->threads.value;
  if (play->batch_count == BATCHES_MAX || choose_context(play, command, &plugin_context, &named) != 0) {
    return NULL;
  }
  script_batch *batch = calloc(1, sizeof *batch + count * sizeof batch->threads[0]);
  if (batch == NULL) {
    return NULL;
  }
  batch->number = play->line;
  batch->line = *line;
  batch->command = *command;
  batch->plugin_context = plugin_context;
  batch->instance = command->context == CONTEXT_INSTANCE ? named->instance : 0;
  *line = (script_line){0};
  *command = (script_command){0};
  return batch;
}

void batch_begin(player *play, script_line *line, script_command *command) {
  uint32_t wanted = command->threads.value;
  script_batch *batch = batch_make(play, line, command);
  if (batch == NULL) {
    complain(play, "the questions cannot be put; too many lines with threads, or no memory");
    return;
  }
  play->batches[play->batch_count++] = batch;
  while (batch->count < wanted) {
    batch_thread *thread = &batch->threads[batch->count];
    thread->batch = batch;
    thread->native = wsmd__thread_start(ask_on_thread, thread);
    if (thread->native == NULL) {
      complain(play, "the system has no thread left");
      break;
    }
    batch->count++;
  }
  while (atomic_load(&batch->begun) < batch->count) {
    process_sleep_milliseconds(BEGIN_POLL_MILLISECONDS);
  }
}

static void batch_wait(player *play, script_batch *batch) {
  for (uint32_t index = 0; index < batch->count; index++) {
    wsmd__thread_join(batch->threads[index].native);
    if (batch->threads[index].result == 0) {
      play_answer(play, batch->number, &batch->command, &batch->threads[index].answer);
    } else {
      complain(play, "a question on a thread of its own could not be put");
    }
  }
  script_command_free(&batch->command);
  script_line_free(&batch->line);
  free(batch);
}

void batches_wait(player *play) {
  for (uint32_t index = 0; index < play->batch_count; index++) {
    batch_wait(play, play->batches[index]);
  }
  play->batch_count = 0;
}
