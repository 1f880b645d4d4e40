// The releases that "npm run build:tests" has made, and copies of them in folders of their own, as their users have them.

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

import { unzipSync } from 'fflate'

import { root, version } from '../../host/paths.ts'
import { reasonToSkipWindowsHost } from './windows-host.ts'

const releases = join(root, 'build', 'release')

export const linuxTitle = `portcullis-${version}-linux-x64`
export const windowsTitle = `portcullis-${version}-windows-x64`

/** What the builder writes, in any folder. */
export const archives = [`${linuxTitle}.tar.gz`, `${windowsTitle}.zip`] as const

/** A file or folder of build/release. */
export function released(name: string): string {
  const path = join(releases, name)
  if (!existsSync(path)) throw new Error(`${path} is not there; run "npm run build:tests"`)
  return path
}

/** Why there is no release for Windows here, or none that can be run, as the end of a test's name; empty if there is. */
export const reasonToSkipWindowsRelease = reasonToSkipWindowsHost

/** Outside this repository, so that nothing of it is found by looking upwards. */
export function emptyFolder(name: string): string {
  const folder = join(mkdtempSync(join(tmpdir(), 'portcullis-release-')), name)
  mkdirSync(folder)
  return folder
}

/** Returns the release's folder in `folder`. */
export function unpackLinux(folder: string): string {
  execFileSync('tar', ['-xzf', released(archives[0]), '-C', folder])
  return join(folder, linuxTitle)
}

export function readZip(): Map<string, Uint8Array> {
  return new Map(Object.entries(unzipSync(readFileSync(released(archives[1])))))
}

/** Returns the release's folder in `folder`. */
export function unpackWindows(folder: string): string {
  for (const [name, bytes] of readZip()) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), bytes)
  }
  return join(folder, windowsTitle)
}
