/* Who gets which connection. A connection that becomes free goes to the first in line, never past it. */
#include "plugin/pool.h"

#include "plugin/connector.h"
#include "plugin/process.h"

/* ---- lists ------------------------------------------------------------------------------------ */

static void list_push(connection **list, connection *connection) {
  connection->next = *list;
  connection->link = list;
  if (*list != NULL) (*list)->link = &connection->next;
  *list = connection;
}

static void list_remove(connection *connection) {
  *connection->link = connection->next;
  if (connection->next != NULL) connection->next->link = connection->link;
}

static void line_join(pool *pool, waiter *waiter) {
  struct waiter **end = &pool->line;
  while (*end != NULL) end = &(*end)->next;
  waiter->next = NULL;
  *end = waiter;
  pool->line_length++;
}

static void line_leave(pool *pool, waiter *waiter) {
  for (struct waiter **at = &pool->line; *at != NULL; at = &(*at)->next) {
    if (*at != waiter) continue;
    *at = waiter->next;
    pool->line_length--;
    return;
  }
}

static void line_wake_all(pool *pool) {
  for (waiter *waiter = pool->line; waiter != NULL; waiter = waiter->next) port_condition_signal(&waiter->woken);
}

/* ---- evaluators ------------------------------------------------------------------------------- */

static evaluator *evaluator_of(pool *pool, const connection *connection) {
  return &pool->evaluators[connection->evaluator];
}

static bool is_current(pool *pool, const connection *connection) {
  return evaluator_of(pool, connection)->epoch == connection->epoch;
}

static void close_idle(evaluator *evaluator) {
  while (evaluator->idle != NULL) {
    connection *connection = evaluator->idle;
    list_remove(connection);
    evaluator->open--;
    connection_close(connection);
  }
}

/* Waiting makes sense while one evaluator works or is about to be tried. */
static bool has_hope(const pool *pool) {
  for (uint32_t i = 0; i < pool->evaluator_count; i++) {
    if (pool->evaluators[i].state != EVALUATOR_DOWN) return true;
  }
  return false;
}

static bool has_evaluator_up(const pool *pool) {
  for (uint32_t i = 0; i < pool->evaluator_count; i++) {
    if (pool->evaluators[i].state == EVALUATOR_UP) return true;
  }
  return false;
}

static void set_down(evaluator *evaluator) {
  uint32_t doubled = evaluator->backoff_ms == 0 ? BACKOFF_MS_MIN : evaluator->backoff_ms * 2;
  evaluator->backoff_ms = doubled < BACKOFF_MS_MAX ? doubled : BACKOFF_MS_MAX;
  uint32_t backoff_ms = evaluator->refused ? BACKOFF_MS_VERSION : evaluator->backoff_ms;
  /* Three quarters to five quarters of it, so that many worker processes do not come back in step. */
  uint32_t chance;
  port_random(&chance, sizeof chance);
  uint64_t wait_ms = backoff_ms * 3 / 4 + chance % (backoff_ms / 2);
  evaluator->retry_at_ns = port_now_ns() + wait_ms * NS_PER_MS;
  evaluator->state = EVALUATOR_DOWN;
}

/* ---- taking and giving back ------------------------------------------------------------------- */

static void hand_out(pool *pool, connection *connection) {
  list_push(&pool->busy, connection);
  evaluator_of(pool, connection)->in_flight++;
}

/* A connection that is free and current: to the first in line, or to the idle ones. */
static void offer(pool *pool, connection *connection) {
  waiter *first = pool->line;
  if (first == NULL) {
    list_push(&evaluator_of(pool, connection)->idle, connection);
    return;
  }
  line_leave(pool, first);
  hand_out(pool, connection);
  first->connection = connection;
  port_condition_signal(&first->woken);
}

static connection *take_idle(pool *pool) {
  evaluator *best = NULL;
  for (uint32_t i = 0; i < pool->evaluator_count; i++) {
    evaluator *evaluator = &pool->evaluators[i];
    if (evaluator->idle == NULL) continue;
    if (best == NULL || evaluator->in_flight < best->in_flight) best = evaluator;
  }
  if (best == NULL) return NULL;
  connection *connection = best->idle;
  list_remove(connection);
  hand_out(pool, connection);
  return connection;
}

/* What to tell when there is nobody to wait for: a refusal says more than an evaluator that is not there, be it one of
 * those that were only guessed. */
static denial why_down(const pool *pool) {
  for (uint32_t i = 0; i < pool->evaluator_count; i++) {
    if (pool->evaluators[i].refused) return DENIAL_VERSION;
  }
  return pool->failure;
}

/* Why a question need not wait, or not any longer; DENIALS: it may. */
static denial reason_to_leave(const pool *pool, uint64_t deadline_ns) {
  if (pool->closing) return DENIAL_SHUTTING_DOWN;
  if (!has_hope(pool)) return why_down(pool);
  if (port_now_ns() < deadline_ns) return DENIALS;
  return has_evaluator_up(pool) ? DENIAL_BUSY : DENIAL_UNREACHABLE;
}

static bool wait_in_line(pool *pool, uint64_t deadline_ns, connection **taken, denial *why) {
  *why = reason_to_leave(pool, deadline_ns);
  if (*why == DENIALS && pool->line_length == LINE_MAX) *why = DENIAL_BUSY;
  if (*why != DENIALS) return false;
  waiter self = {.connection = NULL};
  port_condition_open(&self.woken);
  line_join(pool, &self);
  connector__wake();
  while (self.connection == NULL && (*why = reason_to_leave(pool, deadline_ns)) == DENIALS) {
    port_condition_wait(&self.woken, &process_lock, deadline_ns);
  }
  if (self.connection == NULL) line_leave(pool, &self);
  port_condition_close(&self.woken);
  *taken = self.connection;
  return self.connection != NULL;
}

bool pool_take(pool *pool, uint64_t deadline_ns, connection **taken, denial *why) {
  for (;;) {
    port_mutex_lock(&process_lock);
    *taken = pool->closing ? NULL : take_idle(pool);
    bool got = *taken != NULL || wait_in_line(pool, deadline_ns, taken, why);
    port_mutex_unlock(&process_lock);
    if (!got) return false;
    /* The host may have gone while the connection lay idle; that is no fault of this question. */
    if (port_stream_is_quiet((*taken)->stream)) return true;
    pool_drop(pool, *taken, POOL_BROKEN);
  }
}

void pool_give_back(pool *pool, connection *connection) {
  port_mutex_lock(&process_lock);
  evaluator *evaluator = evaluator_of(pool, connection);
  list_remove(connection);
  bool current = is_current(pool, connection);
  if (current) {
    evaluator->in_flight--;
    evaluator->backoff_ms = 0;
  }
  bool reuse = current && !pool->closing;
  if (reuse) offer(pool, connection);
  else evaluator->open--;
  port_mutex_unlock(&process_lock);
  if (!reuse) connection_close(connection);
}

/* Its other connections go to the same process and would only cost other questions an attempt. */
static void leave_up(pool *pool, evaluator *evaluator, pool_fault fault) {
  uint64_t now_ns = port_now_ns();
  evaluator->epoch++;
  evaluator->in_flight = 0;
  evaluator->refused = false;
  close_idle(evaluator);
  /* Not twice at once, or a host that welcomes and closes would keep us connecting. */
  if (fault == POOL_BROKEN && now_ns >= evaluator->due_at_ns + BACKOFF_MS_MIN * NS_PER_MS) {
    evaluator->state = EVALUATOR_DUE;
    evaluator->due_at_ns = now_ns;
  } else {
    set_down(evaluator);
  }
  pool->failure = DENIAL_UNREACHABLE;
  line_wake_all(pool);
}

void pool_drop(pool *pool, connection *connection, pool_fault fault) {
  port_mutex_lock(&process_lock);
  evaluator *evaluator = evaluator_of(pool, connection);
  list_remove(connection);
  evaluator->open--;
  if (is_current(pool, connection)) {
    if (fault == POOL_CUT_SHORT) evaluator->in_flight--;
    else leave_up(pool, evaluator, fault);
  }
  connector__wake();
  port_mutex_unlock(&process_lock);
  connection_close(connection);
}

/* ---- the connector's side --------------------------------------------------------------------- */

void pool__open(pool *pool) {
  pool->evaluator_count = EVALUATORS_GUESSED;
  pool->failure = DENIAL_UNREACHABLE;
}

bool pool__next_job(pool *pool, uint64_t now_ns, uint32_t *job, uint64_t *wake_ns) {
  uint32_t least_open = CONNECTIONS_PER_EVALUATOR_MAX;
  bool found = false;
  if (pool->closing) return false;
  for (uint32_t i = 0; i < pool->evaluator_count; i++) {
    evaluator *evaluator = &pool->evaluators[i];
    if (evaluator->connecting || evaluator->open >= least_open) continue;
    /* One that works gets another connection only when somebody waits for it. */
    if (evaluator->state == EVALUATOR_UP && pool->line == NULL) continue;
    if (evaluator->state != EVALUATOR_DUE && evaluator->retry_at_ns > now_ns) {
      if (evaluator->retry_at_ns < *wake_ns) *wake_ns = evaluator->retry_at_ns;
      continue;
    }
    least_open = evaluator->open;
    *job = i;
    found = true;
  }
  if (found) {
    pool->evaluators[*job].connecting = true;
    pool->evaluators[*job].open++;
  }
  return found;
}

static void set_count(pool *pool, uint32_t count) {
  for (uint32_t i = count; i < pool->evaluator_count; i++) {
    leave_up(pool, &pool->evaluators[i], POOL_BROKEN);
  }
  pool->evaluator_count = count;
}

void pool__connected(pool *pool, uint32_t index, connection *connection, const welcome *welcome) {
  evaluator *evaluator = &pool->evaluators[index];
  evaluator->connecting = false;
  if (!pool->closing) {
    set_count(pool, welcome->evaluator_count < EVALUATORS_MAX ? welcome->evaluator_count : EVALUATORS_MAX);
  }
  if (pool->closing || index >= pool->evaluator_count) {
    evaluator->open--;
    connection_close(connection);
    return;
  }
  evaluator->state = EVALUATOR_UP;
  evaluator->refused = false;
  evaluator->retry_at_ns = 0;
  connection->epoch = evaluator->epoch;
  offer(pool, connection);
}

void pool__failed(pool *pool, uint32_t index, denial failure) {
  evaluator *evaluator = &pool->evaluators[index];
  evaluator->connecting = false;
  evaluator->open--;
  evaluator->refused = failure == DENIAL_VERSION;
  pool->failure = failure;
  /* Perhaps it only did not take one more connection: those that it has go on until one of them fails. */
  bool working = evaluator->state == EVALUATOR_UP && (evaluator->idle != NULL || evaluator->in_flight > 0);
  set_down(evaluator);
  if (working) evaluator->state = EVALUATOR_UP;
  if (!has_hope(pool)) line_wake_all(pool);
}

void pool__cancel(pool *pool) {
  pool->closing = true;
  line_wake_all(pool);
  for (connection *connection = pool->busy; connection != NULL; connection = connection->next) {
    port_stream_cancel(connection->stream);
  }
}

void pool__close(pool *pool) {
  for (uint32_t i = 0; i < EVALUATORS_MAX; i++) close_idle(&pool->evaluators[i]);
}
