/* What the driver reads about its own process, plug-in included. */
#ifndef PORTCULLIS_DRIVER_PROCESS_H
#define PORTCULLIS_DRIVER_PROCESS_H

#include <stdint.h>

/* Resident memory in KiB, the number of open descriptors (on Windows handles) and of threads; 0 if the system does
 * not tell. */
uint64_t process_rss_kib(void);
uint32_t process_fd_count(void);
uint32_t process_thread_count(void);

/* A clock that never goes back. */
uint64_t process_nanoseconds(void);
void process_sleep_milliseconds(uint32_t milliseconds);

/* Differs from run to run. */
uint64_t process_seed(void);

/* True in a sanitizer build, whose quarantine and shadow make memory figures meaningless. */
int process_is_sanitized(void);

#endif
