/* The handshake in steps. */
#include "plugin/greeting.h"

#include <string.h>

#include "plugin/limits.h"

_Static_assert(REFUSAL_BYTES == WELCOME_BYTES, "whatever the reply is, it is whole with the same byte");
_Static_assert(WIRE_VERSION_LOWEST <= WIRE_VERSION_HIGHEST, "some version is spoken");

static const uint32_t version_lowest = WIRE_VERSION_LOWEST;
static const uint32_t version_highest = WIRE_VERSION_HIGHEST;
static const uint16_t product_version[4] = {PRODUCT_VERSION};

port_status greeting_begin(greeting *greeting, const settings *settings, uint32_t evaluator, block_text application,
                           const uint32_t counters[DENIALS]) {
  port_stream *stream;
  port_status status = port_stream_open(settings->endpoint, evaluator, settings->owner, &stream);
  if (status != PORT_OK) return status;
  *greeting = (struct greeting){.stream = stream, .evaluator = evaluator};
  greeting->deadline_ns = port_now_ns() + HANDSHAKE_MS_MAX * NS_PER_MS;
  hello said = {.version_lowest = (uint16_t)version_lowest,
                .version_highest = (uint16_t)version_highest,
                .process_id = port_process_id(),
                .application = application,
                .counters = counters,
                .counter_count = DENIALS};
  memcpy(said.product_version, product_version, sizeof product_version);
  uint8_t frame[FRAME_HEADER_BYTES + HELLO_BYTES_MAX];
  uint32_t size = hello_write(frame + FRAME_HEADER_BYTES, &said);
  frame_header_write(frame, size, FRAME_HELLO);
  /* A new connection takes this much without anybody reading it: no waiting, and none is granted. */
  status = port_stream_write(stream, frame, FRAME_HEADER_BYTES + size, 0);
  if (status != PORT_OK) port_stream_close(stream);
  return status;
}

static bool is_offered(uint32_t version) {
  return version >= version_lowest && version <= version_highest;
}

/* A host that says there is no common version, and names those that it speaks, is believed if that is so. */
static bool is_about_version(const refusal *refusal) {
  bool apart = refusal->version_highest < version_lowest || refusal->version_lowest > version_highest;
  return refusal->reason == REFUSAL_NO_COMMON_VERSION && apart;
}

/* DENIALS: it is a welcome. */
static denial read_reply(const greeting *greeting, welcome *welcome) {
  uint32_t size;
  uint16_t type;
  refusal refusal;
  const uint8_t *body = greeting->reply + FRAME_HEADER_BYTES;
  if (!frame_header_read(greeting->reply, &size, &type)) return DENIAL_UNREACHABLE;
  if (type == FRAME_WELCOME && welcome_read(body, size, welcome)) {
    return is_offered(welcome->version) ? DENIALS : DENIAL_VERSION;
  }
  bool refused = type == FRAME_REFUSAL && refusal_read(body, size, &refusal) && is_about_version(&refusal);
  return refused ? DENIAL_VERSION : DENIAL_UNREACHABLE;
}

port_status greeting_advance(greeting *greeting, connection **opened, welcome *welcome, denial *why) {
  size_t count;
  port_status status =
      port_stream_receive(greeting->stream, greeting->reply + greeting->had, sizeof greeting->reply - greeting->had, &count);
  greeting->had += count;
  *why = DENIAL_UNREACHABLE;
  if (status == PORT_TIMEOUT && port_now_ns() < greeting->deadline_ns) return PORT_TIMEOUT;
  if (status == PORT_OK && greeting->had < sizeof greeting->reply) return PORT_TIMEOUT;
  if (status == PORT_OK && (*why = read_reply(greeting, welcome)) != DENIALS) status = PORT_FAILED;
  if (status == PORT_OK) {
    *opened = connection_make(greeting->stream, greeting->evaluator, welcome->switches);
    if (*opened == NULL) {
      status = PORT_NO_MEMORY;
      *why = DENIAL_UNREACHABLE;
    }
  }
  if (status == PORT_TIMEOUT) status = PORT_FAILED;
  if (status != PORT_OK) greeting_end(greeting);
  return status;
}

void greeting_end(greeting *greeting) { port_stream_close(greeting->stream); }
