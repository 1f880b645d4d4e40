/**
 * Where the parts of an installation are, seen from this file. Nothing else in the host knows the layout on disk, of which
 * there are two: a source tree with what was built in build/, and a release, which release.json marks. A third copy of this
 * file is in the packed SDK; there only the data files are asked for.
 */

import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { PortcullisError } from './errors.ts'

/** The nearest folder, from `start` upwards, that has the file. */
function folderWith(file: string, start: string): string {
  let folder = start
  while (!existsSync(join(folder, file))) {
    const parent = dirname(folder)
    if (parent === folder) throw new PortcullisError('ERR_NATIVE_MISSING', `no ${file} around ${start}`)
    folder = parent
  }
  return folder
}

/**
 * The top folder: the one with the host's data files, which the compiler leaves where the sources are. This file is in host/
 * in a release and when tests run the sources, in build/host/ otherwise.
 */
export const root = folderWith(
  join('host', 'winrm', 'question.schema.json'),
  dirname(fileURLToPath(import.meta.url)),
)

const isWindows = process.platform === 'win32'
const isRelease = existsSync(join(root, 'release.json'))

/** What to do when a part is not there. */
export const repair = isRelease ? 'the installation is incomplete; unpack it again' : 'run "npm run build"'

/** What a release says its files are; a source tree says nothing. */
export const releaseSums = isRelease ? join(root, 'SHA256SUMS') : undefined

/** How a person calls the command in the top folder. */
export const commandLine = isRelease
  ? isWindows
    ? '.\\portcullis'
    : './portcullis'
  : 'npm run -s portcullis --'

interface About {
  readonly version: string
  /** What a policy project is compiled and tested with, by package. */
  readonly devDependencies: Readonly<Record<string, string>>
}

/** In a release the builder has written it; it keeps the names of package.json. */
function readAbout(): About {
  const name = isRelease ? 'release.json' : 'package.json'
  return JSON.parse(readFileSync(join(folderWith(name, root), name), 'utf8'))
}

const about = readAbout()

/** The product's version. */
export const version = about.version

/** The system that this runs on, as a release names it. */
export const platform = `${isWindows ? 'windows' : process.platform}-${process.arch}`

/** The version of a package that this installation's own policies are compiled and tested with. */
export function projectVersion(name: 'assemblyscript' | 'vitest'): string {
  return about.devDependencies[name] as string
}

/** A compiled file of the host. */
function compiled(...names: string[]): string {
  return isRelease ? join(root, 'host', ...names) : join(root, 'build', 'host', ...names)
}

/** The command `portcullis`, for Node. */
export const commandMain = compiled('cli', 'main.js')

export const evaluatorMain = compiled('evaluator', 'main.js')

/** Where the thread begins that writes the audit log. */
export const auditWriterMain = compiled('audit', 'writer-main.js')
/** The process that serves the admin API, and the one of a job that was asked for there. */
export const adminMain = compiled('admin', 'main.js')
export const jobMain = compiled('admin', 'job-main.js')

/** Where the processes of admission begin: the two steps, and what bounds each before it begins. */
export const admissionMains = {
  limits: compiled('admission', 'process-limits.js'),
  rewrite: compiled('admission', 'rewrite-step.js'),
  try: compiled('admission', 'try-step.js'),
} as const

/** Where the processes begin that answer recorded questions again or sweep two policies, and what bounds each before it begins. */
export const replayMains = {
  limits: compiled('replay', 'process-limits.js'),
  replay: compiled('replay', 'replay-main.js'),
  sweep: compiled('replay', 'sweep-main.js'),
} as const

/** The SDK as an npm package, with all that it needs. */
export const sdkPackage = isRelease
  ? join(root, 'sdk', 'portcullis.tgz')
  : join(root, 'build', 'portcullis.tgz')

/** The sources of the example policies, a folder each. */
export const exampleSources = join(root, 'policies', 'examples')

/** A compiled example policy. */
export function examplePolicy(name: string): string {
  return isRelease ? join(root, 'policies', `${name}.wasm`) : join(root, 'build', 'policies', `${name}.wasm`)
}

/** A schema or other data file that stands beside the sources. */
export function hostFile(...names: string[]): string {
  return join(root, 'host', ...names)
}

/** What IIS loads and the double of WinRM are each apart from everything else. */
const releaseFolders = { portcullis: 'plugin', WsmSvc: 'double' } as const

/** Where a file of the native build belongs. */
function nativePlace(releaseFolder: string, file: string): string {
  const folder = isRelease ? [releaseFolder] : ['build', isWindows ? 'native-windows' : 'native']
  return join(root, ...folder, file)
}

type Library = 'portcullis' | 'portcullis_io' | 'portcullis_units' | 'WsmSvc'

function libraryPlace(name: Library): string {
  const folder = releaseFolders[name as keyof typeof releaseFolders] ?? 'bin'
  return nativePlace(folder, isWindows ? `${name}.dll` : `lib${name}.so`)
}

const servicePlace = nativePlace('bin', 'portcullis_service.exe')

function present(path: string): string {
  if (!existsSync(path)) throw new PortcullisError('ERR_NATIVE_MISSING', `${path}; ${repair}`)
  return path
}

/** A library of the native build; portcullis_units is for tests and in no release. Throws ERR_NATIVE_MISSING. */
export function nativeLibrary(name: Library): string {
  return present(libraryPlace(name))
}

/** The plug-in that IIS is to load. Its settings file is beside it. */
export function pluginLibrary(): string {
  return nativeLibrary('portcullis')
}

/** The program that Windows runs as a service. */
export function serviceProgram(): string {
  return present(servicePlace)
}

/** Where the parts belong without which nothing works, be they there or not. The plug-in is the first. */
export const essentialParts: readonly string[] = [
  ...(['portcullis', 'portcullis_io', 'WsmSvc'] as const).map((name) => libraryPlace(name)),
  ...(isWindows ? [servicePlace] : []),
  commandMain,
  evaluatorMain,
]
