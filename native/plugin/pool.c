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
  /* Three quarters to five quarters of it, so that many worker processes do not come back in step. */
  uint32_t chance;
  port_random(&chance, sizeof chance);
  uint64_t wait_ms = evaluator->backoff_ms * 3 / 4 + chance % (evaluator->backoff_ms / 2);
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

static bool wait_in_line(pool *pool, uint64_t deadline_ns, connection **taken, denial *why) {
  if (pool->line_length == LINE_MAX) {
    *why = DENIAL_BUSY;
    return false;
  }
  waiter self = {.connection = NULL};
  port_condition_open(&self.woken);
  line_join(pool, &self);
  connector__wake();
  *why = DENIALS;
  while (self.connection == NULL && *why == DENIALS) {
    if (pool->closing) *why = DENIAL_SHUTTING_DOWN;
    else if (!has_hope(pool)) *why = pool->unconfigured ? DENIAL_NOT_CONFIGURED : DENIAL_UNREACHABLE;
    else if (port_now_ns() >= deadline_ns) *why = has_evaluator_up(pool) ? DENIAL_BUSY : DENIAL_UNREACHABLE;
    else port_condition_wait(&self.woken, &process_lock, deadline_ns);
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
  bool reuse = current && connection->evaluator < pool->evaluator_count && !pool->closing;
  if (current) evaluator->in_flight--;
  if (reuse) offer(pool, connection);
  else evaluator->open--;
  port_mutex_unlock(&process_lock);
  if (!reuse) connection_close(connection);
}

void pool_drop(pool *pool, connection *connection, pool_fault fault) {
  port_mutex_lock(&process_lock);
  evaluator *evaluator = evaluator_of(pool, connection);
  list_remove(connection);
  evaluator->open--;
  if (is_current(pool, connection)) {
    /* Its other connections go to the same process and would only cost other questions an attempt. */
    evaluator->epoch++;
    evaluator->in_flight = 0;
    close_idle(evaluator);
    if (fault == POOL_FAULTY) set_down(evaluator);
    else evaluator->state = EVALUATOR_DUE;
    line_wake_all(pool);
  }
  connector__wake();
  port_mutex_unlock(&process_lock);
  connection_close(connection);
}

/* ---- the connector's side --------------------------------------------------------------------- */

void pool__open(pool *pool) { pool->evaluator_count = EVALUATORS_MAX; }

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

void pool__connected(pool *pool, uint32_t index, connection *connection, const welcome *welcome) {
  evaluator *evaluator = &pool->evaluators[index];
  evaluator->connecting = false;
  if (pool->closing) {
    evaluator->open--;
    connection_close(connection);
    return;
  }
  evaluator->state = EVALUATOR_UP;
  evaluator->backoff_ms = 0;
  evaluator->retry_at_ns = 0;
  connection->epoch = evaluator->epoch;
  pool->unconfigured = false;
  uint32_t count = welcome->evaluator_count < EVALUATORS_MAX ? welcome->evaluator_count : EVALUATORS_MAX;
  for (uint32_t i = count; i < pool->evaluator_count; i++) close_idle(&pool->evaluators[i]);
  pool->evaluator_count = count;
  if (index < count) {
    offer(pool, connection);
  } else {
    evaluator->open--;
    connection_close(connection);
  }
}

void pool__failed(pool *pool, uint32_t index, bool unconfigured) {
  evaluator *evaluator = &pool->evaluators[index];
  evaluator->connecting = false;
  evaluator->open--;
  pool->unconfigured = unconfigured;
  bool up = evaluator->state == EVALUATOR_UP;
  set_down(evaluator);
  /* It only did not take one more connection: those that it has go on, until one of them fails. */
  if (up) evaluator->state = EVALUATOR_UP;
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
