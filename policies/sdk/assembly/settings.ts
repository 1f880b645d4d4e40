// What an operator or a tenant can change without compiling the policy again: lists of texts, each under a
// key. They are a part of the policy's version, so a change of settings goes live and is rolled back as a
// change of the policy is. They are no place for secrets: whoever may read the policy may read them.

import { settingsBlock } from './settings-area'

const headerBytes: usize = 16
const keyCountOffset: usize = 12

/** Where the entry of `key` begins, or 0 when there is none. */
function entryOf(key: string): usize {
  if (settingsBlock == 0) return 0
  let entry = settingsBlock + headerBytes
  const keys = load<u32>(settingsBlock, keyCountOffset)
  for (let index: u32 = 0; index < keys; index++) {
    const units = load<u32>(entry)
    if (equals(entry + 8, units, key)) return entry
    const values = load<u32>(entry, 4)
    entry += 8 + padded(units)
    for (let value: u32 = 0; value < values; value++) entry += 4 + padded(load<u32>(entry))
  }
  return 0
}

/** The bytes that a text of `units` takes; the next word begins behind them. */
function padded(units: u32): usize {
  return ((<usize>units << 1) + 3) & ~3
}

function equals(address: usize, units: u32, text: string): bool {
  if (<u32>text.length != units) return false
  return memory.compare(address, changetype<usize>(text), <usize>units << 1) == 0
}

function firstValueOf(entry: usize): usize {
  return entry + 8 + padded(load<u32>(entry))
}

/**
 * What the operator or the tenant has set for this policy: lists of texts, each under a key. Keys and texts
 * are compared as they are. Without settings there is no key at all.
 *
 * ```ts
 * const seconds = Settings.first('seconds')
 * if (seconds == null) return Decision.deny('not set up yet')
 * ```
 */
export namespace Settings {
  /**
   * Whether there is a key of this name, with however many values.
   *
   * ```ts
   * if (!Settings.has('on-call')) return Decision.deny('nobody is on call')
   * ```
   */
  export function has(key: string): bool {
    return entryOf(key) != 0
  }

  /**
   * All values of a key, in their order; none when there is no such key.
   *
   * ```ts
   * const groups = Settings.list('administrators')
   * for (let index = 0; index < groups.length; index++) {
   *   if (user.inGroup(groups[index])) return Decision.allow()
   * }
   * ```
   */
  export function list(key: string): string[] {
    const values: string[] = []
    const entry = entryOf(key)
    if (entry == 0) return values
    const count = load<u32>(entry, 4)
    let value = firstValueOf(entry)
    for (let index: u32 = 0; index < count; index++) {
      const units = load<u32>(value)
      values.push(String.UTF16.decodeUnsafe(value + 4, <usize>units << 1))
      value += 4 + padded(units)
    }
    return values
  }

  /**
   * The first value of a key, or `null` when it has none.
   *
   * ```ts
   * const message = Settings.first('message')
   * return Decision.deny(message == null ? 'no' : message)
   * ```
   */
  export function first(key: string): string | null {
    const entry = entryOf(key)
    if (entry == 0 || load<u32>(entry, 4) == 0) return null
    const value = firstValueOf(entry)
    return String.UTF16.decodeUnsafe(value + 4, <usize>load<u32>(value) << 1)
  }

  /**
   * Whether `text` is exactly one of the values of a key. Cheaper than looking through `list`.
   *
   * ```ts
   * const sid = user.userSid
   * if (sid != null && Settings.contains('break-glass', sid)) return Decision.allow()
   * ```
   */
  export function contains(key: string, text: string): bool {
    const entry = entryOf(key)
    if (entry == 0) return false
    const count = load<u32>(entry, 4)
    let value = firstValueOf(entry)
    for (let index: u32 = 0; index < count; index++) {
      const units = load<u32>(value)
      if (equals(value + 4, units, text)) return true
      value += 4 + padded(units)
    }
    return false
  }
}
