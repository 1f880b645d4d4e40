/* The driver program: plays scripts and load through the WsmSvc double against one plug-in. This file
 * only finds the command; each command is in the file of its name. */
#include "driver/driver.h"

#include <stdio.h>
#include <string.h>

static const char usage[] =
    "usage: portcullis_driver script PLUGIN FILE\n"
    "       portcullis_driver load PLUGIN --threads N --questions N --application A [--application B ...]\n"
    "                         [--seed N] [--inside-mix] [--expect-all | --tolerate-no-answer]\n"
    "                         [--restart-every N]\n"
    "       portcullis_driver cycles PLUGIN --count N --threads N --application A [--seed N]\n"
    "       portcullis_driver fail\n";

/* Proves that whoever runs the driver notices when it fails. */
static int driver_fail(int argc, char **argv) {
  (void)argc;
  (void)argv;
  fprintf(stderr, "this command always fails, to test the harness\n");
  return EXIT_CODE_FAILED;
}

static const struct {
  const char *name;
  int (*run)(int argc, char **argv);
} commands[] = {
    {"script", driver_script},
    {"load", driver_load},
    {"cycles", driver_cycles},
    {"fail", driver_fail},
};

int main(int argc, char **argv) {
  if (argc < 2) {
    fprintf(stderr, "name a command\n%s", usage);
    return EXIT_CODE_USAGE;
  }
  if (strcmp(argv[1], "--help") == 0) {
    fputs(usage, stdout);
    return EXIT_CODE_PASSED;
  }
  for (size_t index = 0; index < sizeof commands / sizeof commands[0]; index++) {
    if (strcmp(argv[1], commands[index].name) == 0) {
      return commands[index].run(argc - 2, argv + 2);
    }
  }
  fprintf(stderr, "there is no command %s\n%s", argv[1], usage);
  return EXIT_CODE_USAGE;
}
