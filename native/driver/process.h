/* What the driver reads about its own process, plug-in included. */
#ifndef PORTCULLIS_DRIVER_PROCESS_H
#define PORTCULLIS_DRIVER_PROCESS_H

#include <stdint.h>

/* Resident memory in KiB, and the number of open descriptors (on Windows handles); 0 if the system does not tell. */
uint64_t process_rss_kib(void);
uint32_t process_fd_count(void);

/* The threads of this process by the system's numbers, at most `most`; how many there are. A thread that has been
 * joined is not among them, though the system may still be clearing up after it. */
uint32_t process_threads(uint64_t *numbers, uint32_t most);

uint32_t process_id(void);

/* From now on the calling thread can open nothing and connect to nobody, nor can it be undone: as WinRM's threads
 * impersonate clients that may do neither. Returns 0; -1 if the system cannot. On Windows the double impersonates
 * the client anyway, and this does no more. */
int process_confine_thread(void);

/* A clock that never goes back. */
uint64_t process_nanoseconds(void);
void process_sleep_milliseconds(uint32_t milliseconds);

/* Differs from run to run. */
uint64_t process_seed(void);

/* True in a sanitizer build, whose quarantine and shadow make memory figures meaningless. */
int process_is_sanitized(void);

#endif
