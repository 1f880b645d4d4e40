#include "service/rotation.h"

#include <stdio.h>

bool rotation_is_due(const rotation *self, size_t adding) {
  return self->bytes > 0 && self->bytes + adding > ROTATION_BYTES_MAX;
}

bool rotation_name(char name[ROTATION_NAME_BYTES], const char *stem, uint32_t index) {
  int length = index == 0 ? snprintf(name, ROTATION_NAME_BYTES, "%s.log", stem)
                          : snprintf(name, ROTATION_NAME_BYTES, "%s.%u.log", stem, (unsigned)index);
  return length > 0 && (size_t)length < ROTATION_NAME_BYTES;
}
