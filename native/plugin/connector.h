/* The one thread of the plug-in. It opens every connection, because the threads that WinRM lends us may be
 * impersonating a client, and a connection must be made as the process itself. */
#ifndef PORTCULLIS_CONNECTOR_H
#define PORTCULLIS_CONNECTOR_H

#include <stdbool.h>

bool connector_start(void);

/* Returns when the thread has ended, which takes no longer than one handshake. */
void connector_stop(void);

#endif
