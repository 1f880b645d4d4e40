/* Strict reading of a command's options: `--name value`, `--name` for a switch. Whatever is not in the
 * command's table is an error that names it, so a misspelt option never becomes a silent default. */
#ifndef PORTCULLIS_DRIVER_OPTIONS_H
#define PORTCULLIS_DRIVER_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

/* Values that one option may be given: as many applications as a load run mixes. */
#define OPTION_TEXTS_MAX 3u

typedef struct option_texts {
  const char *values[OPTION_TEXTS_MAX];
  uint32_t count;
} option_texts;

/* Exactly one of the targets is set. A number must lie within `least` and `most`; a text list must hold
 * at most `most` values. `required` options must be given. */
typedef struct option {
  const char *name;
  int required;
  uint64_t least;
  uint64_t most;
  uint64_t *number;
  int *on;
  option_texts *texts;
} option;

/* Returns 0, or -1 after one sentence on standard error. */
int options_parse(int argc, char **argv, const option *options, size_t count);

/* Reads all of `text` as a decimal number, or with 0x as a hexadecimal one. Returns 0 or -1. */
int number_parse(const char *text, uint64_t least, uint64_t most, uint64_t *number);

#endif
