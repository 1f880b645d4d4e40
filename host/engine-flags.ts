/**
 * Flags of every Node that runs tenants' code, an evaluator or a step of admission: what was admitted under
 * them is what runs under them. The first two are limits that V8 itself enforces on every module. Compiling
 * lazily would put a compile time of the tenant's choosing inside a decision. The optimising compiler is off: it works beside
 * the thread whose time is watched, and what it needs grows faster than the module (docs/decisions/0011-baseline-only.md).
 */

import { memoryPagesMax, tableEntriesMax } from './limits.ts'

export const engineFlags = [
  `--wasm-max-mem-pages=${memoryPagesMax}`,
  `--wasm-max-table-size=${tableEntriesMax}`,
  '--no-wasm-lazy-compilation',
  '--liftoff-only',
  '--disable-proto=delete',
  '--disallow-code-generation-from-strings',
] as const
