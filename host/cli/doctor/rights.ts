/** Whether somebody who is not an administrator could change what the host and IIS load. */

import { describeWriter, writersOf } from '../../files/writers.ts'
import { commandMain, nativeLibrary, pluginLibrary, serviceProgram } from '../../paths.ts'
import type { Config } from '../../tenant/config.ts'
import { type Finding, looked, ok, problem } from './finding.ts'

const isWindows = process.platform === 'win32'

const cure = isWindows
  ? 'take the right away from them, for instance with icacls; the guide "install on IIS" has the lines'
  : 'take the right away from them, for instance with "chmod go-w"'

/** The files that decide who gets in. The Node is the one that runs this. */
function decisive(configPath: string, config: Config | undefined): string[] {
  const installed = [pluginLibrary(), nativeLibrary('portcullis_io'), commandMain, process.execPath]
  if (isWindows) installed.push(serviceProgram())
  return [...installed, configPath, ...(config?.files ?? [])]
}

/** `more`: other files that have been found, such as the plug-in's settings. */
export function lookAtRights(
  configPath: string,
  config: Config | undefined,
  more: readonly string[],
): Promise<Finding[]> {
  return looked('rights', 'see that the file is there and may be read', () => {
    const paths = [...new Set([...decisive(configPath, config), ...more])]
    // Each place once: what may be changed through a folder may be changed in every file of it.
    const places = new Map<string, string>()
    for (const path of paths) {
      for (const writer of writersOf(path)) {
        const place = describeWriter(writer)
        if (!places.has(place)) places.set(place, path)
      }
    }
    if (places.size === 0)
      return [ok('rights', `only administrators may change the ${paths.length} files that decide`)]
    return [...places].map(([place, path]) => problem('rights', `${path} may be changed by ${place}`, cure))
  })
}
