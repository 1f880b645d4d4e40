/* The command `load`: many threads ask random mixed questions, and every answer is compared with what the
 * mirror says. The questions follow from the seed alone; only their order in time depends on the threads.
 * An answer that contradicts the mirror fails the run whatever the options are. */
#include "driver/driver.h"
#include "driver/gate.h"
#include "driver/options.h"
#include "driver/process.h"
#include "driver/questions.h"
#include "driver/random.h"
#include "driver/report.h"
#include "driver/tally.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More threads than an application pool's worker process has busy at once. */
#define THREADS_MAX 512u

/* Ten million questions need 40 MB for their durations; more would measure the driver. */
#define QUESTIONS_MAX 10000000u

/* Contexts pile up until they are released, so each thread clears its application this often. */
#define RELEASE_KEPT_EVERY 1000u

/* Contradictions that are spelt out; the rest are only counted. */
#define WRONG_SHOWN_MAX 5u

typedef struct load_run {
  gate gates[OPTION_TEXTS_MAX];
  uint32_t gate_count;
  uint64_t threads;
  uint64_t questions;
  uint64_t seed;
  uint64_t restart_every; /* 0: never */
  int inside_mix;
  int expect_all;
  int tolerate_no_answer;
  uint32_t *microseconds; /* one for each question */
  _Atomic uint64_t next;
  _Atomic uint32_t wrong_shown;
  _Atomic int broken; /* an instance or a thread could not be started, asked or stopped */
} load_run;

typedef struct load_thread {
  wsmd__thread *native;
  load_run *run;
  tally counts;
} load_thread;

static void show_wrong(load_run *run, uint64_t index, const char *what, const wsmd_question *question,
                       const wsmd_answer *answer) {
  if (atomic_fetch_add(&run->wrong_shown, 1) < WRONG_SHOWN_MAX) {
    fprintf(stderr, "question %" PRIu64 " of kind %" PRIu32 " was %s, code %" PRIu32 "\n", index,
            question->kind, what, answer->error_code);
  }
}

/* Asks until an instance takes the question: a restart that is not quiet may shut down the one that the
 * gate named, and then the gate names another. Returns 0 or -1. */
static int ask(gate *door, const wsmd_question *question, wsmd_answer *answer) {
  uint32_t refused = 0;
  for (;;) {
    uint32_t instance = gate_enter(door);
    int result = instance == refused ? -1 : wsmd_ask(instance, question, answer);
    gate_leave(door);
    if (result == 0 || instance == refused) {
      return result;
    }
    refused = instance;
  }
}

static void ask_one(load_thread *thread, uint64_t index) {
  load_run *run = thread->run;
  uint64_t state = random_state(run->seed, index);
  gate *door = &run->gates[random_below(&state, run->gate_count)];
  random_question made;
  wsmd_answer answer;
  question_random(&state, run->inside_mix, &made);
  if (ask(door, &made.question, &answer) != 0) {
    atomic_store(&run->broken, 1);
    return;
  }
  const char *wrong = tally_answer(&thread->counts, door->application, &made.question, &answer);
  if (wrong != NULL) {
    show_wrong(run, index, wrong, &made.question, &answer);
  }
  uint64_t microseconds = answer.nanoseconds / 1000;
  run->microseconds[index] = microseconds > UINT32_MAX ? UINT32_MAX : (uint32_t)microseconds;
}

static void thread_main(void *opaque) {
  load_thread *thread = opaque;
  load_run *run = thread->run;
  uint64_t asked = 0;
  while (!atomic_load(&run->broken)) {
    uint64_t index = atomic_fetch_add(&run->next, 1);
    if (index >= run->questions) {
      break;
    }
    if (run->restart_every != 0 && index != 0 && index % run->restart_every == 0) {
      gate *door = &run->gates[index / run->restart_every % run->gate_count];
      if (gate_restart(door, !run->tolerate_no_answer) != 0) {
        atomic_store(&run->broken, 1);
        break;
      }
    }
    ask_one(thread, index);
    asked++;
    if (asked % RELEASE_KEPT_EVERY == 0) {
      gate *door = &run->gates[asked / RELEASE_KEPT_EVERY % run->gate_count];
      wsmd_release_kept(gate_enter(door));
      gate_leave(door);
    }
  }
}

/* Returns how many threads could be started; all of them have ended. */
static uint64_t run_threads(load_run *run, load_thread *threads) {
  uint64_t started = 0;
  while (started < run->threads) {
    threads[started].run = run;
    threads[started].native = wsmd__thread_start(thread_main, &threads[started]);
    if (threads[started].native == NULL) {
      atomic_store(&run->broken, 1);
      break;
    }
    started++;
  }
  for (uint64_t index = 0; index < started; index++) {
    wsmd__thread_join(threads[index].native);
  }
  return started;
}

static int compare_microseconds(const void *left, const void *right) {
  uint32_t first = *(const uint32_t *)left;
  uint32_t second = *(const uint32_t *)right;
  return (first > second) - (first < second);
}

static void report_times(load_run *run, const tally *sum, uint64_t nanoseconds) {
  double seconds = (double)nanoseconds / 1e9;
  qsort(run->microseconds, run->questions, sizeof run->microseconds[0], compare_microseconds);
  printf(",\"seconds\":%.3f,\"perSecond\":%.0f", seconds, (double)sum->questions / seconds);
  printf(",\"p50Microseconds\":%" PRIu32 ",\"p99Microseconds\":%" PRIu32 ",\"maxMicroseconds\":%" PRIu32,
         run->microseconds[run->questions / 2], run->microseconds[run->questions * 99 / 100],
         run->microseconds[run->questions - 1]);
}

/* Closes what is open, the plug-in included; a plug-in that refuses has broken the run. */
static void close_run(load_run *run) {
  while (run->gate_count != 0) {
    run->gate_count--;
    if (gate_close(&run->gates[run->gate_count]) != 0) {
      atomic_store(&run->broken, 1);
    }
  }
  if (wsmd_unload() != 0) {
    atomic_store(&run->broken, 1);
  }
}

static int judge(const load_run *run, const tally *sum, const wsmd_violations *violations) {
  if (atomic_load(&run->broken)) {
    fprintf(stderr, "an instance or a thread could not be started, asked or stopped\n");
    return EXIT_CODE_FAILED;
  }
  if (tally_wrong(sum) != 0) {
    fprintf(stderr, "%" PRIu64 " answers contradict the mirror\n", tally_wrong(sum));
    return EXIT_CODE_FAILED;
  }
  if (violations_total(violations) != 0) {
    fprintf(stderr, "the plug-in broke its contract %" PRIu64 " times\n", violations_total(violations));
    return EXIT_CODE_FAILED;
  }
  if (sum->no_answer != 0 && !run->tolerate_no_answer) {
    fprintf(stderr, "%" PRIu64 " questions got no answer\n", sum->no_answer);
    return EXIT_CODE_FAILED;
  }
  return EXIT_CODE_PASSED;
}

static int run_load(load_run *run, load_thread *threads) {
  tally sum = {0};
  wsmd_violations violations;
  uint64_t rss_start_kib = process_rss_kib();
  uint64_t start = process_nanoseconds();
  uint64_t started = run_threads(run, threads);
  uint64_t nanoseconds = process_nanoseconds() - start;
  for (uint64_t index = 0; index < started; index++) {
    tally_add(&sum, &threads[index].counts);
  }
  wsmd_release_drain();
  uint64_t rss_end_kib = process_rss_kib();
  close_run(run);
  wsmd_violations_read(&violations);

  putchar('{');
  tally_report(&sum);
  printf(",\"violations\":");
  report_violations(&violations);
  report_times(run, &sum, nanoseconds);
  printf(",\"seed\":%" PRIu64 ",\"rssKibStart\":%" PRIu64 ",\"rssKibEnd\":%" PRIu64 "}\n", run->seed,
         rss_start_kib, rss_end_kib);
  return judge(run, &sum, &violations);
}

static int open_run(load_run *run, const char *plugin, const option_texts *applications) {
  char error[1024];
  if (wsmd_load(plugin, error, sizeof error) != 0) {
    fprintf(stderr, "%s\n", error);
    return -1;
  }
  while (run->gate_count < applications->count) {
    if (gate_open(&run->gates[run->gate_count], applications->values[run->gate_count]) != 0) {
      close_run(run);
      return -1;
    }
    run->gate_count++;
  }
  return 0;
}

int driver_load(int argc, char **argv) {
  static load_run run;
  option_texts applications = {0};
  run.seed = process_seed();
  const option options[] = {
      {"--threads", 1, 1, THREADS_MAX, &run.threads, NULL, NULL},
      {"--questions", 1, 1, QUESTIONS_MAX, &run.questions, NULL, NULL},
      {"--application", 1, 0, OPTION_TEXTS_MAX, NULL, NULL, &applications},
      {"--seed", 0, 0, UINT64_MAX, &run.seed, NULL, NULL},
      {"--restart-every", 0, 1, QUESTIONS_MAX, &run.restart_every, NULL, NULL},
      {"--inside-mix", 0, 0, 0, NULL, &run.inside_mix, NULL},
      {"--expect-all", 0, 0, 0, NULL, &run.expect_all, NULL},
      {"--tolerate-no-answer", 0, 0, 0, NULL, &run.tolerate_no_answer, NULL},
  };
  if (argc < 1) {
    fprintf(stderr, "name the plug-in; see portcullis_driver --help\n");
    return EXIT_CODE_USAGE;
  }
  if (options_parse(argc - 1, argv + 1, options, sizeof options / sizeof options[0]) != 0) {
    return EXIT_CODE_USAGE;
  }
  if (run.expect_all && run.tolerate_no_answer) {
    fprintf(stderr, "give --expect-all or --tolerate-no-answer, not both\n");
    return EXIT_CODE_USAGE;
  }
  int result = EXIT_CODE_FAILED;
  run.microseconds = malloc(run.questions * sizeof run.microseconds[0]);
  load_thread *threads = calloc(run.threads, sizeof *threads);
  if (run.microseconds == NULL || threads == NULL) {
    fprintf(stderr, "out of memory\n");
  } else {
    /* Written now, so that the durations do not look like memory that the plug-in lost. */
    memset(run.microseconds, 0, run.questions * sizeof run.microseconds[0]);
    if (open_run(&run, argv[0], &applications) == 0) {
      result = run_load(&run, threads);
    }
  }
  free(threads);
  free(run.microseconds);
  return result;
}
