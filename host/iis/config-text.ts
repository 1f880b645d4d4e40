/**
 * A configuration file of IIS as text, and back: bytes, byte-order mark and encoding stay what they were. Only UTF-8 and UTF-16 are
 * taken, and a file whose XML declaration contradicts its bytes is refused: another program would read something else in it.
 */

import { strict as assert } from 'node:assert'
import { readFileSync, statSync } from 'node:fs'

import { PortcullisError } from '../errors.ts'
import { whyUnreadable } from '../json-file.ts'

export type Encoding = 'UTF-8' | 'UTF-16, little-endian' | 'UTF-16, big-endian'

export interface ConfigText {
  readonly path: string
  readonly bytes: Buffer
  readonly encoding: Encoding
  readonly hasMark: boolean
  /** Without the mark. */
  readonly text: string
}

/** IIS itself takes no web.config of more than 250 KB unless its registry says so. */
export const webConfigBytesMax = 1024 * 1024

/** ApplicationHost.config names every site of a machine: some kilobytes each, thousands of them at a provider's. */
export const applicationHostBytesMax = 64 * 1024 * 1024

const marks: readonly (readonly [Encoding, Buffer])[] = [
  ['UTF-8', Buffer.from([0xef, 0xbb, 0xbf])],
  ['UTF-16, little-endian', Buffer.from([0xff, 0xfe])],
  ['UTF-16, big-endian', Buffer.from([0xfe, 0xff])],
]

/** What an XML declaration may call each encoding. */
const namesOf: Record<Encoding, RegExp> = {
  'UTF-8': /^utf-?8$/i,
  'UTF-16, little-endian': /^utf-16(le)?$/i,
  'UTF-16, big-endian': /^utf-16(be)?$/i,
}

const saveAsUtf8 = 'save it as UTF-8, with encoding="utf-8" in its first line'

function refuse(path: string, cause: string): never {
  throw new PortcullisError('ERR_IIS_ENCODING', `${path} ${cause}; ${saveAsUtf8}`)
}

function swapped(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes).swap16()
}

function decode(path: string, encoding: Encoding, bytes: Buffer): string {
  if (encoding === 'UTF-8') {
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    } catch {
      refuse(path, 'is not UTF-8, and no byte-order mark says that it is anything else')
    }
  }
  if (bytes.length % 2 !== 0) refuse(path, 'begins as UTF-16 and ends in the middle of a character')
  return (encoding === 'UTF-16, little-endian' ? bytes : swapped(bytes)).toString('utf16le')
}

function checkDeclaration(path: string, encoding: Encoding, text: string): void {
  const [, declared] = /^<\?xml\s[^>]*?\sencoding\s*=\s*["']([^"']*)["']/.exec(text) ?? []
  if (declared === undefined || namesOf[encoding].test(declared)) return
  refuse(path, `says in its first line that it is "${declared}", and its bytes are taken for ${encoding}`)
}

export function decodeConfig(path: string, bytes: Buffer): ConfigText {
  // UTF-32 begins with what could be UTF-16's mark and a zero, which no XML has.
  const isUtf32 = /^(fffe0000|0000feff)/.test(bytes.toString('hex', 0, 4))
  if (isUtf32) refuse(path, 'is UTF-32, which IIS does not read')
  const [encoding, mark] = marks.find(([, mark]) => bytes.subarray(0, mark.length).equals(mark)) ?? []
  if (encoding === undefined && bytes.subarray(0, 4).includes(0)) {
    refuse(path, 'looks like UTF-16, but has no byte-order mark that says so')
  }
  const found = encoding ?? 'UTF-8'
  const text = decode(path, found, bytes.subarray(mark?.length ?? 0))
  checkDeclaration(path, found, text)
  return { path, bytes, encoding: found, hasMark: mark !== undefined, text }
}

/** Other text in the same form. */
export function encodeConfig({ encoding, hasMark }: ConfigText, text: string): Buffer {
  const plain = encoding === 'UTF-8' ? Buffer.from(text, 'utf8') : Buffer.from(text, 'utf16le')
  const body = encoding === 'UTF-16, big-endian' ? swapped(plain) : plain
  const mark = marks.find(([name]) => name === encoding)?.[1]
  assert(mark !== undefined)
  return hasMark ? Buffer.concat([mark, body]) : body
}

function unreadable(path: string, cause: string): never {
  throw new PortcullisError('ERR_IIS_UNREADABLE', `${path} ${cause}`)
}

export function readConfig(path: string, bytesMax: number): ConfigText {
  let bytes: Buffer
  try {
    const { size } = statSync(path)
    if (size > bytesMax) unreadable(path, `has ${size} bytes; at most ${bytesMax} are read`)
    bytes = readFileSync(path)
  } catch (error) {
    if (error instanceof PortcullisError) throw error
    const cause = whyUnreadable(error)
    const isFolder = (error as NodeJS.ErrnoException).code === 'EISDIR'
    return unreadable(path, isFolder ? `${cause}; name the file in it` : cause)
  }
  if (bytes.length === 0) unreadable(path, 'is empty; restore it from a backup')
  return decodeConfig(path, bytes)
}
