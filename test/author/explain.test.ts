// What `portcullis explain` shows of a decision: which functions and which lines ran, and how often.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { PolicyProject } from '../support/policy-project.ts'

const source = `import { Decision, OperationRequest, UserRequest } from 'portcullis'

export function authzUser(user: UserRequest): Decision {
  let sum = 0
  for (let i = 0; i < 5; i++) {
    sum += weight(i)
  }
  if (sum < 0) return Decision.deny('never')
  if (user.hasToken) {
    return Decision.allow()
  }
  return Decision.deny('no token')
}

function weight(i: i32): i32 {
  return i == 3 ? 10 : 1
}

export function authzOperation(request: OperationRequest): Decision {
  return Decision.allow()
}
`
const question = {
  kind: 'user',
  application: 'wsman/contoso',
  senderName: 'CONTOSO\\ada',
  userSid: 'S-1-5-18',
}

interface Explained {
  decision: { outcome: string; fuelUsed: number; error: string | null }
  asked: string[]
  functions: { name: string; calls: number }[]
  files:
    | { file: string; lines: { line: number; times: number | null; isPartial: boolean; text: string }[] }[]
    | null
}

let project: PolicyProject

beforeAll(() => {
  project = new PolicyProject().link()
  project.write('assembly/index.ts', source)
  project.write('question.json', JSON.stringify(question))
})

afterAll(() => project.remove())

const explain = (...args: string[]) => project.run('explain', ...args, '--question', 'question.json')

function explained(...args: string[]): Explained {
  return JSON.parse(explain('--json', ...args).stdout)
}

describe('explain, of a project', () => {
  it('counts how often each line ran, and marks those of which a part did not', () => {
    const { decision, asked, functions, files } = explained()
    expect(decision).toMatchObject({ outcome: 'allow', error: null })
    expect(asked).toEqual(['authzUser'])
    expect(functions).toEqual([
      { name: 'assembly/index/weight', calls: 5 },
      { name: 'assembly/index/authzUser', calls: 1 },
    ])
    const [file, ...others] = files ?? []
    expect([file?.file, others]).toEqual(['assembly/index.ts', []])
    const counts = file?.lines.map(({ times, isPartial }) =>
      times === null ? '' : `${times}${isPartial ? '*' : ''}`,
    )
    expect(file?.lines.map(({ text }) => text).join('\n')).toBe(source)
    expect(counts?.slice(3, 6)).toEqual(['1', '6', '5'])
    expect(counts?.slice(7, 12)).toEqual(['1*', '1', '1', '', '0'])
    expect(counts?.[15]).toBe('5')
    expect(counts?.[19]).toBe('0')
  })

  it('shows it to people with the lines themselves', () => {
    const { status, stdout, stderr } = explain()
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^asked: authzUser$/m)
    expect(stdout).toMatch(/^outcome +allow$/m)
    expect(stdout).toMatch(/^assembly\/index\/weight +5$/m)
    expect(stdout).toMatch(/^ +1\* +8 \| {3}if \(sum < 0\) return Decision\.deny\('never'\)$/m)
    expect(stdout).toMatch(/^ +0 +12 \| {3}return Decision\.deny\('no token'\)$/m)
    expect(stdout).toMatch(/^\* a part of this line did not run$/m)
    expect(stdout).not.toMatch(/~lib/)
    expect(explain('--all').stdout).toMatch(/^~lib\/portcullis\/assembly\/decision\/Decision\.allow +1$/m)
  })

  it('shows what ran before a trap, an abort or the end of the fuel', () => {
    project.write(
      'assembly/index.ts',
      source.replace('sum += weight(i)', 'if (i == 2) throw new Error("stop")'),
    )
    const { decision, files } = explained()
    expect(decision).toMatchObject({ outcome: 'no-answer', error: 'ERR_POLICY_ABORT' })
    expect(files?.[0]?.lines[5]).toMatchObject({ times: 3, isPartial: false })
    project.write('assembly/index.ts', source.replace('i < 5', 'i >= 0'))
    expect(explained().decision).toMatchObject({ error: 'ERR_POLICY_FUEL', fuelUsed: 1_000_000 })
    // What goes to a host is optimised and needs less: the decision is that one's.
    project.write('assembly/index.ts', source.replace('i < 5', 'i < 20_000'))
    expect(explained().decision).toMatchObject({ outcome: 'allow', error: null })
    project.write('assembly/index.ts', source)
  })

  it('ends with status 1 and the words of the compiler if it does not compile', () => {
    project.write('assembly/index.ts', source.replace('Decision.allow()', 'Decision.alow()'))
    const { status, stdout, stderr } = explain()
    expect([status, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(/ERROR TS2339/)
    project.write('assembly/index.ts', source)
  })
})

describe('explain, of a module', () => {
  it('says functions by number and no lines where names and map are missing, and uses the fuel of a host', () => {
    project.run('build')
    const { decision, functions, files } = explained('build/policy.wasm')
    const alone = JSON.parse(
      project.run('run', 'build/policy.wasm', '--question', 'question.json', '--json').stdout,
    )
    expect(decision).toEqual(alone)
    expect(files).toBeNull()
    expect(functions).toContainEqual({ name: 'authzUser', calls: 1 })
    expect(explain('build/policy.wasm').stdout).toMatch(
      /^no source map: compile with "asc --debug --sourceMap"/m,
    )
  })

  it('refuses what a host refuses', () => {
    project.write('module.wasm', 'text')
    const { status, stderr } = explain('module.wasm')
    expect(status).toBe(1)
    expect(stderr).toMatch(/\[ERR_MODULE_MALFORMED\]/)
  })
})
