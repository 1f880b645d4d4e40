/* The promises of port.h as checks that run unchanged on every system. A check is a sentence and whether it holds. */
#ifndef PORTCULLIS_CONFORMANCE_H
#define PORTCULLIS_CONFORMANCE_H

#include "port/port.h"

#define NS_PER_MS 1000000ull

/* Longer than anything here takes on a machine that is busy elsewhere. */
#define SOON_MS 10000u

typedef struct surroundings {
  const char *endpoint; /* nobody serves it */
  const char *account;  /* of this process */
  const char *folder;   /* may be written to */
} surroundings;

/* Prints the sentence, and fails the run if it does not hold. */
void check(bool holds, const char *sentence);

uint64_t soon(void);
uint64_t in_ms(uint32_t ms);

void check_basics(const surroundings *around);
void check_streams(const surroundings *around);
void check_hub(const surroundings *around);
#ifdef _WIN32
void check_windows(const surroundings *around);
#endif

/* ---- server.c: the other side of a stream ---- */

/* Serves evaluator 0 on a thread of its own. It sends back what comes in, but for these first bytes of a connection: */
#define SERVER_ECHO 'e'      /* for what the system keeps until it is read */
#define SERVER_CHECK 'c'     /* reads SERVER_CHECK_BYTES and says 1 if they are numbered by byte_at, or else 0 */
#define SERVER_SILENT 's'    /* reads everything and says nothing */
#define SERVER_DEAF 'd'      /* reads nothing more */
#define SERVER_FAREWELL 'f'  /* sends SERVER_FAREWELL_BYTES and closes */
#define SERVER_FLOOD 'l'     /* sends SERVER_FLOOD_BYTES, numbered by byte_at, however slowly they are read */

/* The largest request block and its header. */
#define SERVER_CHECK_BYTES 49160u
#define SERVER_FAREWELL_BYTES 100u
#define SERVER_FLOOD_BYTES (3u * 1024u * 1024u)

/* What numbered bytes have at an offset: no period that a buffer's size could hide. */
static inline uint8_t byte_at(uint32_t offset) { return (uint8_t)(offset * 2654435761u >> 24); }

typedef struct server server;
server *server_start(const surroundings *around);
void server_stop(server *server);

/* A stream to it that has said how it wants to be treated. NULL if it cannot be opened. */
port_stream *server_connect(const surroundings *around, char treatment);

#endif
