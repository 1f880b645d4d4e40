/**
 * Compiles a policy project with its own compiler, in a process of its own. The compiler is the author's choice and
 * part of the project, so none is bundled here and none runs inside the host's code.
 */

import { spawn } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

import { PortcullisError } from '../../errors.ts'

/** Where a project's module and vectors are, seen from its folder. */
export const modulePath = join('build', 'policy.wasm')
export const vectorsPath = 'vectors.jsonl'

/** A file of a package as the project sees it. Throws ERR_PROJECT_PACKAGE if it is not installed. */
function fileOfPackage(folder: string, packageName: string, file: string): string {
  try {
    return createRequire(join(folder, 'package.json')).resolve(`${packageName}/${file}`)
  } catch {
    throw new PortcullisError(
      'ERR_PROJECT_PACKAGE',
      `${folder} has no node_modules/${packageName}; run "npm install" in it`,
    )
  }
}

/**
 * Gives false after compile errors, which the compiler has printed. The old module goes first: after a failure
 * nothing is left that could be taken for the new one.
 */
export async function compile(folder: string): Promise<boolean> {
  if (!existsSync(join(folder, 'asconfig.json'))) {
    const advice = 'name the folder of a project, or make one with "portcullis new"'
    throw new PortcullisError('ERR_PROJECT_FOLDER', `${folder} has no asconfig.json; ${advice}`)
  }
  const compiler = fileOfPackage(folder, 'assemblyscript', 'bin/asc.js')
  fileOfPackage(folder, 'portcullis', 'asconfig.json')
  const module = join(folder, modulePath)
  rmSync(module, { force: true })
  const args = [compiler, '--baseDir', folder, '--target', 'release', '--outFile', modulePath]
  // It takes an environment with CI=true for a terminal; what is written to a file is for reading as it is.
  if (!process.stderr.isTTY) args.push('--noColors')
  // Its words go to our error output, also those that it would print to the other: that is for results.
  const child = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 2, 2] })
  const status = await new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  return status === 0 && existsSync(module)
}
