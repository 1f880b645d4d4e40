/**
 * Reads a plug-in's hello. Everything in it is a claim: which tenant the application belongs to is decided
 * from the configuration and the account that the operating system names.
 */

import { hello, pluginDenials, WIRE_VERSION } from './layout.ts'

export interface Hello {
  readonly processId: number
  readonly application: string
  /** What the plug-in denied by itself since its last accepted hello; only what is not zero. */
  readonly denied: Readonly<Record<string, number>>
}

/** Returns undefined for anything that is not a hello in a version that we speak. */
export function readHello(body: Buffer): Hello | undefined {
  if (body.length < hello.headerBytes || body.readUInt32LE(0) !== hello.magic) return undefined
  if (body.readUInt16LE(4) > WIRE_VERSION || body.readUInt16LE(6) < WIRE_VERSION) return undefined
  const units = body.readUInt32LE(12)
  if (units === 0 || units > hello.applicationUnitsMax) return undefined
  if (body.length !== hello.headerBytes + 2 * units) return undefined
  const denied: Record<string, number> = {}
  pluginDenials.forEach((name, index) => {
    const count = body.readUInt32LE(16 + 4 * index)
    if (count > 0) denied[name] = count
  })
  return {
    processId: body.readUInt32LE(8),
    application: body.toString('utf16le', hello.headerBytes),
    denied,
  }
}
