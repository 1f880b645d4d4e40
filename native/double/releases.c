/* What becomes of a context after a completion reported it. The contract lets ReleaseContext come on any
 * thread at any time after the completion was called; each WSMD_RELEASE_* value is one such time, and
 * the two that outlive the question live here: contexts kept until somebody asks for their release, and
 * contexts released late by the double's own thread. */
#include "double/double_internal.h"

#include <stdlib.h>

/* The release thread collects for so long and releases what has come meanwhile, last first: late enough
 * that the question is over, and in an order that nobody expects. */
#define LATE_MILLISECONDS 2u

/* More than the contexts granted in LATE_MILLISECONDS at any rate that a plug-in reaches. Beyond it the
 * asking thread releases the context itself, which is also a legal time. */
#define LATE_CONTEXTS_MAX 65536u

struct wsmd__held {
  wsmd__held *next;
  PVOID context;
  uint32_t instance;
};

static wsmd__mutex kept_lock = WSMD__MUTEX_INITIAL;
static wsmd__held *kept;

static wsmd__mutex late_lock = WSMD__MUTEX_INITIAL;
static wsmd__condition late_changed = WSMD__CONDITION_INITIAL;
static wsmd__held *late;
static uint32_t late_count; /* waiting or being released */
static int late_stopping;
static wsmd__thread *late_thread;

wsmd__held *wsmd__held_make(void) {
  return calloc(1, sizeof(wsmd__held));
}

void wsmd__held_free(wsmd__held *held) {
  free(held);
}

/* Returns how many there were. The caller holds no lock: releasing may re-enter. */
static uint32_t release_list(const wsmd__exports *plugin, wsmd__held *list) {
  uint32_t count = 0;
  while (list != NULL) {
    wsmd__held *next = list->next;
    plugin->release(list->context);
    free(list);
    list = next;
    count++;
  }
  return count;
}

static void keep(wsmd__held *held) {
  wsmd__lock(&kept_lock);
  held->next = kept;
  kept = held;
  wsmd__unlock(&kept_lock);
}

static void late_main(void *opaque);

/* Returns -1 if too many are waiting, or there is no thread to do it. The thread exists from the first late release
 * on, so that loading a plug-in alone shows no thread but the plug-in's. */
static int release_late(const wsmd__exports *plugin, wsmd__held *held) {
  int result = -1;
  wsmd__lock(&late_lock);
  if (late_thread == NULL) {
    /* The table of exports is only read; the cast is what passing it through a thread costs. */
    late_thread = wsmd__thread_start(late_main, (void *)(uintptr_t)plugin);
  }
  if (late_thread != NULL && late_count < LATE_CONTEXTS_MAX) {
    held->next = late;
    late = held;
    late_count++;
    wsmd__wake_all(&late_changed);
    result = 0;
  }
  wsmd__unlock(&late_lock);
  return result;
}

typedef struct errand {
  const wsmd__exports *plugin;
  PVOID context;
} errand;

static void run_errand(void *opaque) {
  const errand *mine = opaque;
  mine->plugin->release(mine->context);
}

static void release_on_other_thread(const wsmd__exports *plugin, PVOID context) {
  errand mine = {plugin, context};
  wsmd__thread *thread = wsmd__thread_start(run_errand, &mine);
  if (thread == NULL) {
    plugin->release(context);
    return;
  }
  wsmd__thread_join(thread);
}

PVOID wsmd__context_reported(const wsmd__exports *plugin, uint32_t mode, uint32_t instance, PVOID context,
                             wsmd__held **held) {
  (*held)->context = context;
  (*held)->instance = instance;
  switch (mode) {
  case WSMD_RELEASE_INSIDE:
    plugin->release(context);
    return NULL;
  case WSMD_RELEASE_OTHER_THREAD:
    release_on_other_thread(plugin, context);
    return NULL;
  case WSMD_RELEASE_AFTER:
    return context;
  case WSMD_RELEASE_LATE:
    if (release_late(plugin, *held) != 0) {
      return context;
    }
    *held = NULL;
    return NULL;
  default:
    keep(*held);
    *held = NULL;
    return NULL;
  }
}

static void late_main(void *opaque) {
  const wsmd__exports *plugin = opaque;
  wsmd__lock(&late_lock);
  while (late != NULL || !late_stopping) {
    if (late == NULL) {
      wsmd__wait(&late_changed, &late_lock);
      continue;
    }
    wsmd__unlock(&late_lock);
    wsmd__sleep_milliseconds(LATE_MILLISECONDS);
    wsmd__lock(&late_lock);
    wsmd__held *batch = late;
    late = NULL;
    wsmd__unlock(&late_lock);
    uint32_t released = release_list(plugin, batch);
    wsmd__lock(&late_lock);
    late_count -= released;
    wsmd__wake_all(&late_changed);
  }
  wsmd__unlock(&late_lock);
}

void wsmd__releases_finish(const wsmd__exports *plugin) {
  wsmd__lock(&late_lock);
  late_stopping = 1;
  wsmd__wake_all(&late_changed);
  wsmd__unlock(&late_lock);
  if (late_thread != NULL) {
    wsmd__thread_join(late_thread);
  }
  late_thread = NULL;
  late_stopping = 0;
  wsmd__lock(&kept_lock);
  wsmd__held *rest = kept;
  kept = NULL;
  wsmd__unlock(&kept_lock);
  release_list(plugin, rest);
}

PCL_EXPORT void wsmd_release_drain(void) {
  wsmd__lock(&late_lock);
  while (late_count != 0) {
    wsmd__wait(&late_changed, &late_lock);
  }
  wsmd__unlock(&late_lock);
}

PCL_EXPORT void wsmd_release(PVOID context) {
  const wsmd__exports *plugin = wsmd__plugin_enter();
  if (plugin != NULL) {
    plugin->release(context);
    wsmd__plugin_leave();
  }
}

PCL_EXPORT uint32_t wsmd_release_kept(uint32_t instance) {
  wsmd__held *mine = NULL;
  const wsmd__exports *plugin = wsmd__plugin_enter();
  if (plugin == NULL) {
    return 0;
  }
  wsmd__lock(&kept_lock);
  wsmd__held **link = &kept;
  while (*link != NULL) {
    wsmd__held *held = *link;
    if (held->instance == instance) {
      *link = held->next;
      held->next = mine;
      mine = held;
    } else {
      link = &held->next;
    }
  }
  wsmd__unlock(&kept_lock);
  uint32_t count = release_list(plugin, mine);
  wsmd__plugin_leave();
  return count;
}
