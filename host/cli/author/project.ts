/** What a folder must have to be a policy project. Looked at before anything is done there, so that its absence is named. */

import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

import { PortcullisError } from '../../errors.ts'
import { parseJson, readText } from '../../json-file.ts'

/** Throws ERR_PROJECT_FOLDER. */
export function needProject(folder: string): void {
  if (existsSync(join(folder, 'asconfig.json'))) return
  throw new PortcullisError(
    'ERR_PROJECT_FOLDER',
    `${folder} is no policy project, because it has no asconfig.json; ` +
      'name the folder of a project or go there, or make one with "portcullis new"',
  )
}

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

/** The compiler that a project has brought. Throws ERR_PROJECT_FOLDER or ERR_PROJECT_PACKAGE if it cannot compile. */
export function compilerOf(folder: string): string {
  needProject(folder)
  const config = join(folder, 'asconfig.json')
  // The compiler itself ends with a stack trace of its own on what is no JSON.
  const value = parseJson(readText(config, 'ERR_PROJECT_FOLDER'), config, 'ERR_PROJECT_FOLDER')
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new PortcullisError('ERR_PROJECT_FOLDER', `${config} must be an object, such as {"extends": ...}`)
  }
  const compiler = fileOfPackage(folder, 'assemblyscript', 'bin/asc.js')
  fileOfPackage(folder, 'portcullis', 'asconfig.json')
  return compiler
}
