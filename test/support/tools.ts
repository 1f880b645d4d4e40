// Tools of others that some tests need. They are not npm packages, so a machine may lack one: a test that needs it is
// then skipped by a name that says what to install. In CI it fails instead.

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join, sep } from 'node:path'

/** The Debian package of each. */
const packages = {
  'wasm-opt': 'binaryen',
  wat2wasm: 'wabt',
  'x86_64-w64-mingw32-gcc': 'gcc-mingw-w64-x86-64',
  wine: 'wine',
} as const
export type Tool = keyof typeof packages

/**
 * npm puts the packages' own programs before the system's. Among them is a wasm-opt that runs in JavaScript, another
 * version and a hundred times slower.
 */
function find(tool: Tool): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return folders
    .filter((folder) => folder !== '' && !folder.split(sep).includes('node_modules'))
    .map((folder) => join(folder, tool))
    .find((path) => existsSync(path))
}

/** Why a test that needs the tool cannot run here, as the end of its name; empty if it can. */
export function reasonToSkip(tool: Tool): string {
  if (find(tool) !== undefined) return ''
  const reason = `${tool} is missing; install the Debian package ${packages[tool]}`
  if (process.env.CI === 'true') throw new Error(reason)
  return ` (skipped: ${reason})`
}

/** What the tool prints. Throws with what it complains about. */
export function runTool(tool: Tool, options: readonly string[], input: string | Uint8Array = ''): Buffer {
  const { error, status, signal, stdout, stderr } = spawnSync(find(tool) ?? tool, options, {
    input,
    maxBuffer: 2 ** 26,
  })
  if (status === 0) return stdout
  throw new Error(`${tool} ${options.join(' ')}: ${error ?? signal ?? status}\n${stderr}`)
}

/** A module from the text format. */
export function fromText(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(runTool('wat2wasm', ['-', '--output=-'], text))
}
