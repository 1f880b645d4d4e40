/**
 * Reads the record that a policy function returns (docs/reference/request-block.md). Whatever has no meaning on
 * that page makes the record refused; nothing is repaired.
 */

import { resultRecord } from '../wire/layout.ts'
import type { GuestMemory } from './guest-memory.ts'

export type Quota = readonly [
  shells: number,
  operations: number,
  timeslotSeconds: number,
  perTimeslot: number,
]

export type PolicyResult =
  | { readonly kind: 'allow'; readonly administrator: boolean }
  | { readonly kind: 'deny'; readonly reason: string }
  | { readonly kind: 'redirect'; readonly target: string }
  | { readonly kind: 'quota'; readonly quota: Quota }

const { kind: kinds } = resultRecord

/** Returns the result, or a string that says what is wrong with it. */
export function readResult(memory: GuestMemory, address: number): PolicyResult | string {
  const record = memory.bytes(address, resultRecord.bytes, 4)
  if (record === undefined) return 'its address is not in memory, or not aligned to 4'
  if (record.readUInt32LE(0) !== resultRecord.magic) return 'its magic is wrong'
  const kind = record.readUInt16LE(4)
  const flags = record.readUInt16LE(6)
  const textUnits = record.readUInt32LE(12)
  const quota = [16, 20, 24, 28].map((offset) => record.readUInt32LE(offset)) as unknown as Quota
  if (textUnits > resultRecord.textUnitsMax)
    return `its text has more than ${resultRecord.textUnitsMax} units`
  const textAddress = record.readUInt32LE(8)
  const text = memory.text(textAddress, textUnits)
  if (text === undefined) return 'its text is not in memory, or not aligned to 2'
  const takesText = kind === kinds.deny || kind === kinds.redirect
  if (!takesText && (textAddress !== 0 || textUnits !== 0)) return 'it has a text that means nothing'
  if (flags !== 0 && !(kind === kinds.allow && flags === resultRecord.flagAdministrator)) {
    return 'it has flags that mean nothing'
  }
  if (kind === kinds.quota) {
    return quota.includes(0) ? 'its quota has a zero' : { kind: 'quota', quota }
  }
  if (quota.some((word) => word !== 0)) return 'it has a quota and is none'
  if (kind === kinds.allow) return { kind: 'allow', administrator: flags !== 0 }
  if (kind === kinds.deny) return { kind: 'deny', reason: text }
  if (kind === kinds.redirect)
    return text === '' ? 'its redirect has no target' : { kind: 'redirect', target: text }
  return 'its kind is unknown'
}
