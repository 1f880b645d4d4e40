/* Puts one question to the plug-in: makes what it is handed, opens its record, calls the entry point and
 * waits for it to return, then closes the record and cleans up whatever no completion has. */
#include "double/double_internal.h"

#include <stdlib.h>
#include <string.h>

static int is_valid(const wsmd_question *question) {
  return question->kind >= WSMD_KIND_USER && question->kind <= WSMD_KIND_QUOTA &&
         question->release <= WSMD_RELEASE_LATE;
}

static void call_entry_point(const wsmd__exports *plugin, PVOID plugin_context, const wsmd_question *question,
                             const wsmd__parcel *parcel) {
  wsmd__caller caller;
  wsmd__caller_disguise(&caller, wsmd__token_to_impersonate(parcel->token));
  switch (question->kind) {
  case WSMD_KIND_USER:
    plugin->user(plugin_context, parcel->sender, question->flags);
    break;
  case WSMD_KIND_OPERATION:
    plugin->operation(plugin_context, parcel->sender, question->flags, question->operation, parcel->action,
                      parcel->resource_uri);
    break;
  default:
    plugin->quota(plugin_context, parcel->sender, question->flags);
    break;
  }
  if (!wsmd__caller_undo(&caller)) {
    wsmd__violation_count(WSMD__CALLER_CHANGED);
  }
}

/* A question without a sender cannot be completed, so it has no record: any completion that it provokes
 * names NULL or a stranger and is counted as that. */
static void ask_without_sender(const wsmd__exports *plugin, PVOID plugin_context,
                               const wsmd_question *question, wsmd__record *record) {
  call_entry_point(plugin, plugin_context, question, &record->parcel);
  wsmd__parcel_destroy(&record->parcel);
}

static void ask_with_sender(const wsmd__exports *plugin, PVOID plugin_context, const wsmd_question *question,
                            wsmd__record *record) {
  /* The completion may destroy the record's parcel while the entry point's arguments are being read
   * from it; the pointers themselves are copied first. */
  wsmd__parcel handed = record->parcel;
  record->key = handed.sender;
  wsmd__record_open(record);
  call_entry_point(plugin, plugin_context, question, &handed);
  wsmd__record_close(record);
  if (record->answer->completions == 0) {
    wsmd__violation_count(WSMD__NO_COMPLETION);
    wsmd__parcel_destroy(&record->parcel);
  }
  if (record->context_after != NULL) {
    plugin->release(record->context_after);
  }
}

int wsmd__ask(uint32_t instance, PVOID plugin_context, const wsmd_question *question, wsmd_answer *answer) {
  int result = -1;
  memset(answer, 0, sizeof *answer);
  wsmd__record *record = calloc(1, sizeof *record);
  wsmd__held *held = wsmd__held_make();
  const wsmd__exports *plugin = wsmd__plugin_enter();
  if (record != NULL && held != NULL && plugin != NULL && is_valid(question) &&
      wsmd__parcel_make(&record->parcel, question) == 0) {
    record->question = question;
    record->answer = answer;
    record->plugin = plugin;
    record->plugin_context = plugin_context;
    record->instance = instance;
    record->held = held;
    if (question->no_sender != 0) {
      ask_without_sender(plugin, plugin_context, question, record);
    } else {
      ask_with_sender(plugin, plugin_context, question, record);
    }
    held = record->held;
    result = 0;
  }
  if (plugin != NULL) {
    wsmd__plugin_leave();
  }
  wsmd__held_free(held);
  free(record);
  return result;
}

PCL_EXPORT int wsmd_ask(uint32_t instance, const wsmd_question *question, wsmd_answer *answer) {
  PVOID plugin_context;
  if (wsmd__instance_context(instance, &plugin_context) != 0) {
    return -1;
  }
  return wsmd__ask(instance, plugin_context, question, answer);
}

PCL_EXPORT int wsmd_ask_raw(PVOID plugin_context, const wsmd_question *question, wsmd_answer *answer) {
  return wsmd__ask(wsmd__instance_find(plugin_context), plugin_context, question, answer);
}
