// Questions as people write them: what is one, and how a mistake is refused with its place.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, describe, expect, it } from 'vitest'

import { checkQuestion, readQuestion } from '../../host/winrm/question.ts'
import { refusal } from '../support/refusal.ts'

const folder = mkdtempSync(join(tmpdir(), 'portcullis-question-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe('a question that a person wrote', () => {
  it.each(['S-1-5-4294967296', 'S-1-281474976710656-1'])('has no SID like %s', (userSid) => {
    expect(refusal(() => check({ ...smallest, userSid })).detail).toContain('at /userSid')
  })

  const smallest = { kind: 'user', application: 'wsman/contoso' }
  const check = (value: unknown) => checkQuestion(value, 'the options')

  it('may say no more than its kind and its application', () => {
    for (const kind of ['user', 'operation', 'quota'])
      expect(check({ ...smallest, kind })).toEqual({ ...smallest, kind })
  })

  it('may say everything', () => {
    const question = {
      ...smallest,
      kind: 'operation',
      senderName: '',
      authenticationMechanism: '',
      certificate: { subject: 's', issuerName: 'i', issuerThumbprint: 't', subjectName: 'n' },
      httpUrl: '',
      userSid: 'S-1-5-21-1-2-3-1001',
      groupSids: ['S-1-5-11', 'S-1-1-0'],
      denyOnlySids: [],
      operation: 4294967295,
      action: '',
      resourceUri: '',
      time: '2026-07-26T12:00:00.5+02:00',
      timeZone: 'Europe/Zurich',
    }
    expect(check(question)).toEqual(question)
    expect(check({ ...smallest, certificate: null })).toEqual({ ...smallest, certificate: null })
  })

  it.each<[string, unknown, string]>([
    ['is no object', 'user', 'at the top: must be object'],
    ['has no kind', { application: 'a' }, "at the top: must have required property 'kind'"],
    ['has no application', { kind: 'user' }, "at the top: must have required property 'application'"],
    [
      'has an unknown kind',
      { ...smallest, kind: 'shell' },
      'at /kind: must be one of ["user","operation","quota"]',
    ],
    ['has an empty application', { ...smallest, application: '' }, 'at /application: '],
    ['has an unknown member', { ...smallest, sender: 'ada' }, 'at the top: "sender" is not a known member'],
    [
      'has an unknown certificate member',
      { ...smallest, certificate: { issuer: 'i' } },
      'at /certificate: "issuer" is not a known member',
    ],
    ['has a name as a SID', { ...smallest, userSid: 'ada' }, 'at /userSid: must be: '],
    ['has a SID without an authority', { ...smallest, userSid: 'S-1' }, 'at /userSid: must be: '],
    [
      'has a SID of 16 sub-authorities',
      { ...smallest, userSid: `S-1-5${'-1'.repeat(16)}` },
      'at /userSid: must be: ',
    ],
    [
      'has a group that is no SID',
      { ...smallest, userSid: 'S-1-5-18', groupSids: ['S-1-5-11', 'x'] },
      'at /groupSids/1: must be: ',
    ],
    [
      'has a negative operation',
      { ...smallest, kind: 'operation', operation: -1 },
      'at /operation: must be >= 0',
    ],
    [
      'has an operation over 32 bits',
      { ...smallest, kind: 'operation', operation: 2 ** 32 },
      'at /operation: must be <= 4294967295',
    ],
    ['has a time without a zone', { ...smallest, time: '2026-07-26T12:00:00' }, 'at /time: must be: '],
  ])('and that %s is refused with the place and the reason', (_, value, problem) => {
    const { code, detail } = refusal(() => check(value))
    expect(code).toBe('ERR_QUESTION_FILE')
    expect(detail.startsWith('the options\n')).toBe(true)
    expect(detail).toContain(problem)
  })

  it.each(['groupSids', 'denyOnlySids'])(
    'has no %s without a user, because groups come from a token',
    (member) => {
      for (const groups of [['S-1-5-11'], []]) {
        expect(refusal(() => check({ ...smallest, [member]: groups }))).toMatchObject({
          code: 'ERR_QUESTION_FILE',
          detail: 'the options: groups come from a token; give a userSid too',
        })
      }
    },
  )

  it('is read from a file, and the file is named in what is wrong with it', () => {
    const file = join(folder, 'question.json')
    writeFileSync(file, JSON.stringify(smallest))
    expect(readQuestion(file)).toEqual(smallest)
    writeFileSync(file, '{\n  "kind": "user",\n}')
    expect(refusal(() => readQuestion(file))).toMatchObject({ code: 'ERR_QUESTION_FILE' })
    expect(refusal(() => readQuestion(file)).detail).toContain(`${file}, line 3, column 1: `)
    expect(refusal(() => readQuestion(join(folder, 'none.json'))).detail).toContain('is not there')
    const line = join(folder, 'line.json')
    writeFileSync(line, '{"name": "a", "question": {}, "expect": {}}')
    expect(refusal(() => readQuestion(line)).detail).toBe(
      `${line} is a line of vectors; give only what stands after "question":`,
    )
  })
})
