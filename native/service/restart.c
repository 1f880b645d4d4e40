#include "service/restart.h"

uint32_t restart_delay(restart *self, uint64_t served_ms) {
  if (served_ms >= RESTART_FORGET_MS) self->next_ms = 0;
  uint32_t delay = self->next_ms;
  uint32_t doubled = delay == 0 ? RESTART_MS_MIN : 2 * delay;
  self->next_ms = doubled < RESTART_MS_MAX ? doubled : RESTART_MS_MAX;
  return delay;
}
