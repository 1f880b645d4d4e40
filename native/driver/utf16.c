/* See utf16.h. The decoder refuses overlong forms, surrogates and values beyond Unicode: a script that
 * wants an unpaired surrogate says so with \uXXXX. */
#include "driver/utf16.h"

#include <stdlib.h>
#include <string.h>

uint32_t utf8_take(const char **text) {
  const unsigned char *bytes = (const unsigned char *)*text;
  uint32_t lead = bytes[0];
  uint32_t more = lead < 0x80 ? 0 : lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
  static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
  static const uint32_t lead_mask[] = {0x7F, 0x1F, 0x0F, 0x07};
  if ((lead >= 0x80 && lead < 0xC0) || lead >= 0xF8) {
    return UTF8_MALFORMED;
  }
  uint32_t code_point = lead & lead_mask[more];
  for (uint32_t index = 1; index <= more; index++) {
    if ((bytes[index] & 0xC0) != 0x80) {
      return UTF8_MALFORMED;
    }
    code_point = code_point << 6 | (bytes[index] & 0x3Fu);
  }
  if (code_point < least[more] || code_point > 0x10FFFF || (code_point >= 0xD800 && code_point <= 0xDFFF)) {
    return UTF8_MALFORMED;
  }
  *text += more + 1;
  return code_point;
}

uint32_t utf16_put(WCHAR units[2], uint32_t code_point) {
  if (code_point < 0x10000) {
    units[0] = (WCHAR)code_point;
    return 1;
  }
  units[0] = (WCHAR)(0xD800 + ((code_point - 0x10000) >> 10));
  units[1] = (WCHAR)(0xDC00 + ((code_point - 0x10000) & 0x3FF));
  return 2;
}

WCHAR *utf16_from_utf8(const char *text) {
  /* No UTF-8 text has fewer bytes than UTF-16 units. */
  WCHAR *units = calloc(strlen(text) + 1, sizeof *units);
  size_t length = 0;
  while (units != NULL && *text != '\0') {
    uint32_t code_point = utf8_take(&text);
    if (code_point == UTF8_MALFORMED) {
      free(units);
      return NULL;
    }
    length += utf16_put(units + length, code_point);
  }
  return units;
}

uint32_t utf16_length(PCWSTR text) {
  uint32_t length = 0;
  while (text[length] != 0) {
    length++;
  }
  return length;
}

int utf16_equal(PCWSTR left, PCWSTR right) {
  while (*left != 0 && *left == *right) {
    left++;
    right++;
  }
  return *left == *right;
}

int utf16_contains(PCWSTR text, const char *part) {
  for (; *text != 0; text++) {
    size_t index = 0;
    while (part[index] != '\0' && text[index] == (WCHAR)part[index]) {
      index++;
    }
    if (part[index] == '\0') {
      return 1;
    }
  }
  return 0;
}
