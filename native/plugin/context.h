/* User contexts: what a completion reports to WinRM and ReleaseContext gives back.
 *
 * A context is a slot number and a generation, never an address, so that any value that WinRM, a bug or
 * a late thread passes to ReleaseContext is looked up and never followed. Each completion that reports a
 * context gets one of its own, and one release ends it. */
#ifndef PORTCULLIS_CONTEXT_H
#define PORTCULLIS_CONTEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "wsman/wsman_types.h"

/* A new context for an instance, which is named by its plug-in context and never 0; NULL when CONTEXTS_MAX
 * are out or memory is. */
PVOID context_grant(uintptr_t instance);

/* Ends a context. False if it is none: NULL, unknown, released already, or its instance is gone. */
bool context_release(PVOID context);

/* Ends every context of an instance that is shutting down. */
void context_release_all(uintptr_t instance);

/* Gives the memory back; only when no instance is left. Generations go on where they stopped, so that a
 * release that comes even later still finds nothing. */
void context_table_free(void);

/* How many contexts WinRM holds. */
uint32_t context_count(void);

#endif
