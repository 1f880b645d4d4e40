/* Loads one plug-in, looks up its six exports by their fixed names, and keeps it loaded while any thread
 * is inside it. Unloading refuses rather than waits: a test that unloads too early has a mistake that it
 * should hear of. */
#include "double/double_internal.h"

#include <stdio.h>

/* What a system says about a library that it cannot load, with two paths in it. */
#define REASON_BYTES_MAX 1024u

enum phase { PHASE_UNLOADED, PHASE_CHANGING, PHASE_LOADED };

static wsmd__mutex load_lock = WSMD__MUTEX_INITIAL;
static enum phase phase;
static uint32_t calls_inside;

/* Written only in PHASE_CHANGING, by the one thread that is changing; read by threads that have entered. */
static void *library;
static wsmd__exports exports;

const wsmd__exports *wsmd__plugin_enter(void) {
  const wsmd__exports *entered = NULL;
  wsmd__lock(&load_lock);
  if (phase == PHASE_LOADED) {
    calls_inside++;
    entered = &exports;
  }
  wsmd__unlock(&load_lock);
  return entered;
}

void wsmd__plugin_leave(void) {
  wsmd__lock(&load_lock);
  calls_inside--;
  wsmd__unlock(&load_lock);
}

/* Moves on if nobody is inside. Returns 0 or -1. */
static int change_phase(enum phase from, enum phase to) {
  int result = -1;
  wsmd__lock(&load_lock);
  if (phase == from && calls_inside == 0) {
    phase = to;
    result = 0;
  }
  wsmd__unlock(&load_lock);
  return result;
}

static wsmd__function look_up(const char *name, const char **missing) {
  wsmd__function function = wsmd__library_function(library, name);
  if (function == NULL && *missing == NULL) {
    *missing = name;
  }
  return function;
}

/* Returns NULL, or the name of the first export that is missing. */
static const char *look_up_all(void) {
  const char *missing = NULL;
  exports.startup = (WSMAN_PLUGIN_STARTUP)look_up("WSManPluginStartup", &missing);
  exports.shutdown = (WSMAN_PLUGIN_SHUTDOWN)look_up("WSManPluginShutdown", &missing);
  exports.user = (WSMAN_PLUGIN_AUTHORIZE_USER)look_up("WSManPluginAuthzUser", &missing);
  exports.operation = (WSMAN_PLUGIN_AUTHORIZE_OPERATION)look_up("WSManPluginAuthzOperation", &missing);
  exports.quota = (WSMAN_PLUGIN_AUTHORIZE_QUERY_QUOTA)look_up("WSManPluginAuthzQueryQuota", &missing);
  exports.release =
      (WSMAN_PLUGIN_AUTHORIZE_RELEASE_CONTEXT)look_up("WSManPluginAuthzReleaseContext", &missing);
  return missing;
}

PCL_EXPORT int wsmd_load(const char *path, char *error, size_t error_size) {
  char reason[REASON_BYTES_MAX];
  if (change_phase(PHASE_UNLOADED, PHASE_CHANGING) != 0) {
    snprintf(error, error_size, "a plug-in is loaded already; unload it first");
    return -1;
  }
  library = wsmd__library_open(path, reason, sizeof reason);
  if (library == NULL) {
    snprintf(error, error_size, "cannot load %s: %s", path, reason);
    change_phase(PHASE_CHANGING, PHASE_UNLOADED);
    return -1;
  }
  const char *missing = look_up_all();
  if (missing != NULL) {
    snprintf(error, error_size, "%s does not export %s", path, missing);
  } else if (wsmd__token_attach(library) != 0) {
    snprintf(error, error_size, "%s does not ask what a token says", path);
  } else {
    wsmd__violations_clear();
    wsmd__instances_clear();
    change_phase(PHASE_CHANGING, PHASE_LOADED);
    return 0;
  }
  wsmd__library_close(library);
  change_phase(PHASE_CHANGING, PHASE_UNLOADED);
  return -1;
}

PCL_EXPORT int wsmd_unload(void) {
  if (change_phase(PHASE_LOADED, PHASE_CHANGING) != 0) {
    return -1;
  }
  if (wsmd__instances_open() != 0) {
    change_phase(PHASE_CHANGING, PHASE_LOADED);
    return -1;
  }
  wsmd__releases_finish(&exports);
  wsmd__library_close(library);
  change_phase(PHASE_CHANGING, PHASE_UNLOADED);
  return 0;
}
