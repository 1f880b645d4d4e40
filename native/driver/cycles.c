/* The command `cycles`: grants and releases a great many contexts and looks whether the process has grown.
 * The first tenth is warm-up: pools, connections and the allocator's arenas reach their size in it, and
 * only growth after it can be a leak. */
#include "driver/driver.h"
#include "driver/gate.h"
#include "driver/mirror.h"
#include "driver/options.h"
#include "driver/process.h"
#include "driver/questions.h"
#include "driver/random.h"
#include "driver/report.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define THREADS_MAX 512u
#define COUNT_MIN 10u /* so that a tenth is at least one */
#define COUNT_MAX 1000000000u
#define WARM_UP_PART 10u

/* A leak of four bytes a grant shows in the million grants of the contract's check; allocators and
 * thread stacks move by less. */
#define GROWTH_KIB_MAX 4096u

/* A plug-in opens a connection when somebody waits for one, so the last of its 8 to each of two evaluators may
 * come after the warm-up. A leak in each cycle is far beyond this, one in a thousand shows in the full run. */
#define CONNECTIONS_LATE_MAX 16u

/* So often a thread releases what was kept, so that keeping is a delay and not a pile. */
#define RELEASE_KEPT_EVERY 256u

typedef struct cycles_run {
  gate door;
  uint64_t threads;
  uint64_t count;
  uint64_t seed;
  uint64_t end; /* the index at which the present phase stops */
  _Atomic uint64_t next;
  _Atomic uint64_t granted;
  _Atomic uint64_t released;
  _Atomic int broken; /* the instance or a thread could not be started, asked or stopped */
} cycles_run;

typedef struct process_size {
  uint64_t rss_kib;
  uint32_t fd_count;
} process_size;

static void make_granted_question(const cycles_run *run, uint64_t index, random_question *made) {
  uint64_t state = random_state(run->seed, index);
  do {
    question_random_user(&state, made);
  } while (!mirror_allows(run->door.application, &made->question));
}

/* Kept contexts are counted when they are released; all other modes have released theirs, or will have
 * once the release thread is drained. */
static void ask_one(cycles_run *run, uint64_t index) {
  random_question made;
  wsmd_answer answer;
  make_granted_question(run, index, &made);
  if (wsmd_ask(run->door.instance, &made.question, &answer) != 0) {
    atomic_store(&run->broken, 1);
    return;
  }
  if (outcome_of(&answer) != OUTCOME_ALLOW || answer.context == NULL) {
    return;
  }
  atomic_fetch_add(&run->granted, 1);
  if (made.question.release != WSMD_RELEASE_KEEP) {
    atomic_fetch_add(&run->released, 1);
  }
}

static void thread_main(void *opaque) {
  cycles_run *run = opaque;
  while (!atomic_load(&run->broken)) {
    uint64_t index = atomic_fetch_add(&run->next, 1);
    if (index >= run->end) {
      break;
    }
    ask_one(run, index);
    if (index % RELEASE_KEPT_EVERY == 0) {
      atomic_fetch_add(&run->released, wsmd_release_kept(run->door.instance));
    }
  }
}

/* Runs up to index `end` and measures with nothing under way. */
static process_size run_phase(cycles_run *run, wsmd__thread **threads, uint64_t end) {
  uint64_t started = 0;
  atomic_store(&run->next, run->end);
  run->end = end;
  while (started < run->threads && (threads[started] = wsmd__thread_start(thread_main, run)) != NULL) {
    started++;
  }
  if (started < run->threads) {
    atomic_store(&run->broken, 1);
  }
  while (started != 0) {
    started--;
    wsmd__thread_join(threads[started]);
  }
  wsmd_release_drain();
  atomic_fetch_add(&run->released, wsmd_release_kept(run->door.instance));
  return (process_size){process_rss_kib(), process_fd_count()};
}

static int judge(const cycles_run *run, process_size warm, process_size end,
                 const wsmd_violations *violations) {
  int result = EXIT_CODE_PASSED;
  if (atomic_load(&run->broken)) {
    fprintf(stderr, "the instance or a thread could not be started, asked or stopped\n");
    result = EXIT_CODE_FAILED;
  }
  if (run->granted != run->count) {
    fprintf(stderr, "%" PRIu64 " of %" PRIu64 " questions were granted with a context\n", run->granted,
            run->count);
    result = EXIT_CODE_FAILED;
  }
  if (run->released != run->granted) {
    fprintf(stderr, "%" PRIu64 " contexts were granted and %" PRIu64 " released\n", run->granted,
            run->released);
    result = EXIT_CODE_FAILED;
  }
  if (violations_total(violations) != 0) {
    fprintf(stderr, "the plug-in broke its contract %" PRIu64 " times\n", violations_total(violations));
    result = EXIT_CODE_FAILED;
  }
  if (!process_is_sanitized() && end.rss_kib > warm.rss_kib + GROWTH_KIB_MAX) {
    fprintf(stderr, "memory grew by %" PRIu64 " KiB after warm-up\n", end.rss_kib - warm.rss_kib);
    result = EXIT_CODE_FAILED;
  }
  if (end.fd_count > warm.fd_count + CONNECTIONS_LATE_MAX) {
    fprintf(stderr, "open descriptors grew from %" PRIu32 " to %" PRIu32 "\n", warm.fd_count, end.fd_count);
    result = EXIT_CODE_FAILED;
  }
  return result;
}

static int run_cycles(cycles_run *run, wsmd__thread **threads) {
  wsmd_violations violations;
  process_size warm = run_phase(run, threads, run->count / WARM_UP_PART);
  process_size end = run_phase(run, threads, run->count);
  if (gate_close(&run->door) != 0 || wsmd_unload() != 0) {
    atomic_store(&run->broken, 1);
  }
  wsmd_violations_read(&violations);

  printf("{\"rssKibAfterWarmup\":%" PRIu64 ",\"rssKibEnd\":%" PRIu64, warm.rss_kib, end.rss_kib);
  printf(",\"granted\":%" PRIu64 ",\"released\":%" PRIu64, run->granted, run->released);
  printf(",\"fdCountStart\":%" PRIu32 ",\"fdCountEnd\":%" PRIu32, warm.fd_count, end.fd_count);
  printf(",\"seed\":%" PRIu64 ",\"violations\":", run->seed);
  report_violations(&violations);
  printf("}\n");
  return judge(run, warm, end, &violations);
}

int driver_cycles(int argc, char **argv) {
  static cycles_run run;
  char error[1024];
  option_texts applications = {0};
  run.seed = process_seed();
  const option options[] = {
      {"--count", 1, COUNT_MIN, COUNT_MAX, &run.count, NULL, NULL},
      {"--threads", 1, 1, THREADS_MAX, &run.threads, NULL, NULL},
      {"--application", 1, 0, 1, NULL, NULL, &applications},
      {"--seed", 0, 0, UINT64_MAX, &run.seed, NULL, NULL},
  };
  if (argc < 1) {
    fprintf(stderr, "name the plug-in; see portcullis_driver --help\n");
    return EXIT_CODE_USAGE;
  }
  if (options_parse(argc - 1, argv + 1, options, sizeof options / sizeof options[0]) != 0) {
    return EXIT_CODE_USAGE;
  }
  wsmd__thread **threads = calloc(run.threads, sizeof *threads);
  if (threads == NULL) {
    fprintf(stderr, "out of memory\n");
    return EXIT_CODE_FAILED;
  }
  int result = EXIT_CODE_FAILED;
  if (wsmd_load(argv[0], error, sizeof error) != 0) {
    fprintf(stderr, "%s\n", error);
  } else if (gate_open(&run.door, applications.values[0]) != 0) {
    wsmd_unload();
  } else {
    result = run_cycles(&run, threads);
  }
  free(threads);
  return result;
}
