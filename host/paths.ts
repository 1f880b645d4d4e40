/**
 * Where the parts of an installation are, seen from this file. Nothing else in the host knows the layout on disk.
 */

import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { PortcullisError } from './errors.ts'

/** The folder that has host/ with its data files: the compiler leaves those where the sources are. */
function findRoot(start: string): string {
  let folder = start
  while (!existsSync(join(folder, 'host', 'winrm', 'question.schema.json'))) {
    const parent = dirname(folder)
    if (parent === folder) throw new PortcullisError('ERR_NATIVE_MISSING', `no installation around ${start}`)
    folder = parent
  }
  return folder
}

/** The top folder. This file is in host/ when tests run the sources, in build/host/ otherwise. */
export const root = findRoot(dirname(fileURLToPath(import.meta.url)))

/** Says which release this is. */
export const packageFile = join(root, 'package.json')

export const evaluatorMain = join(root, 'build', 'host', 'evaluator', 'main.js')

/** Where the processes of admission begin: the two steps, and what bounds each before it begins. */
export const admissionMains = {
  limits: join(root, 'build', 'host', 'admission', 'process-limits.js'),
  rewrite: join(root, 'build', 'host', 'admission', 'rewrite-step.js'),
  try: join(root, 'build', 'host', 'admission', 'try-step.js'),
} as const

/** The SDK as an npm package, with all that it needs. */
export const sdkPackage = join(root, 'build', 'portcullis.tgz')

/** A schema or other data file that stands beside the sources. */
export function hostFile(...names: string[]): string {
  return join(root, 'host', ...names)
}

/** A library of the native build. Throws ERR_NATIVE_MISSING if it has not been built. */
export function nativeLibrary(name: 'portcullis' | 'portcullis_io' | 'portcullis_units' | 'WsmSvc'): string {
  const isWindows = process.platform === 'win32'
  const path = isWindows
    ? join(root, 'build', 'native-windows', `${name}.dll`)
    : join(root, 'build', 'native', `lib${name}.so`)
  if (!existsSync(path)) throw new PortcullisError('ERR_NATIVE_MISSING', `${path}; run "npm run build"`)
  return path
}
