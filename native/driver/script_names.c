/* The names that a script gives to instances and to contexts. */
#include "driver/player.h"
#include "driver/utf16.h"

#include <stdlib.h>
#include <string.h>

static WCHAR *copy_of(PCWSTR name) {
  size_t size = (utf16_length(name) + 1u) * sizeof(WCHAR);
  WCHAR *copy = malloc(size);
  if (copy != NULL) {
    memcpy(copy, name, size);
  }
  return copy;
}

named_instance *find_instance(player *play, PCWSTR name) {
  for (uint32_t index = 0; index < play->name_count; index++) {
    if (utf16_equal(play->names[index].name, name)) {
      return &play->names[index];
    }
  }
  return NULL;
}

named_instance *find_or_add_instance(player *play, PCWSTR name) {
  named_instance *found = find_instance(play, name);
  WCHAR *copy = found != NULL || play->name_count == NAMES_MAX ? NULL : copy_of(name);
  if (copy == NULL) {
    return found;
  }
  found = &play->names[play->name_count++];
  found->name = copy;
  return found;
}

named_context *find_context(player *play, PCWSTR name) {
  for (uint32_t index = 0; index < play->context_count; index++) {
    if (utf16_equal(play->contexts[index].name, name)) {
      return &play->contexts[index];
    }
  }
  return NULL;
}

named_context *find_or_add_context(player *play, PCWSTR name) {
  named_context *found = find_context(play, name);
  WCHAR *copy = found != NULL || play->context_count == CONTEXT_NAMES_MAX ? NULL : copy_of(name);
  if (copy == NULL) {
    return found;
  }
  found = &play->contexts[play->context_count++];
  found->name = copy;
  return found;
}

void names_free(player *play) {
  for (uint32_t index = 0; index < play->name_count; index++) {
    free(play->names[index].name);
  }
  for (uint32_t index = 0; index < play->context_count; index++) {
    free(play->contexts[index].name);
  }
}
