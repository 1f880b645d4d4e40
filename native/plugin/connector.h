/* The one thread of the plug-in. It opens every connection, because the threads that WinRM lends us may be
 * impersonating a client, and a connection must be made as the process itself. */
#ifndef PORTCULLIS_CONNECTOR_H
#define PORTCULLIS_CONNECTOR_H

#include <stdbool.h>

bool connector_start(void);

/* Returns when the thread has ended, or after SHUTDOWN_MS_MAX with the module pinned: the thread itself waits
 * for nothing that a wake does not end, but the system may not come back from reading the settings file. */
void connector_stop(void);

/* Needs the process lock. There is something to connect, or an instance is closing. */
void connector__wake(void);

#endif
