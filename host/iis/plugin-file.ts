/**
 * What a library says of itself: which machine it is for, and whether it exports what WinRM looks up. Reads only that much of the
 * format ("PE Format" in Microsoft's documentation), and believes no offset: the file may be anything.
 */

import { readFileSync, statSync } from 'node:fs'

import { PortcullisError } from '../errors.ts'
import { whyUnreadable } from '../json-file.ts'

/** What WinRM looks up in an authorization plug-in (native/plugin/portcullis.def has the same). */
export const entryPoints = [
  'WSManPluginAuthzOperation',
  'WSManPluginAuthzQueryQuota',
  'WSManPluginAuthzReleaseContext',
  'WSManPluginAuthzUser',
  'WSManPluginShutdown',
  'WSManPluginStartup',
] as const

/** Ours has some 400 KiB, half of that for debuggers. */
const PLUGIN_BYTES_MAX = 16 * 1024 * 1024

/** Of a directory of exports that is worth reading: no library of ours has more than some dozens. */
const EXPORTS_MAX = 1024

const machines: Record<number, string> = { 34404: 'x64', 332: 'x86 (32-bit)', 43620: 'ARM64' }
const X64 = 0x8664
const PE32_PLUS = 0x20b
const SECTION_BYTES = 40

interface Section {
  readonly address: number
  readonly size: number
  readonly file: number
}

function sectionsOf(bytes: Buffer, header: number): Section[] {
  const table = header + 24 + bytes.readUInt16LE(header + 20)
  return Array.from({ length: bytes.readUInt16LE(header + 6) }, (_, index) => ({
    size: bytes.readUInt32LE(table + SECTION_BYTES * index + 8),
    address: bytes.readUInt32LE(table + SECTION_BYTES * index + 12),
    file: bytes.readUInt32LE(table + SECTION_BYTES * index + 20),
  }))
}

function exportsOf(bytes: Buffer, header: number): string[] {
  const sections = sectionsOf(bytes, header)
  const at = (address: number): number => {
    const section = sections.find((each) => address >= each.address && address - each.address < each.size)
    if (section === undefined) throw new RangeError('an address that no section has')
    return section.file + address - section.address
  }
  const directory = bytes.readUInt32LE(header + 24 + 112)
  if (directory === 0) return []
  const count = bytes.readUInt32LE(at(directory) + 24)
  if (count > EXPORTS_MAX) throw new RangeError('more exports than are read')
  const names = at(bytes.readUInt32LE(at(directory) + 32))
  return Array.from({ length: count }, (_, index) => {
    const start = at(bytes.readUInt32LE(names + 4 * index))
    const end = bytes.indexOf(0, start)
    if (end < 0) throw new RangeError('a name without an end')
    return bytes.toString('latin1', start, end)
  })
}

/** Why IIS could not load these bytes as the plug-in; undefined if nothing speaks against it. */
export function libraryProblem(bytes: Buffer): string | undefined {
  try {
    if (bytes.toString('latin1', 0, 2) !== 'MZ') return 'it is no library of Windows'
    const header = bytes.readUInt32LE(0x3c)
    if (bytes.toString('latin1', header, header + 4) !== 'PE\0\0') return 'it is no library of Windows'
    const machine = bytes.readUInt16LE(header + 4)
    if (machine !== X64) {
      const name = machines[machine] ?? `machine 0x${machine.toString(16)}`
      return `it is for ${name}, and Portcullis's plug-in is for x64`
    }
    if (bytes.readUInt16LE(header + 24) !== PE32_PLUS) return 'it is no 64-bit library'
    const exports = exportsOf(bytes, header)
    const missing = entryPoints.filter((name) => !exports.includes(name))
    if (missing.length > 0) return `it does not export ${missing.join(', ')}, which WinRM looks up`
    if (exports.length > entryPoints.length) return "it exports more than Portcullis's plug-in does"
    return undefined
  } catch (error) {
    if (error instanceof RangeError) return 'it is damaged, or no library of Windows'
    throw error
  }
}

/** The same for a file. */
export function pluginFileProblem(path: string): string | undefined {
  try {
    if (statSync(path).size > PLUGIN_BYTES_MAX) return 'it is too large to be the plug-in'
    return libraryProblem(readFileSync(path))
  } catch (error) {
    return `it ${whyUnreadable(error)}`
  }
}

/** Throws ERR_IIS_PLUGIN_FILE. */
export function checkPluginFile(path: string): void {
  const problem = pluginFileProblem(path)
  if (problem === undefined) return
  const cure = "name the plug-in of an unpacked release, or leave --plugin away for this release's own"
  throw new PortcullisError('ERR_IIS_PLUGIN_FILE', `${path}: ${problem}; ${cure}`)
}
