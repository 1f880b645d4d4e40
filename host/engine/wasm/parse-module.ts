/**
 * The strict parser: the whole upload against the allow-list, before anything else looks at it. It follows the binary
 * format of the core specification (chapter 5), accepts a part of it, and refuses the rest with a code, a place and what
 * to do about it. A pure function over bytes; its work is linear in their number.
 */

import { bounds } from './bounds.ts'
import { ByteReader } from './byte-reader.ts'
import {
  type Export,
  type ExternalKind,
  type FunctionBody,
  type FunctionType,
  functionTypes,
  type Global,
  type Import,
  type Instruction,
  type Limits,
  type Module,
  type ValueType,
} from './module.ts'
import { type CodeCounts, parseBody } from './parse-code.ts'
import { readConstantExpression, readFunctionType, readLimits, readValueType } from './parse-types.ts'
import { badIndex, malformed, overBound, Refusal, refuseFeature } from './refusal.ts'
import { isReserved } from './reserved.ts'

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

/** The most pages that the specification allows. */
const PAGES_MAX = 65_536

export interface ParseOptions {
  /** Accepts any import instead of env.abort only: for developers, who link test modules to their own things. */
  readonly anyImports?: boolean
}

class ModuleParser {
  readonly #anyImports: boolean
  readonly #types: FunctionType[] = []
  readonly #imports: Import[] = []
  readonly #imported: Record<ExternalKind, number> = { function: 0, table: 0, memory: 0, global: 0 }
  readonly #importedGlobals: { type: ValueType; mutable: boolean }[] = []
  readonly #functions: number[] = []
  #table: Limits | undefined
  #memory: Limits | undefined
  readonly #globals: Global[] = []
  readonly #exported: Export[] = []
  #startFunction: number | undefined
  #elementEntries = 0
  readonly #elements: { offset: Instruction; functions: number[] }[] = []
  readonly #bodies: FunctionBody[] = []
  readonly #data: { offset: Instruction; bytes: Uint8Array }[] = []
  #dataCount: number | undefined

  constructor({ anyImports = false }: ParseOptions) {
    this.#anyImports = anyImports
  }

  /** How many of a kind there are so far, imported and own. */
  #count(kind: ExternalKind): number {
    const own = {
      function: this.#functions.length,
      table: this.#table === undefined ? 0 : 1,
      memory: this.#memory === undefined ? 0 : 1,
      global: this.#globals.length,
    }
    return this.#imported[kind] + own[kind]
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
        return this.#each(part, 'types', bounds.types, () => this.#types.push(readFunctionType(part)))
      case section.import:
        return this.#each(part, 'imports', bounds.functions, () => this.#import(part))
      case section.function:
        return this.#each(part, 'functions', bounds.functions, () =>
          this.#functions.push(this.#typeIndex(part)),
        )
      case section.table:
        return this.#each(part, 'tables', 1, () => {
          this.#table = this.#tableLimits(part)
        })
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

  #memories(part: ByteReader): void {
    const offset = part.at
    const count = part.u32()
    if (count > 1) throw refuseFeature('several memories', offset)
    if (count === 1) this.#memory = this.#memoryLimits(part)
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
    return this.#index(part, 'type', this.#types.length)
  }

  #import(part: ByteReader): void {
    const offset = part.at
    const from = part.name(bounds.nameBytes)
    const name = part.name(bounds.nameBytes)
    const kindByte = part.byte()
    const kind = externalKinds[kindByte]
    if (kindByte === 4) throw refuseFeature('exceptions', offset)
    if (kind === undefined) throw malformed(offset, 'an import is of no kind')
    const isAbort = from === 'env' && name === 'abort' && kind === 'function' && this.#imports.length === 0
    if (from === undefined || name === undefined || !(isAbort || this.#anyImports)) {
      const text = from === undefined || name === undefined ? 'something' : JSON.stringify(`${from}.${name}`)
      throw new Refusal(
        'ERR_MODULE_IMPORT',
        offset,
        `it imports ${text}; only the function env.abort, once, can be imported`,
      )
    }
    this.#imports.push({ from, name, ...this.#importType(part, kind) })
    this.#imported[kind]++
    if (!this.#anyImports) this.#checkAbort(offset)
  }

  #importType(part: ByteReader, kind: ExternalKind) {
    switch (kind) {
      case 'function':
        return { kind, type: this.#typeIndex(part) }
      case 'table':
        return { kind, limits: this.#tableLimits(part) }
      case 'memory':
        return { kind, limits: this.#memoryLimits(part) }
      case 'global': {
        const global = this.#globalType(part)
        this.#importedGlobals.push(global)
        return { kind, ...global }
      }
    }
  }

  #checkAbort(offset: number): void {
    const [imported] = this.#imports
    const type = imported?.kind === 'function' ? this.#types[imported.type] : undefined
    if (type?.parameters.join() === 'i32,i32,i32,i32' && type.result === undefined) return
    throw new Refusal(
      'ERR_MODULE_IMPORT',
      offset,
      'env.abort takes four i32 and returns nothing; declare it so',
    )
  }

  #tableLimits(part: ByteReader): Limits {
    const offset = part.at
    if (part.byte() !== FUNCTION_REFERENCE) throw refuseFeature('reference types', offset)
    if (this.#count('table') > 0) throw refuseFeature('reference types', offset)
    const limits = readLimits(part)
    const entries = Math.max(limits.minimum, limits.maximum ?? 0)
    if (entries > bounds.tableEntries)
      throw overBound(offset, `its table has ${entries} entries`, bounds.tableEntries)
    return limits
  }

  /** A larger maximum is clamped by the rewriter; a larger minimum cannot be had. */
  #memoryLimits(part: ByteReader): Limits {
    const offset = part.at
    if (this.#count('memory') > 0) throw refuseFeature('several memories', offset)
    const limits = readLimits(part)
    const { minimum, maximum = minimum } = limits
    if (minimum > bounds.memoryPages) {
      throw new Refusal(
        'ERR_MODULE_MEMORY',
        offset,
        `it begins with ${minimum} pages; compile it for at most ${bounds.memoryPages}`,
      )
    }
    if (maximum > PAGES_MAX) throw malformed(offset, `a memory cannot have ${maximum} pages`)
    return limits
  }

  #globalType(part: ByteReader): { type: ValueType; mutable: boolean } {
    const type = readValueType(part)
    const offset = part.at
    const mutability = part.byte()
    if ((mutability & 2) !== 0) throw refuseFeature('threads', offset)
    if (mutability > 1) throw malformed(offset, 'a global is neither mutable nor constant')
    return { type, mutable: mutability === 1 }
  }

  #global(part: ByteReader): void {
    const global = this.#globalType(part)
    const initial = readConstantExpression(part, global.type, this.#importedGlobals)
    this.#globals.push({ ...global, initial })
  }

  #exports(part: ByteReader): void {
    const names = new Set<string>()
    this.#each(part, 'exports', bounds.exports, () => {
      const offset = part.at
      const name = part.name(bounds.nameBytes)
      if (name === undefined) throw overBound(offset, "an export's name is longer", bounds.nameBytes)
      if (names.has(name)) throw malformed(offset, `two exports are named ${JSON.stringify(name)}`)
      if (isReserved(name)) {
        throw new Refusal(
          'ERR_MODULE_EXPORT',
          offset,
          `${JSON.stringify(name)} is a reserved name; name the export otherwise`,
        )
      }
      names.add(name)
      const kindByte = part.byte()
      const kind = externalKinds[kindByte]
      if (kindByte === 4) throw refuseFeature('exceptions', offset)
      if (kind === undefined) throw malformed(offset, 'an export is of no kind')
      this.#exported.push({ name, kind, index: this.#index(part, kind, this.#count(kind)) })
    })
  }

  #start(part: ByteReader): void {
    const offset = part.at
    this.#startFunction = this.#index(part, 'function', this.#count('function'))
    const module = { types: this.#types, imports: this.#imports, functions: this.#functions }
    const { parameters, result } = functionTypes(module)[this.#startFunction] as FunctionType
    if (parameters.length === 0 && result === undefined) return
    throw new Refusal(
      'ERR_MODULE_INVALID',
      offset,
      'its start function takes or returns something; compile it again',
    )
  }

  #element(part: ByteReader): void {
    const offset = part.at
    const flags = part.u32()
    if (flags !== 0)
      throw refuseFeature(flags === 1 || flags === 3 ? 'passive segments' : 'reference types', offset)
    if (this.#count('table') === 0) throw badIndex(offset, 'table', 0, 0)
    const start = readConstantExpression(part, 'i32', this.#importedGlobals)
    const functions: number[] = []
    this.#each(part, 'functions in a segment', bounds.tableEntries, () => {
      functions.push(this.#index(part, 'function', this.#count('function')))
    })
    this.#elementEntries += functions.length
    if (this.#elementEntries > bounds.tableEntries) {
      throw overBound(offset, `its segments have ${this.#elementEntries} functions`, bounds.tableEntries)
    }
    this.#elements.push({ offset: start, functions })
  }

  #code(part: ByteReader): void {
    const offset = part.at
    const counts: CodeCounts = {
      types: this.#types.length,
      functions: this.#count('function'),
      tables: this.#count('table'),
      memories: this.#count('memory'),
      globals: this.#count('global'),
    }
    this.#each(part, 'function bodies', bounds.functions, () => {
      const start = part.at
      const size = part.u32()
      if (size > bounds.functionBytes)
        throw overBound(start, `a function has ${size} bytes`, bounds.functionBytes)
      const type = this.#functions[this.#bodies.length]
      if (type === undefined) throw malformed(offset, 'it has more bodies than functions')
      const { parameters } = this.#types[type] as FunctionType
      this.#bodies.push(parseBody(part.part(size), counts, parameters.length))
    })
  }

  #segment(part: ByteReader): void {
    const offset = part.at
    const flags = part.u32()
    if (flags === 1) throw refuseFeature('passive segments', offset)
    if (flags !== 0) throw refuseFeature('several memories', offset)
    if (this.#count('memory') === 0) throw badIndex(offset, 'memory', 0, 0)
    const start = readConstantExpression(part, 'i32', this.#importedGlobals)
    this.#data.push({ offset: start, bytes: part.bytes(part.u32()) })
  }

  #finish(end: number): Module {
    if (this.#bodies.length !== this.#functions.length) {
      throw malformed(end, 'it has fewer bodies than functions')
    }
    if (this.#dataCount !== undefined && this.#dataCount !== this.#data.length) {
      throw malformed(end, 'it has not as many data segments as it says')
    }
    return {
      types: this.#types,
      imports: this.#imports,
      functions: this.#functions,
      table: this.#table,
      memory: this.#memory,
      globals: this.#globals,
      exports: this.#exported,
      start: this.#startFunction,
      elements: this.#elements,
      bodies: this.#bodies,
      data: this.#data,
    }
  }
}

/** Throws a Refusal unless the bytes are a module of admitted form. */
export function parseModule(bytes: Uint8Array, options: ParseOptions = {}): Module {
  return new ModuleParser(options).parse(bytes)
}
