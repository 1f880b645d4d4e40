/* What the plug-in denies by itself, as a table: the name, the code that WinRM gets, what has happened.
 * NO_SENDER, NOT_ACCEPTED and STALE_CONTEXT deny nothing, they are only counted. The order is that of the counters in a hello
 * (docs/reference/wire.md); a retired row keeps its place. */
#ifndef PORTCULLIS_DENIAL_H
#define PORTCULLIS_DENIAL_H

#include <stdbool.h>

#include "block/frame.h"
#include "wsman/wsman_types.h"

#define DENIAL_TABLE(ROW)                                                                  \
  ROW(UNREACHABLE, ERROR_ACCESS_DENIED, "no evaluator can be reached")                     \
  ROW(NOT_CONFIGURED, ERROR_BAD_CONFIGURATION, "the settings file is missing or wrong")    \
  ROW(BUSY, ERROR_TIMEOUT, "every connection is in use and the line is full or too slow")  \
  ROW(LATE, ERROR_TIMEOUT, "the answer did not come in time")                              \
  ROW(GARBAGE, ERROR_INTERNAL_ERROR, "the answer was not one")                             \
  ROW(TOO_LARGE, ERROR_ACCESS_DENIED, "the question does not fit into a request block")    \
  ROW(BAD_QUESTION, ERROR_ACCESS_DENIED, "a string that every question has is missing")    \
  ROW(BAD_FLAGS, ERROR_INVALID_PARAMETER, "flags that are reserved are not zero")          \
  ROW(NO_TOKEN, ERROR_ACCESS_DENIED, "there is no client token")                           \
  ROW(STALE_INSTANCE, ERROR_ACCESS_DENIED, "the plug-in context is not that of a started instance") \
  ROW(SHUTTING_DOWN, ERROR_SHUTDOWN_IN_PROGRESS, "the instance is shutting down")          \
  ROW(NO_MEMORY, ERROR_NOT_ENOUGH_MEMORY, "memory or contexts are used up")                \
  ROW(NO_SENDER, ERROR_INVALID_PARAMETER, "there are no sender details to answer to")      \
  ROW(NOT_ACCEPTED, ERROR_INVALID_PARAMETER, "WinRM did not accept a completion")          \
  ROW(STALE_CONTEXT, ERROR_INVALID_PARAMETER, "a released user context is not one that was granted") \
  ROW(WRONG_OWNER, ERROR_ACCESS_DENIED, "the endpoint is served by another account than its owner") \
  ROW(VERSION, ERROR_REVISION_MISMATCH, "the host and the plug-in speak no common version of the wire")

typedef enum denial {
#define DENIAL_NAME(name, code, text) DENIAL_##name,
  DENIAL_TABLE(DENIAL_NAME)
#undef DENIAL_NAME
  DENIALS
} denial;

_Static_assert(DENIALS <= HELLO_COUNTERS_MAX, "every denial has a counter in a hello");

uint32_t denial_code(denial denial);

/* The client sees a class, a fixed sentence, the question's id, and, if the operator shows reasons, the
 * policy's. One XML element of at most this many units, with its terminator. */
#define EXTENDED_UNITS_MAX 1024u

void extended_write(WCHAR text[EXTENDED_UNITS_MAX], bool no_answer, const uint8_t id[BLOCK_ID_BYTES],
                    const uint8_t *reason, uint32_t reason_units);

#endif
