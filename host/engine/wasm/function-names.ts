/** The names that a compiler left in a module for people (core specification, appendix "name section"). */

import { ByteReader } from './byte-reader.ts'
import { importsOf, type Module } from './module.ts'

const FUNCTION_NAMES = 1

/** Longer ones than any compiler makes are no help to people. */
const NAME_BYTES_MAX = 1_000

/** By index, imported functions first. A section that is broken is as good as none. */
function namesIn(section: Uint8Array): Map<number, string> {
  const names = new Map<number, string>()
  try {
    const reader = new ByteReader(section)
    while (!reader.isAtEnd) {
      const id = reader.byte()
      const part = reader.part(reader.u32())
      if (id !== FUNCTION_NAMES) continue
      for (let left = part.u32(); left > 0; left--) names.set(part.u32(), part.name(NAME_BYTES_MAX) ?? '')
    }
  } catch {
    names.clear()
  }
  return names
}

/** Of the module's own functions in their order: from its name section, else from its exports, else by number. */
export function ownFunctionNames(bytes: Uint8Array, module: Module): string[] {
  const compiled = new WebAssembly.Module(Uint8Array.from(bytes))
  const [section] = WebAssembly.Module.customSections(compiled, 'name')
  const names = namesIn(new Uint8Array(section ?? new ArrayBuffer(0)))
  const imported = importsOf(module, 'function').length
  return module.functions.map((_, number) => {
    const index = imported + number
    const exported = module.exports.find((one) => one.kind === 'function' && one.index === index)
    return names.get(index) || exported?.name || `function ${index}`
  })
}
