/**
 * What a module may have at most. An honest policy of some hundred lines stays far below each; together they bound what
 * compiling and instantiating a hostile one can cost.
 */

import { memoryPagesMax, moduleBytesMax, tableEntriesMax } from '../../limits.ts'

export const bounds = {
  moduleBytes: moduleBytesMax,
  functionBytes: 64 * 1024,
  /**
   * V8 keeps every function type that it has seen for as long as its process lives, and compares a new one with all of them: with
   * 20,000 known, a module of 1,000 new ones took it 348 ms. A compiler makes some ten or twenty.
   */
  types: 128,
  functions: 5_000,
  /** V8 allows 1,000; each is a slot of stack. */
  parameters: 128,
  /** Declared ones, and parameters, of one function. */
  locals: 1_000,
  globals: 1_000,
  tableEntries: tableEntriesMax,
  memoryPages: memoryPagesMax,
  exports: 1_000,
  /** Element and data segments, each. */
  segments: 1_000,
  /** Blocks inside blocks. Compilers recurse over them. */
  nesting: 256,
  /** Targets of one br_table. */
  branchTargets: 1_024,
  /** Bytes of an import's or export's name. */
  nameBytes: 100,
} as const
