// Settings from the file that a person writes to what a policy reads: one block for each settings, and every value comes
// back as it was, whatever is in it.

import { readFileSync } from 'node:fs'

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import type { PolicyAnswer } from '../../host/engine/policy-answer.ts'
import { compilePolicy } from '../../host/engine/policy-module.ts'
import { fuelPerDecision } from '../../host/limits.ts'
import { checkSettings } from '../../host/tenant/settings.ts'
import { type Settings, settingsBytesMax, writeSettings } from '../../host/wire/settings-block.ts'
import { anyText } from '../support/arbitraries.ts'
import { callPolicy } from '../support/ask-policy.ts'
import { writeBlock } from '../support/block.ts'
import { refusal } from '../support/refusal.ts'
import { policyPath } from '../support/testbed.ts'
import { op, policyModule, returning } from '../support/wasm.ts'

const bytes = readFileSync(policyPath('settings'))

/** What the test policy says when it is asked this about these settings. */
function asked(settings: Settings | undefined, request: string): PolicyAnswer {
  const block = writeBlock({
    kind: 'user',
    application: 'wsman/a',
    senderName: request,
    authenticationMechanism: '',
  })
  return callPolicy(compilePolicy(bytes, settings), 'user', block, fuelPerDecision).answer
}

const denied = (reason: string) => ({ kind: 'deny', reason })
const settings = { admins: ['ada', 'Zoë 管理者 \ud800', ''], 'no.body': [], b_2: ['x'] }

describe('a policy', () => {
  it.each<[string, string]>([
    ['list admins', 'ada|Zoë 管理者 \ud800|'],
    ['list b_2', 'x'],
    ['list no.body', ''],
    ['list nothing', ''],
    ['has no.body', 'yes'],
    ['has nothing', 'no'],
    ['has admin', 'no'],
    ['first admins', 'first: ada'],
    ['first no.body', 'none'],
    ['first nothing', 'none'],
  ])('that asks for "%s" gets "%s"', (request, reason) => {
    expect(asked(settings, request)).toEqual(denied(reason))
  })

  it('finds exactly the values that are there', () => {
    expect(asked(settings, 'contains admins ada').kind).toBe('allow')
    for (const other of ['ad', 'adaa', 'Ada', 'x']) {
      expect(asked(settings, `contains admins ${other}`).kind).toBe('deny')
    }
    expect(asked(settings, 'contains nothing ada').kind).toBe('deny')
  })

  it('has no settings if none are given, or none are in them', () => {
    for (const none of [undefined, {}]) {
      expect(asked(none, 'has admins')).toEqual(denied('no'))
      expect(asked(none, 'list admins')).toEqual(denied(''))
    }
  })

  it('reads whatever lists there are', () => {
    const lists = fc.dictionary(
      fc.stringMatching(/^[a-z][a-z0-9]{0,6}$/),
      fc.array(anyText(6), { maxLength: 4 }),
    )
    fc.assert(
      fc.property(lists, (given) => {
        for (const [key, values] of Object.entries(given)) {
          expect(asked(given, `list ${key}`)).toEqual(denied(values.join('|')))
        }
      }),
      { numRuns: 60 },
    )
  })

  it('that takes no settings is refused with some', () => {
    expect(refusal(() => compilePolicy(policyModule(), {})).code).toBe('ERR_MODULE_EXPORT')
    expect(refusal(() => compilePolicy(policyModule(), {})).detail).toContain('portcullis_settings_v1')
  })

  it.each<[string, number[], string]>([
    ['has no room for them', op.i32Const(65_536), 'ERR_POLICY_RESULT'],
    ['traps when it is asked where they go', [...op.unreachable], 'ERR_POLICY_TRAP'],
  ])('that %s gives no answer', (_, code, error) => {
    const exports = { portcullis_settings_v1: { kind: 'function', index: 4 } } as const
    const policy = compilePolicy(policyModule({ more: [{ ...returning(0), code }], exports }), { a: ['b'] })
    expect(callPolicy(policy, 'user', new Uint8Array(160), fuelPerDecision).answer).toMatchObject({ error })
  })
})

describe('a settings block', () => {
  it('is as the reference page says', () => {
    const hex = writeSettings({ ü: ['xyz'], a: [] })
      .toString('hex')
      .replace(/.{8}/g, '$& ')
      .trim()
    expect(hex.split(' ')).toEqual([
      '50435253', // PCRS
      '01001000', // version 1, header of 16 bytes
      '34000000', // 52 bytes in all
      '02000000', // two keys, in order
      ...['01000000', '00000000', '61000000'], // "a" without values
      ...['01000000', '01000000', 'fc000000'], // "ü" with one
      ...['03000000', '78007900', '7a000000'],
    ])
  })

  it('is the same in whatever order the keys were written', () => {
    expect(writeSettings({ a: ['1'], b: ['2'] })).toEqual(writeSettings({ b: ['2'], a: ['1'] }))
  })
})

describe('settings that a person wrote', () => {
  const problem = (value: unknown) => refusal(() => checkSettings(value, 'file.json'))

  it.each<[string, unknown, string]>([
    ['are no object', [], 'at the top: must be object'],
    ['have a text where a list should be', { a: 'b' }, 'at /a: must be array'],
    ['have a number in a list', { a: [1] }, 'at /a/0: must be string'],
    ['have a key with a space', { 'a b': [] }, 'a letter, then letters, digits'],
    ['have a value that is too long', { a: ['x'.repeat(1025)] }, 'at /a/0: must NOT have more than 1024'],
  ])('and %s are refused with the place', (_, value, detail) => {
    expect(problem(value).code).toBe('ERR_SETTINGS_FILE')
    expect(problem(value).detail).toContain(detail)
  })

  it('may be as large as a block, and no larger', () => {
    // 16 of the header, 12 of the key, and 1,024 values of 28 bytes and one of 4 more.
    const fill = (last: number) => ({ a: [...Array(31).fill('x'.repeat(500)), 'y'.repeat(last)] })
    const length = (last: number) => writeSettings(fill(last)).length
    const last = (settingsBytesMax - length(0)) / 2
    expect(length(last)).toBe(settingsBytesMax)
    expect(checkSettings(fill(last), 'file.json')).toEqual(fill(last))
    expect(problem(fill(last + 2)).detail).toContain('32772 bytes as the policy gets them, at most 32768')
  })
})
