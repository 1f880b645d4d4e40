/* One application's door: every thread that asks passes through it, and whoever restarts the instance
 * closes it meanwhile.
 *
 *          enter: the instance's number           leave
 *   open ---------------------------------> asking ------> open
 *     |  restart: closed to new askers; quiet: waits until nobody is asking
 *     +--> Shutdown, Startup --> open, with a new instance
 *
 * A restart that is not quiet shuts down while questions are under way, which the plug-in then has to
 * complete itself. */
#ifndef PORTCULLIS_DRIVER_GATE_H
#define PORTCULLIS_DRIVER_GATE_H

#include "double/double.h"
#include "double/double_os.h"

typedef struct gate {
  wsmd__mutex lock;
  wsmd__condition changed;
  WCHAR *application;
  uint32_t instance; /* 0 if it could not be started */
  uint32_t asking;
  int closed;
} gate;

/* Start and stop the instance. Return 0, or -1 after a sentence on standard error. A gate that was
 * opened is closed once, with nobody asking, whatever closing returns. */
int gate_open(gate *door, const char *application);
int gate_close(gate *door);

uint32_t gate_enter(gate *door);
void gate_leave(gate *door);

/* Returns 0, or -1 after a sentence on standard error. */
int gate_restart(gate *door, int quiet);

#endif
