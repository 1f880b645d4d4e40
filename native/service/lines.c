#include "service/lines.h"

#include <stdio.h>
#include <string.h>

size_t lines_ready(const lines *self) {
  size_t end = self->used;
  while (end > 0 && self->bytes[end - 1] != '\n') end--;
  return end == 0 && self->used == LINES_BYTES_MAX ? self->used : end;
}

void lines_drop(lines *self, size_t count) {
  memmove(self->bytes, self->bytes + count, self->used - count);
  self->used -= count;
}

void lines_each(const char *bytes, size_t count, void (*see)(void *context, const char *line, size_t size),
                void *context) {
  const char *end = bytes + count;
  while (bytes < end) {
    const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
    const char *line_end = newline == NULL ? end : newline;
    see(context, bytes, (size_t)(line_end - bytes));
    bytes = newline == NULL ? end : newline + 1;
  }
}

/* Just behind the text's first place; NULL if it is nowhere. */
static const char *find(const char *line, size_t size, const char *text) {
  size_t length = strlen(text);
  for (const char *end = line + size; (size_t)(end - line) >= length; line++) {
    line = memchr(line, text[0], (size_t)(end - line) - length + 1);
    if (line == NULL) return NULL;
    if (memcmp(line, text, length) == 0) return line + length;
  }
  return NULL;
}

bool lines_is_event(const char *line, size_t size, const char *event) {
  char text[64];
  int length = snprintf(text, sizeof text, "\"event\":\"%s\"", event);
  return length > 0 && (size_t)length < sizeof text && find(line, size, text) != NULL;
}

uint64_t lines_denied(const char *line, size_t size) {
  const char *at = find(line, size, "\"UNREACHABLE\":");
  uint64_t count = 0;
  /* A counter of the wire has 32 bits, ten digits. */
  for (int digits = 0; at != NULL && at < line + size && *at >= '0' && *at <= '9' && digits < 10; at++, digits++) {
    count = 10 * count + (uint64_t)(*at - '0');
  }
  return count;
}
