/**
 * Flags of every Node that runs tenants' code, an evaluator or a step of admission: what was admitted under
 * them is what runs under them. The first two are limits that V8 itself enforces on every module. Compiling
 * lazily would put a compile time of the tenant's choosing inside a decision.
 */

import { memoryPagesMax, tableEntriesMax } from './limits.ts'

export const engineFlags = [
  `--wasm-max-mem-pages=${memoryPagesMax}`,
  `--wasm-max-table-size=${tableEntriesMax}`,
  '--no-wasm-lazy-compilation',
  '--disable-proto=delete',
  '--disallow-code-generation-from-strings',
] as const
