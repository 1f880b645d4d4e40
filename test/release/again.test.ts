// A release made again, from a copy of the sources in another folder, at another time, in another time zone, by somebody whose
// files nobody else may read, is the same to the last byte. Policies are not compiled again: another test says that of them.

import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { afterAll, expect, it } from 'vitest'

import { root } from '../../host/paths.ts'
import { archives, emptyFolder, reasonToSkipWindowsRelease, released } from '../support/release.ts'

const copy = emptyFolder('another place')

/** Copied; what npm has installed is linked. */
const sources = ['LICENSE', 'docs', 'host', 'native', 'package-lock.json', 'package.json', 'tsconfig.json']
const parts = ['policies/examples', 'policies/sdk', 'build/policies']
const linked = ['node_modules', 'test/windows/runtime']

afterAll(() => rmSync(dirname(copy), { recursive: true, force: true }))

/** A script of the copy. */
function run(...args: string[]): Promise<void> {
  const child = spawn('sh', ['-c', 'umask 077 && exec "$0" "$@"', process.execPath, ...args], {
    cwd: copy,
    env: { ...process.env, TZ: 'Pacific/Kiritimati' },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`${args} ended with ${code}`))))
  })
}

it('is the same to the last byte', { timeout: 300_000 }, async () => {
  for (const name of [...sources, ...parts]) cpSync(join(root, name), join(copy, name), { recursive: true })
  cpSync(join(root, 'policies/pack-sdk.mjs'), join(copy, 'policies/pack-sdk.mjs'))
  for (const name of linked) {
    mkdirSync(dirname(join(copy, name)), { recursive: true })
    symlinkSync(join(root, name), join(copy, name))
  }
  await Promise.all([run('native/build.mjs'), run('policies/pack-sdk.mjs')])
  const isForWindows = reasonToSkipWindowsRelease() === ''
  await run('host/release/build.mjs', '--if-possible')
  for (const name of isForWindows ? archives : [archives[0]]) {
    // First the sums, which say what differs.
    const sums = join(name.replace(/\.(zip|tar\.gz)$/, ''), 'SHA256SUMS')
    expect(readFileSync(join(copy, 'build/release', sums), 'utf8')).toBe(readFileSync(released(sums), 'utf8'))
    const again = readFileSync(join(copy, 'build/release', name))
    expect(Buffer.compare(again, readFileSync(released(name))), name).toBe(0)
  }
})
