/* The connections of one instance: which evaluators there are, which connections are idle, who waits.
 *
 *   DUE    to be tried at once; questions may wait for the outcome
 *   UP     has connections, or a question that waits may get one
 *   DOWN   left alone for a while, doubling; nobody waits for it
 *
 *   DUE, DOWN --connected--> UP        UP --broken--> DUE
 *   DUE, DOWN --failed-----> DOWN      UP --broken again within BACKOFF_MS_MIN, late, garbage--> DOWN
 *                                      UP --no connection left and none to get--> DOWN
 *
 * A smaller number of evaluators is to those beyond it as if they had broken.
 *
 * Whoever asks takes a connection, uses it without any lock, and gives it back or drops it. The
 * connector (connector.c) opens new ones. Functions named pool__* need the process lock; the others take
 * it. */
#ifndef PORTCULLIS_POOL_H
#define PORTCULLIS_POOL_H

#include "plugin/connection.h"
#include "plugin/denial.h"
#include "plugin/limits.h"

typedef enum evaluator_state { EVALUATOR_DUE, EVALUATOR_UP, EVALUATOR_DOWN } evaluator_state;

typedef struct evaluator {
  evaluator_state state;
  uint32_t epoch;       /* changes when it leaves UP; connections of an older epoch are closed, not reused */
  uint32_t open;        /* connections that exist or are being opened, at most CONNECTIONS_PER_EVALUATOR_MAX */
  uint32_t in_flight;   /* connections of this epoch that are in use */
  bool connecting;
  uint32_t backoff_ms;  /* 0 after an answer */
  uint64_t retry_at_ns; /* not tried before */
  uint64_t due_at_ns;   /* when it was last made DUE */
  bool refused;         /* the last attempt to connect found a host that speaks other versions */
  connection *idle;
} evaluator;

typedef struct waiter {
  port_condition woken;
  connection *connection; /* what it was handed */
  struct waiter *next;
} waiter;

typedef struct pool {
  evaluator evaluators[EVALUATORS_MAX];
  uint32_t evaluator_count; /* as the last welcome said; before any, EVALUATORS_GUESSED */
  waiter *line;             /* first come, first served */
  uint32_t line_length;
  connection *busy;
  denial failure; /* why the last attempt to connect failed; what to tell when nobody is left to wait for */
  bool closing;
} pool;

void pool__open(pool *pool);

/* A connection for one question, or why there is none: BUSY, SHUTTING_DOWN, or why nobody can be reached.
 * Waits in line until the deadline only while there is something to wait for. */
bool pool_take(pool *pool, uint64_t deadline_ns, connection **taken, denial *why);

/* For a connection that has carried its question and is in order. */
void pool_give_back(pool *pool, connection *connection);

typedef enum pool_fault {
  POOL_BROKEN,   /* the other side is gone */
  POOL_FAULTY,   /* late, or answers garbage */
  POOL_CUT_SHORT /* this question had no time left; the evaluator is not to blame */
} pool_fault;

/* For a connection that is of no further use. */
void pool_drop(pool *pool, connection *connection, pool_fault fault);

/* Whether something is to be connected now. Sets `*wake_ns` no later than when to look again. */
bool pool__next_job(pool *pool, uint64_t now_ns, uint32_t *evaluator, uint64_t *wake_ns);

/* How a job ended. */
void pool__connected(pool *pool, uint32_t evaluator, connection *connection, const welcome *welcome);
void pool__failed(pool *pool, uint32_t evaluator, denial failure);

/* Sends those who wait away and cancels what is under way. */
void pool__cancel(pool *pool);

/* Closes the idle connections; when nobody uses the pool any more. */
void pool__close(pool *pool);

#endif
