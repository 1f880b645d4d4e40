/* The table of contexts: one array of slots that grows by doubling, a free list through it, one lock that
 * is never held while anything else is called.
 *
 * A context's value: bits 0-31 slot number + 1 (so never NULL), bits 32-63 the slot's generation. A slot's
 * generation changes when it is released, which makes every old value stale. */
#include "plugin/context.h"

#include <string.h>

#include "plugin/limits.h"
#include "port/port.h"

_Static_assert(sizeof(PVOID) == 8, "slot and generation need 64 bits");

#define SLOTS_FIRST 64u

typedef struct slot {
  uintptr_t instance; /* 0: free */
  uint32_t generation;
  uint32_t next_free; /* slot number + 1; 0 ends the list */
} slot;

static struct {
  port_mutex lock;
  slot *slots;
  uint32_t capacity;
  uint32_t used; /* slots ever handed out; those above were never touched */
  uint32_t free; /* slot number + 1 */
  uint32_t count;
  uint32_t generation_first; /* for slots of a new array: above everything that the last one gave out; at first
                                by chance, so that small numbers are no contexts */
} table = {.lock = PORT_MUTEX_INIT};

static bool table_grow(void) {
  if (table.generation_first == 0) {
    port_random(&table.generation_first, sizeof table.generation_first);
    table.generation_first = table.generation_first >> 1 | 1; /* room to count up, and never 0 */
  }
  uint32_t capacity = table.capacity == 0 ? SLOTS_FIRST : table.capacity * 2;
  if (capacity > CONTEXTS_MAX) return false;
  slot *slots = port_alloc(capacity * sizeof *slots);
  if (slots == NULL) return false;
  if (table.used > 0) memcpy(slots, table.slots, table.used * sizeof *slots);
  port_free(table.slots);
  table.slots = slots;
  table.capacity = capacity;
  return true;
}

static uint32_t slot_take(void) {
  if (table.free != 0) {
    uint32_t number = table.free;
    table.free = table.slots[number - 1].next_free;
    return number;
  }
  if (table.used == table.capacity && !table_grow()) return 0;
  table.slots[table.used].generation = table.generation_first;
  return ++table.used;
}

PVOID context_grant(uintptr_t instance) {
  port_mutex_lock(&table.lock);
  uint32_t number = slot_take();
  uintptr_t value = 0;
  if (number != 0) {
    slot *slot = &table.slots[number - 1];
    slot->instance = instance;
    table.count++;
    value = (uintptr_t)slot->generation << 32 | number;
  }
  port_mutex_unlock(&table.lock);
  return (PVOID)value;
}

static void slot_free(uint32_t number) {
  slot *slot = &table.slots[number - 1];
  slot->instance = 0;
  slot->generation++;
  slot->next_free = table.free;
  table.free = number;
  table.count--;
}

bool context_release(PVOID context) {
  uintptr_t value = (uintptr_t)context;
  uint32_t number = (uint32_t)value;
  uint32_t generation = (uint32_t)(value >> 32);
  port_mutex_lock(&table.lock);
  bool found = number > 0 && number <= table.used && table.slots[number - 1].instance != 0 &&
               table.slots[number - 1].generation == generation;
  if (found) slot_free(number);
  port_mutex_unlock(&table.lock);
  return found;
}

void context_release_all(uintptr_t instance) {
  if (instance == 0) return; /* would be every free slot */
  port_mutex_lock(&table.lock);
  for (uint32_t number = 1; number <= table.used; number++) {
    if (table.slots[number - 1].instance == instance) slot_free(number);
  }
  port_mutex_unlock(&table.lock);
}

void context_table_free(void) {
  port_mutex_lock(&table.lock);
  for (uint32_t i = 0; i < table.used; i++) {
    if (table.slots[i].generation >= table.generation_first) table.generation_first = table.slots[i].generation + 1;
  }
  port_free(table.slots);
  table.slots = NULL;
  table.capacity = table.used = table.free = table.count = 0;
  port_mutex_unlock(&table.lock);
}

uint32_t context_count(void) {
  port_mutex_lock(&table.lock);
  uint32_t count = table.count;
  port_mutex_unlock(&table.lock);
  return count;
}
