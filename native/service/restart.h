/* How long a host that was lost is waited for before it is started again. Pure. */
#ifndef PORTCULLIS_SERVICE_RESTART_H
#define PORTCULLIS_SERVICE_RESTART_H

#include <stdint.h>

/* After the first restart, which comes at once: what takes longer than this to heal is asked half a minute apart. */
#define RESTART_MS_MIN 100u
#define RESTART_MS_MAX 30000u

/* A host that has served for so long is taken for a good one; what ends it then is a new trouble. */
#define RESTART_FORGET_MS 60000u

typedef struct restart {
  uint32_t next_ms; /* 0 at first */
} restart;

/* To be called when a host was lost. `served_ms` is how long it had served, 0 if it never did. */
uint32_t restart_delay(restart *self, uint64_t served_ms);

#endif
