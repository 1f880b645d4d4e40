/**
 * Compiles a policy project with its own compiler, in a process of its own. The compiler is the author's choice and
 * part of the project, so none is bundled here and none runs inside the host's code.
 */

import { spawn } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'

import { compilerHintsFor } from './compiler-hints.ts'
import { compilerOf } from './project.ts'
import { modulePath } from './project-paths.ts'

/** The policy once more, for reading: see `compileForReading`. */
const readableModulePath = join('build', 'policy.debug.wasm')

/**
 * Compiles a project to one of its files. Gives false after compile errors, which have been printed with what helps.
 * The old module goes first: after a failure nothing is left that could be taken for the new one.
 */
async function compileTo(folder: string, file: string, ...options: string[]): Promise<boolean> {
  const compiler = compilerOf(folder)
  const module = join(folder, file)
  rmSync(module, { force: true })
  const args = [compiler, '--baseDir', folder, '--outFile', file, '--noColors', ...options]
  const child = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      printed += text
    })
  }
  const status = await new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  // Also what it prints to its standard output: ours is for results.
  process.stderr.write(printed)
  for (const hint of compilerHintsFor(printed)) console.error(`hint: ${hint}`)
  return status === 0 && existsSync(module)
}

/** The module that goes to a host. False after compile errors. */
export function compile(folder: string): Promise<boolean> {
  return compileTo(folder, modulePath, '--target', 'release')
}

/** Unoptimised, with names and a source map beside it. Its path; undefined after compile errors. */
export async function compileForReading(folder: string): Promise<string | undefined> {
  const options = ['--debug', '--sourceMap', '--optimizeLevel', '0', '--shrinkLevel', '0']
  return (await compileTo(folder, readableModulePath, ...options))
    ? join(folder, readableModulePath)
    : undefined
}
