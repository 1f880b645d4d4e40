/* Parses the settings file. Strict on purpose: a misspelt line that was skipped could name the wrong
 * owner, and the mend is one look at the file. */
#include "plugin/settings.h"

#include <string.h>

typedef struct span {
  const char *start;
  const char *end;
} span;

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

static span trimmed(const char *start, const char *end) {
  while (start < end && is_blank(*start)) start++;
  while (end > start && is_blank(end[-1])) end--;
  return (span){start, end};
}

static bool equals(span span, const char *text) {
  size_t length = strlen(text);
  return (size_t)(span.end - span.start) == length && memcmp(span.start, text, length) == 0;
}

/* Once only, not empty, and whole. */
static bool take(span value, char *target, size_t target_size) {
  size_t length = (size_t)(value.end - value.start);
  if (target[0] != '\0' || length == 0 || length >= target_size) return false;
  memcpy(target, value.start, length);
  target[length] = '\0';
  return true;
}

static bool parse_line(span line, settings *settings) {
  if (line.start == line.end || *line.start == '#') return true;
  const char *equal = memchr(line.start, '=', (size_t)(line.end - line.start));
  if (equal == NULL) return false;
  span name = trimmed(line.start, equal);
  span value = trimmed(equal + 1, line.end);
  if (equals(name, "endpoint")) return take(value, settings->endpoint, sizeof settings->endpoint);
  if (equals(name, "owner")) return take(value, settings->owner, sizeof settings->owner);
  return false;
}

bool settings_parse(const char *text, size_t size, settings *settings) {
  memset(settings, 0, sizeof *settings);
  if (memchr(text, '\0', size) != NULL) return false;
  const char *end = text + size;
  for (const char *line = text; line < end;) {
    const char *line_end = memchr(line, '\n', (size_t)(end - line));
    if (line_end == NULL) line_end = end;
    if (!parse_line(trimmed(line, line_end), settings)) return false;
    line = line_end < end ? line_end + 1 : end;
  }
  return settings->endpoint[0] != '\0' && settings->owner[0] != '\0';
}

bool settings_read(settings *settings) {
  char path[PORT_PATH_BYTES_MAX + sizeof "/" SETTINGS_FILE_NAME];
  if (!port_module_folder((const void *)(uintptr_t)settings_read, path, PORT_PATH_BYTES_MAX)) return false;
  strcat(path, "/" SETTINGS_FILE_NAME);
  char text[SETTINGS_BYTES_MAX];
  size_t size;
  if (port_file_read(path, text, sizeof text, &size) != PORT_OK) return false;
  return settings_parse(text, size, settings);
}
