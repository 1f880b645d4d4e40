/* The double's ends of a probed build's wires: which locks a thread holds, which allocation fails, how late it is. The
 * probes themselves are in native/probes and are linked into a build of the plug-in that only tests load. */
#include "double/double_internal.h"

#include <stdatomic.h>

static _Thread_local int32_t locks_held;
static _Atomic uint32_t locks;
static _Atomic uint32_t allocations;
static _Atomic uint32_t failing_allocation;
static _Atomic uint32_t seconds_back;

PCL_EXPORT void wsmd_probe_lock(int32_t change) {
  locks_held += change;
  if (change > 0) {
    atomic_fetch_add(&locks, 1);
  }
}

int wsmd__probe_holds_lock(void) {
  return locks_held != 0;
}

PCL_EXPORT int wsmd_probe_allocation_fails(void) {
  return atomic_fetch_add(&allocations, 1) + 1 == atomic_load(&failing_allocation);
}

PCL_EXPORT uint32_t wsmd_probe_seconds_back(void) {
  return atomic_load(&seconds_back);
}

PCL_EXPORT void wsmd_probe_set(uint32_t failing, uint32_t back) {
  atomic_store(&allocations, 0);
  atomic_store(&locks, 0);
  atomic_store(&failing_allocation, failing);
  atomic_store(&seconds_back, back);
}

PCL_EXPORT void wsmd_probe_read(wsmd_probes *probes) {
  probes->allocations = atomic_load(&allocations);
  probes->locks = atomic_load(&locks);
}
