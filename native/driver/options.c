/* See options.h. */
#include "driver/options.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* More options than any command has; one bit each says which were given. */
#define OPTIONS_MAX 32u

int number_parse(const char *text, uint64_t least, uint64_t most, uint64_t *number) {
  uint64_t base = 10;
  uint64_t value = 0;
  if (text[0] == '0' && text[1] == 'x') {
    base = 16;
    text += 2;
  }
  if (*text == '\0') {
    return -1;
  }
  for (; *text != '\0'; text++) {
    uint64_t digit;
    if (*text >= '0' && *text <= '9') {
      digit = (uint64_t)(*text - '0');
    } else if (base == 16 && *text >= 'a' && *text <= 'f') {
      digit = (uint64_t)(*text - 'a') + 10;
    } else if (base == 16 && *text >= 'A' && *text <= 'F') {
      digit = (uint64_t)(*text - 'A') + 10;
    } else {
      return -1;
    }
    if (value > (UINT64_MAX - digit) / base) {
      return -1;
    }
    value = value * base + digit;
  }
  if (value < least || value > most) {
    return -1;
  }
  *number = value;
  return 0;
}

static int take_value(const option *wanted, const char *value) {
  if (wanted->texts != NULL) {
    if (wanted->texts->count == wanted->most) {
      fprintf(stderr, "%s was given more than %" PRIu64 " times; leave some out\n", wanted->name,
              wanted->most);
      return -1;
    }
    wanted->texts->values[wanted->texts->count++] = value;
    return 0;
  }
  if (number_parse(value, wanted->least, wanted->most, wanted->number) != 0) {
    fprintf(stderr, "%s takes a number from %" PRIu64 " to %" PRIu64 ", not \"%s\"\n", wanted->name,
            wanted->least, wanted->most, value);
    return -1;
  }
  return 0;
}

static const option *find_option(const option *options, size_t count, const char *name) {
  for (size_t index = 0; index < count; index++) {
    if (strcmp(options[index].name, name) == 0) {
      return &options[index];
    }
  }
  return NULL;
}

int options_parse(int argc, char **argv, const option *options, size_t count) {
  int given[OPTIONS_MAX] = {0};
  for (int index = 0; index < argc; index++) {
    const option *found = find_option(options, count, argv[index]);
    if (found == NULL) {
      fprintf(stderr, "there is no option %s; see portcullis_driver --help\n", argv[index]);
      return -1;
    }
    if (given[found - options] && found->texts == NULL) {
      fprintf(stderr, "%s was given twice; give it once\n", found->name);
      return -1;
    }
    given[found - options] = 1;
    if (found->on != NULL) {
      *found->on = 1;
      continue;
    }
    index++;
    if (index == argc) {
      fprintf(stderr, "%s needs a value after it\n", found->name);
      return -1;
    }
    if (take_value(found, argv[index]) != 0) {
      return -1;
    }
  }
  for (size_t index = 0; index < count; index++) {
    if (options[index].required && !given[index]) {
      fprintf(stderr, "%s is missing; see portcullis_driver --help\n", options[index].name);
      return -1;
    }
  }
  return 0;
}
