// The worst that the admitted instructions can do for the least fuel: each kernel runs until its fuel is gone. A unit of
// fuel is promised to be at most 5 ns, whatever a policy does, so every new idea of what could be slow belongs here.
//
// Locals of a kernel: 0 to 3 i32, 4 and 5 i64, 6 and 7 f64, 8 and 9 f32. Before it starts, memory has 1 MiB, filled with
// pseudo-random words, but for a chain of addresses in its second half that cross pages, each one the place of the next.

import type { FunctionText } from '../support/assembly.ts'

export interface Kernel {
  readonly name: string
  /** Before the loop. */
  readonly before?: string
  /** Inside an endless loop. */
  readonly loop: string
}

/** The helpers that kernels call: 1, 3 and 4 do nothing, 4 with many locals; 2 returns its argument. */
export const helpers: readonly FunctionText[] = [
  { code: '' },
  { parameters: ['i32'], result: 'i32', code: 'local.get 0' },
  { code: 'nop' },
  { locals: Array(990).fill('i64'), code: '' },
]

export const CHAIN_START = 512 * 1024

const subnormal = '5e-320'
const smallSingle = '1e-40'

/** Stores a local, so that the optimising compiler cannot leave out what made it. */
function keep(local: number): string {
  const type = local < 4 ? 'i32' : local < 6 ? 'i64' : local < 8 ? 'f64' : 'f32'
  return `i32.const 0 local.get ${local} ${type}.store`
}

function doubles(operation: string): Kernel {
  const step = `local.get 6 local.get 7 f64.${operation} local.set 7`
  return {
    name: `f64.${operation}, subnormal`,
    before: `f64.const ${subnormal} local.set 6 f64.const ${subnormal} local.set 7`,
    loop: `${Array(8).fill(step).join(' ')} ${keep(7)} local.get 6 local.set 7`,
  }
}

/** One operation after the other on its own result, in a local, so that none can be hidden behind another. */
function chain(name: string, local: number, before: string, step: string): Kernel {
  return { name, before, loop: `${Array(8).fill(step).join(' ')} ${keep(local)}` }
}

/** Loads a number that no compiler knows. */
const unknown = (type: string) => `i32.const 64 ${type}.load`

const random = 'local.get 0 i32.const 4 i32.add i32.const 0x3fffc i32.and local.tee 0 i32.load'

export const kernels: readonly Kernel[] = [
  { name: 'nothing', loop: '' },
  { name: 'global.set', loop: 'global.get 0 i32.const 1 i32.add global.set 0' },
  { name: 'call of nothing', loop: 'call 1' },
  { name: 'call of nothing, sixteen times', loop: Array(16).fill('call 1').join(' ') },
  { name: 'call of a function with 990 locals', loop: 'call 4' },
  { name: 'call_indirect of nothing', loop: 'i32.const 1 call_indirect 1' },
  {
    name: 'call_indirect, targets at random',
    loop: `${random} i32.const 1 i32.and i32.const 2 i32.mul i32.const 1 i32.add call_indirect 1`,
  },
  {
    name: 'br_table, targets at random',
    loop: `block block block block ${random} i32.const 3 i32.and br_table 0 1 2 3 end end end end`,
  },
  {
    name: 'branches at random',
    loop: `${random} i32.const 1 i32.and if local.get 1 i32.const 1 i32.add local.set 1 end ${keep(1)}`,
  },
  chain(
    'i32.div_s',
    0,
    `i32.const -1 local.set 0 ${unknown('i32')} i32.const 15 i32.and i32.const 3 i32.or local.set 1`,
    'i32.const 0x7fffffff local.get 0 i32.sub local.get 1 i32.div_s local.set 0',
  ),
  chain(
    'i32.rem_u',
    0,
    `i32.const -1 local.set 0 ${unknown('i32')} i32.const 3 i32.or local.set 1`,
    'i32.const -1 local.get 0 i32.sub local.get 1 i32.rem_u local.set 0',
  ),
  chain(
    'i64.div_s, wide',
    4,
    `${unknown('i64')} i64.const 15 i64.and i64.const 3 i64.or local.set 5`,
    'i64.const 0x7fffffffffffffff local.get 4 i64.sub local.get 5 i64.div_s local.set 4',
  ),
  chain(
    'i64.rem_u, wide',
    4,
    `${unknown('i64')} i64.const 0x100000001 i64.or local.set 5`,
    'i64.const -1 local.get 4 i64.sub local.get 5 i64.rem_u local.set 4',
  ),
  chain('i64.mul', 4, `${unknown('i64')} local.set 4`, 'local.get 4 local.get 4 i64.mul local.set 4'),
  chain('i64.rotl', 4, `${unknown('i64')} local.set 4`, 'local.get 4 local.get 4 i64.rotl local.set 4'),
  chain('i64.shr_s', 4, `${unknown('i64')} local.set 4`, 'local.get 4 local.get 4 i64.shr_s local.set 4'),
  chain('i64.popcnt', 4, `${unknown('i64')} local.set 4`, 'local.get 4 i64.popcnt local.set 4'),
  chain('i64.ctz', 4, `${unknown('i64')} local.set 4`, 'local.get 4 i64.ctz local.set 4'),
  chain('i64.clz', 4, `${unknown('i64')} local.set 4`, 'local.get 4 i64.clz local.set 4'),
  ...['add', 'sub', 'mul', 'div', 'min', 'max', 'copysign'].map(doubles),
  ...['sqrt', 'nearest', 'ceil', 'abs', 'neg'].map((operation) =>
    chain(
      `f64.${operation}, subnormal`,
      6,
      `f64.const ${subnormal} local.set 6`,
      `local.get 6 f64.${operation} local.set 6`,
    ),
  ),
  chain(
    'f64.div, chain of subnormals',
    6,
    `f64.const ${subnormal} local.set 6`,
    'local.get 6 f64.const 1.0000001 f64.div local.set 6',
  ),
  chain(
    'f64.mul, chain of subnormals',
    6,
    `f64.const ${subnormal} local.set 6`,
    'local.get 6 f64.const 1.0000001 f64.mul local.set 6',
  ),
  chain(
    'f64 comparison, subnormal',
    0,
    `f64.const ${subnormal} local.set 6 i32.const 64 f64.load local.set 7`,
    'local.get 6 local.get 7 f64.lt local.get 0 i32.add local.set 0',
  ),
  chain(
    'f32.mul, chain of subnormals',
    8,
    `f32.const ${smallSingle} local.set 8`,
    'local.get 8 f32.const 1.0001 f32.mul local.set 8',
  ),
  chain(
    'f32.demote_f64 to a subnormal',
    6,
    `f64.const ${smallSingle} local.set 6`,
    'local.get 6 f32.demote_f64 f64.promote_f32 local.set 6',
  ),
  chain(
    'i64.trunc_f64_u and back',
    6,
    'f64.const 1e19 local.set 6',
    'local.get 6 i64.trunc_f64_u f64.convert_i64_u local.set 6',
  ),
  chain(
    'i64.trunc_sat_f64_s of NaN',
    4,
    'f64.const NaN local.set 6',
    'local.get 6 i64.trunc_sat_f64_s local.get 4 i64.add local.set 4',
  ),
  chain(
    'i32.trunc_sat_f32_u, too large',
    0,
    'f32.const 1e30 local.set 8',
    'local.get 8 i32.trunc_sat_f32_u local.get 0 i32.add local.set 0',
  ),
  chain(
    'dependent loads that cross pages',
    0,
    `i32.const ${CHAIN_START + 4095 - 2} local.set 0`,
    'local.get 0 i32.load local.set 0',
  ),
  chain(
    'loads that wait for two stores',
    0,
    '',
    'i32.const 64 local.get 0 i32.store i32.const 66 local.get 0 i32.store16 i32.const 63 i32.load local.set 0',
  ),
  chain(
    'stores that cross pages',
    0,
    'i32.const 4094 local.set 0',
    'local.get 0 i64.const 1 i64.store local.get 0 i32.const 4096 i32.add i32.const 0x7ffff i32.and local.set 0',
  ),
  ...[0, 1, 7, 64, 4096, 65_536, 1_048_576].map((bytes) => ({
    name: `memory.fill of ${bytes}`,
    loop: `i32.const 0 local.get 0 i32.const ${bytes} memory.fill`,
  })),
  ...[0, 1, 7, 64, 4096, 65_536, 1_048_575].map((bytes) => ({
    name: `memory.copy of ${bytes}, unaligned`,
    loop: `i32.const 1 i32.const 0 i32.const ${bytes} memory.copy`,
  })),
  {
    name: 'memory.copy of 524,288, backwards',
    loop: 'i32.const 4095 i32.const 0 i32.const 524288 memory.copy',
  },
  { name: 'memory.grow by none', loop: 'i32.const 0 memory.grow drop' },
  { name: 'memory.grow that fails', loop: 'i32.const 1 memory.grow drop' },
  { name: 'memory.size', loop: `memory.size local.get 0 i32.add local.set 0 ${keep(0)}` },
]
