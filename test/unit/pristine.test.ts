// Every call starts from the same bytes, size, globals, fuel and stack. Each test poisons first, with everything that a policy can
// change, and then looks: the next question is answered by code that notices any trace, and the guest is compared byte by byte.

import { beforeEach, describe, expect, it } from 'vitest'

import { Policy } from '../../host/engine/policy.ts'
import { compilePolicy } from '../../host/engine/policy-module.ts'
import { parseModule } from '../../host/engine/wasm/parse-module.ts'
import { writeModule } from '../../host/engine/wasm/write-module.ts'
import { Residents } from '../../host/evaluator/residents.ts'
import { fuelPerDecision } from '../../host/limits.ts'
import { assembleText } from '../support/assembly.ts'
import { op, place, policyModule } from '../support/wasm.ts'

/** Places before, in and behind what a policy's data fill, the first and the last of memory among them. */
const looked = [0, 8, 508, place.allow, place.deny + 8, place.quota + 28, 608, 4092, 32_768, 65_528]

/** Only a question that is asked of clean memory finds these globals. */
const globals = ['i32.const 7', 'i64.const -7', 'f32.const 1.5', 'f64.const -0']
const poisonGlobals = `
  i32.const 1 global.set 0 i64.const 1 global.set 1
  i32.const 0x7fa00001 f32.reinterpret_i32 global.set 2 i64.const -1 f64.reinterpret_i64 global.set 3`

/** Fills memory, sets globals, and makes a record that allows, at 1024. */
const poison = `
  i32.const 0 i32.const 0xaa memory.size i32.const 16 i32.shl memory.fill ${poisonGlobals}
  i32.const 1024 i32.const 0x52524350 i32.store i32.const 1028 i32.const 1 i32.store
  i32.const 1032 i32.const 0 i32.const 24 memory.fill`

/** Allows if all is as it was in the module, denies otherwise. */
function look(expected: readonly number[]): string {
  const places = looked.map(
    (address, index) => `i32.const ${address} i32.load i32.const ${expected[index]} i32.ne`,
  )
  const others = [
    'global.get 0 i32.const 7 i32.ne',
    'global.get 1 i64.const -7 i64.ne',
    'global.get 2 i32.reinterpret_f32 i32.const 0x3fc00000 i32.ne',
    'global.get 3 i64.reinterpret_f64 i64.const 0x8000000000000000 i64.ne',
    'memory.size i32.const 1 i32.ne',
  ]
  const all = [...places, ...others]
  return `i32.const ${place.deny} i32.const ${place.allow} ${all.join(' ')} ${Array(all.length - 1)
    .fill('i32.or')
    .join(' ')} select`
}

/** A policy whose user function is this code, and whose operation function looks for traces. */
function policyThat(userCode: string): Policy {
  const base = parseModule(
    policyModule({ imports: [{ ...abort, params: [...abort.params] }], memory: { min: 1, max: 3 } }),
  )
  const memory = Buffer.alloc(65_536)
  for (const { offset, bytes } of base.data) memory.set(bytes, offset.constant as number)
  const expected = looked.map((address) => memory.readInt32LE(address))
  // Function numbers are those of the base, in which env.abort is the first.
  const filler = { code: '' }
  const own = [userCode, look(expected)].map(
    (code) => ({ parameters: ['i32'], result: 'i32', code }) as const,
  )
  const functions = [filler, filler, ...own, filler]
  const text = parseModule(assembleText({ functions, memory: { minimum: 1 }, globals }))
  const module = {
    ...base,
    globals: text.globals,
    bodies: base.bodies.map((body, index) =>
      index === 1 || index === 2 ? (text.bodies[index + 1] ?? body) : body,
    ),
  }
  return new Policy(compilePolicy(writeModule(module)))
}

const abort = {
  module: 'env',
  name: 'abort',
  kind: 'function',
  params: ['i32', 'i32', 'i32', 'i32'],
} as const

const block = new Uint8Array(160)
const user = (policy: Policy) => policy.call('user', block, fuelPerDecision).answer
const operation = (policy: Policy) => policy.call('operation', block, fuelPerDecision).answer.kind

const ends: [string, string, string][] = [
  ['answers', `${poison} i32.const 1024`, 'allow'],
  ['traps half-way', `${poison} unreachable`, 'ERR_POLICY_TRAP'],
  ['uses up its fuel', `${poison} loop br 0 end unreachable`, 'ERR_POLICY_FUEL'],
  [
    'uses up its stack',
    `i32.const 2048 i32.load i32.eqz if ${poison} end local.get 0 call 2`,
    'ERR_POLICY_STACK',
  ],
  [
    'aborts',
    `${poison} i32.const 0 i32.const 0 i32.const 0 i32.const 0 call 0 unreachable`,
    'ERR_POLICY_ABORT',
  ],
  ['returns nonsense', `${poison} i32.const 3`, 'ERR_POLICY_RESULT'],
  ['grows, and answers', `i32.const 2 memory.grow drop ${poison} i32.const 1024`, 'allow'],
  ['grows, and traps', `i32.const 1 memory.grow drop ${poison} unreachable`, 'ERR_POLICY_TRAP'],
]

describe.each(ends)('after a call that poisons everything and %s', (_, code, ending) => {
  let policy: Policy

  beforeEach(() => {
    policy = policyThat(code)
  })

  const poisoned = () => {
    const answer = user(policy)
    expect(answer.kind === 'no-answer' ? answer.error : answer.kind).toBe(ending)
  }

  it('the guest is not clean, and is once it has been tidied, to the last byte', () => {
    expect([policy.state, policy.verify()]).toEqual(['clean', true])
    poisoned()
    const isSpent = ending === 'ERR_POLICY_TRAP' || code.includes('memory.grow')
    expect(policy.state).toBe(isSpent ? 'spent' : 'running')
    policy.tidy()
    expect([policy.state, policy.verify()]).toEqual(['clean', true])
  })

  it('the next question finds nothing of it, tidied or not', () => {
    for (let round = 0; round < 50; round++) {
      poisoned()
      if (round % 2 === 0) policy.tidy()
      expect(operation(policy)).toBe('allow')
    }
  })

  it('the next question has all the fuel and all the stack', () => {
    const fresh = policyThat(code).call('operation', block, fuelPerDecision)
    poisoned()
    expect(policy.call('operation', block, fuelPerDecision)).toEqual(fresh)
  })
})

describe('the code that looks for traces', () => {
  it.each(looked)('sees a changed byte at %i', (address) => {
    const policy = policyThat(`i32.const ${address} i32.const 1 i32.store8 local.get 0 call 3`)
    expect(user(policy).kind).toBe('deny')
  })

  it.each([0, 1, 2, 3])('sees that global %i was changed', (index) => {
    const zero = ['i32.const 0', 'i64.const 0', 'f32.const 0', 'f64.const 0'][index]
    expect(user(policyThat(`${zero} global.set ${index} local.get 0 call 3`)).kind).toBe('deny')
  })

  it('sees that memory has grown, and finds nothing where there is nothing', () => {
    expect(user(policyThat('i32.const 1 memory.grow drop local.get 0 call 3')).kind).toBe('deny')
    expect(user(policyThat('local.get 0 call 3')).kind).toBe('allow')
  })
})

describe('a policy', () => {
  it('whose start function fails cannot be asked, and says why each time', () => {
    const module = policyModule({ more: [{ code: [...op.unreachable] }], start: 4 })
    const policy = new Policy(compilePolicy(module))
    for (let round = 0; round < 2; round++) {
      expect(user(policy)).toMatchObject({ kind: 'no-answer', error: 'ERR_POLICY_START' })
    }
    expect([policy.state, policy.verify(), policy.failure?.error]).toEqual([
      'spent',
      true,
      'ERR_POLICY_START',
    ])
  })

  it('starts from its own image while another is asked in turn, 100,000 times', () => {
    const [one, other] = [
      policyThat(`${poison} i32.const 1024`),
      policyThat(`${poisonGlobals} local.get 0 call 3`),
    ]
    for (let round = 0; round < 50_000; round++) {
      if (user(one).kind !== 'allow' || user(other).kind !== 'deny')
        throw new Error(`a wrong answer in round ${round}`)
      if (operation(other) !== 'allow' || operation(one) !== 'allow')
        throw new Error(`a trace in round ${round}`)
    }
    one.tidy()
    expect(one.verify()).toBe(true)
  }, 120_000)
})

describe('the policies that are kept ready', () => {
  /** Says which are loaded, in order. */
  function residentsOf(most: number, bytesMax: number) {
    const loaded: string[] = []
    const residents = new Residents(most, bytesMax)
    const get = (name: string) =>
      residents.get(name, () => {
        loaded.push(name)
        return policyThat('local.get 0 call 3')
      })
    return { loaded, residents, get }
  }

  it('are as many as there is room for, the last asked ones, and the others are loaded when they are asked', () => {
    const { loaded, residents, get } = residentsOf(2, Number.POSITIVE_INFINITY)
    const first = get('a')
    get('b')
    expect(get('a')).toBe(first)
    get('c') // instead of b
    expect(get('a')).toBe(first)
    get('b')
    expect(loaded).toEqual(['a', 'b', 'c', 'b'])
    expect(residents.size).toBe(2)
  })

  it('are fewer if they take more memory, and the one that is asked is always there', () => {
    const { memoryBytes, imageBytes } = policyThat('local.get 0 call 3')
    const { loaded, residents, get } = residentsOf(100, 2.5 * (memoryBytes + imageBytes))
    for (const name of ['a', 'b', 'c', 'c', 'b', 'a']) get(name)
    expect(loaded).toEqual(['a', 'b', 'c', 'a'])
    expect([residents.size, residents.isFull]).toEqual([2, false])
    const small = residentsOf(100, 1)
    expect(small.get('a')).toBe(small.get('a'))
    expect([small.residents.size, small.residents.isFull]).toEqual([1, true])
  })

  it('are let go, and their room with them, if they are not wanted any more', () => {
    const { memoryBytes, imageBytes } = policyThat('local.get 0 call 3')
    const { loaded, residents, get } = residentsOf(100, 2.5 * (memoryBytes + imageBytes))
    const kept = get('a')
    get('b')
    residents.keep((name) => name === 'a')
    expect(residents.size).toBe(1)
    get('c') // in the room that b had
    expect(get('a')).toBe(kept)
    get('b')
    expect(loaded).toEqual(['a', 'b', 'c', 'b'])
  })

  it('that cannot be loaded take no room, and are tried again', () => {
    const { loaded, residents, get } = residentsOf(2, Number.POSITIVE_INFINITY)
    const fail = () => {
      throw new Error('gone')
    }
    expect(() => residents.get('a', fail)).toThrow('gone')
    expect(residents.size).toBe(0)
    get('a')
    expect(loaded).toEqual(['a'])
  })
})
