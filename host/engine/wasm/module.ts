/**
 * A module as the parser has understood it: every index is in range, every number in its bounds, nothing is left out
 * but custom sections. Types of operands are for V8 to check.
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
  /** Of the four constant instructions: the bits, as an integer. */
  readonly constant?: bigint
  /** Of block, loop and if: its result. */
  readonly result?: ValueType | undefined
}

export interface FunctionBody {
  readonly locals: readonly { readonly count: number; readonly type: ValueType }[]
  /** The last is the `end` of the function. */
  readonly instructions: readonly Instruction[]
}

export interface Limits {
  readonly minimum: number
  readonly maximum: number | undefined
}

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
  /** Type index of the import env.abort; undefined if there is no import. */
  readonly abortType: number | undefined
  /** Type indices of the module's own functions; their indices come after the import's. */
  readonly functions: readonly number[]
  readonly table: Limits | undefined
  readonly memory: Limits
  readonly globals: readonly Global[]
  readonly exports: readonly Export[]
  readonly start: number | undefined
  readonly elements: readonly { readonly offset: Instruction; readonly functions: readonly number[] }[]
  readonly bodies: readonly FunctionBody[]
  readonly data: readonly { readonly offset: Instruction; readonly start: number; readonly size: number }[]
}
