/* Judges extended error information. WinRM's documentation calls it an XML document; to be safe in every
 * client the plug-in promises much less: one element without children, `<name key="value">text</name>`,
 * in ASCII names, with nothing before or after it. Beside the redirect code it is a bare https URL. The
 * checker accepts exactly that, so it needs no XML parser. */
#include "double/double_internal.h"

/* The plug-in's promise for one denial: a fixed sentence and an id fit many times. */
#define ELEMENT_UNITS_MAX 1024u

/* More than any element has; bounds the search for a repeated name. */
#define ATTRIBUTES_MAX 16u

#define CODE_POINT_MAX 0x10FFFFu

typedef struct cursor {
  PCWSTR text;
  uint32_t at;
  uint32_t length;
} cursor;

typedef struct span {
  uint32_t start;
  uint32_t length;
} span;

static uint32_t peek(const cursor *in) {
  return in->at < in->length ? in->text[in->at] : 0;
}

static int take(cursor *in, char expected) {
  if (in->at == in->length || in->text[in->at] != (WCHAR)expected) {
    return 0;
  }
  in->at++;
  return 1;
}

static int take_word(cursor *in, const char *word) {
  uint32_t start = in->at;
  for (; *word != '\0'; word++) {
    if (!take(in, *word)) {
      in->at = start;
      return 0;
    }
  }
  return 1;
}

static int is_letter(uint32_t unit) {
  return (unit >= 'a' && unit <= 'z') || (unit >= 'A' && unit <= 'Z') || unit == '_';
}

static int is_digit(uint32_t unit) {
  return unit >= '0' && unit <= '9';
}

static int is_space(uint32_t unit) {
  return unit == ' ' || unit == '\t' || unit == '\r' || unit == '\n';
}

/* What XML 1.0 calls Char. */
static int is_xml_character(uint32_t code_point) {
  return code_point == 0x9 || code_point == 0xA || code_point == 0xD ||
         (code_point >= 0x20 && code_point <= 0xD7FF) || (code_point >= 0xE000 && code_point <= 0xFFFD) ||
         (code_point >= 0x10000 && code_point <= CODE_POINT_MAX);
}

/* Takes one character, which may be a surrogate pair; an unpaired surrogate fails. */
static int take_character(cursor *in) {
  uint32_t unit = peek(in);
  if (in->at == in->length) {
    return 0;
  }
  in->at++;
  if (unit >= 0xD800 && unit <= 0xDBFF) {
    uint32_t low = peek(in);
    in->at++;
    return in->at <= in->length && low >= 0xDC00 && low <= 0xDFFF;
  }
  return is_xml_character(unit);
}

static int take_name(cursor *in, span *name) {
  name->start = in->at;
  if (!is_letter(peek(in))) {
    return 0;
  }
  while (is_letter(peek(in)) || is_digit(peek(in)) || peek(in) == '-' || peek(in) == '.') {
    in->at++;
  }
  name->length = in->at - name->start;
  return 1;
}

static int names_are_equal(const cursor *in, span left, span right) {
  if (left.length != right.length) {
    return 0;
  }
  for (uint32_t index = 0; index < left.length; index++) {
    if (in->text[left.start + index] != in->text[right.start + index]) {
      return 0;
    }
  }
  return 1;
}

static int digit_value(uint32_t unit, uint32_t base) {
  if (is_digit(unit)) {
    return (int)(unit - '0');
  }
  if (base == 16 && unit >= 'a' && unit <= 'f') {
    return (int)(unit - 'a') + 10;
  }
  if (base == 16 && unit >= 'A' && unit <= 'F') {
    return (int)(unit - 'A') + 10;
  }
  return -1;
}

/* Takes what follows '&': one of the five predefined entities or a reference to a legal character. */
static int take_reference(cursor *in) {
  if (take_word(in, "amp;") || take_word(in, "lt;") || take_word(in, "gt;") || take_word(in, "quot;") ||
      take_word(in, "apos;")) {
    return 1;
  }
  if (!take(in, '#')) {
    return 0;
  }
  uint32_t base = take(in, 'x') ? 16 : 10;
  uint32_t code_point = 0;
  uint32_t digits = 0;
  for (int value = digit_value(peek(in), base); value >= 0; value = digit_value(peek(in), base)) {
    code_point = code_point * base + (uint32_t)value;
    if (code_point > CODE_POINT_MAX) {
      return 0;
    }
    digits++;
    in->at++;
  }
  return digits != 0 && is_xml_character(code_point) && take(in, ';');
}

/* Takes characters and references up to, not including, `stop`. */
static int take_text(cursor *in, uint32_t stop) {
  while (in->at < in->length && peek(in) != stop) {
    if (peek(in) == '<' || take_word(in, "]]>")) {
      return 0;
    }
    if (take(in, '&') ? !take_reference(in) : !take_character(in)) {
      return 0;
    }
  }
  return in->at < in->length;
}

static int take_attribute(cursor *in, span *name) {
  if (!take_name(in, name) || !take(in, '=')) {
    return 0;
  }
  char quote = peek(in) == '\'' ? '\'' : '"';
  return take(in, quote) && take_text(in, (uint32_t)quote) && take(in, quote);
}

static int is_element(cursor *in) {
  span root;
  span names[ATTRIBUTES_MAX];
  uint32_t count = 0;
  if (!take(in, '<') || !take_name(in, &root)) {
    return 0;
  }
  while (is_space(peek(in))) {
    while (is_space(peek(in))) {
      in->at++;
    }
    if (peek(in) == '>') {
      break;
    }
    if (count == ATTRIBUTES_MAX || !take_attribute(in, &names[count])) {
      return 0;
    }
    for (uint32_t earlier = 0; earlier < count; earlier++) {
      if (names_are_equal(in, names[earlier], names[count])) {
        return 0;
      }
    }
    count++;
  }
  span closing;
  return take(in, '>') && take_text(in, '<') && take_word(in, "</") && take_name(in, &closing) &&
         names_are_equal(in, root, closing) && take(in, '>') && in->at == in->length;
}

/* Printable ASCII is all that a URL is made of (RFC 3986); '<', '>' and '"' would be markup. */
static int is_https_url(cursor *in) {
  if (!take_word(in, "https://") || in->at == in->length || peek(in) == '/') {
    return 0;
  }
  while (in->at < in->length) {
    uint32_t unit = peek(in);
    if (unit <= 0x20 || unit >= 0x7F || unit == '<' || unit == '>' || unit == '"') {
      return 0;
    }
    in->at++;
  }
  return 1;
}

int wsmd__extended_is_sound(uint32_t error_code, PCWSTR text, uint32_t length_units) {
  cursor in = {text, 0, length_units};
  if (error_code == ERROR_WSMAN_REDIRECT_REQUESTED) {
    return is_https_url(&in);
  }
  return length_units <= ELEMENT_UNITS_MAX && is_element(&in);
}
