/* Time, memory, chance, threads, files. */
#include <stdio.h>
#include <string.h>

#include "conformance/conformance.h"

#define FILE_BYTES 1000u

/* ---- time and threads ------------------------------------------------------------------------- */

typedef struct shared {
  port_mutex lock;
  port_condition changed;
  uint32_t value;
  uintptr_t thread;
  uint64_t used_ns;
} shared;

static void raise_value(void *argument) {
  shared *with = argument;
  port_mutex_lock(&with->lock);
  with->thread = port_thread_self();
  with->value++;
  port_condition_broadcast(&with->changed);
  port_mutex_unlock(&with->lock);
}

static void check_time(void) {
  uint64_t before_ns = port_now_ns();
  port_sleep_ms(30);
  uint64_t slept_ns = port_now_ns() - before_ns;
  check(slept_ns >= 25 * NS_PER_MS && slept_ns < SOON_MS * NS_PER_MS, "the clock counts nanoseconds");
  uint8_t chance[2][16] = {{0}, {0}};
  port_random(chance[0], sizeof chance[0]);
  port_random(chance[1], sizeof chance[1]);
  check(memcmp(chance[0], chance[1], sizeof chance[0]) != 0, "chance does not repeat itself");
  uint8_t *memory = port_alloc(4096);
  bool zero = memory != NULL;
  for (uint32_t i = 0; zero && i < 4096; i++) zero = memory[i] == 0;
  check(zero, "memory is zeroed");
  port_free(memory);
  port_free(NULL);
}

static void check_threads(void) {
  shared with = {.lock = PORT_MUTEX_INIT};
  port_thread threads[8];
  uint32_t started = 0;
  port_condition_open(&with.changed);
  while (started < 8 && port_thread_start(&threads[started], raise_value, &with)) started++;
  uint64_t deadline_ns = soon();
  port_mutex_lock(&with.lock);
  while (with.value < started && port_now_ns() < deadline_ns) {
    port_condition_wait(&with.changed, &with.lock, deadline_ns);
  }
  check(with.value == 8, "eight threads raise a value under a lock, and whoever waits for it is woken");
  check(with.thread != port_thread_self(), "a thread has a name of its own");
  uint64_t before_ns = port_now_ns();
  port_condition_wait(&with.changed, &with.lock, in_ms(30));
  check(port_now_ns() - before_ns >= 25 * NS_PER_MS, "waiting for a condition ends at the deadline, not before");
  before_ns = port_now_ns();
  port_condition_wait(&with.changed, &with.lock, 0);
  check(port_now_ns() - before_ns < SOON_MS * NS_PER_MS, "a deadline in the past is not waited for");
  port_mutex_unlock(&with.lock);
  while (started > 0) port_thread_join(&threads[--started]);
  port_condition_close(&with.changed);
}

/* Processor time of one thread, seen from another. */
static port_thread_clock worker_clock;

static void work(void *argument) {
  shared *with = argument;
  bool opened = port_thread_clock_open(&worker_clock);
  port_sleep_ms(100);
  uint64_t idle_ns = port_thread_clock_ns(&worker_clock);
  uint64_t until_ns = in_ms(200);
  while (port_now_ns() < until_ns) continue;
  raise_value(with);
  port_mutex_lock(&with->lock);
  with->used_ns = opened && idle_ns < 50 * NS_PER_MS ? idle_ns : UINT64_MAX;
  while (with->value < 2) port_condition_wait(&with->changed, &with->lock, PORT_NEVER);
  port_mutex_unlock(&with->lock);
}

static void check_thread_clock(void) {
  shared with = {.lock = PORT_MUTEX_INIT};
  port_thread thread;
  port_condition_open(&with.changed);
  if (!port_thread_start(&thread, work, &with)) return check(false, "a thread starts");
  port_mutex_lock(&with.lock);
  while (with.used_ns == 0 && with.value < 1) port_condition_wait(&with.changed, &with.lock, soon());
  port_mutex_unlock(&with.lock);
  uint64_t used_ns = port_thread_clock_ns(&worker_clock);
  raise_value(&with);
  port_thread_join(&thread);
  port_thread_clock_close(&worker_clock);
  port_condition_close(&with.changed);
  check(with.used_ns != UINT64_MAX, "a thread that sleeps uses no processor time");
  /* A busy machine gives a thread less than all of the time. */
  check(used_ns >= 40 * NS_PER_MS && used_ns < 1000 * NS_PER_MS, "a thread that works does, and another sees it");
}

/* ---- files ------------------------------------------------------------------------------------ */

static void check_files(const surroundings *around) {
  char path[PORT_PATH_BYTES_MAX];
  char bytes[FILE_BYTES];
  size_t size = 0;
  snprintf(path, sizeof path, "%s/file", around->folder);
  check(port_file_read(path, bytes, sizeof bytes, &size) == PORT_REFUSED, "a file that is not there is told as such");
  FILE *file = fopen(path, "wb");
  for (uint32_t i = 0; file != NULL && i < FILE_BYTES; i++) fputc(byte_at(i), file);
  if (file != NULL) fclose(file);
  port_status status = port_file_read(path, bytes, sizeof bytes, &size);
  bool same = status == PORT_OK && size == FILE_BYTES;
  for (uint32_t i = 0; same && i < FILE_BYTES; i++) same = (uint8_t)bytes[i] == byte_at(i);
  check(same, "a file that just fits is read whole");
  check(port_file_read(path, bytes, FILE_BYTES - 1, &size) == PORT_FAILED, "a file that is longer is not read");
  check(port_file_read(around->folder, bytes, sizeof bytes, &size) == PORT_FAILED, "a folder is no file");
  char folder[PORT_PATH_BYTES_MAX];
  check(port_module_folder((const void *)(uintptr_t)check_files, folder, sizeof folder) && strlen(folder) > 1,
        "code knows the folder that it was loaded from");
  check(!port_module_folder((const void *)(uintptr_t)check_files, folder, 1), "a folder that does not fit is not told");
}

void check_basics(const surroundings *around) {
  check_time();
  check_threads();
  check_thread_clock();
  check_files(around);
}
