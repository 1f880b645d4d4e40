/* The denial table's codes, and the text that goes out beside a failure. The text is XML of our own
 * making: whatever comes from a policy is escaped, and what XML cannot carry becomes U+FFFD. */
#include "plugin/denial.h"

#include "block/bytes.h"

uint32_t denial_code(denial denial) {
  static const uint32_t codes[DENIALS] = {
#define DENIAL_CODE(name, code, text) [DENIAL_##name] = code,
      DENIAL_TABLE(DENIAL_CODE)
#undef DENIAL_CODE
  };
  return codes[denial];
}

typedef struct writer {
  WCHAR *text;
  uint32_t length;
} writer;

/* What closes the element, with its terminator, is kept free, so that a cut text is still well formed. */
#define CLOSING "</portcullis>"
#define CONTENT_UNITS_MAX (EXTENDED_UNITS_MAX - sizeof CLOSING)

/* The longest that one unit of a reason becomes: "&quot;". */
#define ESCAPE_UNITS_MAX 6u

static void put_ascii(writer *writer, const char *text) {
  for (; *text != '\0'; text++) writer->text[writer->length++] = (WCHAR)*text;
}

static bool is_high(uint32_t unit) { return unit >= 0xd800 && unit <= 0xdbff; }
static bool is_low(uint32_t unit) { return unit >= 0xdc00 && unit <= 0xdfff; }

/* Writes one character of the reason; returns how many units of it were used. */
static uint32_t put_escaped(writer *writer, const uint8_t *units, uint32_t left) {
  uint32_t unit = bytes_get16(units);
  uint32_t second = left > 1 ? bytes_get16(units + 2) : 0;
  if (is_high(unit) && is_low(second)) {
    writer->text[writer->length++] = (WCHAR)unit;
    writer->text[writer->length++] = (WCHAR)second;
    return 2;
  }
  bool allowed = unit == '\t' || unit == '\n' || unit == '\r' || (unit >= 0x20 && unit < 0xd800) ||
                 (unit >= 0xe000 && unit < 0xfffe);
  if (unit == '<') put_ascii(writer, "&lt;");
  else if (unit == '>') put_ascii(writer, "&gt;");
  else if (unit == '&') put_ascii(writer, "&amp;");
  else if (unit == '"') put_ascii(writer, "&quot;");
  else writer->text[writer->length++] = (WCHAR)(allowed ? unit : 0xfffd);
  return 1;
}

void extended_write(WCHAR text[EXTENDED_UNITS_MAX], bool no_answer, const uint8_t id[BLOCK_ID_BYTES],
                    const uint8_t *reason, uint32_t reason_units) {
  writer writer = {text, 0};
  put_ascii(&writer, no_answer ? "<portcullis outcome=\"no answer\" id=\"" : "<portcullis outcome=\"denied\" id=\"");
  for (uint32_t i = 0; i < BLOCK_ID_BYTES; i++) {
    char digits[3] = {"0123456789abcdef"[id[i] >> 4], "0123456789abcdef"[id[i] & 15], '\0'};
    put_ascii(&writer, digits);
  }
  put_ascii(&writer, no_answer ? "\">The authorization service gave no answer." : "\">Access is denied.");
  if (reason_units > 0) put_ascii(&writer, " ");
  for (uint32_t at = 0; at < reason_units && writer.length + ESCAPE_UNITS_MAX <= CONTENT_UNITS_MAX;) {
    at += put_escaped(&writer, reason + 2 * at, reason_units - at);
  }
  put_ascii(&writer, CLOSING);
  text[writer.length] = 0;
}
