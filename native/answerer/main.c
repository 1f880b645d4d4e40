/* The answerer: an evaluator in C, for tests of the native parts with no other host around. It serves one endpoint
 * through portcullis_io and answers with the mirror's decisions, which the driver computes too. A few senders make it
 * misbehave; see README.md. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answerer/handles.h"
#include "answerer/show.h"
#include "block/block.h"
#include "block/bytes.h"
#include "driver/mirror.h"
#include "driver/utf16.h"
#include "io/io.h"
#include "wsman/wsman_types.h"

/* Offsets in a block, as in docs/reference/request-block.md. */
enum { AT_TEXTS = 80 };

/* As an evaluator has them. */
#define PROCESSOR_MS_MAX 100u
#define WALL_MS_MAX 1000u

/* Longer than a plug-in waits for one evaluator, shorter than the watchdog's wall time. */
#define LATE_MS 600u

#define LABEL "answerer"

typedef struct answerer {
  pcio *io;
  uint32_t count;
  int shows;
  uint32_t held; /* the connection whose question was set aside; 0 for none */
  uint8_t held_block[BLOCK_BYTES_MAX];
} answerer;

/* A text with a terminator; NULL if absent. To be freed. */
static WCHAR *text_of(const uint8_t *block, block_text_field field) {
  uint32_t at = bytes_get32(block + AT_TEXTS + 8u * (uint32_t)field);
  uint32_t units = bytes_get32(block + AT_TEXTS + 8u * (uint32_t)field + 4);
  WCHAR *text = at == 0 ? NULL : calloc(units + 1, sizeof *text);
  if (text != NULL) memcpy(text, block + at, 2 * units);
  return text;
}

static void decide(const uint8_t *block, answer *answer) {
  WCHAR *application = text_of(block, BLOCK_APPLICATION);
  WCHAR *sender = text_of(block, BLOCK_SENDER_NAME);
  WCHAR *action = text_of(block, BLOCK_ACTION);
  WCHAR *resource = text_of(block, BLOCK_RESOURCE_URI);
  wsmd_question question = {
      .kind = answer->kind, .sender_name = sender, .action = action, .resource_uri = resource};
  if (mirror_allows(application, &question)) {
    answer->outcome = ANSWER_ALLOW;
    answer->error_code = NO_ERROR;
    if (answer->kind == BLOCK_KIND_QUOTA) mirror_quota(application, &question, answer->quota);
  } else {
    answer->outcome = ANSWER_DENY;
    answer->error_code = ERROR_ACCESS_DENIED;
  }
  free(application);
  free(sender);
  free(action);
  free(resource);
}

static void reply(answerer *self, uint32_t connection, const uint8_t *block) {
  answer answer = {.kind = (uint16_t)bytes_get16(block + BLOCK_AT_KIND),
                   .attempt = (uint16_t)bytes_get16(block + BLOCK_AT_ATTEMPT)};
  uint8_t body[ANSWER_BYTES_MAX];
  memcpy(answer.id, block + BLOCK_AT_QUESTION_ID, BLOCK_ID_BYTES);
  decide(block, &answer);
  (void)pcio_answer(self->io, connection, body, answer_write(body, &answer), NULL, 0);
}

static int is_from(const uint8_t *block, const char *name) {
  WCHAR *sender = text_of(block, BLOCK_SENDER_NAME);
  int is = sender != NULL && utf16_contains(sender, name);
  free(sender);
  return is;
}

static void spin(void) {
  for (volatile uint32_t forever = 1; forever != 0;) continue;
}

static void take_question(answerer *self, uint32_t connection, const uint8_t *block) {
  if (self->shows) show_identity(block);
  if (is_from(block, "\\spin")) spin();
  if (is_from(block, "\\late")) Sleep(LATE_MS);
  if (is_from(block, "\\hold") && self->held == 0 && pcio_hold(self->io, connection) == 0) {
    memcpy(self->held_block, block, bytes_get32(block + 8));
    self->held = connection;
    return;
  }
  reply(self, connection, block);
}

/* What was set aside is answered as soon as there is nothing else to do. */
static void take_held(answerer *self) {
  uint32_t connection = self->held;
  self->held = 0;
  if (connection != 0 && pcio_resume(self->io, connection) == 0) reply(self, connection, self->held_block);
}

static void serve(answerer *self) {
  static uint8_t event[PCIO_EVENT_BYTES_MAX];
  for (;;) {
    int what = pcio_next(self->io, event, self->held == 0 ? -1 : 10);
    uint32_t connection = bytes_get32(event + 4);
    uint32_t detail = bytes_get32(event + 8);
    const uint8_t *body = event + PCIO_EVENT_HEADER_BYTES;
    if (what == PCIO_TIMEOUT) {
      take_held(self);
    } else if (what == PCIO_FRAME && detail == FRAME_HELLO) {
      show_hello(body);
      if (pcio_welcome(self->io, connection, WIRE_VERSION_HIGHEST, self->count, 1, 0, LABEL) != 0) pcio_hang_up(self->io, connection);
    } else if (what == PCIO_FRAME && detail == FRAME_QUESTION) {
      take_question(self, connection, body);
    } else if (what == PCIO_CLOSED) {
      if (self->held == connection) self->held = 0;
      printf("{\"closed\":%" PRIu32 "}\n", detail);
      fflush(stdout);
    }
  }
}

int main(int argc, char **argv) {
  static answerer self;
  if (argc < 6 || argc > 7) {
    fprintf(stderr, "usage: portcullis_answerer ENDPOINT INDEX COUNT PAGE ACCOUNTS [show]\n");
    return 2;
  }
  self.count = (uint32_t)atoi(argv[3]);
  self.shows = argc == 7;
  self.io = pcio_open(handles_control(), handles_page(argv[4]));
  int listening = self.io == NULL ? PCIO_E_FAILED : pcio_listen(self.io, argv[1], (uint32_t)atoi(argv[2]), argv[5]);
  if (listening != 0 || pcio_watch(self.io, PROCESSOR_MS_MAX, WALL_MS_MAX) != 0) {
    fprintf(stderr, listening == PCIO_E_IN_USE ? "the endpoint is in use\n" : "cannot serve\n");
    return 1;
  }
  printf("{\"serving\":true}\n");
  fflush(stdout);
  serve(&self);
}
