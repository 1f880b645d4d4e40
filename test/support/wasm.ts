// Assembles WebAssembly modules by hand, for policies that no compiler would make. Only what the tests need: one
// memory, one type for each function, and whatever section a test wants to be wrong.

const valueTypes = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, externref: 0x6f } as const
export type ValueType = keyof typeof valueTypes

export interface WasmFunction {
  params?: ValueType[]
  results?: ValueType[]
  /** The body without its `end`. */
  code: number[]
}

const externalKinds = { function: 0, table: 1, memory: 2, global: 3 } as const
export type ExternalKind = keyof typeof externalKinds

export interface WasmImport {
  module: string
  name: string
  kind: ExternalKind
  /** Of a function. */
  params?: ValueType[]
  results?: ValueType[]
}

export interface WasmModule {
  imports?: WasmImport[]
  functions?: WasmFunction[]
  /** Pages. */
  memory?: { min: number; max?: number }
  /** Values of immutable i32 globals. */
  globals?: number[]
  /** Exceptions without parameters: how many. */
  tags?: number
  /** Function numbers count the imported functions first. */
  exports?: Record<string, { kind: ExternalKind; index: number }>
  start?: number
  data?: { address: number; bytes: Uint8Array }[]
}

/** Instructions. */
export const op = {
  unreachable: [0x00],
  drop: [0x1a],
  throw: (tag: number) => [0x08, ...unsigned(tag)],
  tryCatchAll: (body: number[]) => [0x06, 0x40, ...body, 0x19, 0x0b],
  call: (index: number) => [0x10, ...unsigned(index)],
  localGet: (index: number) => [0x20, ...unsigned(index)],
  i32Const: (value: number) => [0x41, ...signed(value)],
  i64Const: (value: number) => [0x42, ...signed(value)],
  i32Add: [0x6a],
  i32And: [0x71],
  memoryGrow: [0x40, 0x00],
} as const

export function unsigned(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  do {
    const low = rest % 128
    rest = Math.floor(rest / 128)
    bytes.push(rest > 0 ? low | 0x80 : low)
  } while (rest > 0)
  return bytes
}

function signed(value: number): number[] {
  const bytes: number[] = []
  for (let rest = value | 0; ; rest >>= 7) {
    const low = rest & 0x7f
    const done = (rest >> 6 === 0 && (low & 0x40) === 0) || (rest >> 6 === -1 && (low & 0x40) !== 0)
    bytes.push(done ? low : low | 0x80)
    if (done) return bytes
  }
}

function vector(items: number[][]): number[] {
  return [...unsigned(items.length), ...items.flat()]
}

function name(text: string): number[] {
  const bytes = [...Buffer.from(text)]
  return [...unsigned(bytes.length), ...bytes]
}

function section(id: number, content: number[]): number[] {
  return [id, ...unsigned(content.length), ...content]
}

function functionType({
  params = [],
  results = [],
}: {
  params?: ValueType[]
  results?: ValueType[]
}): number[] {
  const types = (list: ValueType[]) => vector(list.map((type) => [valueTypes[type]]))
  return [0x60, ...types(params), ...types(results)]
}

function limits({ min, max }: { min: number; max?: number }): number[] {
  return max === undefined ? [0, ...unsigned(min)] : [1, ...unsigned(min), ...unsigned(max)]
}

export function assemble(module: WasmModule): Uint8Array<ArrayBuffer> {
  const {
    imports = [],
    functions = [],
    memory,
    globals = [],
    tags = 0,
    exports = {},
    start,
    data = [],
  } = module
  const importedFunctions = imports.filter(({ kind }) => kind === 'function')
  const types = [...importedFunctions, ...functions].map(functionType)
  const tagType = types.length
  let imported = 0
  const importDescription = ({ kind }: WasmImport): number[] => {
    if (kind === 'function') return unsigned(imported++)
    if (kind === 'table') return [0x70, 0, 1]
    return kind === 'memory' ? [0, 1] : [valueTypes.i32, 0]
  }
  const sections: number[][] = [
    section(1, vector([...types, functionType({})])),
    section(
      2,
      vector(
        imports.map((given) => [
          ...name(given.module),
          ...name(given.name),
          externalKinds[given.kind],
          ...importDescription(given),
        ]),
      ),
    ),
    section(3, vector(functions.map((_, index) => unsigned(importedFunctions.length + index)))),
    memory === undefined ? [] : section(5, vector([limits(memory)])),
    tags === 0 ? [] : section(13, vector(Array.from({ length: tags }, () => [0, ...unsigned(tagType)]))),
    section(6, vector(globals.map((value) => [valueTypes.i32, 0, ...op.i32Const(value), 0x0b]))),
    section(
      7,
      vector(
        Object.entries(exports).map(([text, { kind, index }]) => [
          ...name(text),
          externalKinds[kind],
          ...unsigned(index),
        ]),
      ),
    ),
    start === undefined ? [] : section(8, unsigned(start)),
    section(
      10,
      vector(
        functions.map(({ code }) => {
          const body = [0, ...code, 0x0b]
          return [...unsigned(body.length), ...body]
        }),
      ),
    ),
    section(
      11,
      vector(
        data.map(({ address, bytes }) => [
          0,
          ...op.i32Const(address),
          0x0b,
          ...unsigned(bytes.length),
          ...bytes,
        ]),
      ),
    ),
  ]
  return Uint8Array.from([0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...sections.flat()])
}

/** Where a policy of `policyModule` has what it answers with, and where it wants its block. */
export const place = { allow: 512, deny: 544, quota: 576, text: 640, block: 4096 } as const

function record(kind: number, quota: number[] = []): Uint8Array {
  const bytes = Buffer.alloc(32)
  bytes.writeUInt32LE(0x52524350, 0)
  bytes.writeUInt16LE(kind, 4)
  quota.forEach((word, index) => {
    bytes.writeUInt32LE(word, 16 + 4 * index)
  })
  return bytes
}

export interface PolicySpec extends Omit<WasmModule, 'functions'> {
  request?: WasmFunction
  user?: WasmFunction
  operation?: WasmFunction
  quota?: WasmFunction
  /** Functions number 4 and on, without counting imports. */
  more?: WasmFunction[]
  /** Exports that are left out. */
  without?: string[]
}

export function returning(value: number): WasmFunction {
  return { params: ['i32'], results: ['i32'], code: op.i32Const(value) }
}

/** A policy that allows everything and has a quota, but for what a test wants to be different. */
export function policyModule(spec: PolicySpec = {}): Uint8Array<ArrayBuffer> {
  const { request, user, operation, quota, more = [], without = [], ...module } = spec
  const first = (module.imports ?? []).filter(({ kind }) => kind === 'function').length
  const exports: NonNullable<WasmModule['exports']> = {
    memory: { kind: 'memory', index: 0 },
    portcullis_request_v1: { kind: 'function', index: first },
    authzUser: { kind: 'function', index: first + 1 },
    authzOperation: { kind: 'function', index: first + 2 },
    queryQuota: { kind: 'function', index: first + 3 },
    ...module.exports,
  }
  for (const missing of without) delete exports[missing]
  return assemble({
    memory: { min: 1, max: 2 },
    ...module,
    functions: [
      request ?? returning(place.block),
      user ?? returning(place.allow),
      operation ?? returning(place.allow),
      quota ?? returning(place.quota),
      ...more,
    ],
    exports,
    data: [
      { address: place.allow, bytes: record(1) },
      { address: place.deny, bytes: record(2) },
      { address: place.quota, bytes: record(4, [1, 2, 3, 4]) },
      ...(module.data ?? []),
    ],
  })
}
