// Makes the releases of what "npm run build" has built. Usage: node host/release/build.mjs [--if-possible] [--out FOLDER]
//
// For each system a folder, its archive (.tar.gz for Linux, .zip for Windows) and the archive's sum, in build/release or FOLDER.
// The release for Windows needs MinGW-w64 and Windows' packages (npm run runtimes); with --if-possible a lack of one of them is
// said and no failure.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

import { tarOf, withSums, writeArchive, writeFolder, zipOf } from './archive.mjs'
import { contentsOf, root, systems, version } from './contents.mjs'

/** @param {string} message */
function fail(message) {
  console.error(`release: ${message}`)
  return process.exit(1)
}

function readOptions() {
  try {
    const known = /** @type {const} */ ({ 'if-possible': { type: 'boolean' }, out: { type: 'string' } })
    return parseArgs({ options: known }).values
  } catch (error) {
    return fail(error.message)
  }
}

const options = readOptions()
const out = resolve(options.out ?? join(root, 'build/release'))

/** Builds for Windows. Says why that cannot be, or nothing. */
function lackForWindows() {
  const { packages, cure } = systems.windows
  const folder = join(packages, 'node_modules')
  if (!existsSync(join(root, folder))) return `${folder} is missing; ${cure}`
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'native/build.mjs'), 'windows'], {
    encoding: 'utf8',
  })
  if (status === 0) return ''
  if (/ is missing; install MinGW-w64/.test(stderr)) return stderr.trim()
  return fail(stderr)
}

/** @param {'linux' | 'windows'} name */
async function make(name) {
  const startedMs = performance.now()
  const system = systems[name]
  const title = `portcullis-${version}-${system.platform}`
  const folder = join(out, title)
  const files = withSums(await contentsOf(system))
  writeFolder(folder, files, ['portcullis'])
  const isZip = name === 'windows'
  const bytes = isZip ? zipOf(folder, files) : tarOf(folder)
  writeArchive(`${folder}${isZip ? '.zip' : '.tar.gz'}`, bytes)
  const took = Math.round(performance.now() - startedMs)
  console.log(
    `${title}: ${files.size} files, ${bytes.length.toLocaleString('en-US')} bytes packed, in ${took} ms`,
  )
}

mkdirSync(out, { recursive: true })
try {
  await make('linux')
  const lack = lackForWindows()
  if (lack === '') await make('windows')
  else if (options['if-possible']) console.error(`release: none for Windows: ${lack}`)
  else fail(`none for Windows: ${lack}`)
} catch (error) {
  if (error.code === 'ENOENT') fail(`${error.path} is missing; run "npm run build"`)
  fail(error.message)
}
