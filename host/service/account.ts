/** The account that a service runs as. */

import { createHash } from 'node:crypto'

/** Made by Windows with the service and for it alone; it has no password. */
export function virtualAccount(service: string): string {
  return `NT SERVICE\\${service}`
}

/**
 * The SID of a virtual account follows from the service's name: five words of the SHA-1 of the name in capitals. Windows knows it
 * under the account's name only while the service is registered, and Wine not at all.
 */
export function virtualAccountSid(service: string): string {
  const hash = createHash('sha1').update(service.toUpperCase(), 'utf16le').digest()
  return `S-1-5-80-${[0, 4, 8, 12, 16].map((at) => hash.readUInt32LE(at)).join('-')}`
}
