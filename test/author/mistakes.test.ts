// What an author gets to read after a typical mistake: at which command it shows, with which status, and that the words
// name the cause in terms of AssemblyScript.

import { existsSync } from 'node:fs'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { similarName } from '../../host/engine/similar-name.ts'
import { PolicyProject } from '../support/policy-project.ts'

const imports = "import { Decision, OperationRequest, UserRequest } from 'portcullis'"
const user = 'export function authzUser(user: UserRequest): Decision { return Decision.allow() }'
const operation =
  'export function authzOperation(request: OperationRequest): Decision { return Decision.allow() }'

/** An authzUser that does something first. */
const userWith = (statement: string) => user.replace('{', `{ ${statement}\n `)

let project: PolicyProject

beforeAll(() => {
  project = new PolicyProject().link()
})

afterAll(() => project.remove())

const build = (...sources: string[]) => {
  project.write('assembly/index.ts', [imports, ...sources].join('\n'))
  return project.run('build')
}

describe('build', () => {
  it('shows a compile error as the compiler words it, and leaves no module behind', () => {
    const { status, stdout, stderr } = build(user.replace('allow()', 'allwo()'), operation)
    expect([status, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(/ERROR TS2339: Property 'allwo' does not exist.*in assembly\/index\.ts\(2,/s)
    expect(existsSync(join(project.folder, 'build/policy.wasm'))).toBe(false)
    const tested = project.run('test')
    expect(tested.status).toBe(2)
    expect(tested.stderr).toMatch(/is not there; run "portcullis build" first \[ERR_MODULE_UNREADABLE\]/)
  })

  it('shows a closure as the compiler words it', () => {
    const closure = `export function authzUser(user: UserRequest): Decision {
      const wanted = user.senderName
      return ['a'].some((name) => name == wanted) ? Decision.allow() : Decision.deny('no')
    }`
    const { status, stderr } = build(closure, operation)
    expect(status).toBe(1)
    expect(stderr).toMatch(/ERROR AS100: Not implemented: Closures/)
  })

  it.each([
    [
      'a misspelt authzUser',
      [user.replace('authzUser', 'authzUsr'), operation],
      /export a function named "authzUser"; it exports "authzUsr", did you mean that\? \[ERR_MODULE_EXPORT\]/,
    ],
    [
      'authzOperation in another case',
      [user, operation.replace('authzOperation', 'authzoperation')],
      /named "authzOperation"; it exports "authzoperation", did you mean that\?/,
    ],
    [
      'an authzUser that is a variable',
      ['export const authzUser = (user: UserRequest): Decision => Decision.allow()', operation],
      /export a function named "authzUser"; it exports a variable of that name, write "export function" \[ERR/,
    ],
    ['no authzOperation', [user], /export a function named "authzOperation" \[ERR_MODULE_EXPORT\]/],
    [
      'an authzUser that returns nothing',
      ['export function authzUser(user: UserRequest): void { Decision.allow() }', operation],
      /"authzUser" must take one i32 and return one \[ERR_MODULE_EXPORT\]/,
    ],
  ])('says that a host would refuse %s, and why', (_, sources, message) => {
    const { status, stdout, stderr } = build(...sources)
    expect([status, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(/^build\/policy\.wasm: .*; a host would refuse it:\n/)
    expect(stderr).toMatch(message)
    expect(stderr).toMatch(/^hint: a policy exports authzUser\(user: UserRequest\): Decision and /m)
    expect(project.run('test')).toMatchObject({ status: 1, stderr: expect.stringMatching(message) })
  })

  it('warns of a misspelt queryQuota, which a policy may do without', () => {
    const { status, stderr } = build(user, operation, user.replace('authzUser', 'querryQuota'))
    expect(status).toBe(0)
    expect(stderr).toMatch(/^warning: .*"querryQuota", which nobody calls; did you mean "queryQuota"\?$/m)
  })

  it.each([
    [
      'a closure',
      "const x = user.senderName; ['a'].some((name) => name == x)",
      /Closures/,
      /a function inside a function cannot/,
    ],
    [
      'a regular expression',
      '/a/.test(user.senderName)',
      /Regular expressions/,
      /compare with ==, startsWith or/,
    ],
    [
      'what may be null',
      'user.httpUrl.length',
      /\| null' is not assignable/,
      /this may be null, .*"const url = /,
    ],
    [
      'what is no decision',
      'if (user.hasToken) return true',
      /'bool' is not assignable/,
      /write "return Decision\.allow\(\)"/,
    ],
    [
      'an optional chain',
      'const subject = user.certificate?.subject',
      /TS1109/,
      /there is no "\?\."; put what may be null into a constant/,
    ],
    ['a loop over values', 'for (const x of ["a"]) {}', /Iterators/, /write "for \(let index = 0;/],
    [
      'null',
      'if (user.hasToken) return null',
      /Decision \| null' is not/,
      /write "return Decision\.allow\(\)"/,
    ],
    [
      'a function',
      'if (user.hasToken) return Decision.allow',
      /'\(\) => /,
      /write "return Decision\.allow\(\)"/,
    ],
    ['the time', 'const now = new Date()', /TS2554/, /the time of the question is in user\.timeMs/],
    ['an exception', 'try { throw new Error("x") } catch (e) {}', /Exceptions/, /nothing can be caught; ask/],
  ])('says what to write in the place of %s', (_, statement, words, hint) => {
    const { status, stderr } = build(userWith(statement), operation)
    expect(status).toBe(1)
    expect(stderr).toMatch(words)
    expect(stderr.split('\n').find((line) => line.startsWith('hint: '))).toMatch(hint)
  })

  it('names what a function without an answer must return, and the package that was probably meant', () => {
    const empty = build('export function authzUser(user: UserRequest): Decision { }', operation)
    expect(empty.stderr).toMatch(/TS2355.*^hint: write "return Decision\.allow\(\)"/ms)
    project.write('assembly/index.ts', [imports.replace('portcullis', 'portculis'), user].join('\n'))
    expect(project.run('build').stderr).toMatch(/^hint: did you mean "from 'portcullis'"\?$/m)
  })

  it('says what an asconfig.json must extend', () => {
    const before = project.read('asconfig.json')
    project.write('asconfig.json', '{ "entries": ["./assembly/index.ts"] }')
    const { status, stderr } = build(user, operation)
    project.write('asconfig.json', before)
    expect(status).toBe(1)
    expect(stderr).toMatch(/^hint: asconfig\.json must extend "portcullis\/asconfig\.json"/m)
  })

  it('says that authzOperation may not redirect', () => {
    const { status, stderr } = build(user, operation.replace('allow()', "redirect('https://a.example')"))
    expect(status).toBe(0)
    expect(stderr).toMatch(
      /^warning: authzOperation returned "redirect" .*; it may only allow or deny, and a redirect/m,
    )
    const { stdout } = project.run('test')
    expect(stdout).toMatch(/^hint: authzOperation may only allow or deny; a redirect belongs into authzUser/m)
  })

  it.each([
    ['the time', 'if (Date.now() > 5) return Decision.deny("")', 'env.Date.now'],
    ['chance', 'if (Math.random() > 0.5) return Decision.deny("")', 'env.seed'],
    ['a console', 'console.log("here")', 'env.console.log'],
  ])('says what a policy has in the place of %s', (_, statement, imported) => {
    const { status, stderr } = build(userWith(statement), operation)
    expect(status).toBe(1)
    expect(stderr).toContain(`it imports "${imported}"`)
    expect(stderr).toMatch(
      /^hint: a policy has no clock, no chance, no console .*user\.timeMs and user\.localTime/m,
    )
  })

  it('warns of a list of names, and says in which line', () => {
    const names = userWith("if (user.senderName == 'CONTOSO\\\\mallory') return Decision.deny('out')")
    const { status, stderr } = build(names, operation)
    expect(status).toBe(0)
    expect(stderr).toMatch(
      /^warning: assembly\/index\.ts:2: this decides by a name, and one account has many names/m,
    )
  })

  it('warns of a question that is never asked, which would hold for everybody', () => {
    const { status, stderr } = build(userWith('if (user.inGroup) return Decision.allow()'), operation)
    expect(status).toBe(0)
    expect(stderr).toMatch(
      /^warning: assembly\/index\.ts:2: inGroup is never called here; write user\.inGroup\(sid\)$/m,
    )
  })

  it.each([
    ['no JSON', '{ "extends": portcullis }', /asconfig\.json, line 1, column 14: .* \[ERR_PROJECT_FOLDER\]/],
    ['no object', 'null', /asconfig\.json must be an object/],
  ])('names an asconfig.json that is %s', (_, content, message) => {
    const before = project.read('asconfig.json')
    project.write('asconfig.json', content)
    const { status, stderr } = project.run('build')
    project.write('asconfig.json', before)
    expect(stderr).toMatch(message)
    expect([status, stderr.split('\n').length]).toEqual([2, 2])
  })

  it('needs a project', () => {
    const { status, stderr } = project.run('build', 'assembly')
    expect(status).toBe(2)
    expect(stderr).toMatch(
      /assembly is no policy project, because it has no asconfig\.json; .*"portcullis new" \[ERR_PROJECT_FOLDER\]/,
    )
  })
})

describe('test', () => {
  it.each([
    ['bool', 'user.hasToken'],
    ['string', "'allow'"],
  ])('names the return type as the cause when authzUser returns a %s', (type, value) => {
    const wrong = `export function authzUser(user: UserRequest): ${type} { return ${value} }`
    expect(build(wrong, operation).status).toBe(0)
    const { status, stdout } = project.run('test')
    expect(status).toBe(1)
    expect(stdout).toMatch(/^FAILED "an operator comes in" \(line 1\): expected .*ERR_POLICY_RESULT/m)
    expect(stdout).toMatch(/^hint: authzUser and authzOperation must be declared to return a Decision/m)
  })
})

describe('test, of what stands behind no answer', () => {
  it('names a text that is thrown by itself', () => {
    build(userWith("if (user.hasToken) throw 'no'"), operation)
    expect(project.run('test').stdout).toMatch(
      /^hint: a text that is thrown by itself is lost; write throw new Error/m,
    )
  })

  it('names memory that has run out, and no other trap', () => {
    build(userWith("let text = 'x'; while (text.length > 0) text += text"), operation)
    expect(project.run('test').stdout).toMatch(
      /^hint: its memory had grown to \d+ of 16 pages.*build texts once/m,
    )
    build(userWith('if (user.timeMs > 0) unreachable()'), operation)
    expect(project.run('test').stdout).not.toMatch(/^hint: /m)
  })
})

describe('the name that was probably meant', () => {
  it.each([
    ['authzUser', ['authzUsr'], 'authzUsr'],
    ['authzUser', ['AUTHZUSER'], 'AUTHZUSER'],
    ['authzUser', ['authUsers', 'authzUserX'], 'authzUserX'],
    ['authzUser', ['authsUzer'], 'authsUzer'],
    ['authzUser', ['authUze', 'authzOperation', '', 'u'.repeat(10_000)], undefined],
    ['authzUser', ['authzUser'], undefined],
    ['authzUser', [], undefined],
  ])('for %s among %j is %s', (wanted, names, expected) => {
    expect(similarName(wanted, names)).toBe(expected)
  })
})
