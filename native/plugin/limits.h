/* Every bound of the plug-in, with its reason, and the relations between them. */
#ifndef PORTCULLIS_LIMITS_H
#define PORTCULLIS_LIMITS_H

#include "block/frame.h"
#include "port/port.h"

/* A WinRM thread is never held longer than this: WinRM's own operations time out after 60 s, and a
 * client that waits for a logon notices a second. */
#define QUESTION_MS_MAX 1000u

/* One evaluator gets this long. Two attempts and the waiting for a connection fit into the question. */
#define ATTEMPT_MS_MAX 400u

/* A question whose evaluator broke or was late is asked once more elsewhere, and not again: a third
 * evaluator would only meet the same question. */
#define ATTEMPTS_MAX 2u

/* The host answers a hello as soon as it has answered the questions before it, each of which is killed
 * after a tenth of a second; who takes longer is not serving. */
#define HANDSHAKE_MS_MAX 250u

/* Handshakes under way at once. More wait for their turn, at the longest for as many that hang. */
#define HANDSHAKES_MAX 32u

/* An evaluator works on one question at a time; eight connections keep it busy while others travel. */
#define CONNECTIONS_PER_EVALUATOR_MAX 8u

/* One evaluator for each core of the largest machine that we know to run IIS. */
#define EVALUATORS_MAX 64u

/* Evaluators that are looked for before a welcome has said how many there are. Any of them tells; two, so
 * that one may be down. */
#define EVALUATORS_GUESSED 2u

/* Callers that wait for a connection. More are told at once that the host is busy. */
#define LINE_MAX 64u

/* An evaluator that failed is left alone this long, doubling from the first to the last. The last is the longest that a host
 * serves again without being asked: a sixth of the three seconds in which it is to be back. */
#define BACKOFF_MS_MIN 50u
#define BACKOFF_MS_MAX 500u

/* The same for one that does not speak our version: only another host helps, and installing one takes seconds. */
#define BACKOFF_MS_VERSION 4000u

/* Applications that one worker process can host. */
#define INSTANCES_MAX 1024u

/* Granted contexts that WinRM has not released; one grant takes 16 bytes. */
#define CONTEXTS_MAX (1u << 20)

/* Shutdown waits this long for entry points on other threads, all of which have been cancelled; what
 * remains after that is inside WinRM's own code. */
#define SHUTDOWN_MS_MAX 2000u

/* Settings are two short lines. */
#define SETTINGS_BYTES_MAX 4096u

#define NS_PER_MS 1000000ull

_Static_assert(ATTEMPTS_MAX * ATTEMPT_MS_MAX < QUESTION_MS_MAX, "both attempts fit, with time to wait in line");
_Static_assert(HANDSHAKE_MS_MAX < ATTEMPT_MS_MAX, "a waiter sees one handshake fail before its attempt would");
_Static_assert(HANDSHAKES_MAX <= PORT_STREAMS_WAIT_MAX, "one wait covers all handshakes");
_Static_assert(BACKOFF_MS_MIN < BACKOFF_MS_MAX, "backoff grows");
_Static_assert(BACKOFF_MS_MAX < BACKOFF_MS_VERSION, "what heals by itself is tried more often");
_Static_assert(SHUTDOWN_MS_MAX > QUESTION_MS_MAX, "a question that cannot be cancelled still ends first");

#endif
