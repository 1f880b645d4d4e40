// From nothing to a policy that a host would take: every template compiles, meets its own vectors and is admitted, by the
// commands that `portcullis new` prints.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { templateNames } from '../../host/cli/author/templates.ts'
import { root } from '../../host/paths.ts'
import { runProgram } from '../support/command.ts'
import { PolicyProject } from '../support/policy-project.ts'

it('has the small template and every example', () => {
  expect(templateNames()).toEqual(['minimal', 'provider-guard', 'read-only-auditor', 'role-by-group'])
})

describe.each(templateNames())('a project from %s', (template) => {
  let project: PolicyProject

  beforeAll(() => {
    project = new PolicyProject('--template', template)
  })

  afterAll(() => project.remove())

  it('is made, and says what to do next', () => {
    expect(project.made).toMatchObject({ status: 0, stderr: '' })
    expect(project.made.stdout).toMatch(/npm install.*npm test.*npm run check/s)
    expect(readdirSync(project.folder).sort()).toEqual([
      '.gitignore',
      'README.md',
      'asconfig.json',
      'assembly',
      'package.json',
      'vectors.jsonl',
    ])
    expect(readdirSync(join(project.folder, 'assembly')).sort()).toEqual(['index.ts', 'tsconfig.json'])
    expect(project.read('README.md')).toMatch(/^# [A-Z].*^## Working on it$.*npm run check/ms)
  })

  it('names the compiler and the SDK of this installation', () => {
    expect(JSON.parse(project.read('package.json'))).toMatchObject({
      name: 'my-policy',
      private: true,
      type: 'module',
      devDependencies: { assemblyscript: '0.28.20', portcullis: `file:${join(root, 'policies/sdk')}` },
    })
  })

  it('says what is missing before its packages are installed', () => {
    const { status, stdout, stderr } = project.run('build')
    expect([status, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/no node_modules\/assemblyscript; run "npm install" in it \[ERR_PROJECT_PACKAGE\]/)
  })

  it('compiles, meets its vectors and is admitted', () => {
    project.link()
    const built = project.run('build')
    expect(built.stdout).toMatch(/^build\/policy\.wasm: [\d,]+ bytes in \d+ ms; a host would take it\n$/)
    expect([built.status, built.stderr]).toEqual([0, ''])
    const tested = project.run('test')
    expect([tested.status, tested.stderr]).toEqual([0, ''])
    expect(tested.stdout).toMatch(/^\d+ vectors, all as expected; fuel: median \d+, most \d+ of 1000000$/m)
    const checked = project.run('check', 'build/policy.wasm', '--vectors', 'vectors.jsonl')
    expect(checked.stdout).toMatch(/^admitted: it starts, and meets all \d+ vectors$/m)
  })
})

describe('the scripts of a project', () => {
  it('work from a folder inside it', () => {
    const project = new PolicyProject().link()
    const { INIT_CWD: _, npm_package_json: __, ...env } = process.env
    const npm = (script: string) =>
      spawnSync('npm', ['run', '-s', script], {
        cwd: join(project.folder, 'assembly'),
        env,
        encoding: 'utf8',
      })
    expect(npm('test').stdout).toMatch(/a host would take it\n.*7 vectors, all as expected/s)
    expect(npm('check').stdout).toMatch(/^admitted: .* all 7 vectors$/m)
    project.remove()
  })
})

it('makes the project where npm was called, when a script of this repository runs it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-new-'))
  const { INIT_CWD: _, npm_package_json: __, ...env } = process.env
  const args = ['--prefix', root, 'run', '-s', 'portcullis', '--', 'new', 'mine']
  expect(spawnSync('npm', args, { cwd: folder, env }).status).toBe(0)
  expect(existsSync(join(folder, 'mine', 'vectors.jsonl'))).toBe(true)
  rmSync(folder, { recursive: true })
})

describe('new', () => {
  let folder: string

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'portcullis-new-'))
    mkdirSync(join(folder, 'full'))
    writeFileSync(join(folder, 'full', 'thesis.txt'), 'mine')
  })

  afterAll(() => rmSync(folder, { recursive: true }))

  it.each([
    [
      'a folder that is not empty',
      ['full'],
      /is not empty \(it has thesis\.txt\); nothing in it was changed/,
    ],
    ['a file in its place', ['full/thesis.txt'], /thesis\.txt \(EEXIST\) \[ERR_PROJECT_FOLDER\]/],
    [
      'an unknown template',
      ['fresh', '--template', 'big'],
      /Allowed choices are minimal, provider-guard, read-only-auditor, role-by-group/,
    ],
    ['no folder', [], /missing required argument 'dir'/],
  ])('refuses %s with status 2, and touches nothing', (_, args, message) => {
    const { status, stdout, stderr } = runProgram('main', folder, 'new', ...args)
    expect(stderr).toMatch(message)
    expect([status, stdout]).toEqual([2, ''])
    expect(existsSync(join(folder, 'fresh'))).toBe(false)
    expect(readdirSync(join(folder, 'full'))).toEqual(['thesis.txt'])
  })

  it('takes the folder that it is called in, and one that is a repository already', () => {
    mkdirSync(join(folder, 'here', '.git'), { recursive: true })
    const { status, stdout } = runProgram('main', join(folder, 'here'), 'new', '.')
    expect(status).toBe(0)
    expect(stdout).not.toMatch(/ cd /)
    expect(existsSync(join(folder, 'here', 'assembly', 'index.ts'))).toBe(true)
  })
})
