/* How often an event of one kind may be reported, and how many were left out meanwhile. Pure: the time is given. */
#ifndef PORTCULLIS_SERVICE_RATE_H
#define PORTCULLIS_SERVICE_RATE_H

#include <stdbool.h>
#include <stdint.h>

/* An Event Log has some megabytes for all programs together: one of ours must not push out the others'. */
#define RATE_PAUSE_MS 10000u
#define RATE_PER_HOUR 60u

#define RATE_HOUR_MS 3600000u

typedef struct rate {
  bool has_reported;
  uint64_t last_ms;
  uint64_t hour_ms; /* when the hour began */
  uint32_t in_hour;
  uint32_t left_out; /* since the last that was reported */
} rate;

/* Whether it may be reported now. If so, `left_out` gets how many were not since the last; otherwise it is one of them. */
bool rate_allows(rate *self, uint64_t now_ms, uint32_t *left_out);

/* Whether it might be now, without counting anything. */
bool rate_would_allow(const rate *self, uint64_t now_ms);

#endif
