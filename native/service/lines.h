/* The host's log as it comes out of a pipe: cut into lines, of which a few are looked at. Pure. */
#ifndef PORTCULLIS_SERVICE_LINES_H
#define PORTCULLIS_SERVICE_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The host bounds its lines to some KiB. A longer one is passed on in pieces of this size. */
#define LINES_BYTES_MAX 65536u

typedef struct lines {
  size_t used;
  char bytes[LINES_BYTES_MAX]; /* what comes next goes to bytes + used */
} lines;

/* So many bytes at the beginning can be passed on: the whole lines, or everything if a line does not fit. */
size_t lines_ready(const lines *self);

/* Forgets that many bytes at the beginning. */
void lines_drop(lines *self, size_t count);

/* Calls `see` with each line of `count` bytes, without the newline. */
void lines_each(const char *bytes, size_t count, void (*see)(void *context, const char *line, size_t size),
                void *context);

/* Whether a line of the log has this `event`. It looks for `"event":"<event>"` and reads no JSON: within a string of JSON
 * a quote is `\"`, so the text cannot be part of anything that a caller or a policy has said. */
bool lines_is_event(const char *line, size_t size, const char *event);

/* From a line with the event `connection`: how many questions the plug-in denied because it reached no host. Found in the
 * same way, as `"UNREACHABLE":<number>`; 0 if it is not there. */
uint64_t lines_denied(const char *line, size_t size);

#endif
