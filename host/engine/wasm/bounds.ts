/**
 * What a module may have at most. An honest policy of some hundred lines stays far below each; together they bound what
 * compiling and instantiating a hostile one can cost, which grows with these numbers and with nothing else.
 */

import { memoryPagesMax, moduleBytesMax, tableEntriesMax } from '../../limits.ts'

export const bounds = {
  moduleBytes: moduleBytesMax,
  functionBytes: 64 * 1024,
  types: 1_000,
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
