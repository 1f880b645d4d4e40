/**
 * The names under which a metered module exports what the rewriter has added. An upload cannot use them: the parser
 * refuses an export that begins with the prefix, and the rewriter drops every export that is not the interface's.
 */

const prefix = 'portcullis:'

const globalPrefix = `${prefix}global:`

export const reserved = {
  /** Global, i32, mutable: fuel that is left; below zero once it has run out. */
  fuel: `${prefix}fuel`,
  /** Global, i32, mutable: stack slots that are left; below zero once there were too few. */
  stack: `${prefix}stack`,
  /** The start function, if there was one, to be called once before anything else. */
  start: `${prefix}start`,
  /** The module's own mutable globals, in their order, from 0 on. */
  global: (number: number): string => `${globalPrefix}${number}`,
} as const

export function isGlobalName(name: string): boolean {
  return name.startsWith(globalPrefix)
}

export function isReserved(name: string): boolean {
  return name.startsWith(prefix)
}
