/* What io.c, receive.c and watchdog.c share. */
#ifndef PORTCULLIS_IO_INTERNAL_H
#define PORTCULLIS_IO_INTERNAL_H

#include "io/io.h"
#include "port/port.h"

#define NS_PER_MS 1000000ull

/* A plug-in's largest frame; what is read at once. */
#define PCIO_FRAME_BYTES_MAX (FRAME_HEADER_BYTES + BLOCK_BYTES_MAX)

#define PCIO_CONTROL_FRAME_BYTES_MAX (FRAME_HEADER_BYTES + PCIO_CONTROL_BYTES_MAX)

typedef struct pcio_connection {
  port_link *link;
  uint32_t number;
  char account[PCIO_ACCOUNT_BYTES];
  bool welcomed;
  uint64_t due_ns; /* when its silence ends it; PORT_NEVER while it owes nothing */
  uint8_t *partial; /* the beginning of a frame that has not come whole; NULL for none */
  uint32_t partial_size;
  char label[PCIO_LABEL_BYTES_MAX];
  /* The question that it has asked and that is not answered. */
  uint16_t kind;
  uint16_t attempt;
  uint8_t id[BLOCK_ID_BYTES];
  bool held; /* set aside */
} pcio_connection;

/* That a question is being worked on, and whose; the watchdog looks at it from outside. */
typedef struct pcio_running {
  bool on;
  pcio_connection *connection;
  uint64_t processor_start_ns;
  uint32_t ticks; /* of the watchdog since then: a process that was stopped as a whole has not used them */
} pcio_running;

typedef struct pcio_watchdog {
  bool on;
  bool stopping;
  uint64_t processor_ns_max;
  uint32_t ticks_max;
  port_thread_clock clock; /* of the thread that is watched */
  port_thread thread;
  port_condition wake;
} pcio_watchdog;

struct pcio {
  port_hub *hub;
  uint64_t swept_ns; /* when silent connections were last looked for */
  pcio_connection control;
  pcio_connection *connections[PCIO_CONNECTIONS_MAX]; /* by number - 1; NULL: free */
  uint8_t *control_in; /* control frames come in any number and in any pieces */
  uint32_t control_in_size;
  bool control_in_drained; /* no whole frame is left in it */

  /* Everything below is shared with the watchdog, and so is sending. */
  port_mutex lock;
  uint8_t *page;
  uint64_t decided; /* questions, as the page says */
  pcio_running running;
  pcio_watchdog watchdog;
  uint8_t *control_out;
  uint32_t control_out_size;
};

/* The watchdog's last frame finds room behind a full queue. */
#define OVERTIME_HEADER_BYTES 40u
#define OVERTIME_BYTES_MAX (FRAME_HEADER_BYTES + OVERTIME_HEADER_BYTES + PCIO_LABEL_BYTES_MAX)

/* Both need the lock. Queueing fails if the queue would have more than `bytes_max`; flushing never waits and
 * returns true if nothing is left. */
bool pcio__control_queue(pcio *io, uint16_t type, const uint8_t *body, uint32_t size, uint32_t bytes_max);
bool pcio__control_flush(pcio *io);

/* Needs the lock: sends a whole frame or fails. */
bool pcio__send(pcio_connection *connection, uint16_t type, const uint8_t *body, uint32_t size);

/* Closes and frees, and takes the question that the connection had asked from under the watchdog. The first
 * needs the lock, the second takes it. */
void pcio__drop_locked(pcio *io, pcio_connection *connection);
void pcio__drop(pcio *io, pcio_connection *connection);

/* Begins and ends work on a connection's question, for the watchdog and on the page. They need the lock. */
void pcio__run(pcio *io, pcio_connection *connection);
void pcio__rest(pcio *io);

/* One question more is decided. Needs the lock, and comes before anybody can hear of the decision. Returns its number,
 * from 1. */
uint64_t pcio__count(pcio *io);

void pcio__watchdog_stop(pcio *io);

#endif
