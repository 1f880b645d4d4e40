/* What stands between the plug-in and the port in a build for tests: the linker's --wrap sends these calls of the
 * plug-in's own objects here. It tells the double of locks, lets the double choose an allocation that fails, and sets
 * the wall clock back. The product is built from the same objects without this file. */
#include "double/double.h"
#include "port/port.h"

void __real_port_mutex_lock(port_mutex *mutex);
void __real_port_mutex_unlock(port_mutex *mutex);
void __wrap_port_mutex_lock(port_mutex *mutex);
void __wrap_port_mutex_unlock(port_mutex *mutex);

void __wrap_port_mutex_lock(port_mutex *mutex) {
  __real_port_mutex_lock(mutex);
  wsmd_probe_lock(1);
}

void __wrap_port_mutex_unlock(port_mutex *mutex) {
  wsmd_probe_lock(-1);
  __real_port_mutex_unlock(mutex);
}

#ifdef _WIN32

void *__real_port_alloc(size_t size);
void *__wrap_port_alloc(size_t size);

void *__wrap_port_alloc(size_t size) { return wsmd_probe_allocation_fails() ? NULL : __real_port_alloc(size); }

#else

/* Below the port: the port itself allocates too. */
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
int __real_clock_gettime(clockid_t clock, struct timespec *time);
int __wrap_clock_gettime(clockid_t clock, struct timespec *time);

void *__wrap_calloc(size_t count, size_t size) {
  return wsmd_probe_allocation_fails() ? NULL : __real_calloc(count, size);
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *time) {
  int result = __real_clock_gettime(clock, time);
  if (clock == CLOCK_REALTIME) time->tv_sec -= (time_t)wsmd_probe_seconds_back();
  return result;
}

#endif
