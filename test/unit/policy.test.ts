// One call of one policy function, with policies that misbehave: every lie and every failure comes to "no answer" with
// the code that says what happened, none comes to an allow, and nothing of one call is left for the next. Modules that
// can be no policy are refused before they run.

import { readFileSync } from 'node:fs'

import { describe, expect, it } from 'vitest'

import { Consultation } from '../../host/engine/consultation.ts'
import { Policy } from '../../host/engine/policy.ts'
import type { PolicyAnswer } from '../../host/engine/policy-answer.ts'
import { compilePolicy, type PolicyModule } from '../../host/engine/policy-module.ts'
import type { ErrorCode } from '../../host/errors.ts'
import { abortTextUnitsMax, fuelPerDecision } from '../../host/limits.ts'
import { callPolicy } from '../support/ask-policy.ts'
import { type Question, writeBlock } from '../support/block.ts'
import { policyPath } from '../support/testbed.ts'
import { op, type PolicySpec, place, policyModule, returning, type WasmFunction } from '../support/wasm.ts'

const user: Question = {
  kind: 'user',
  application: 'wsman/contoso',
  senderName: 'ada',
  authenticationMechanism: 'Negotiate',
}
const operation: Question = {
  ...user,
  kind: 'operation',
  operation: 7,
  action: 'Get',
  resourceUri: 'Win32_Service',
}
const quota: Question = { ...user, kind: 'quota' }

const allowed: PolicyAnswer = { kind: 'allow', administrator: false }

function compiled(name: string): PolicyModule {
  return compilePolicy(readFileSync(policyPath(name)))
}

function ask(policy: PolicyModule, question: Question): PolicyAnswer {
  return callPolicy(policy, question.kind, writeBlock(question), fuelPerDecision).answer
}

function askModule(spec: PolicySpec, question = user): PolicyAnswer {
  return ask(compilePolicy(policyModule(spec)), question)
}

function codeOf(answer: PolicyAnswer): ErrorCode | undefined {
  return answer.kind === 'no-answer' ? answer.error : undefined
}

function detailOf(answer: PolicyAnswer): string {
  return answer.kind === 'no-answer' ? answer.detail : ''
}

describe('a policy that fails', () => {
  it('by a trap gives no answer, whatever is asked', () => {
    const policy = compiled('trap')
    for (const question of [user, operation, quota]) {
      expect(ask(policy, question)).toEqual({
        kind: 'no-answer',
        error: 'ERR_POLICY_TRAP',
        detail: expect.stringContaining('unreachable'),
      })
    }
  })

  it('by using up its memory gives no answer', () => {
    for (const question of [user, operation]) {
      expect(codeOf(ask(compiled('grow'), question))).toBe('ERR_POLICY_TRAP')
    }
  })

  it('by using up its fuel gives no answer, and the next call has all of it', () => {
    const policy = compiled('endless')
    for (const question of [
      { ...user, senderName: 'endless' },
      { ...operation, action: 'endless' },
    ]) {
      const called = callPolicy(policy, question.kind, writeBlock(question), fuelPerDecision)
      const answer = { kind: 'no-answer', error: 'ERR_POLICY_FUEL', detail: '' }
      expect(called).toEqual({ answer, fuelUsed: fuelPerDecision })
      expect(ask(policy, user)).toEqual(allowed)
    }
  })

  it('by using up the fuel of its start function gives no answer', () => {
    // A loop around a branch to itself.
    const start = { more: [{ code: [0x03, 0x40, 0x0c, 0, 0x0b] }], start: 4 }
    expect(codeOf(askModule(start))).toBe('ERR_POLICY_FUEL')
  })

  it('by using up the stack gives no answer, and the next call has the whole stack', () => {
    const policy = compiled('recursion')
    for (let round = 0; round < 3; round++) {
      expect(codeOf(ask(policy, user))).toBe('ERR_POLICY_STACK')
      expect(ask(compiled('mirror'), quota).kind).toBe('quota')
    }
  })

  it('by an abort gives no answer, with its message cut at 512 units, its file and its line', () => {
    const whole = '管🔑理者 Zoë '.repeat(256)
    for (const question of [user, operation, quota]) {
      const answer = ask(compiled('abort-message'), question)
      expect(codeOf(answer)).toBe('ERR_POLICY_ABORT')
      expect(detailOf(answer).slice(0, abortTextUnitsMax)).toBe(whole.slice(0, 512))
      expect(detailOf(answer).slice(abortTextUnitsMax)).toMatch(
        /^ \(test\/policies\/abort-message\.ts:\d+:\d+\)$/,
      )
    }
  })

  it('before its function is called gives no answer', () => {
    const start = { more: [{ code: [...op.unreachable] }], start: 4 }
    for (const question of [user, operation, quota]) {
      expect(codeOf(askModule(start, question))).toBe('ERR_POLICY_START')
    }
  })

  it('by data that its memory does not hold gives no answer', () => {
    const data = [{ address: 65_530, bytes: new Uint8Array(16) }]
    expect(codeOf(askModule({ data }))).toBe('ERR_POLICY_START')
  })

  it('where it says where it wants its block gives no answer', () => {
    expect(codeOf(askModule({ request: { ...returning(0), code: [...op.unreachable] } }))).toBe(
      'ERR_POLICY_TRAP',
    )
  })
})

describe('an abort', () => {
  const abortImport = {
    module: 'env',
    name: 'abort',
    kind: 'function',
    params: Array(4).fill('i32'),
  } as const
  const imports = [{ ...abortImport, params: [...abortImport.params] }]

  function aborting(message: number, file: number, line = 12, column = 34): WasmFunction {
    const values = [message, file, line, column].flatMap((value) => op.i32Const(value))
    return { params: ['i32'], results: ['i32'], code: [...values, ...op.call(0), ...op.unreachable] }
  }
  /** A text as AssemblyScript has it: its size in bytes stands in the word before it. */
  function prefixed(address: number, text: string, bytes = 2 * text.length) {
    const word = Buffer.alloc(4)
    word.writeUInt32LE(bytes)
    return { address: address - 4, bytes: Buffer.concat([word, Buffer.from(text, 'utf16le')]) }
  }

  it('carries message, file, line and column', () => {
    const data = [prefixed(8200, 'no Zoë 管理者 \ud800'), prefixed(8400, 'assembly/index.ts')]
    expect(askModule({ imports, user: aborting(8200, 8400), data })).toEqual({
      kind: 'no-answer',
      error: 'ERR_POLICY_ABORT',
      detail: 'no Zoë 管理者 \ud800 (assembly/index.ts:12:34)',
    })
  })

  it('may have no message and no file', () => {
    expect(detailOf(askModule({ imports, user: aborting(0, 0) }))).toBe(' (:12:34)')
  })

  it('has numbers without a sign', () => {
    expect(detailOf(askModule({ imports, user: aborting(0, 0, -1, -2) }))).toBe(' (:4294967295:4294967294)')
  })

  it('has a message and a file of at most 512 units each', () => {
    const data = [prefixed(8200, 'm'.repeat(3000)), prefixed(20_000, 'f'.repeat(3000))]
    const detail = detailOf(askModule({ imports, user: aborting(8200, 20_000), data }))
    expect(detail).toBe(`${'m'.repeat(512)} (${'f'.repeat(512)}:12:34)`)
  })

  it.each([
    ['at address 1', 1, ''],
    ['at address 2, whose size would be before memory', 2, ''],
    ['at address 4, whose size would be at address 0', 4, ''],
    ['at an odd address', 8201, ''],
    ['at the end of memory, its size in the last word', 65_536, ''],
    ['whose size begins at the end of memory', 65_540, ''],
    ['over the end of memory', 131_072, ''],
    ['at the end of the address space', -1, ''],
    ['at the end of the address space, aligned', -4, ''],
    ['that ends over the end of memory', 65_528, ''],
    ['with a size that is the greatest there is', 9000, 'x'.repeat(512)],
    ['with a size that is odd', 12_000, 'ab'],
  ])('%s has no text that is not in memory', (_, address, message) => {
    const data = [
      prefixed(65_528, 'abcd', 200),
      prefixed(9000, 'x'.repeat(600), 0xffffffff),
      prefixed(12_000, 'ab', 5),
    ]
    expect(detailOf(askModule({ imports, user: aborting(address, 0), data }))).toBe(`${message} (:12:34)`)
  })

  it('is told as an abort also where it happens before the function is called', () => {
    const start: WasmFunction = { code: aborting(0, 0).code.slice(0, -1) }
    expect(codeOf(askModule({ imports, more: [start], start: 5 }))).toBe('ERR_POLICY_ABORT')
  })

  it('may be where the policy says where it wants its block', () => {
    expect(codeOf(askModule({ imports, request: aborting(0, 0) }))).toBe('ERR_POLICY_ABORT')
  })
})

describe('a policy that lies in its result', () => {
  const policy = compiled('bad-result')
  const lies = (number: number, question: Question) =>
    ask(policy, { ...question, senderName: `liar ${number}` })

  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25])(
    'gives no answer with number %d',
    (number) => {
      expect(codeOf(lies(number, user))).toBe('ERR_POLICY_RESULT')
      expect(codeOf(lies(number, operation))).toBe('ERR_POLICY_RESULT')
    },
  )

  it.each([0, 29, 1000])('allows with number %d, which is no lie', (number) => {
    expect(lies(number, user)).toEqual(allowed)
    expect(lies(number, operation)).toEqual(allowed)
  })

  it('denies with a text that is the record itself', () => {
    const { kind, reason } = lies(26, user) as PolicyAnswer & { kind: 'deny' }
    expect(kind).toBe('deny')
    expect(Buffer.from(reason, 'utf16le').toString('latin1', 0, 4)).toBe('PCRR')
  })

  it('denies with a text that is the beginning of its block', () => {
    const { kind, reason } = lies(27, user) as PolicyAnswer & { kind: 'deny' }
    expect(kind).toBe('deny')
    expect(Buffer.from(reason, 'utf16le').toString('latin1', 0, 4)).toBe('PCRB')
    expect(reason).toHaveLength(80)
  })

  it('denies without a reason when the text is empty, wherever it is', () => {
    expect(lies(28, user)).toEqual({ kind: 'deny', reason: '' })
  })

  it.each([40, 41, 42, 43, 44, 45, 46])('gives no quota with number %d', (number) => {
    expect(codeOf(lies(number, quota))).toBe('ERR_POLICY_RESULT')
  })

  it.each([0, 1, 47])('gives its quota with number %d, which is no lie', (number) => {
    expect(lies(number, quota)).toEqual({ kind: 'quota', quota: [1, 2, 3, 4] })
  })

  it.each<[string, PolicySpec, Question]>([
    ['a quota for a user', { user: returning(place.quota) }, user],
    ['a quota for an operation', { operation: returning(place.quota) }, operation],
    ['an allow for a quota', { quota: returning(place.allow) }, quota],
    ['a denial for a quota', { quota: returning(place.deny) }, quota],
  ])('gives no answer with %s', (_, spec, question) => {
    expect(codeOf(askModule(spec, question))).toBe('ERR_POLICY_RESULT')
  })

  it('gives no answer with a redirect of an operation', () => {
    const record = Buffer.alloc(48)
    record.writeUInt32LE(0x52524350, 0)
    record.writeUInt16LE(3, 4)
    record.writeUInt32LE(8192 + 32, 8)
    record.writeUInt32LE(8, 12)
    record.write('https://', 32, 'utf16le')
    const spec = {
      user: returning(8192),
      operation: returning(8192),
      data: [{ address: 8192, bytes: Buffer.concat([record]) }],
    }
    expect(askModule(spec, user)).toEqual({ kind: 'redirect', target: 'https://' })
    expect(askModule(spec, operation)).toMatchObject({
      error: 'ERR_POLICY_RESULT',
      detail: expect.stringContaining('authzOperation'),
    })
  })

  it.each([
    ['0', 0],
    ['4, which is not aligned to 8', 4],
    ['an odd number', 4097],
    ['the end of memory', 65_536],
    ['an address that leaves no room for the block', 65_536 - 160],
    ['the end of the address space', -8],
    ['the middle of the address space', 0x80000000],
  ])('gives no answer when it wants its block at %s', (_, address) => {
    expect(codeOf(askModule({ request: returning(address) }))).toBe('ERR_POLICY_RESULT')
  })

  it('may want its block in memory that it has only just made', () => {
    const request = {
      ...returning(0),
      code: [...op.i32Const(1), ...op.memoryGrow, ...op.drop, ...op.i32Const(65_536)],
    }
    expect(askModule({ request })).toEqual(allowed)
  })
})

describe('the fuel of a call', () => {
  const policy = compiled('endless')
  const used = (fuel: number) => callPolicy(policy, 'user', writeBlock(user), fuel)

  it('is the same each time, and is not that of its start function', () => {
    const { fuelUsed } = used(fuelPerDecision)
    expect(fuelUsed).toBeGreaterThan(0)
    for (let round = 0; round < 10; round++) expect(used(fuelPerDecision).fuelUsed).toBe(fuelUsed)
    const start = { more: [{ code: [...op.i32Const(1), ...op.drop] }], start: 4 }
    const plain = callPolicy(compilePolicy(policyModule()), 'user', writeBlock(user), 1000)
    expect(callPolicy(compilePolicy(policyModule(start)), 'user', writeBlock(user), 1000)).toEqual(plain)
  })

  it('is enough if it is just that, and one less is too little', () => {
    const { fuelUsed, answer } = used(fuelPerDecision)
    expect(used(fuelUsed)).toEqual({ answer, fuelUsed })
    expect(used(fuelUsed - 1)).toMatchObject({ answer: { error: 'ERR_POLICY_FUEL' }, fuelUsed: fuelUsed - 1 })
  })

  it('is one measure for all that is asked in a decision', () => {
    const block = writeBlock(operation)
    const fuel = (name: 'user' | 'operation') => callPolicy(policy, name, block, fuelPerDecision).fuelUsed
    const both = fuel('user') + fuel('operation')
    const enough = new Consultation(new Policy(policy), block, both)
    expect([enough.ask('user')?.kind, enough.ask('operation')?.kind]).toEqual(['allow', 'allow'])
    expect(enough.fuelUsed).toBe(both)
    const less = new Consultation(new Policy(policy), block, both - 1)
    expect(less.ask('user')?.kind).toBe('allow')
    expect(less.ask('operation')).toMatchObject({ error: 'ERR_POLICY_FUEL' })
    expect(less.fuelUsed).toBe(both - 1)
  })
})

describe('every call', () => {
  it('starts from the same state, however often a policy is asked', () => {
    const policy = compiled('stateful')
    for (const senderName of ['ada', 'grow', 'grow', 'ada', 'grow', 'ada']) {
      expect(ask(policy, { ...user, senderName }).kind).toBe('allow')
      expect(ask(policy, { ...operation, senderName }).kind).toBe('allow')
    }
  })

  it('leaves the block that it was given as it was', () => {
    const block = writeBlock(user)
    const before = Buffer.from(block).toString('hex')
    callPolicy(compiled('report'), 'user', block, fuelPerDecision)
    expect(Buffer.from(block).toString('hex')).toBe(before)
  })

  it('passes the size of the block to the policy', () => {
    // Wants the block at 4096 plus the size's remainder by 8, which is a usable address only for some sizes.
    const code = [...op.localGet(0), ...op.i32Const(7), ...op.i32And, ...op.i32Const(4096), ...op.i32Add]
    const sized = (units: number) => ({ ...user, httpUrl: 'u'.repeat(units) })
    for (const units of [0, 1, 2, 3, 4, 5, 6, 7]) {
      const usable = writeBlock(sized(units)).length % 8 === 0
      expect(askModule({ request: { ...returning(0), code } }, sized(units)).kind).toBe(
        usable ? 'allow' : 'no-answer',
      )
    }
  })

  it('calls the function of the question and no other', () => {
    const trapping = { ...returning(0), code: [...op.unreachable] }
    expect(askModule({ operation: trapping, quota: trapping }, user)).toEqual(allowed)
    expect(askModule({ user: trapping, quota: trapping }, operation)).toEqual(allowed)
    expect(askModule({ user: trapping, operation: trapping }, quota).kind).toBe('quota')
  })

  it('is not troubled by exports that mean something to JavaScript', () => {
    const exports = Object.fromEntries(
      ['then', 'constructor', 'toString', 'valueOf', 'hasOwnProperty', ''].map((name) => [
        name,
        { kind: 'function' as const, index: 0 },
      ]),
    )
    Object.defineProperty(exports, '__proto__', { value: { kind: 'function', index: 0 }, enumerable: true })
    expect(Object.keys(exports)).toContain('__proto__')
    const policy = compilePolicy(policyModule({ exports }))
    expect(policy.hasQuota).toBe(true)
    for (const question of [user, operation]) expect(ask(policy, question)).toEqual(allowed)
    expect(ask(policy, quota).kind).toBe('quota')
  })
})
