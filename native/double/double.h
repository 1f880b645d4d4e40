/* The WsmSvc double: plays WinRM to one loaded plug-in and checks that the plug-in keeps the contract.
 *
 * The same library exports the three completion functions that a plug-in imports from WsmSvc.dll and
 * the wsmd_* functions below, with which tests, the driver program and the command line ask questions.
 * It owns everything that it hands to the plug-in (sender details, strings, certificate, token), in
 * separate allocations, and overwrites and frees all of it inside the completion, before the completion
 * returns: a plug-in that looks once more reads poison, or is caught by a sanitizer.
 *
 * Every function may be called from any thread unless its comment says otherwise. */
#ifndef PORTCULLIS_DOUBLE_H
#define PORTCULLIS_DOUBLE_H

#include "wsman/wsman_types.h"

#define WSMD_KIND_USER 1u
#define WSMD_KIND_OPERATION 2u
#define WSMD_KIND_QUOTA 3u

/* How the double treats a context that a completion reported (contract: ReleaseContext arrives on any
 * thread, at any time after the completion was called, even before it returns). */
#define WSMD_RELEASE_KEEP 0u          /* keep it until wsmd_release or wsmd_shutdown_plugin */
#define WSMD_RELEASE_INSIDE 1u        /* on this thread, inside the completion */
#define WSMD_RELEASE_OTHER_THREAD 2u  /* on another thread, before the completion returns */
#define WSMD_RELEASE_AFTER 3u         /* on this thread, right after the entry point has returned */
#define WSMD_RELEASE_LATE 4u          /* on the double's own release thread, some time later */

/* What the double does inside the completion, before it returns to the plug-in. Bits. */
#define WSMD_INSIDE_ASK_AGAIN 1u      /* re-enters: asks the same question once more, on the same stack */
#define WSMD_INSIDE_RETURN_87 2u      /* refuses the completion: returns ERROR_INVALID_PARAMETER */
#define WSMD_INSIDE_SLEEP 4u          /* stays inside for 50 ms, so that others overtake */

/* One question. NULL strings reach the plug-in as NULL. SIDs are text ("S-1-5-32-544"); lists are
 * separated by ';'. A token exists if has_token is not 0; without user_sid it is a stand-in user's. */
typedef struct wsmd_question {
  uint32_t kind;
  uint32_t flags; /* the entry point's flags argument; WinRM passes 0 */
  PCWSTR sender_name;
  PCWSTR authentication_mechanism;
  uint32_t has_certificate; /* 0 none, 1 the four fields, 2 a pointer that must not be read */
  uint32_t has_token;
  PCWSTR certificate_subject;
  PCWSTR certificate_issuer_name;
  PCWSTR certificate_issuer_thumbprint;
  PCWSTR certificate_subject_name;
  PCWSTR http_url;
  const char *user_sid;
  const char *group_sids;     /* enabled */
  const char *deny_only_sids; /* deny only */
  uint32_t operation;
  uint32_t release; /* WSMD_RELEASE_* */
  PCWSTR action;
  PCWSTR resource_uri;
  uint32_t inside; /* WSMD_INSIDE_* */
  uint32_t no_sender; /* 1: passes a NULL senderDetails; no completion is expected then */
} wsmd_question;

#define WSMD_EXTENDED_UNITS_MAX 2048u

/* What came back. `completions` is the number of completions that this question received by the time
 * its entry point returned; anything but 1 (0 with no_sender) is also counted as a violation. */
typedef struct wsmd_answer {
  uint32_t completions;
  uint32_t error_code;
  uint32_t administrator;      /* user question: userIsAdministrator as passed */
  uint32_t token_passed;       /* 0 NULL, 1 the sender's own clientToken, 2 anything else */
  PVOID context;               /* the context reported, NULL for none */
  uint32_t has_quota;
  uint32_t quota[4];           /* in the order of WSMAN_AUTHZ_QUOTA */
  uint32_t same_thread;        /* 1 if completed on the thread that asked */
  uint64_t nanoseconds;        /* entry point called to completion called */
  uint32_t has_extended;       /* 0: extendedErrorInformation was NULL */
  uint32_t extended_units;     /* length without the terminator */
  WCHAR extended[WSMD_EXTENDED_UNITS_MAX]; /* NUL-terminated; longer text is a violation and cut */
} wsmd_answer;

/* Violations of the contract, counted since wsmd_load. All must stay 0. */
typedef struct wsmd_violations {
  uint32_t no_completion;      /* an entry point returned and its question was not completed */
  uint32_t double_completion;  /* the same question completed twice */
  uint32_t wrong_kind;         /* e.g. an operation answered by UserComplete */
  uint32_t unknown_sender;     /* a pointer that the double never handed out, or handed out long ago */
  uint32_t after_shutdown;     /* a completion after Shutdown of its instance had returned */
  uint32_t bad_flags;          /* non-zero flags or NULL sender passed to a completion */
  uint32_t quota_missing;      /* success without a quota */
  uint32_t quota_zero;         /* a zero in one of the four fields of a success */
  uint32_t grant_with_text;    /* extended information beside error code 0 */
  uint32_t failure_with_grant; /* context, token or administrator beside a failure */
  uint32_t extended_malformed; /* not NULL-terminated within bounds, or neither one XML element nor, with
                                  the redirect code, a bare https URL */
  uint32_t foreign_token;      /* a token that is not the sender's own */
  uint32_t caller_changed;     /* a question left the calling thread with another last error, rounding of
                                  floating-point numbers or impersonation than it found */
  uint32_t lock_held;          /* a completion called while its thread held a lock of the plug-in; only a probed
                                  build tells of its locks */
} wsmd_violations;

/* Loads the plug-in at `path` (UTF-8) and looks up its six exports. One plug-in at a time. Returns 0,
 * or -1 with a sentence in `error` (at most `error_size` bytes, NUL-terminated). */
PCL_EXPORT int wsmd_load(const char *path, char *error, size_t error_size);

/* Unloads the plug-in, after doing all releases that are left. Every instance must have been shut down.
 * Returns 0, or -1 if none is loaded, instances are open, or a thread is inside the plug-in. */
PCL_EXPORT int wsmd_unload(void);

/* Calls WSManPluginStartup. `application` is NULL-able UTF-16. On success `*instance` names the started
 * instance for the calls below (never 0); on failure it is 0. Returns the plug-in's own return value, or
 * ERROR_BAD_CONFIGURATION if no plug-in is loaded. */
PCL_EXPORT uint32_t wsmd_startup(PCWSTR application, uint32_t flags, uint32_t *instance);

/* The same with everything that Startup takes, also what WinRM would not pass. */
typedef struct wsmd_startup_arguments {
  PCWSTR application;
  PCWSTR extra_info;
  uint32_t flags;
  uint32_t extra_unreadable; /* 1: extraInfo is a pointer that must not be read, whatever extra_info is */
  uint32_t no_context;       /* 1: pluginContext is NULL */
} wsmd_startup_arguments;

typedef struct wsmd_started {
  uint32_t instance;        /* 0 if it failed */
  uint32_t context_written; /* whether *pluginContext was touched */
  PVOID context;            /* what was written, or NULL */
} wsmd_started;

PCL_EXPORT uint32_t wsmd_startup_with(const wsmd_startup_arguments *arguments, wsmd_started *started);

/* Calls WSManPluginShutdown. Contexts still held for the instance are released *after* it returns, to
 * show that a late release is harmless. Returns the plug-in's own return value. */
PCL_EXPORT uint32_t wsmd_shutdown(uint32_t instance, uint32_t reason);

/* Calls WSManPluginShutdown with a plug-in context of the test's choosing (NULL, stale, garbage) or
 * non-zero flags. Returns the plug-in's own return value. */
PCL_EXPORT uint32_t wsmd_shutdown_raw(PVOID plugin_context, uint32_t flags, uint32_t reason);

/* The plug-in context behind an instance, also after its shutdown (then it is stale); NULL if unknown. */
PCL_EXPORT PVOID wsmd_plugin_context(uint32_t instance);

/* Asks one question of an instance and waits for its entry point to return. Returns 0 and fills
 * `*answer`, or -1 if the question cannot be put (unknown instance, bad SID text, out of memory). */
PCL_EXPORT int wsmd_ask(uint32_t instance, const wsmd_question *question, wsmd_answer *answer);

/* The same with a plug-in context of the test's choosing: NULL, stale, garbage. */
PCL_EXPORT int wsmd_ask_raw(PVOID plugin_context, const wsmd_question *question, wsmd_answer *answer);

/* Calls WSManPluginAuthzReleaseContext with any value, on this thread. */
PCL_EXPORT void wsmd_release(PVOID context);

/* Releases, on this thread, every context that WSMD_RELEASE_KEEP has kept for the instance. Returns how
 * many there were. */
PCL_EXPORT uint32_t wsmd_release_kept(uint32_t instance);

/* Waits until the release thread has nothing left to do. */
PCL_EXPORT void wsmd_release_drain(void);

PCL_EXPORT void wsmd_violations_read(wsmd_violations *violations);

/* Where a question's sender details, strings, certificate and token are put from now on. */
#define WSMD_HAND_HEAP 0u  /* each part an allocation */
#define WSMD_HAND_PAGES 1u /* each part at the end of pages of its own, which are unmapped when it is freed: one
                              look too late or too far ends the process */
#define WSMD_HAND_SAME 2u  /* the sender details at one address, again and again, while no other question has it */
PCL_EXPORT void wsmd_hand(uint32_t where);

/* ---- probed builds ----------------------------------------------------------------------------- */

/* A build of the plug-in for tests (native/probes) tells of its locks, and asks whether an allocation is to fail and
 * what time it is. The product knows nothing of this. */
PCL_EXPORT void wsmd_probe_lock(int32_t change);    /* this thread took (1) or gives back (-1) a lock */
PCL_EXPORT int wsmd_probe_allocation_fails(void);   /* 1: the one that is about to be made */
PCL_EXPORT uint32_t wsmd_probe_seconds_back(void);  /* how far the wall clock has been set back */

typedef struct wsmd_probes {
  uint32_t allocations; /* since wsmd_probe_set */
  uint32_t locks;       /* likewise, how often one was taken */
} wsmd_probes;

/* From now on: the allocation with this number fails, counted from 1 (0: none), and the wall clock stands so many
 * seconds back. */
PCL_EXPORT void wsmd_probe_set(uint32_t failing_allocation, uint32_t seconds_back);
PCL_EXPORT void wsmd_probe_read(wsmd_probes *probes);

#endif
