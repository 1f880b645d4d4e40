/* When a log has grown enough to begin a new file, and how the old ones are named. Pure. */
#ifndef PORTCULLIS_SERVICE_ROTATION_H
#define PORTCULLIS_SERVICE_ROTATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A decision takes some 700 bytes: a file has over 20,000 of them, and all of them together 128 MiB. */
#define ROTATION_BYTES_MAX (16u * 1024u * 1024u)
#define ROTATION_FILES 8u

#define ROTATION_NAME_BYTES 64u

typedef struct rotation {
  uint64_t bytes; /* in the file that is written now */
} rotation;

/* Whether what comes next begins a new file. A single piece that is larger than a file gets one of its own. */
bool rotation_is_due(const rotation *self, size_t adding);

/* host.log for 0, the file that is written; host.1.log to host.7.log, the oldest last. False if it does not fit. */
bool rotation_name(char name[ROTATION_NAME_BYTES], const char *stem, uint32_t index);

#endif
