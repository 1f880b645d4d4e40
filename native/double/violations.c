/* The count of everything that the plug-in did against the contract since it was loaded. Counting is all
 * that happens here; what is a violation is decided where it is noticed. */
#include "double/double_internal.h"

#include <string.h>

_Static_assert(sizeof(wsmd_violations) == WSMD__VIOLATION_COUNT * sizeof(uint32_t),
               "the enumeration names the fields of wsmd_violations in their order");

static wsmd__mutex counts_lock = WSMD__MUTEX_INITIAL;
static uint32_t counts[WSMD__VIOLATION_COUNT];

void wsmd__violation_count(enum wsmd__violation violation) {
  wsmd__lock(&counts_lock);
  counts[violation]++;
  wsmd__unlock(&counts_lock);
}

void wsmd__violations_clear(void) {
  wsmd__lock(&counts_lock);
  memset(counts, 0, sizeof counts);
  wsmd__unlock(&counts_lock);
}

PCL_EXPORT void wsmd_violations_read(wsmd_violations *violations) {
  wsmd__lock(&counts_lock);
  memcpy(violations, counts, sizeof *violations);
  wsmd__unlock(&counts_lock);
}
