/* Text between UTF-8, in which command lines and scripts are written, and the UTF-16 that crosses the
 * plug-in's interface. */
#ifndef PORTCULLIS_DRIVER_UTF16_H
#define PORTCULLIS_DRIVER_UTF16_H

#include "wsman/wsman_types.h"

/* The code point at `*text`, which it moves behind it; 0xFFFFFFFF, without moving, if the bytes are not
 * well-formed UTF-8. The text is NUL-terminated. */
#define UTF8_MALFORMED 0xFFFFFFFFu
uint32_t utf8_take(const char **text);

/* Writes one code point as one or two units and returns how many. */
uint32_t utf16_put(WCHAR units[2], uint32_t code_point);

/* A copy to be freed by the caller; NULL if `text` is not well-formed UTF-8. */
WCHAR *utf16_from_utf8(const char *text);

uint32_t utf16_length(PCWSTR text);
int utf16_equal(PCWSTR left, PCWSTR right);

/* True if the ASCII text `part` occurs in `text`. */
int utf16_contains(PCWSTR text, const char *part);

#endif
