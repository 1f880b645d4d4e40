/* portcullis_conformance: whether this system's implementation of port.h keeps its promises. */
#include "conformance/conformance.h"

#include <stdio.h>

static int failed;

void check(bool holds, const char *sentence) {
  printf("%s %s\n", holds ? "ok" : "not ok", sentence);
  fflush(stdout);
  if (!holds) failed = 1;
}

uint64_t soon(void) { return in_ms(SOON_MS); }

uint64_t in_ms(uint32_t ms) { return port_now_ns() + ms * NS_PER_MS; }

int main(int argc, char **argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: portcullis_conformance ENDPOINT ACCOUNT FOLDER\n");
    return 2;
  }
  surroundings around = {.endpoint = argv[1], .account = argv[2], .folder = argv[3]};
  check_basics(&around);
  check_streams(&around);
  check_hub(&around);
#ifdef _WIN32
  check_windows(&around);
#endif
  return failed;
}
