// `portcullis/testing`, as a policy's own tests use it.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { root } from '../../host/paths.ts'
import type { Question } from '../../host/winrm/question.ts'
import { type AskedQuestion, loadPolicy, readVectors } from '../../policies/sdk/testing/index.ts'

const example = (name: string) => join(root, 'build/policies', `${name}.wasm`)
const testPolicy = (name: string) => join(root, 'build/test-policies', `${name}.wasm`)

const helpdesk: AskedQuestion = {
  application: 'wsman/contoso',
  senderName: 'CONTOSO\\hugo',
  userSid: 'S-1-5-21-1004336348-1177238915-682003330-1105',
  groupSids: ['S-1-5-21-1004336348-1177238915-682003330-1602'],
}
const stranger: AskedQuestion = { application: 'wsman/contoso', senderName: 'CN=nobody' }
const nothing = { reason: null, administrator: false, quota: null, redirect: null, error: null, detail: null }

describe('a loaded policy', () => {
  const policy = loadPolicy({ module: example('role-by-group') })

  it('answers each function in the words of the vectors', () => {
    expect(policy.authzUser(helpdesk)).toEqual({ ...nothing, outcome: 'allow' })
    const action = 'http://schemas.xmlsoap.org/ws/2004/09/transfer/Delete'
    const reason = 'the help desk may use PowerShell and read WMI, nothing else'
    expect(policy.authzOperation({ ...helpdesk, action, resourceUri: 'http://a.example/' })).toEqual({
      ...nothing,
      outcome: 'deny',
      reason,
    })
    const quota = {
      concurrentShells: 5,
      concurrentOperations: 20,
      timeslotSeconds: 60,
      operationsPerTimeslot: 200,
    }
    expect(policy.queryQuota(helpdesk)).toEqual({ ...nothing, outcome: 'allow', quota })
  })

  it('says of an abort what was said, and in which file, line and column', () => {
    expect(policy.authzUser(stranger)).toEqual({
      ...nothing,
      outcome: 'no-answer',
      error: 'ERR_POLICY_ABORT',
      detail: expect.stringMatching(
        /^the question carries no token, .* \(~lib\/portcullis\/assembly\/.*\.ts:\d+:\d+\)$/,
      ),
    })
  })

  it('asks the user question first when it decides an operation, and not when one function is called', () => {
    const question = {
      ...stranger,
      userSid: 'S-1-5-18',
      action: 'http://schemas.xmlsoap.org/ws/2004/09/transfer/Get',
      resourceUri: 'http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Win32_Service',
    }
    expect(policy.decide({ ...question, kind: 'operation' })).toMatchObject({
      outcome: 'deny',
      reason: 'only administrators and the help desk work on this endpoint',
    })
    expect(policy.authzOperation(question)).toMatchObject({ outcome: 'allow' })
  })

  it('refuses a question that cannot be asked, with the place of the mistake', () => {
    const wrong = { ...helpdesk, sendrName: 'x' } as AskedQuestion
    expect(() => policy.authzUser(wrong)).toThrow(
      /the question\n {2}at the top: "sendrName" is not a known member/,
    )
    expect(() => policy.authzOperation(helpdesk)).toThrow(/a question of kind "operation" needs "action"/)
    expect(() => policy.decide(helpdesk as Question)).toThrow(
      /the question needs "kind": user, operation or quota/,
    )
  })

  it('starts every call from the same state', () => {
    const stateful = loadPolicy({ module: testPolicy('stateful') })
    expect(stateful.authzUser(helpdesk)).toEqual(stateful.authzUser(helpdesk))
  })

  it('says of a trap and of a result that is none what a host says', () => {
    expect(loadPolicy({ module: testPolicy('trap') }).authzUser(helpdesk)).toMatchObject({
      error: 'ERR_POLICY_TRAP',
    })
    expect(loadPolicy({ module: testPolicy('recursion') }).authzUser(helpdesk)).toMatchObject({
      error: 'ERR_POLICY_STACK',
    })
  })
})

describe('a policy without queryQuota', () => {
  const policy = loadPolicy({ module: example('read-only-auditor') })

  it('has no quota to ask for, and decides a quota question as a host does: nothing to say against it', () => {
    expect(() => policy.queryQuota(helpdesk)).toThrow(/exports no queryQuota: the operator's limits apply/)
    expect(policy.decide({ ...helpdesk, kind: 'quota' })).toEqual({ ...nothing, outcome: 'allow' })
  })
})

describe('settings', () => {
  it('are placed for each call, from an object or a file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'portcullis-testing-'))
    const settings = { operators: ['S-1-5-18'] }
    writeFileSync(join(folder, 'settings.json'), JSON.stringify(settings))
    const module = testPolicy('settings')
    const asker = { ...helpdesk, senderName: 'list operators' }
    const listed = (given?: string | typeof settings) =>
      loadPolicy({ module, ...(given && { settings: given }) }).authzUser(asker).reason
    expect([listed(settings), listed(join(folder, 'settings.json')), listed()]).toEqual([
      'S-1-5-18',
      'S-1-5-18',
      '',
    ])
    rmSync(folder, { recursive: true })
  })

  it('are refused if they are not well formed', () => {
    const settings = { operators: 'S-1-5-18' } as unknown as Record<string, string[]>
    expect(() => loadPolicy({ module: testPolicy('settings'), settings })).toThrow(
      /at \/operators: must be array/,
    )
  })
})

describe('what cannot be loaded', () => {
  let folder: string

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'portcullis-testing-'))
  })

  afterAll(() => rmSync(folder, { recursive: true }))

  it('says how a module that is not there is made', () => {
    expect(() => loadPolicy()).toThrow(/build\/policy\.wasm is not there; run "npm run build" first/)
  })

  it('is refused in the words of a host', () => {
    const module = join(folder, 'empty.wasm')
    writeFileSync(module, Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0))
    expect(() => loadPolicy({ module })).toThrow(
      /it has no memory of its own; a policy needs one \[ERR_MODULE_MEMORY\]/,
    )
    writeFileSync(module, 'text')
    expect(() => loadPolicy({ module })).toThrow(/\[ERR_MODULE_MALFORMED\]/)
  })

  it('says every line of the vectors that is wrong', () => {
    const file = join(folder, 'vectors.jsonl')
    writeFileSync(file, '{}\n\n{"question": 1}\n')
    expect(() => readVectors(file)).toThrow(/line 1\n.*line 3\n/s)
  })
})

describe('vectors', () => {
  it('have their name, or else their line', () => {
    const vectors = readVectors(join(root, 'policies/examples/role-by-group/vectors.jsonl'))
    expect(vectors[0]).toMatchObject({
      name: 'an administrator comes in as administrator',
      question: { kind: 'user' },
      expect: { outcome: 'allow' },
    })
  })
})
