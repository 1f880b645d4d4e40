// Writes a release: the folder, and the archive of it. The same files give the same bytes, whoever packs them, wherever and when.

import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'

import { zipSync } from 'fflate'

/** Of every file. A zip has local times and none before 1980; noon is the same day on every clock. */
const packedAt = { zip: new Date(1980, 0, 1, 12), tar: '1980-01-01 12:00:00Z' }

/** @param {Uint8Array} bytes */
const digest = (bytes) => createHash('sha256').update(bytes).digest('hex')

/** In the order of bytes, which is nobody's language. @param {string} a @param {string} b */
const byName = (a, b) => (a < b ? -1 : 1)

/**
 * With the sum of every file, in the form of sha256sum.
 *
 * @param {Map<string, Buffer>} contents
 * @returns {Map<string, Buffer>}
 */
export function withSums(contents) {
  const files = new Map([...contents].sort(([a], [b]) => byName(a, b)))
  const lines = [...files].map(([name, bytes]) => `${digest(bytes)}  ${name}\n`)
  return files.set('SHA256SUMS', Buffer.from(lines.join('')))
}

/**
 * Replaces the folder: what was in it may be of another build.
 *
 * @param {string} folder
 * @param {Map<string, Buffer>} files
 * @param {string[]} executable
 */
export function writeFolder(folder, files, executable) {
  const unfinished = `${folder}.${process.pid}`
  for (const [name, bytes] of files) {
    mkdirSync(dirname(join(unfinished, name)), { recursive: true })
    writeFileSync(join(unfinished, name), bytes, { mode: executable.includes(name) ? 0o755 : 0o644 })
  }
  rmSync(folder, { recursive: true, force: true })
  renameSync(unfinished, folder)
}

/**
 * @param {string} folder that was written
 * @returns {Uint8Array} a .tar.gz
 */
export function tarOf(folder) {
  const options = ['--create', '--format=ustar', '--sort=name', `--mtime=${packedAt.tar}`]
  const owner = ['--owner=0', '--group=0', '--numeric-owner', '--mode=u=rwX,go=rX']
  const place = ['--directory', dirname(folder), basename(folder)]
  const tar = execFileSync('tar', [...options, ...owner, ...place], { maxBuffer: 2 ** 28 })
  return gzipSync(tar, { level: 9 })
}

/**
 * @param {string} folder its name is the top folder in the archive
 * @param {Map<string, Buffer>} files
 * @returns {Uint8Array} a .zip
 */
export function zipOf(folder, files) {
  const entries = [...files].map(([name, bytes]) => [`${basename(folder)}/${name}`, bytes])
  return zipSync(Object.fromEntries(entries), { level: 9, mtime: packedAt.zip })
}

/**
 * The archive, and its sum beside it.
 *
 * @param {string} path
 * @param {Uint8Array} bytes
 */
export function writeArchive(path, bytes) {
  writeFileSync(`${path}.${process.pid}`, bytes)
  renameSync(`${path}.${process.pid}`, path)
  writeFileSync(`${path}.sha256`, `${digest(bytes)}  ${basename(path)}\n`)
}
