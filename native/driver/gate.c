/* See gate.h. */
#include "driver/gate.h"

#include "driver/utf16.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static int start(gate *door) {
  uint32_t code = wsmd_startup(door->application, WSMAN_PLUGIN_STARTUP_REQUEST_RECEIVED, &door->instance);
  if (code != NO_ERROR) {
    fprintf(stderr, "WSManPluginStartup returned %" PRIu32 "\n", code);
    return -1;
  }
  return 0;
}

static int stop(gate *door) {
  uint32_t code = wsmd_shutdown(door->instance, WSMAN_PLUGIN_SHUTDOWN_IISHOST);
  if (code != NO_ERROR) {
    fprintf(stderr, "WSManPluginShutdown returned %" PRIu32 "\n", code);
    return -1;
  }
  return 0;
}

int gate_open(gate *door, const char *application) {
  *door = (gate){.lock = WSMD__MUTEX_INITIAL, .changed = WSMD__CONDITION_INITIAL};
  door->application = utf16_from_utf8(application);
  if (door->application == NULL) {
    fprintf(stderr, "the application's name is not UTF-8\n");
    return -1;
  }
  if (start(door) != 0) {
    free(door->application);
    return -1;
  }
  return 0;
}

int gate_close(gate *door) {
  int result = door->instance == 0 ? 0 : stop(door);
  free(door->application);
  return result;
}

uint32_t gate_enter(gate *door) {
  wsmd__lock(&door->lock);
  while (door->closed) {
    wsmd__wait(&door->changed, &door->lock);
  }
  door->asking++;
  uint32_t instance = door->instance;
  wsmd__unlock(&door->lock);
  return instance;
}

void gate_leave(gate *door) {
  wsmd__lock(&door->lock);
  door->asking--;
  wsmd__wake_all(&door->changed);
  wsmd__unlock(&door->lock);
}

int gate_restart(gate *door, int quiet) {
  wsmd__lock(&door->lock);
  while (door->closed) {
    wsmd__wait(&door->changed, &door->lock);
  }
  door->closed = 1;
  while (quiet && door->asking != 0) {
    wsmd__wait(&door->changed, &door->lock);
  }
  wsmd__unlock(&door->lock);

  int result = door->instance == 0 ? -1 : stop(door);
  door->instance = 0;
  if (result == 0) {
    result = start(door);
  }

  wsmd__lock(&door->lock);
  door->closed = 0;
  wsmd__wake_all(&door->changed);
  wsmd__unlock(&door->lock);
  return result;
}
