/* One life of the host: the process, the job that ends with it, the pipe that is its life line, and its log. */
#ifndef PORTCULLIS_SERVICE_HOST_PROCESS_H
#define PORTCULLIS_SERVICE_HOST_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include <windows.h>

#include "service/lines.h"
#include "service/log.h"

/* Of what the host printed to standard error, the end is kept: a message with its code, or the head of a stack trace. */
#define HOST_WORDS_BYTES 1024u

/* The threads that read what it prints. That of its output ends too when its log cannot be written. */
enum { HOST_OUTPUT, HOST_ERRORS, HOST_READERS };

typedef struct host_command {
  const WCHAR *node;
  const WCHAR *main;
  const WCHAR *config;
} host_command;

typedef struct host {
  log *host_log;
  log *service_log;
  HANDLE job;
  HANDLE process;
  HANDLE serves; /* an event: it has said so */
  HANDLE input;  /* our end of its standard input */
  HANDLE output; /* and of its standard output, */
  HANDLE errors; /* and of its standard error */
  HANDLE readers[HOST_READERS];
  DWORD process_id;
  volatile LONG64 denied; /* questions, taken from its log and not reported yet */
  lines output_lines;
  lines error_lines;
  size_t words_used;
  char words[HOST_WORDS_BYTES + 1];
} host;

/* Returns 0 or an error of Windows. `self` must be zero, with the logs; `host_end` must follow if it succeeded. */
DWORD host_start(host *self, const host_command *command);

/* Closes its input, gives it `wait_ms` to end, ends whatever is still there of it, and waits until its log is written.
 * Returns its exit code; `in_order` says whether it ended in time. Its words can be read now. */
DWORD host_end(host *self, DWORD wait_ms, bool *in_order);

#endif
