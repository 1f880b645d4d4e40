/* The service's pure parts as functions that a test can call through koffi. Not part of the product. */
#include <string.h>

#include "service/command_line.h"
#include "service/lines.h"
#include "service/rate.h"
#include "service/restart.h"
#include "service/rotation.h"

/* What is waited before each start, given how long each host had served. */
PCL_EXPORT void units_restart_delays(const uint64_t *served_ms, uint32_t count, uint32_t *delays) {
  restart restart = {0};
  for (uint32_t i = 0; i < count; i++) delays[i] = restart_delay(&restart, served_ms[i]);
}

/* For each time how many were left out before it, or -1 if it is left out itself. */
PCL_EXPORT void units_rate(const uint64_t *times_ms, uint32_t count, int32_t *left_out) {
  rate rate = {0};
  for (uint32_t i = 0; i < count; i++) {
    uint32_t before = 0;
    left_out[i] = rate_allows(&rate, times_ms[i], &before) ? (int32_t)before : -1;
  }
}

PCL_EXPORT int units_rotation_is_due(uint64_t bytes, uint64_t adding) {
  rotation rotation = {bytes};
  return rotation_is_due(&rotation, (size_t)adding);
}

PCL_EXPORT int units_rotation_name(char name[ROTATION_NAME_BYTES], const char *stem, uint32_t index) {
  return rotation_name(name, stem, index);
}

PCL_EXPORT int units_lines_is_event(const char *line, uint32_t size, const char *event) {
  return lines_is_event(line, size, event);
}

PCL_EXPORT uint64_t units_lines_denied(const char *line, uint32_t size) { return lines_denied(line, size); }

static void join(void *context, const char *line, size_t size) {
  char **end = context;
  memcpy(*end, line, size);
  *end += size;
  *(*end)++ = '|';
}

/* Feeds a text in pieces of `piece` bytes, as a pipe would give it, and writes each line that comes out with a bar behind it,
 * and behind each piece a slash. Returns the bytes written; `out` has room for three times the text. */
PCL_EXPORT uint32_t units_lines_cut(const char *text, uint32_t size, uint32_t piece, char *out) {
  static lines lines;
  char *end = out;
  lines.used = 0;
  for (uint32_t at = 0; at < size;) {
    size_t room = LINES_BYTES_MAX - lines.used;
    size_t taken = size - at < piece ? size - at : piece;
    if (taken > room) taken = room;
    memcpy(lines.bytes + lines.used, text + at, taken);
    lines.used += taken;
    at += (uint32_t)taken;
    size_t ready = lines_ready(&lines);
    lines_each(lines.bytes, ready, join, &end);
    lines_drop(&lines, ready);
    *end++ = '/';
  }
  return (uint32_t)(end - out);
}

/* Returns the units written, or -1. */
PCL_EXPORT int32_t units_command_line(const WCHAR *const *arguments, uint32_t count, WCHAR *text, uint32_t units_max) {
  size_t units = 0;
  for (uint32_t i = 0; i < count; i++) {
    if (!command_line_add(text, units_max, &units, arguments[i])) return -1;
  }
  return (int32_t)units;
}

PCL_EXPORT int units_command_line_runs(const WCHAR *text, const char *name) { return command_line_runs(text, name); }
