/**
 * An upload as it comes: a module alone (application/wasm), or with settings, vectors and a reason beside it (multipart/form-data). It
 * is read into memory, each part no further than its bound, and nothing of it is written anywhere: one that breaks off leaves nothing
 * behind. What is no valid module of WebAssembly is told so here, before the store has heard of it.
 */

import type { Multipart } from '@fastify/multipart'
import type { FastifyRequest } from 'fastify'

import { type ErrorCode, PortcullisError } from '../errors.ts'
import { parseJson } from '../json-file.ts'
import { moduleBytesMax, storeVectorsBytesMax, storeWhyUnitsMax } from '../limits.ts'
import { settingsBytesMax } from '../wire/settings-block.ts'

export interface Upload {
  readonly module: Buffer
  readonly settings?: object
  readonly vectors?: string
  readonly reason?: string
}

/** Settings as people write them: JSON spends more than the block that it becomes, at the most six characters for one. */
const SETTINGS_TEXT_BYTES_MAX = 8 * settingsBytesMax

interface PartBound {
  readonly bytes: number
  readonly tooLarge: ErrorCode
}

const bounds: ReadonlyMap<string, PartBound> = new Map([
  ['module', { bytes: moduleBytesMax, tooLarge: 'ERR_MODULE_SIZE' }],
  ['settings', { bytes: SETTINGS_TEXT_BYTES_MAX, tooLarge: 'ERR_API_SIZE' }],
  ['vectors', { bytes: storeVectorsBytesMax, tooLarge: 'ERR_API_SIZE' }],
  ['reason', { bytes: 4 * storeWhyUnitsMax, tooLarge: 'ERR_API_SIZE' }],
])

/** Bounds of the parser; those of each part are tighter. */
export const multipartLimits = {
  parts: bounds.size,
  fileSize: storeVectorsBytesMax + 1,
  fieldSize: storeVectorsBytesMax + 1,
  headerPairs: 16,
}

/** "\0asm" and the version that there is. */
const wasmHead = Buffer.from([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00])

/** Throws ERR_MODULE_SIZE, ERR_MODULE_MALFORMED and ERR_MODULE_INVALID. */
export function checkModule(module: Buffer): Buffer {
  if (module.length === 0 || module.length > moduleBytesMax) {
    throw new PortcullisError('ERR_MODULE_SIZE', `it has ${module.length} bytes`)
  }
  if (!module.subarray(0, wasmHead.length).equals(wasmHead)) {
    throw new PortcullisError(
      'ERR_MODULE_MALFORMED',
      'it does not begin as a WebAssembly module does (00 61 73 6d 01 00 00 00)',
    )
  }
  if (WebAssembly.validate(module as Uint8Array<ArrayBuffer>)) return module
  throw new PortcullisError(
    'ERR_MODULE_INVALID',
    'it may have been cut off; compile it again, and send all of it',
  )
}

async function bytesOf(part: Multipart, { bytes: most, tooLarge }: PartBound): Promise<Buffer> {
  const large = () => new PortcullisError(tooLarge, `the part "${part.fieldname}"; at most ${most} bytes`)
  if (part.type === 'field') {
    // What says that it is JSON has been parsed already.
    const bytes = Buffer.from(typeof part.value === 'string' ? part.value : JSON.stringify(part.value))
    if (part.valueTruncated || bytes.length > most) throw large()
    return bytes
  }
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of part.file) {
    length += (chunk as Buffer).length
    if (length > most) throw large()
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks)
}

/** A text in UTF-8; other bytes are no text. */
function textOf(name: string, bytes: Buffer): string {
  const text = bytes.toString()
  if (Buffer.from(text).equals(bytes)) return text
  throw new PortcullisError('ERR_API_REQUEST', `the part "${name}" is not UTF-8`)
}

function settingsOf(bytes: Buffer): object {
  const settings = parseJson(textOf('settings', bytes), 'the part "settings"', 'ERR_SETTINGS_FILE')
  if (typeof settings === 'object' && settings !== null && !Array.isArray(settings)) return settings
  throw new PortcullisError('ERR_SETTINGS_FILE', 'the part "settings" is no object')
}

async function partsOf(request: FastifyRequest): Promise<ReadonlyMap<string, Buffer>> {
  const parts = new Map<string, Buffer>()
  for await (const part of request.parts({ limits: multipartLimits })) {
    const bound = bounds.get(part.fieldname)
    if (bound === undefined || parts.has(part.fieldname)) {
      const names = [...bounds.keys()].join(', ')
      throw new PortcullisError('ERR_API_REQUEST', `parts are ${names}, each once`)
    }
    parts.set(part.fieldname, await bytesOf(part, bound))
  }
  return parts
}

/** What the parser throws without a code is about the form, too: it breaks off, or is none. */
function formError(error: Error & { code?: string }): Error {
  if (error instanceof PortcullisError || error.code?.startsWith('FST_')) return error
  return new PortcullisError('ERR_API_REQUEST', `the form: ${error.message}`)
}

/** Throws what is wrong with it; nothing of it is kept then. */
export async function readMultipart(request: FastifyRequest): Promise<Upload> {
  const parts = await partsOf(request).catch((error: Error) => {
    throw formError(error)
  })
  const module = parts.get('module')
  const [settings, vectors, reason] = ['settings', 'vectors', 'reason'].map((name) => parts.get(name))
  if (module === undefined) throw new PortcullisError('ERR_API_REQUEST', 'there is no part "module"')
  return {
    module: checkModule(module),
    ...(settings && { settings: settingsOf(settings) }),
    ...(vectors && { vectors: textOf('vectors', vectors) }),
    ...(reason && { reason: textOf('reason', reason) }),
  }
}
