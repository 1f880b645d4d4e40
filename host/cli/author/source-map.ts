/** From bytes of a module to lines of the sources that it was compiled from, by the map that the compiler wrote beside it. */

import { existsSync } from 'node:fs'
import { SourceMap, type SourceMapPayload, type SourceMapping } from 'node:module'
import { basename, dirname, join } from 'node:path'

import { PortcullisError } from '../../errors.ts'
import { parseJson, readText } from '../../json-file.ts'

export interface Place {
  readonly file: string
  /** From 1. */
  readonly line: number
}

export interface Sources {
  /** Undefined for what the map does not know. */
  place(offset: number): Place | undefined
  /** The lines of a source; none if the map does not bring it. */
  lines(file: string): readonly string[]
}

/** The map that a module names in its section `sourceMappingURL`, or the one that is named like it. */
function mapPath(modulePath: string, bytes: Uint8Array): string | undefined {
  const module = new WebAssembly.Module(Uint8Array.from(bytes))
  const [section] = WebAssembly.Module.customSections(module, 'sourceMappingURL')
  // The section is a name: its length, below 128 for any that a compiler writes, and its text.
  const named = section === undefined ? '' : Buffer.from(section).subarray(1).toString()
  // Beside the module, whatever path it names: who made the module may not choose what is opened here.
  const candidates = [join(dirname(modulePath), basename(named)), `${modulePath}.map`]
  return candidates.find((path) => path.endsWith('.map') && existsSync(path))
}

/** Undefined if there is no map. Throws ERR_MODULE_UNREADABLE if there is one that cannot be read. */
export function sourcesOf(modulePath: string, bytes: Uint8Array): Sources | undefined {
  const path = mapPath(modulePath, bytes)
  if (path === undefined) return undefined
  const payload = parseJson(readText(path, 'ERR_MODULE_UNREADABLE'), path, 'ERR_MODULE_UNREADABLE')
  const { sources, sourcesContent = [], mappings } = payload as Partial<SourceMapPayload>
  if (!Array.isArray(sources) || typeof mappings !== 'string') {
    throw new PortcullisError('ERR_MODULE_UNREADABLE', `${path} is no source map`)
  }
  const map = new SourceMap(payload as SourceMapPayload)
  return {
    place(offset) {
      const { originalSource: file, originalLine } = map.findEntry(0, offset) as Partial<SourceMapping>
      return file === undefined || originalLine === undefined ? undefined : { file, line: originalLine + 1 }
    },
    lines: (file) => sourcesContent[sources.indexOf(file)]?.split('\n') ?? [],
  }
}
