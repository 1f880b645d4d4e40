/**
 * The strict parser: the whole upload against the allow-list, before anything else looks at it. It follows the binary
 * format of the core specification (chapter 5), accepts a part of it, and refuses the rest with a code, a place and what
 * to do about it. A pure function over bytes; its work is linear in their number.
 */

import { bounds } from './bounds.ts'
import { ByteReader } from './byte-reader.ts'
import type {
  Export,
  ExternalKind,
  FunctionBody,
  FunctionType,
  Global,
  Instruction,
  Limits,
  Module,
} from './module.ts'
import { type CodeCounts, parseBody } from './parse-code.ts'
import { readConstantExpression, readFunctionType, readLimits, readValueType } from './parse-types.ts'
import { badIndex, malformed, overBound, Refusal, refuseFeature } from './refusal.ts'

const MAGIC_AND_VERSION = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]
const FUNCTION_REFERENCE = 0x70

const section = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
  data: 11,
  dataCount: 12,
  tag: 13,
} as const

/** Sections come in this order, each at most once; the data count stands before the code. */
const order: readonly number[] = [
  section.type,
  section.import,
  section.function,
  section.table,
  section.memory,
  section.global,
  section.export,
  section.start,
  section.element,
  section.dataCount,
  section.code,
  section.data,
]

const externalKinds: readonly ExternalKind[] = ['function', 'table', 'memory', 'global']

class ModuleParser {
  readonly types: FunctionType[] = []
  abortType: number | undefined
  readonly functions: number[] = []
  table: Limits | undefined
  memory: Limits | undefined
  readonly globals: Global[] = []
  readonly exports: Export[] = []
  start: number | undefined
  readonly elements: { offset: Instruction; functions: number[] }[] = []
  readonly bodies: FunctionBody[] = []
  readonly data: { offset: Instruction; start: number; size: number }[] = []
  #dataCount: number | undefined

  get #importCount(): number {
    return this.abortType === undefined ? 0 : 1
  }

  get #functionCount(): number {
    return this.#importCount + this.functions.length
  }

  parse(bytes: Uint8Array): Module {
    if (bytes.length > bounds.moduleBytes)
      throw overBound(0, `it has ${bytes.length} bytes`, bounds.moduleBytes)
    const reader = new ByteReader(bytes)
    for (const byte of MAGIC_AND_VERSION) {
      if (reader.byte() !== byte) throw malformed(reader.at - 1, 'it does not begin as a WebAssembly module')
    }
    let last = -1
    while (!reader.isAtEnd) {
      const offset = reader.at
      const id = reader.byte()
      const part = reader.part(reader.u32())
      if (id === section.custom) {
        part.name(0) // it must have one, of whatever length; the rest is anything
        continue
      }
      if (id === section.tag) throw refuseFeature('exceptions', offset)
      const place = order.indexOf(id)
      if (place < 0) throw malformed(offset, `there is no section ${id}`)
      if (place <= last) throw malformed(offset, `section ${id} comes twice or too late`)
      last = place
      this.#section(id, part)
      if (!part.isAtEnd) throw malformed(part.at, `section ${id} goes on after its end`)
    }
    return this.#finish(reader.at)
  }

  #section(id: number, part: ByteReader): void {
    switch (id) {
      case section.type:
        return this.#each(part, 'types', bounds.types, () => this.types.push(readFunctionType(part)))
      case section.import:
        return this.#each(part, 'imports', bounds.functions, () => this.#import(part))
      case section.function:
        return this.#each(part, 'functions', bounds.functions, () =>
          this.functions.push(this.#typeIndex(part)),
        )
      case section.table:
        return this.#tables(part)
      case section.memory:
        return this.#memories(part)
      case section.global:
        return this.#each(part, 'globals', bounds.globals, () => this.#global(part))
      case section.export:
        return this.#exports(part)
      case section.start:
        return this.#start(part)
      case section.element:
        return this.#each(part, 'element segments', bounds.segments, () => this.#element(part))
      case section.dataCount:
        this.#dataCount = part.u32()
        return
      case section.code:
        return this.#code(part)
      default:
        return this.#each(part, 'data segments', bounds.segments, () => this.#segment(part))
    }
  }

  #each(part: ByteReader, what: string, most: number, read: () => void): void {
    const offset = part.at
    const count = part.u32()
    if (count > most) throw overBound(offset, `it has ${count} ${what}`, most)
    for (let index = 0; index < count; index++) read()
  }

  #index(part: ByteReader, what: string, count: number): number {
    const offset = part.at
    const index = part.u32()
    if (index >= count) throw badIndex(offset, what, index, count)
    return index
  }

  #typeIndex(part: ByteReader): number {
    return this.#index(part, 'type', this.types.length)
  }

  #import(part: ByteReader): void {
    const offset = part.at
    const from = part.name(bounds.nameBytes)
    const name = part.name(bounds.nameBytes)
    const kind = part.byte()
    if (from !== 'env' || name !== 'abort' || kind !== 0 || this.abortType !== undefined) {
      const text = from === undefined || name === undefined ? 'something' : JSON.stringify(`${from}.${name}`)
      throw new Refusal(
        'ERR_MODULE_IMPORT',
        offset,
        `it imports ${text}; only the function env.abort, once, can be imported`,
      )
    }
    this.abortType = this.#typeIndex(part)
    const { parameters, result } = this.types[this.abortType] as FunctionType
    if (parameters.join() !== 'i32,i32,i32,i32' || result !== undefined) {
      throw new Refusal(
        'ERR_MODULE_IMPORT',
        offset,
        'env.abort takes four i32 and returns nothing; declare it so',
      )
    }
  }

  #tables(part: ByteReader): void {
    const offset = part.at
    this.#each(part, 'tables', 1, () => {
      const type = part.byte()
      if (type !== FUNCTION_REFERENCE) throw refuseFeature('reference types', offset)
      this.table = readLimits(part)
      const entries = Math.max(this.table.minimum, this.table.maximum ?? 0)
      if (entries > bounds.tableEntries)
        throw overBound(offset, `its table has ${entries} entries`, bounds.tableEntries)
    })
  }

  #memories(part: ByteReader): void {
    const offset = part.at
    const count = part.u32()
    if (count > 1) throw refuseFeature('several memories', offset)
    if (count === 0) return
    this.memory = readLimits(part)
    const { maximum } = this.memory
    if (maximum === undefined) {
      throw new Refusal(
        'ERR_MODULE_MEMORY',
        offset,
        `no maximum is declared; compile with one of at most ${bounds.memoryPages} pages`,
      )
    }
    if (maximum > bounds.memoryPages) {
      throw new Refusal(
        'ERR_MODULE_MEMORY',
        offset,
        `its maximum is ${maximum} pages; compile with at most ${bounds.memoryPages}`,
      )
    }
  }

  #global(part: ByteReader): void {
    const type = readValueType(part)
    const offset = part.at
    const mutability = part.byte()
    if ((mutability & 2) !== 0) throw refuseFeature('threads', offset)
    if (mutability > 1) throw malformed(offset, 'a global is neither mutable nor constant')
    this.globals.push({ type, mutable: mutability === 1, initial: readConstantExpression(part, type) })
  }

  #exports(part: ByteReader): void {
    const names = new Set<string>()
    const counts = {
      function: this.#functionCount,
      table: this.table === undefined ? 0 : 1,
      memory: this.memory === undefined ? 0 : 1,
      global: this.globals.length,
    }
    this.#each(part, 'exports', bounds.exports, () => {
      const offset = part.at
      const name = part.name(bounds.nameBytes)
      if (name === undefined) throw overBound(offset, "an export's name is longer", bounds.nameBytes)
      if (names.has(name)) throw malformed(offset, `two exports are named ${JSON.stringify(name)}`)
      names.add(name)
      const kindByte = part.byte()
      const kind = externalKinds[kindByte]
      if (kindByte === 4) throw refuseFeature('exceptions', offset)
      if (kind === undefined) throw malformed(offset, 'an export is of no kind')
      this.exports.push({ name, kind, index: this.#index(part, kind, counts[kind]) })
    })
  }

  #start(part: ByteReader): void {
    const offset = part.at
    this.start = this.#index(part, 'function', this.#functionCount)
    const { parameters, result } = this.#typeOf(this.start)
    if (parameters.length === 0 && result === undefined) return
    throw new Refusal(
      'ERR_MODULE_INVALID',
      offset,
      'its start function takes or returns something; compile it again',
    )
  }

  #typeOf(index: number): FunctionType {
    const own = this.functions[index - this.#importCount]
    return this.types[(index < this.#importCount ? this.abortType : own) as number] as FunctionType
  }

  #element(part: ByteReader): void {
    const offset = part.at
    const flags = part.u32()
    if (flags !== 0)
      throw refuseFeature(flags === 1 || flags === 3 ? 'passive segments' : 'reference types', offset)
    if (this.table === undefined) throw badIndex(offset, 'table', 0, 0)
    const start = readConstantExpression(part, 'i32')
    const functions: number[] = []
    this.#each(part, 'functions in a segment', bounds.tableEntries, () => {
      functions.push(this.#index(part, 'function', this.#functionCount))
    })
    this.elements.push({ offset: start, functions })
  }

  #code(part: ByteReader): void {
    const offset = part.at
    const counts: CodeCounts = {
      types: this.types.length,
      functions: this.#functionCount,
      tables: this.table === undefined ? 0 : 1,
      globals: this.globals.length,
    }
    this.#each(part, 'function bodies', bounds.functions, () => {
      const start = part.at
      const size = part.u32()
      if (size > bounds.functionBytes)
        throw overBound(start, `a function has ${size} bytes`, bounds.functionBytes)
      const type = this.functions[this.bodies.length]
      if (type === undefined) throw malformed(offset, 'it has more bodies than functions')
      const { parameters } = this.types[type] as FunctionType
      this.bodies.push(parseBody(part.part(size), counts, parameters.length))
    })
  }

  #segment(part: ByteReader): void {
    const offset = part.at
    const flags = part.u32()
    if (flags === 1) throw refuseFeature('passive segments', offset)
    if (flags !== 0) throw refuseFeature('several memories', offset)
    if (this.memory === undefined) throw badIndex(offset, 'memory', 0, 0)
    const start = readConstantExpression(part, 'i32')
    const size = part.u32()
    this.data.push({ offset: start, start: part.at, size })
    part.skip(size)
  }

  #finish(end: number): Module {
    const { types, abortType, functions, table, memory, globals, exports, start, elements, bodies, data } =
      this
    if (bodies.length !== functions.length) throw malformed(end, 'it has fewer bodies than functions')
    if (this.#dataCount !== undefined && this.#dataCount !== data.length) {
      throw malformed(end, 'it has not as many data segments as it says')
    }
    if (memory === undefined) {
      throw new Refusal('ERR_MODULE_MEMORY', end, 'it has no memory of its own; a policy needs one')
    }
    return { types, abortType, functions, table, memory, globals, exports, start, elements, bodies, data }
  }
}

/** Throws a Refusal unless the bytes are a module of admitted form. */
export function parseModule(bytes: Uint8Array): Module {
  return new ModuleParser().parse(bytes)
}
