/* Little-endian numbers at any address. The compilers that we use turn each into one move. */
#ifndef PORTCULLIS_BYTES_H
#define PORTCULLIS_BYTES_H

#include <stdint.h>

static inline void bytes_put16(uint8_t *at, uint32_t value) {
  at[0] = (uint8_t)value;
  at[1] = (uint8_t)(value >> 8);
}

static inline void bytes_put32(uint8_t *at, uint32_t value) {
  bytes_put16(at, value);
  bytes_put16(at + 2, value >> 16);
}

static inline uint32_t bytes_get16(const uint8_t *at) { return (uint32_t)(at[0] | at[1] << 8); }

static inline uint32_t bytes_get32(const uint8_t *at) { return bytes_get16(at) | bytes_get16(at + 2) << 16; }

#endif
