#include "service/command_line.h"

typedef struct writer {
  WCHAR *text;
  size_t units_max;
  size_t units;
} writer;

static bool put(writer *self, WCHAR unit, size_t times) {
  if (times >= self->units_max || self->units >= self->units_max - times) return false;
  for (size_t i = 0; i < times; i++) self->text[self->units++] = unit;
  self->text[self->units] = 0;
  return true;
}

/* The rule of Microsoft's C runtime: a backslash is one, but before a quote two are one, and one makes the quote a
 * character. So they are doubled before a quote, and before the closing one. */
static bool put_quoted(writer *self, const WCHAR *argument) {
  size_t backslashes = 0;
  if (!put(self, '"', 1)) return false;
  for (; *argument != 0; argument++) {
    if (*argument == '"' && !put(self, '\\', backslashes + 1)) return false;
    backslashes = *argument == '\\' ? backslashes + 1 : 0;
    if (!put(self, *argument, 1)) return false;
  }
  return put(self, '\\', backslashes) && put(self, '"', 1);
}

bool command_line_add(WCHAR *text, size_t units_max, size_t *units, const WCHAR *argument) {
  writer writer = {text, units_max, *units};
  if (*units > 0 && !put(&writer, ' ', 1)) return false;
  if (!put_quoted(&writer, argument)) return false;
  *units = writer.units;
  return true;
}

static bool is_same(const WCHAR *text, const WCHAR *end, const char *name) {
  for (; text < end && *name != '\0'; text++, name++) {
    WCHAR unit = *text >= 'A' && *text <= 'Z' ? (WCHAR)(*text + 'a' - 'A') : *text;
    if (unit != (unsigned char)*name) return false;
  }
  return text == end && *name == '\0';
}

bool command_line_runs(const WCHAR *text, const char *file_name) {
  WCHAR stop = ' ';
  if (*text == '"') {
    stop = '"';
    text++;
  }
  const WCHAR *name = text;
  for (; *text != 0 && *text != stop; text++) {
    if (*text == '\\' || *text == '/') name = text + 1;
  }
  return is_same(name, text, file_name);
}
