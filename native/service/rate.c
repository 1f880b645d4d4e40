#include "service/rate.h"

bool rate_would_allow(const rate *self, uint64_t now_ms) {
  if (!self->has_reported) return true;
  if (now_ms - self->last_ms < RATE_PAUSE_MS) return false;
  return self->in_hour < RATE_PER_HOUR || now_ms - self->hour_ms >= RATE_HOUR_MS;
}

bool rate_allows(rate *self, uint64_t now_ms, uint32_t *left_out) {
  if (!rate_would_allow(self, now_ms)) {
    if (self->left_out < UINT32_MAX) self->left_out++;
    return false;
  }
  if (!self->has_reported || now_ms - self->hour_ms >= RATE_HOUR_MS) {
    self->hour_ms = now_ms;
    self->in_hour = 0;
  }
  self->has_reported = true;
  self->last_ms = now_ms;
  self->in_hour++;
  *left_out = self->left_out;
  self->left_out = 0;
  return true;
}
