/* portcullis_io: the host's side of the channel, called by an evaluator through koffi.
 *
 * One thread calls pcio_next in a loop and gets one event at a time: a frame from any connection, the
 * control connection included. It never calls back. Half frames, oversized ones, frames out of turn and
 * silent connections are dealt with here, and reach the caller only as PCIO_CLOSED with a reason.
 *
 * All functions are for one and the same thread. Results below 0 are PCIO_E_*. */
#ifndef PORTCULLIS_IO_H
#define PORTCULLIS_IO_H

#include "block/frame.h"
#include "wsman/wsman_types.h"

/* Connections of plug-ins that one evaluator serves: 4,000 applications that are idle have one each. */
#define PCIO_CONNECTIONS_MAX 4096u

/* Of these, what one account may have: 64 worker processes with 8 each. Nobody can keep all others out. */
#define PCIO_CONNECTIONS_PER_ACCOUNT_MAX 512u

/* A control frame carries at most one compiled policy, in base64. */
#define PCIO_CONTROL_BYTES_MAX (1u << 20)

/* What waits for a slow supervisor; beyond that PCIO_E_FULL, and the caller counts what is lost. */
#define PCIO_CONTROL_QUEUE_BYTES_MAX (1u << 20)

/* An evaluator that ends waits this long for a supervisor that is behind. */
#define PCIO_DRAIN_MS_MAX 1000u

/* A connection that has not said hello, or not finished a frame, by then is closed. */
#define PCIO_SILENCE_MS_MAX 1000u

/* Who is behind a connection, as the watchdog reports it. */
#define PCIO_LABEL_BYTES_MAX 1024u

/* What runs, on a page that the supervisor can read after this process has died (docs/reference/wire.md):
 *   word 0 magic, word 1 a sequence that is odd while a question is worked on, word 2 kind and attempt,
 *   word 3 whose policy runs (PCIO_PHASE_*, written by the caller), then the question's id, the label, the
 *   processor time for which the watchdog has fired, and how many questions were decided: 64 bits, aligned. */
#define PCIO_PAGE_BYTES 4096u
#define PCIO_PAGE_MAGIC 0x4e524350u
#define PCIO_PAGE_AT_SEQUENCE 4u
#define PCIO_PAGE_AT_KIND 8u
#define PCIO_PAGE_AT_PHASE 12u
#define PCIO_PAGE_AT_ID 16u
#define PCIO_PAGE_AT_LABEL 32u
#define PCIO_PAGE_AT_OVERTIME (PCIO_PAGE_AT_LABEL + PCIO_LABEL_BYTES_MAX) /* milliseconds, once the watchdog fires */
#define PCIO_PAGE_AT_DECIDED (PCIO_PAGE_AT_OVERTIME + 8u)

enum { PCIO_PHASE_HOST = 0, PCIO_PHASE_GUARD = 1, PCIO_PHASE_TENANT = 2 };

#define PCIO_CONTROL_CONNECTION 0u /* the number of the control connection; others count from 1 */

/* A connection that was refused before it had a number is reported with this one. */
#define PCIO_NO_CONNECTION UINT32_MAX

enum { PCIO_TIMEOUT = 0, PCIO_FRAME = 1, PCIO_CLOSED = 2 };

enum { PCIO_CLOSED_BY_PEER = 0, PCIO_CLOSED_GARBAGE = 1, PCIO_CLOSED_SILENT = 2, PCIO_CLOSED_TOO_MANY = 3 };

enum { PCIO_NOT_TAKEN = 1, PCIO_NOT_RECORDED = 2 };

enum { PCIO_E_FAILED = -1, PCIO_E_IN_USE = -2, PCIO_E_FULL = -3, PCIO_E_UNKNOWN_CONNECTION = -4 };

/* The event that pcio_next writes: four 32-bit words, then the body.
 *   word 0 what (PCIO_*), word 1 connection, word 2 frame type or reason of closing, word 3 body size
 * The body of a frame is what the other side sent; a hello's is preceded by PCIO_ACCOUNT_BYTES that hold the
 * account at the other end, from the operating system, as text that ends with zeros. The body of PCIO_CLOSED
 * is that account too, as far as it was known. */
#define PCIO_EVENT_HEADER_BYTES 16u
#define PCIO_ACCOUNT_BYTES 192u
#define PCIO_EVENT_BYTES_MAX (PCIO_EVENT_HEADER_BYTES + PCIO_CONTROL_BYTES_MAX)

typedef struct pcio pcio;

/* `control_handle`: the inherited connection to the supervisor; `page_handle`: the inherited file of the page that
 * says what runs. NULL if one of them cannot be used. */
PCL_EXPORT pcio *pcio_open(int64_t control_handle, int64_t page_handle);
PCL_EXPORT void pcio_close(pcio *io);

/* The page that says what runs, PCIO_PAGE_BYTES of it, for the caller to write its part of. */
PCL_EXPORT uint8_t *pcio_page(pcio *io);

/* Serves as evaluator `index` below `endpoint`. `accounts`: those other than this process's own that may connect,
 * separated by spaces; empty for none. 0, PCIO_E_IN_USE (another process serves there) or PCIO_E_FAILED. */
PCL_EXPORT int pcio_listen(pcio *io, const char *endpoint, uint32_t index, const char *accounts);

/* Other accounts than those that pcio_listen was given, for connections from now on. 0 or PCIO_E_FAILED. */
PCL_EXPORT int pcio_admit(pcio *io, const char *accounts);

/* Accepts no further connections; those that exist go on. */
PCL_EXPORT void pcio_unlisten(pcio *io);

/* Waits for the next event and writes it to `event` (PCIO_EVENT_BYTES_MAX bytes). Returns word 0. With
 * `timeout_ms` below 0 it waits until there is one. A question that it hands out is under the watchdog
 * until pcio_answer. */
PCL_EXPORT int pcio_next(pcio *io, uint8_t *event, int32_t timeout_ms);

/* Accepts a connection after its hello, in a wire version that the hello offers. From then on it may send questions. */
PCL_EXPORT int pcio_welcome(pcio *io, uint32_t connection, uint32_t version, uint32_t evaluator_count,
                            uint32_t generation, uint32_t switches, const char *label);

/* Gives a connection that was accepted another label, for its next question. */
PCL_EXPORT int pcio_relabel(pcio *io, uint32_t connection, const char *label);

/* Closes a connection after its hello, without a PCIO_CLOSED event, and tells it which wire versions are spoken here. */
PCL_EXPORT int pcio_refuse(pcio *io, uint32_t connection, uint32_t version_lowest, uint32_t version_highest);

/* Answers the question that pcio_next handed out last, with an answer's body. In one step, of which the watchdog
 * sees all or nothing: counts the decision on the page, queues its record as pcio_report does (`record_size` 0:
 * none), and answers. 0 or both of PCIO_NOT_TAKEN (the other side did not take the answer, and the connection is gone) and
 * PCIO_NOT_RECORDED (there was no room for the record), or PCIO_E_UNKNOWN_CONNECTION. */
PCL_EXPORT int pcio_answer(pcio *io, uint32_t connection, const uint8_t *body, uint32_t size, const uint8_t *record,
                           uint32_t record_size);

/* Sets the question that pcio_next handed out last aside, unanswered and from under the watchdog. The
 * caller keeps its block. 0 or PCIO_E_UNKNOWN_CONNECTION. */
PCL_EXPORT int pcio_hold(pcio *io, uint32_t connection);

/* Takes a question up again that was set aside: it is as if it had just been handed out. 0 or
 * PCIO_E_UNKNOWN_CONNECTION. */
PCL_EXPORT int pcio_resume(pcio *io, uint32_t connection);

/* Closes a connection without a PCIO_CLOSED event. */
PCL_EXPORT int pcio_hang_up(pcio *io, uint32_t connection);

/* Queues one control frame (JSON) for the supervisor. What is queued goes out when pcio_next has to wait, when it
 * has become much, and before the watchdog kills. PCIO_E_FULL: the supervisor is too far behind. */
PCL_EXPORT int pcio_report(pcio *io, const uint8_t *body, uint32_t size);

/* Waits until what is queued leaves room for so many bytes, for as long as `timeout_ms`. 0, or PCIO_E_FULL: the supervisor is
 * too far behind. */
PCL_EXPORT int pcio_room(pcio *io, uint32_t bytes, uint32_t timeout_ms);

/* Sends what is queued, waiting up to PCIO_DRAIN_MS_MAX for a supervisor that is behind. */
PCL_EXPORT void pcio_drain(pcio *io);

/* Starts the watchdog over the calling thread: a question that takes more than `processor_ms` of its
 * processor time, or `wall_ms` of anybody's, is answered "no answer: time" and reported to the
 * supervisor, and then this process is killed. */
PCL_EXPORT int pcio_watch(pcio *io, uint32_t processor_ms, uint32_t wall_ms);

/* Needs no pcio: the account of this process as text; empty if it cannot be told. */
PCL_EXPORT void pcio_own_account(char account[PCIO_ACCOUNT_BYTES]);

#ifdef _WIN32
/* Needs no pcio: who owns the pipe of this name (without the prefix), empty if it does not say. Connects to it and leaves, in
 * a way in which its server cannot act as this process. 0 if there is none, otherwise 1. */
PCL_EXPORT int pcio_pipe_owner(const char *name, char account[PCIO_ACCOUNT_BYTES]);
#endif

/* Needs no pcio: bounds the calling process for the rest of its life (port_process_limit). PCIO_E_FAILED: it is
 * not bounded, or not in everything, and has to end. */
PCL_EXPORT int pcio_limit_process(uint32_t processor_s, uint64_t data_bytes);

#endif
