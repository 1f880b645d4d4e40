/* The command `reload`: loads and unloads the plug-in again and again without starting it, and looks whether anything is
 * left behind: a handle, a thread, memory. */
#include "driver/driver.h"
#include "driver/options.h"
#include "driver/process.h"

#include "double/double.h"

#include <inttypes.h>
#include <stdio.h>

#define COUNT_MIN 10u /* so that a tenth is at least one */
#define COUNT_MAX 1000000u
#define WARM_UP_PART 10u

/* A page for each of a hundred loads would be 400 KiB; what the system keeps of a loaded library is less. */
#define GROWTH_KIB_MAX 256u

typedef struct process_size {
  uint64_t rss_kib;
  uint32_t fd_count;
  uint32_t thread_count;
} process_size;

static process_size measure(void) {
  return (process_size){process_rss_kib(), process_fd_count(), process_thread_count()};
}

/* Returns 0, or -1 after a sentence on standard error. */
static int reload(const char *plugin, uint64_t count) {
  char error[1024];
  for (uint64_t index = 0; index < count; index++) {
    if (wsmd_load(plugin, error, sizeof error) != 0) {
      fprintf(stderr, "%s\n", error);
      return -1;
    }
    if (wsmd_unload() != 0) {
      fprintf(stderr, "the plug-in could not be unloaded\n");
      return -1;
    }
  }
  return 0;
}

int driver_reload(int argc, char **argv) {
  uint64_t count = 0;
  const option options[] = {{"--count", 1, COUNT_MIN, COUNT_MAX, &count, NULL, NULL}};
  if (argc < 1) {
    fprintf(stderr, "name the plug-in; see portcullis_driver --help\n");
    return EXIT_CODE_USAGE;
  }
  if (options_parse(argc - 1, argv + 1, options, sizeof options / sizeof options[0]) != 0) {
    return EXIT_CODE_USAGE;
  }
  if (reload(argv[0], count / WARM_UP_PART) != 0) {
    return EXIT_CODE_FAILED;
  }
  process_size warm = measure();
  if (reload(argv[0], count) != 0) {
    return EXIT_CODE_FAILED;
  }
  process_size end = measure();
  printf("{\"loads\":%" PRIu64 ",\"rssKibStart\":%" PRIu64 ",\"rssKibEnd\":%" PRIu64, count, warm.rss_kib,
         end.rss_kib);
  printf(",\"fdCountStart\":%" PRIu32 ",\"fdCountEnd\":%" PRIu32, warm.fd_count, end.fd_count);
  printf(",\"threadsStart\":%" PRIu32 ",\"threadsEnd\":%" PRIu32 "}\n", warm.thread_count, end.thread_count);
  int grew = end.fd_count > warm.fd_count || end.thread_count > warm.thread_count ||
             (!process_is_sanitized() && end.rss_kib > warm.rss_kib + GROWTH_KIB_MAX);
  if (grew) {
    fprintf(stderr, "the process has grown\n");
  }
  return grew ? EXIT_CODE_FAILED : EXIT_CODE_PASSED;
}
