/**
 * A module as the parser has understood it: every index is in range, every number in its bounds, nothing is left out
 * but custom sections. Types of operands are for V8 to check. The rewriter makes another of the same form.
 */

export type ValueType = 'i32' | 'i64' | 'f32' | 'f64'

export interface FunctionType {
  readonly parameters: readonly ValueType[]
  readonly result: ValueType | undefined
}

export interface Instruction {
  /** As in instructions.ts; with a prefix, 0xfc00 and the number. */
  readonly opcode: number
  /** Bytes from the start of the upload. */
  readonly offset: number
  /**
   * Indices, label depths (the last of a br_table is its default), [alignment, offset] of an access; empty for what
   * carries none. Constants are in `constant`.
   */
  readonly operands: readonly number[]
  /** Of the four constant instructions: an i32 signed, an f32 as its bits; an i64 signed and an f64's bits as bigint. */
  readonly constant: number | bigint | undefined
  /** Of block, loop and if: its result. */
  readonly result: ValueType | undefined
}

export interface Locals {
  readonly count: number
  readonly type: ValueType
}

export interface FunctionBody {
  readonly locals: readonly Locals[]
  /** The last is the `end` of the function. */
  readonly instructions: readonly Instruction[]
}

export interface Limits {
  readonly minimum: number
  readonly maximum: number | undefined
}

/** Policies import env.abort or nothing; the others are for the developers' tool that rewrites any module. */
export type Import = { readonly from: string; readonly name: string } & (
  | { readonly kind: 'function'; readonly type: number }
  | { readonly kind: 'table'; readonly limits: Limits }
  | { readonly kind: 'memory'; readonly limits: Limits }
  | { readonly kind: 'global'; readonly type: ValueType; readonly mutable: boolean }
)

export interface Global {
  readonly type: ValueType
  readonly mutable: boolean
  readonly initial: Instruction
}

export type ExternalKind = 'function' | 'table' | 'memory' | 'global'

export interface Export {
  readonly name: string
  readonly kind: ExternalKind
  readonly index: number
}

export interface Module {
  readonly types: readonly FunctionType[]
  /** Indices count the imports of a kind first. */
  readonly imports: readonly Import[]
  /** Type indices of the module's own functions. */
  readonly functions: readonly number[]
  readonly table: Limits | undefined
  readonly memory: Limits | undefined
  readonly globals: readonly Global[]
  readonly exports: readonly Export[]
  readonly start: number | undefined
  readonly elements: readonly { readonly offset: Instruction; readonly functions: readonly number[] }[]
  readonly bodies: readonly FunctionBody[]
  readonly data: readonly { readonly offset: Instruction; readonly bytes: Uint8Array }[]
}

export function importsOf<Kind extends ExternalKind>(
  { imports }: Pick<Module, 'imports'>,
  kind: Kind,
): (Import & { kind: Kind })[] {
  return imports.filter((one): one is Import & { kind: Kind } => one.kind === kind)
}

/** The types of all functions by their indices, imported or own. */
export function functionTypes(module: Pick<Module, 'types' | 'imports' | 'functions'>): FunctionType[] {
  const imported = importsOf(module, 'function').map(({ type }) => type)
  return [...imported, ...module.functions].map((type) => module.types[type] as FunctionType)
}
