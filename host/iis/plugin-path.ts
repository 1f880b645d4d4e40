/**
 * What may stand as the plug-in's file in a web.config: one file on a disk of this machine, whoever reads it and whatever is in their
 * environment. IIS expands variables with its own account's environment, and a plug-in that it does not find stops the application.
 */

import { PortcullisError } from '../errors.ts'

/** The library that IIS loads. The settings file beside it has its name. */
export const pluginFileName = 'portcullis.dll'

/** MAX_PATH, less the zero at its end: what loads the library may know no longer paths. */
const PATH_UNITS_MAX = 259

const example = `C:\\Program Files\\Portcullis\\1.0.0\\plugin\\${pluginFileName}`

/** Rules in the order in which they are told. Each is a cause; the cure is the same for most. */
const rules: readonly (readonly [RegExp, string])[] = [
  [/^$/, 'it is empty'],
  [/%/, 'it has an environment variable, which IIS would expand with the account of its application pool'],
  [/\//, 'it has a forward slash; write backslashes'],
  [/^\\\\[?.]\\/, 'it begins with a device prefix, which not everything that reads a web.config understands'],
  [/^\\\\/, 'it is on another machine; whoever holds that machine would decide what IIS loads'],
  [/^[A-Za-z]:(?!\\)/, "it has a drive and no folder, and would be looked for in that drive's current one"],
  [/^(?![A-Za-z]:\\)/, 'it is relative, and would be looked for wherever IIS happens to run'],
  // biome-ignore lint/suspicious/noControlCharactersInRegex: Windows forbids them in names
  [/^..\\.*[<>:"|?*\u0000-\u001f]/s, 'it has a character that Windows allows in no name'],
  [/\\(\\|$)/, 'one of its names is empty'],
  [/\\[^\\]*[. ](\\|$)/, 'one of its names ends with a full stop or a space, which Windows takes away'],
]

/** Why a path cannot be a plug-in's; undefined if it can. */
export function pathProblem(path: string): string | undefined {
  const broken = rules.find(([rule]) => rule.test(path))
  if (broken !== undefined) return broken[1]
  if (path.length > PATH_UNITS_MAX)
    return `it has ${path.length} characters; at most ${PATH_UNITS_MAX} are safe`
  return undefined
}

export function fileNameOf(path: string): string {
  return path.split(/[\\/]/).at(-1) ?? ''
}

export function isPluginFile(path: string): boolean {
  return fileNameOf(path).toLowerCase() === pluginFileName
}

/** Throws ERR_IIS_PLUGIN_PATH. */
export function checkPluginPath(path: string): void {
  const named = isPluginFile(path) ? undefined : `the plug-in's file is called ${pluginFileName}`
  const problem = pathProblem(path) ?? named
  if (problem === undefined) return
  throw new PortcullisError('ERR_IIS_PLUGIN_PATH', `"${path}": ${problem}; give a path such as ${example}`)
}
