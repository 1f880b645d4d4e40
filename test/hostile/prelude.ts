// The rest of a policy around what is special in it. A member of the corpus writes down only how it cheats; whatever an
// honest policy has beside that, and the member does not export itself, is added here. Everything is in the text format,
// and is assembled when it is first asked for.

import { runTool } from '../support/tools.ts'
import { place } from '../support/wasm.ts'

export { place }

/** An address as an operand, such as that of the record that allows. */
export function at(address: number): string {
  return `(i32.const ${address})`
}

/** The record that allows, as a function returns it; likewise the others. */
export const allowed = at(place.allow)
export const denied = at(place.deny)

/** Bytes as a string of the text format. */
export function literal(bytes: Uint8Array | readonly number[]): string {
  return `"${[...bytes].map((byte) => `\\${byte.toString(16).padStart(2, '0')}`).join('')}"`
}

export function data(address: number, bytes: Uint8Array | readonly number[]): string {
  return `(data ${at(address)} ${literal(bytes)})`
}

export function utf16(text: string): Buffer {
  return Buffer.from(text, 'utf16le')
}

export interface RecordSpec {
  readonly magic?: number
  /** 1 allow, 2 deny, 3 redirect, 4 quota. */
  readonly kind: number
  readonly flags?: number
  readonly textAddress?: number
  readonly textUnits?: number
  readonly quota?: readonly number[]
}

/** The 32 bytes of a result record. */
export function record(spec: RecordSpec): Buffer {
  const { magic = 0x52524350, kind, flags = 0, textAddress = 0, textUnits = 0, quota = [] } = spec
  const bytes = Buffer.alloc(32)
  bytes.writeUInt32LE(magic, 0)
  bytes.writeUInt16LE(kind, 4)
  bytes.writeUInt16LE(flags, 6)
  bytes.writeUInt32LE(textAddress, 8)
  bytes.writeUInt32LE(textUnits, 12)
  for (const [index, word] of quota.entries()) bytes.writeUInt32LE(word, 16 + 4 * index)
  return bytes
}

/** What an honest policy has, by the name of its export. */
const honest: Readonly<Record<string, string>> = {
  memory: '(memory (export "memory") 1 2)',
  portcullis_request_v1: functionText('portcullis_request_v1', at(place.block)),
  authzUser: functionText('authzUser', allowed),
  authzOperation: functionText('authzOperation', allowed),
  queryQuota: functionText('queryQuota', at(place.quota)),
}

const records = [
  data(place.allow, record({ kind: 1 })),
  data(place.deny, record({ kind: 2 })),
  data(place.quota, record({ kind: 4, quota: [1, 2, 3, 4] })),
]

/** An exported function of the interface; its parameter is `$given`. */
export function functionText(name: string, body: string): string {
  return `(func (export "${name}") (param $given i32) (result i32) ${body})`
}

export interface PolicyOptions {
  /** Exports of an honest policy that this one does not have. */
  readonly without?: readonly string[]
  /** Without the prelude's records, for a module whose memory has no room for them. */
  readonly withoutRecords?: boolean
  /** Of wat2wasm. */
  readonly options?: readonly string[]
}

type Bytes = () => Uint8Array<ArrayBuffer>

/** Runs `make` once, when it is first needed. */
export function once(make: () => Uint8Array): Bytes {
  let made: Uint8Array<ArrayBuffer> | undefined
  return () => {
    made ??= Uint8Array.from(make())
    return made
  }
}

/** A module of exactly these fields. */
export function moduleText(fields: string, options: readonly string[] = []): Bytes {
  return once(() => runTool('wat2wasm', ['-', '--output=-', ...options], `(module ${fields})`))
}

/** A policy with these fields, imports first, and what they leave out. */
export function policy(fields: string, options: PolicyOptions = {}): Bytes {
  const { without = [], withoutRecords = false, options: flags = [] } = options
  const missing = Object.keys(honest).filter(
    (name) => !without.includes(name) && !fields.includes(`(export "${name}"`),
  )
  const added = [...missing.map((name) => honest[name]), ...(withoutRecords ? [] : records)]
  return moduleText([fields, ...added].join('\n'), flags)
}

/** A policy whose `authzUser` has this body, beside the fields in `more`. */
export function inUser(body: string, more = '', options?: PolicyOptions): Bytes {
  return policy(`${more} ${functionText('authzUser', body)}`, options)
}

/** A policy whose three functions have one body, which says what each answers with in the end. */
export function inAll(body: (answer: string) => string, more = '', options?: PolicyOptions): Bytes {
  const functions = [
    functionText('authzUser', body(allowed)),
    functionText('authzOperation', body(allowed)),
    functionText('queryQuota', body(at(place.quota))),
  ]
  return policy([more, ...functions].join('\n'), options)
}

/** A function that runs before anything else. */
export function start(body: string): string {
  return `(func $start ${body}) (start $start)`
}

export function repeat(count: number, text: string | ((index: number) => string)): string {
  const make = typeof text === 'string' ? () => text : text
  return Array.from({ length: count }, (_, index) => make(index)).join(' ')
}

/** Passes of a loop, each of 10 units of fuel. */
export function spending(passes: number): string {
  return `(local $left i32) (local.set $left ${at(passes)})
    (loop $again
      (local.set $left (i32.sub (local.get $left) ${at(1)}))
      (drop (i32.add ${at(1)} ${at(2)}))
      (br_if $again (local.get $left)))`
}
