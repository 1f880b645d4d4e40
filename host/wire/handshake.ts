/**
 * Reads a plug-in's hello. Everything in it is a claim: which tenant the application belongs to is decided
 * from the configuration and the account that the operating system names.
 *
 * The two sides are upgraded separately, so a hello may be of an older or a newer release. What is read here is the part that
 * no version changes (docs/reference/wire.md), and so it is read also of a plug-in that has to be refused.
 */

import { hello, OTHER_DENIALS, pluginDenials, type WireVersions } from './layout.ts'

export interface Hello {
  readonly offered: WireVersions
  /** Of the plug-in: such as 1.2.3, with a fourth number if that is not zero. */
  readonly pluginVersion: string
  readonly processId: number
  readonly application: string
  /** What the plug-in denied by itself since its last accepted hello; only what is not zero. */
  readonly denied: Readonly<Record<string, number>>
}

function productVersion(body: Buffer): string {
  const numbers = [0, 1, 2, 3].map((i) => body.readUInt16LE(hello.at.product + 2 * i))
  return (numbers[3] === 0 ? numbers.slice(0, 3) : numbers).join('.')
}

function deniedOf(body: Buffer, count: number): Record<string, number> {
  const denied: Record<string, number> = {}
  for (let i = 0; i < count; i++) {
    const times = body.readUInt32LE(hello.prefixBytes + 4 * i)
    const name = pluginDenials[i] ?? OTHER_DENIALS
    if (times > 0) denied[name] = Math.min((denied[name] ?? 0) + times, 0xffffffff)
  }
  return denied
}

/** Returns undefined for anything that is not a hello of any version. What is beyond the part that is known is skipped. */
export function readHello(body: Buffer): Hello | undefined {
  const { magic, prefixBytes, at, applicationUnitsMax } = hello
  if (body.length < prefixBytes || body.readUInt32LE(0) !== magic) return undefined
  const offered = { lowest: body.readUInt16LE(at.lowest), highest: body.readUInt16LE(at.highest) }
  const begin = body.readUInt16LE(at.application)
  const units = body.readUInt16LE(at.units)
  const counters = body.readUInt16LE(at.counters)
  if (offered.lowest > offered.highest || units === 0 || units > applicationUnitsMax) return undefined
  if (prefixBytes + 4 * counters > begin || begin + 2 * units > body.length) return undefined
  return {
    offered,
    pluginVersion: productVersion(body),
    processId: body.readUInt32LE(at.processId),
    application: body.toString('utf16le', begin, begin + 2 * units),
    denied: deniedOf(body, counters),
  }
}

/** The highest version that both speak; undefined if there is none. */
export function chooseVersion(offered: WireVersions, spoken: WireVersions): number | undefined {
  const highest = Math.min(offered.highest, spoken.highest)
  return highest < Math.max(offered.lowest, spoken.lowest) ? undefined : highest
}
