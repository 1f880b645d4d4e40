/* Splits one line of a script into words. Knows quotes, escapes, repetition and comments, and nothing
 * about verbs and keys. A value ends as a NUL-terminated string of UTF-16 units, which may be an unpaired
 * surrogate if the script wrote it as \uXXXX. */
#include "driver/script.h"
#include "driver/utf16.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The longest text of the contract's checks is extraInfo of 10 MiB. */
#define TEXT_UNITS_MAX (6u * 1024u * 1024u)

typedef struct text_buffer {
  WCHAR *units;
  size_t length;
  size_t room;
} text_buffer;

static int fail(script_error *error, const char *words) {
  snprintf(error->text, sizeof error->text, "%s", words);
  return -1;
}

static int buffer_add(text_buffer *buffer, WCHAR unit) {
  if (buffer->length == TEXT_UNITS_MAX) {
    return -1;
  }
  if (buffer->length == buffer->room) {
    size_t room = buffer->room == 0 ? 64 : buffer->room * 2;
    WCHAR *units = realloc(buffer->units, room * sizeof *units);
    if (units == NULL) {
      return -1;
    }
    buffer->units = units;
    buffer->room = room;
  }
  buffer->units[buffer->length++] = unit;
  return 0;
}

static int is_space(char byte) {
  return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static int is_key_byte(char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '-';
}

static int hex_value(char byte) {
  const char *digits = "0123456789abcdef";
  const char *found = byte == '\0' ? NULL : strchr(digits, byte >= 'A' && byte <= 'F' ? byte + 32 : byte);
  return found == NULL ? -1 : (int)(found - digits);
}

/* Takes what follows a backslash. */
static int take_escape(const char **at, text_buffer *buffer, script_error *error) {
  char kind = **at;
  uint32_t unit = 0;
  (*at)++;
  switch (kind) {
  case '\\':
  case '"':
    unit = (unsigned char)kind;
    break;
  case 'n':
    unit = '\n';
    break;
  case 't':
    unit = '\t';
    break;
  case 'u':
    for (int digit = 0; digit < 4; digit++) {
      int value = hex_value(**at);
      if (value < 0) {
        return fail(error, "\\u needs four hexadecimal digits");
      }
      unit = unit << 4 | (uint32_t)value;
      (*at)++;
    }
    if (unit == 0) {
      return fail(error, "\\u0000 would end the text early");
    }
    break;
  default:
    return fail(error, "a backslash is followed by one of \\ \" n t uXXXX");
  }
  return buffer_add(buffer, (WCHAR)unit) == 0 ? 0 : fail(error, "the text is too long");
}

static int take_code_point(const char **at, text_buffer *buffer, script_error *error) {
  WCHAR units[2];
  uint32_t code_point = utf8_take(at);
  if (code_point == UTF8_MALFORMED) {
    return fail(error, "the line is not UTF-8");
  }
  uint32_t count = utf16_put(units, code_point);
  for (uint32_t index = 0; index < count; index++) {
    if (buffer_add(buffer, units[index]) != 0) {
      return fail(error, "the text is too long");
    }
  }
  return 0;
}

static int take_quoted(const char **at, text_buffer *buffer, script_error *error) {
  while (**at != '"') {
    int result;
    if (**at == '\0') {
      return fail(error, "a quote is not closed");
    }
    if (**at == '\\') {
      (*at)++;
      result = take_escape(at, buffer, error);
    } else {
      result = take_code_point(at, buffer, error);
    }
    if (result != 0) {
      return -1;
    }
  }
  (*at)++;
  if (**at != '\0' && !is_space(**at)) {
    return fail(error, "a closing quote is followed by a space");
  }
  return 0;
}

static int take_bare(const char **at, text_buffer *buffer, script_error *error) {
  while (**at != '\0' && !is_space(**at)) {
    if (take_code_point(at, buffer, error) != 0) {
      return -1;
    }
  }
  return 0;
}

/* Takes "*N:" in front of a value; without it the count is 1. */
static int take_repetition(const char **at, size_t *count, script_error *error) {
  const char *digit = *at + 1;
  *count = 1;
  if (**at != '*') {
    return 0;
  }
  *count = 0;
  while (*digit >= '0' && *digit <= '9' && *count <= TEXT_UNITS_MAX) {
    *count = *count * 10 + (size_t)(*digit - '0');
    digit++;
  }
  if (digit == *at + 1 || *digit != ':' || *count > TEXT_UNITS_MAX) {
    return fail(error, "a repetition is *N:text; quote a text that begins with a star");
  }
  *at = digit + 1;
  return 0;
}

static int take_value(const char **at, WCHAR **value, script_error *error) {
  text_buffer buffer = {0};
  size_t repetitions;
  int result = take_repetition(at, &repetitions, error);
  if (result == 0 && **at == '"') {
    (*at)++;
    result = take_quoted(at, &buffer, error);
  } else if (result == 0) {
    result = take_bare(at, &buffer, error);
  }
  size_t once = buffer.length;
  if (result == 0 && once * repetitions > TEXT_UNITS_MAX) {
    result = fail(error, "the text is too long");
  }
  for (size_t index = once; result == 0 && index < once * repetitions; index++) {
    result = buffer_add(&buffer, buffer.units[index - once]) == 0 ? 0 : fail(error, "the text is too long");
  }
  if (result == 0) {
    buffer.length = once * repetitions;
    WCHAR *units = realloc(buffer.units, (buffer.length + 1) * sizeof *units);
    if (units != NULL) {
      units[buffer.length] = 0;
      *value = units;
      return 0;
    }
    result = fail(error, "out of memory");
  }
  free(buffer.units);
  return result;
}

static int take_word(const char **at, script_word *word, script_error *error) {
  const char *end = *at;
  while (is_key_byte(*end)) {
    end++;
  }
  if (end != *at && *end == '=') {
    word->key = calloc(1, (size_t)(end - *at) + 1);
    if (word->key == NULL) {
      return fail(error, "out of memory");
    }
    memcpy(word->key, *at, (size_t)(end - *at));
    *at = end + 1;
  }
  return take_value(at, &word->value, error);
}

int script_parse(const char *text, script_line *line, script_error *error) {
  memset(line, 0, sizeof *line);
  for (;;) {
    while (is_space(*text)) {
      text++;
    }
    if (*text == '\0' || *text == '#') {
      return 0;
    }
    if (line->count == SCRIPT_WORDS_MAX) {
      return fail(error, "there are too many words on the line");
    }
    line->count++;
    if (take_word(&text, &line->words[line->count - 1], error) != 0) {
      return -1;
    }
  }
}

void script_line_free(script_line *line) {
  for (uint32_t index = 0; index < line->count; index++) {
    free(line->words[index].key);
    free(line->words[index].value);
  }
  line->count = 0;
}
