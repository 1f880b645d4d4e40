/* Repeatable randomness: the generator SplitMix64. A state is one number, so each question of a load run
 * can have its own, made from the run's seed and the question's index; then a run asks the same
 * questions whatever its threads do. */
#ifndef PORTCULLIS_DRIVER_RANDOM_H
#define PORTCULLIS_DRIVER_RANDOM_H

#include <stdint.h>

static inline uint64_t random_next(uint64_t *state) {
  uint64_t mixed = *state += 0x9E3779B97F4A7C15ull;
  mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9ull;
  mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBull;
  return mixed ^ (mixed >> 31);
}

/* A number below `bound`. The bias for bounds this small cannot matter to a test. */
static inline uint32_t random_below(uint64_t *state, uint32_t bound) {
  return (uint32_t)(random_next(state) % bound);
}

static inline uint64_t random_state(uint64_t seed, uint64_t index) {
  uint64_t state = seed;
  return random_next(&state) + index;
}

#endif
