/* What the files of the double tell each other. Data flows one way: ask.c makes a parcel and a record,
 * the plug-in calls back into completions.c, which finds the record, judges what was reported, destroys
 * the parcel and hands a context to releases.c.
 *
 * Every file guards its own state with its own lock and holds no lock while it calls another file or
 * the plug-in, so there is no lock order to get wrong. */
#ifndef PORTCULLIS_DOUBLE_INTERNAL_H
#define PORTCULLIS_DOUBLE_INTERNAL_H

#include "double/double.h"
#include "double/double_os.h"

/* ---- violations.c ---- */

/* One for each field of wsmd_violations, in its order. */
enum wsmd__violation {
  WSMD__NO_COMPLETION,
  WSMD__DOUBLE_COMPLETION,
  WSMD__WRONG_KIND,
  WSMD__UNKNOWN_SENDER,
  WSMD__AFTER_SHUTDOWN,
  WSMD__BAD_FLAGS,
  WSMD__QUOTA_MISSING,
  WSMD__QUOTA_ZERO,
  WSMD__GRANT_WITH_TEXT,
  WSMD__FAILURE_WITH_GRANT,
  WSMD__EXTENDED_MALFORMED,
  WSMD__FOREIGN_TOKEN,
  WSMD__CALLER_CHANGED,
  WSMD__LOCK_HELD,
  WSMD__VIOLATION_COUNT
};

void wsmd__violation_count(enum wsmd__violation violation);
void wsmd__violations_clear(void);

/* ---- probes.c ---- */

/* True if the calling thread holds a lock of a probed plug-in. */
int wsmd__probe_holds_lock(void);

/* ---- load.c ---- */

typedef struct wsmd__exports {
  WSMAN_PLUGIN_STARTUP startup;
  WSMAN_PLUGIN_SHUTDOWN shutdown;
  WSMAN_PLUGIN_AUTHORIZE_USER user;
  WSMAN_PLUGIN_AUTHORIZE_OPERATION operation;
  WSMAN_PLUGIN_AUTHORIZE_QUERY_QUOTA quota;
  WSMAN_PLUGIN_AUTHORIZE_RELEASE_CONTEXT release;
} wsmd__exports;

/* Announces a call into the plug-in, which then stays loaded until wsmd__plugin_leave. NULL if none is
 * loaded; then do not leave. */
const wsmd__exports *wsmd__plugin_enter(void);
void wsmd__plugin_leave(void);

/* ---- sid.c ---- */

#define WSMD__SID_BYTES_MAX 68u /* 8 bytes and 15 sub-authorities of 4, the most that Windows allows */

/* Turns text such as "S-1-5-32-544" (`length` bytes, no terminator needed) into the binary form.
 * Returns its size in bytes, or 0 if the text is not a SID. */
size_t wsmd__sid_parse(const char *text, size_t length, uint8_t bytes[WSMD__SID_BYTES_MAX]);

/* ---- sender.c, token_posix.c and token_win32.c ---- */

typedef struct wsmd__block wsmd__block;

/* Everything that one question hands to the plug-in, each part in an allocation of its own. */
typedef struct wsmd__parcel {
  wsmd__block *blocks;
  WSMAN_SENDER_DETAILS *sender; /* NULL if the question has no sender */
  HANDLE token;                 /* what sender->clientToken said, to be compared after the sender is gone */
  int has_token;                /* it is there to be destroyed */
  PCWSTR action;
  PCWSTR resource_uri;
} wsmd__parcel;

/* Returns 0, or -1 with nothing left to destroy if a SID is not one or memory is out. */
int wsmd__parcel_make(wsmd__parcel *parcel, const wsmd_question *question);

/* Adds `size` zeroed bytes; NULL if memory is out. */
void *wsmd__parcel_add(wsmd__parcel *parcel, size_t size);

/* Adds a copy of a string; NULL stays NULL. Returns 0, or -1 if memory is out. */
int wsmd__parcel_add_text(wsmd__parcel *parcel, PCWSTR text, PCWSTR *copy);

/* Overwrites and frees every part. Safe to call twice. */
void wsmd__parcel_destroy(wsmd__parcel *parcel);

/* Returns 0 and the token, whose parts may belong to the parcel, or -1. The parcel destroys it first. */
int wsmd__token_make(wsmd__parcel *parcel, const wsmd_question *question, HANDLE *token);
void wsmd__token_destroy(HANDLE token);

/* The token that the asking thread impersonates meanwhile, if this one can be; otherwise NULL. */
void *wsmd__token_to_impersonate(HANDLE token);

/* Lets the loaded plug-in read the tokens that are made here. 0 or -1. */
int wsmd__token_attach(void *library);

/* ---- instances.c ---- */

/* Returns 0 and the plug-in's context of an instance that has been started and not shut down, or -1. */
int wsmd__instance_context(uint32_t instance, PVOID *plugin_context);

/* The open instance with this context, or 0. */
uint32_t wsmd__instance_find(PVOID plugin_context);

/* True if a completion at this moment, for a question asked at `asked_nanoseconds`, comes after Shutdown
 * of its instance had returned. `same_thread`: it comes on the thread that asked. */
int wsmd__instance_is_too_late(uint32_t instance, uint64_t asked_nanoseconds, int same_thread);

uint32_t wsmd__instances_open(void);
void wsmd__instances_clear(void);

/* ---- releases.c ---- */

typedef struct wsmd__held wsmd__held;

/* Room for one context that the double will hold. Made before the question is put, so that a completion
 * never fails for want of memory. */
wsmd__held *wsmd__held_make(void);
void wsmd__held_free(wsmd__held *held);

/* Treats a context that a completion reported as `mode` says. Takes `*held` and sets it to NULL if the
 * context is kept or released late. Returns the context if the caller has to release it after the entry
 * point has returned, otherwise NULL. */
PVOID wsmd__context_reported(const wsmd__exports *plugin, uint32_t mode, uint32_t instance, PVOID context,
                             wsmd__held **held);

/* Waits until the release thread, if there is one, has done all that is left, and releases what is still kept:
 * contexts of questions that belonged to no instance or outlived theirs. */
void wsmd__releases_finish(const wsmd__exports *plugin);

/* ---- questions.c ---- */

typedef struct wsmd__record {
  struct wsmd__record *next;
  const WSMAN_SENDER_DETAILS *key;
  const wsmd_question *question; /* the asker's; valid while the record is in the table */
  wsmd_answer *answer;           /* likewise; its `completions` is guarded by the table's lock */
  const wsmd__exports *plugin;
  PVOID plugin_context;
  PVOID context_after; /* to be released once the entry point has returned */
  wsmd__held *held;
  wsmd__parcel parcel;
  uint64_t asked_nanoseconds;
  uint64_t asked_thread;
  uint32_t instance; /* 0 for a question to a context that is no open instance's */
  uint32_t completing;
} wsmd__record;

/* Puts a question in the table; from here its completion may come. */
void wsmd__record_open(wsmd__record *record);

/* Finds the question that a completion answers. Returns its record, which stays in the table until
 * wsmd__record_completed, or NULL after counting what is wrong: answered before, or unknown. */
wsmd__record *wsmd__record_claim(const WSMAN_SENDER_DETAILS *sender);
void wsmd__record_completed(wsmd__record *record);

/* Takes a question out of the table once its entry point has returned, after waiting for a completion
 * that is under way on another thread. */
void wsmd__record_close(wsmd__record *record);

/* ---- ask.c ---- */

/* As wsmd_ask, for an instance and context that are known to fit each other. */
int wsmd__ask(uint32_t instance, PVOID plugin_context, const wsmd_question *question, wsmd_answer *answer);

/* ---- extended.c ---- */

/* True if extended information beside a failure code is what WinRM's documentation allows: with the
 * redirect code a bare https URL, otherwise one small XML element. */
int wsmd__extended_is_sound(uint32_t error_code, PCWSTR text, uint32_t length_units);

#endif
