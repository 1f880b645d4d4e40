/* Starts and shuts down plug-in instances and remembers which number stands for which plug-in context,
 * also after Shutdown, when tests ask with the stale value on purpose. */
#include "double/double_internal.h"

/* A load run that restarts its instances all the time makes a few thousand. Numbers are not used twice
 * while a plug-in is loaded, so that a stale one never names somebody else. */
#define INSTANCES_MAX 65536u

/* A question asked this long before Shutdown was called has certainly reached the plug-in, and must have
 * been completed when Shutdown returned. A younger one may not have: its thread can be held up between
 * the double's last instruction and the plug-in's first, and then the plug-in cannot know of it. */
#define ENTERED_AFTER_NANOSECONDS 250000000ull

/* What *pluginContext holds before Startup; no plug-in has any reason to write it. */
#define CONTEXT_UNTOUCHED ((PVOID)(uintptr_t)0x00007EDCBA987654)

/* No system maps this address, so a plug-in that looks faults at once. */
#define EXTRA_NOT_TO_BE_READ ((PCWSTR)(uintptr_t)0x10)

enum phase { PHASE_NONE, PHASE_OPEN, PHASE_CLOSING, PHASE_CLOSED };

typedef struct instance_entry {
  PVOID plugin_context;
  uint64_t shutdown_called_nanoseconds;
  enum phase phase;
} instance_entry;

static wsmd__mutex instances_lock = WSMD__MUTEX_INITIAL;
static instance_entry entries[INSTANCES_MAX]; /* instance n is entries[n - 1] */
static uint32_t entry_count;

/* With the lock held. NULL if there never was such an instance. */
static instance_entry *find_entry(uint32_t instance) {
  if (instance == 0 || instance > entry_count) {
    return NULL;
  }
  return &entries[instance - 1];
}

static uint32_t reserve_entry(void) {
  uint32_t instance = 0;
  wsmd__lock(&instances_lock);
  if (entry_count < INSTANCES_MAX) {
    entry_count++;
    instance = entry_count;
  }
  wsmd__unlock(&instances_lock);
  return instance;
}

static void open_entry(uint32_t instance, PVOID plugin_context) {
  wsmd__lock(&instances_lock);
  instance_entry *entry = find_entry(instance);
  entry->plugin_context = plugin_context;
  entry->phase = PHASE_OPEN;
  wsmd__unlock(&instances_lock);
}

/* Moves an instance on, if it is in phase `from`. Returns 0 or -1. */
static int move_entry(uint32_t instance, enum phase from, enum phase to) {
  int result = -1;
  wsmd__lock(&instances_lock);
  instance_entry *entry = find_entry(instance);
  if (entry != NULL && entry->phase == from) {
    if (from == PHASE_OPEN) {
      entry->shutdown_called_nanoseconds = wsmd__clock_nanoseconds();
    }
    entry->phase = to;
    result = 0;
  }
  wsmd__unlock(&instances_lock);
  return result;
}

int wsmd__instance_context(uint32_t instance, PVOID *plugin_context) {
  int result = -1;
  wsmd__lock(&instances_lock);
  const instance_entry *entry = find_entry(instance);
  if (entry != NULL && entry->phase == PHASE_OPEN) {
    *plugin_context = entry->plugin_context;
    result = 0;
  }
  wsmd__unlock(&instances_lock);
  return result;
}

uint32_t wsmd__instance_find(PVOID plugin_context) {
  uint32_t found = 0;
  wsmd__lock(&instances_lock);
  for (uint32_t instance = entry_count; instance != 0 && found == 0; instance--) {
    if (entries[instance - 1].phase == PHASE_OPEN && entries[instance - 1].plugin_context == plugin_context) {
      found = instance;
    }
  }
  wsmd__unlock(&instances_lock);
  return found;
}

int wsmd__instance_is_too_late(uint32_t instance, uint64_t asked_nanoseconds, int same_thread) {
  int result = 0;
  wsmd__lock(&instances_lock);
  const instance_entry *entry = find_entry(instance);
  if (entry != NULL && entry->phase == PHASE_CLOSED) {
    result =
        !same_thread || asked_nanoseconds + ENTERED_AFTER_NANOSECONDS < entry->shutdown_called_nanoseconds;
  }
  wsmd__unlock(&instances_lock);
  return result;
}

uint32_t wsmd__instances_open(void) {
  uint32_t count = 0;
  wsmd__lock(&instances_lock);
  for (uint32_t index = 0; index < entry_count; index++) {
    count += entries[index].phase == PHASE_OPEN || entries[index].phase == PHASE_CLOSING;
  }
  wsmd__unlock(&instances_lock);
  return count;
}

void wsmd__instances_clear(void) {
  wsmd__lock(&instances_lock);
  for (uint32_t index = 0; index < entry_count; index++) {
    entries[index] = (instance_entry){NULL, 0, PHASE_NONE};
  }
  entry_count = 0;
  wsmd__unlock(&instances_lock);
}

PCL_EXPORT uint32_t wsmd_startup_with(const wsmd_startup_arguments *arguments, wsmd_started *started) {
  wsmd__parcel parcel = {0};
  PCWSTR application;
  PCWSTR extra_info;
  PVOID plugin_context = CONTEXT_UNTOUCHED;
  uint32_t result = ERROR_NOT_ENOUGH_MEMORY;
  *started = (wsmd_started){0};
  const wsmd__exports *plugin = wsmd__plugin_enter();
  if (plugin == NULL) {
    return ERROR_BAD_CONFIGURATION;
  }
  uint32_t reserved = reserve_entry();
  if (reserved != 0 && wsmd__parcel_add_text(&parcel, arguments->application, &application) == 0 &&
      wsmd__parcel_add_text(&parcel, arguments->extra_info, &extra_info) == 0) {
    result = plugin->startup(arguments->flags, application,
                             arguments->extra_unreadable ? EXTRA_NOT_TO_BE_READ : extra_info,
                             arguments->no_context ? NULL : &plugin_context);
  }
  /* The texts are WinRM's and good for the call only: poisoned like everything else that is handed out. */
  wsmd__parcel_destroy(&parcel);
  started->context_written = plugin_context != CONTEXT_UNTOUCHED;
  started->context = started->context_written ? plugin_context : NULL;
  if (result == NO_ERROR && !arguments->no_context) {
    open_entry(reserved, plugin_context);
    started->instance = reserved;
  }
  wsmd__plugin_leave();
  return result;
}

PCL_EXPORT uint32_t wsmd_startup(PCWSTR application, uint32_t flags, uint32_t *instance) {
  wsmd_started started;
  uint32_t result = wsmd_startup_with(&(wsmd_startup_arguments){.application = application, .flags = flags}, &started);
  *instance = started.instance;
  return result;
}

PCL_EXPORT uint32_t wsmd_shutdown(uint32_t instance, uint32_t reason) {
  const wsmd__exports *plugin = wsmd__plugin_enter();
  if (plugin == NULL) {
    return ERROR_BAD_CONFIGURATION;
  }
  uint32_t result = ERROR_INVALID_PARAMETER;
  if (move_entry(instance, PHASE_OPEN, PHASE_CLOSING) == 0) {
    result = plugin->shutdown(wsmd_plugin_context(instance), 0, reason);
    move_entry(instance, PHASE_CLOSING, PHASE_CLOSED);
    wsmd_release_kept(instance);
  }
  wsmd__plugin_leave();
  return result;
}

PCL_EXPORT uint32_t wsmd_shutdown_raw(PVOID plugin_context, uint32_t flags, uint32_t reason) {
  const wsmd__exports *plugin = wsmd__plugin_enter();
  if (plugin == NULL) {
    return ERROR_BAD_CONFIGURATION;
  }
  uint32_t instance = wsmd__instance_find(plugin_context);
  uint32_t result = plugin->shutdown(plugin_context, flags, reason);
  /* The value may have been an open instance's; if the plug-in took it, that instance is over. */
  if (result == NO_ERROR && move_entry(instance, PHASE_OPEN, PHASE_CLOSED) == 0) {
    wsmd_release_kept(instance);
  }
  wsmd__plugin_leave();
  return result;
}

PCL_EXPORT PVOID wsmd_plugin_context(uint32_t instance) {
  PVOID plugin_context = NULL;
  wsmd__lock(&instances_lock);
  const instance_entry *entry = find_entry(instance);
  if (entry != NULL) {
    plugin_context = entry->plugin_context;
  }
  wsmd__unlock(&instances_lock);
  return plugin_context;
}
