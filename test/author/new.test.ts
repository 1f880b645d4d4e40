// From nothing to a policy that a host would take: every template compiles, meets its own vectors and is admitted, by the
// commands that `portcullis new` prints.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { templateNames } from '../../host/cli/author/templates.ts'
import { root, sdkPackage } from '../../host/paths.ts'
import { runProgram } from '../support/command.ts'
import { PolicyProject } from '../support/policy-project.ts'

it('has the small template and every example', () => {
  expect(templateNames()).toEqual([
    'minimal',
    'break-glass',
    'jea-endpoint',
    'pinned-issuer',
    'provider-guard',
    'quota-tiers',
    'read-only-auditor',
    'role-by-group',
    'working-hours',
  ])
})

describe.each(templateNames())('a project from %s', (template) => {
  let project: PolicyProject

  beforeAll(() => {
    project = new PolicyProject('--template', template)
  })

  afterAll(() => project.remove())

  it('is made, and says what to do next', () => {
    expect(project.made).toMatchObject({ status: 0, stderr: '' })
    expect(project.made.stdout).toMatch(/cd "My policy"\n.*npm install.*npm test.*npm run check/s)
    const own = [
      '.gitignore',
      'README.md',
      'asconfig.json',
      'assembly',
      'package.json',
      'test',
      'vectors.jsonl',
      'vendor',
    ]
    expect(
      readdirSync(project.folder)
        .filter((name) => name !== 'settings.json')
        .sort(),
    ).toEqual(own)
    expect(readdirSync(join(project.folder, 'assembly')).sort()).toEqual(['index.ts', 'tsconfig.json'])
    expect(readdirSync(join(project.folder, 'test')).sort()).toEqual(['policy.test.ts', 'tsconfig.json'])
    expect(project.read('README.md')).toMatch(/^# [A-Z].*^## Working on it$.*npm run check/ms)
  })

  it('names the compiler and the test runner of this installation, and brings the SDK', () => {
    expect(JSON.parse(project.read('package.json'))).toMatchObject({
      name: 'my-policy',
      private: true,
      type: 'module',
      devDependencies: {
        assemblyscript: '0.28.20',
        portcullis: 'file:vendor/portcullis.tgz',
        vitest: '4.1.12',
      },
    })
    expect(readFileSync(join(project.folder, 'vendor/portcullis.tgz'))).toEqual(readFileSync(sdkPackage))
  })

  it('says what is missing before its packages are installed', () => {
    const { status, stdout, stderr } = project.run('build')
    expect([status, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/no node_modules\/assemblyscript; run "npm install" in it \[ERR_PROJECT_PACKAGE\]/)
  })

  it('compiles without a warning, meets its vectors, passes its tests and is admitted', () => {
    project.link()
    const tested = project.npm('test', 'assembly')
    expect([tested.status, tested.stderr]).toEqual([0, ''])
    expect(tested.stdout).toMatch(/^build\/policy\.wasm: [\d,]+ bytes in \d+ ms; a host would take it\n/)
    expect(tested.stdout).toMatch(/^\d+ vectors, all as expected; fuel: median \d+, most \d+ of 1000000$/m)
    expect(tested.stdout).toMatch(/^ +Tests +\d+ passed \(\d+\)$/m)
    const checked = project.run('check')
    expect(checked.stdout).toMatch(/^admitted: it starts, and meets all \d+ vectors$/m)
  })

  it('is as good with other SIDs, where its README says that they stand', () => {
    const sids = new Set(project.read('assembly/index.ts').match(/S-1-5-21(-\d+){4}/g))
    const [, named = ''] = /(Change the.*? SIDs? .*?)(?:\n\n|\. [A-Z])/s.exec(project.read('README.md')) ?? []
    const files: string[] = named.match(/(?<=`)[\w/.]+(?=`)/g) ?? []
    for (const file of files) {
      const others = [...sids].reduce(
        (text, sid) => text.replaceAll(sid, `S-1-5-21-7-8-9-${sid.split('-').at(-1)}`),
        project.read(file),
      )
      project.write(file, others)
    }
    expect(files.includes('assembly/index.ts')).toBe(sids.size > 0)
    if (sids.size > 0) expect(project.npm('test')).toMatchObject({ status: 0, stderr: '' })
  })

  it('has tests in which an editor finds no mistake', () => {
    const compiler = join(root, 'node_modules/typescript/bin/tsc')
    const config = join(project.folder, 'test/tsconfig.json')
    expect(spawnSync(process.execPath, [compiler, '--project', config], { encoding: 'utf8' }).stdout).toBe('')
  })
})

describe('the packed SDK', () => {
  it('is installed by npm without a registry', () => {
    const project = new PolicyProject()
    const { devDependencies, ...rest } = JSON.parse(project.read('package.json'))
    project.write(
      'package.json',
      JSON.stringify({ ...rest, devDependencies: { portcullis: devDependencies.portcullis } }),
    )
    const args = ['install', '--offline', '--no-audit', '--no-fund', '--registry', 'http://localhost:9']
    const env = { ...process.env, npm_config_cache: join(project.folder, 'no-cache') }
    const { status, stderr } = spawnSync('npm', args, { cwd: project.folder, env, encoding: 'utf8' })
    expect([status, stderr.replace(/^npm warn .*$\n?/gm, '')]).toEqual([0, ''])
    expect(
      existsSync(join(project.folder, 'node_modules/portcullis/node_modules/@assemblyscript/loader')),
    ).toBe(true)
    const script = "import('portcullis/testing').then((module) => console.log(Object.keys(module).join()))"
    const loaded = spawnSync(process.execPath, ['-e', script], { cwd: project.folder, encoding: 'utf8' })
    expect([loaded.stdout, loaded.stderr]).toEqual(['loadPolicy,readVectors\n', ''])
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
      /Allowed choices are minimal, break-glass, .*, working-hours/,
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
