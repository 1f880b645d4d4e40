/* The table of questions that the plug-in is answering, keyed by the sender pointer: the only thing by
 * which a completion says what it answers.
 *
 * A record stays in the table until its entry point has returned, also after its completion, so that a
 * second completion is told apart from a stray one; the pointers of questions that are over are
 * remembered for a while for the same reason. The memory behind an answered question is freed at once,
 * so malloc may give the same pointer to another question while the first record is still here: one
 * pointer may name several records, of which at most one is unanswered. The table is a list because it
 * holds no more entries than there are threads asking (times two, for re-entry). */
#include "double/double_internal.h"

/* Enough that a completion repeated by a worker of the plug-in a moment later is recognised under full
 * load; older pointers count as unknown. */
#define REMEMBERED_MAX 4096u

typedef struct remembered {
  const WSMAN_SENDER_DETAILS *key;
  uint64_t asked_nanoseconds;
  uint32_t instance;
  uint32_t answered;
} remembered;

static wsmd__mutex table_lock = WSMD__MUTEX_INITIAL;
static wsmd__condition table_changed = WSMD__CONDITION_INITIAL;
static wsmd__record *records;
static remembered past[REMEMBERED_MAX];
static uint32_t past_next;

void wsmd__record_open(wsmd__record *record) {
  wsmd__lock(&table_lock);
  record->next = records;
  records = record;
  record->asked_thread = wsmd__thread_self();
  record->asked_nanoseconds = wsmd__clock_nanoseconds();
  wsmd__unlock(&table_lock);
}

/* Of several records with one key the likeliest is meant. A question on this thread comes before one on
 * another, then an unanswered one before an answered one: when this thread's question has been answered
 * and another thread was given the same memory, a further completion here is a repetition, not an answer
 * to a question that this thread never saw. */
static wsmd__record *find_record(const WSMAN_SENDER_DETAILS *sender, uint64_t thread) {
  wsmd__record *best = NULL;
  int best_rank = 0;
  for (wsmd__record *record = records; record != NULL; record = record->next) {
    if (record->key != sender) {
      continue;
    }
    int rank = 1 + (record->answer->completions == 0) + 2 * (record->asked_thread == thread);
    if (rank > best_rank) {
      best = record;
      best_rank = rank;
    }
  }
  return best;
}

static const remembered *find_past(const WSMAN_SENDER_DETAILS *sender) {
  for (uint32_t age = 1; age <= REMEMBERED_MAX; age++) {
    const remembered *entry = &past[(past_next - age) % REMEMBERED_MAX];
    if (entry->key == sender) {
      return entry;
    }
  }
  return NULL;
}

wsmd__record *wsmd__record_claim(const WSMAN_SENDER_DETAILS *sender) {
  enum wsmd__violation violation = WSMD__UNKNOWN_SENDER;
  uint32_t instance = 0;
  uint64_t asked_nanoseconds = 0;
  int same_thread = 0;
  int is_first = 0;

  wsmd__lock(&table_lock);
  wsmd__record *record = find_record(sender, wsmd__thread_self());
  const remembered *entry = record == NULL ? find_past(sender) : NULL;
  if (record != NULL) {
    instance = record->instance;
    asked_nanoseconds = record->asked_nanoseconds;
    same_thread = record->asked_thread == wsmd__thread_self();
    is_first = record->answer->completions == 0;
    record->answer->completions++;
    if (is_first) {
      record->completing = 1;
    }
    violation = WSMD__DOUBLE_COMPLETION;
  } else if (entry != NULL) {
    instance = entry->instance;
    asked_nanoseconds = entry->asked_nanoseconds;
    violation = entry->answered ? WSMD__DOUBLE_COMPLETION : WSMD__UNKNOWN_SENDER;
  }
  wsmd__unlock(&table_lock);

  if (wsmd__instance_is_too_late(instance, asked_nanoseconds, same_thread)) {
    wsmd__violation_count(WSMD__AFTER_SHUTDOWN);
  }
  if (is_first) {
    return record;
  }
  wsmd__violation_count(violation);
  return NULL;
}

void wsmd__record_completed(wsmd__record *record) {
  wsmd__lock(&table_lock);
  record->completing = 0;
  wsmd__wake_all(&table_changed);
  wsmd__unlock(&table_lock);
}

void wsmd__record_close(wsmd__record *record) {
  wsmd__lock(&table_lock);
  while (record->completing) {
    wsmd__wait(&table_changed, &table_lock);
  }
  wsmd__record **link = &records;
  while (*link != record) {
    link = &(*link)->next;
  }
  *link = record->next;
  remembered *entry = &past[past_next % REMEMBERED_MAX];
  past_next++;
  entry->key = record->key;
  entry->asked_nanoseconds = record->asked_nanoseconds;
  entry->instance = record->instance;
  entry->answered = record->answer->completions != 0;
  wsmd__unlock(&table_lock);
}
