// The service's pure parts as TypeScript sees them: build/native/libportcullis_units.so through koffi.

import koffi from 'koffi'

import { nativeLibrary } from '../../host/paths.ts'

const library = koffi.load(nativeLibrary('portcullis_units'))
const native = {
  restartDelays: library.func(
    'void units_restart_delays(const uint64_t *served_ms, uint32_t count, uint32_t *delays)',
  ),
  rate: library.func('void units_rate(const uint64_t *times_ms, uint32_t count, int32_t *left_out)'),
  rotationIsDue: library.func('int units_rotation_is_due(uint64_t bytes, uint64_t adding)'),
  rotationName: library.func('int units_rotation_name(uint8_t *name, const char *stem, uint32_t index)'),
  linesIsEvent: library.func(
    'int units_lines_is_event(const uint8_t *line, uint32_t size, const char *event)',
  ),
  linesDenied: library.func('uint64_t units_lines_denied(const uint8_t *line, uint32_t size)'),
  linesCut: library.func(
    'uint32_t units_lines_cut(const uint8_t *text, uint32_t size, uint32_t piece, uint8_t *out)',
  ),
  commandLineAdd: library.func(
    'int32_t units_command_line(const uint16_t *const *arguments, uint32_t count, uint16_t *text, uint32_t units_max)',
  ),
  commandLineRuns: library.func('int units_command_line_runs(const uint16_t *text, const char *name)'),
}

/** What is waited before each start, given how long each host had served. */
export function restartDelays(servedMs: readonly number[]): number[] {
  const delays = new Uint32Array(servedMs.length)
  native.restartDelays(BigUint64Array.from(servedMs, BigInt), servedMs.length, delays)
  return [...delays]
}

/** For each time how many reports were left out before it, or undefined if it is left out itself. */
export function reportsAt(timesMs: readonly number[]): (number | undefined)[] {
  const leftOut = new Int32Array(timesMs.length)
  native.rate(BigUint64Array.from(timesMs, BigInt), timesMs.length, leftOut)
  return [...leftOut].map((count) => (count < 0 ? undefined : count))
}

export function rotationIsDue(bytes: number, adding: number): boolean {
  return native.rotationIsDue(bytes, adding) !== 0
}

export function rotationName(stem: string, index: number): string | undefined {
  const name = Buffer.alloc(64)
  if (native.rotationName(name, stem, index) === 0) return undefined
  return name.toString('latin1', 0, name.indexOf(0))
}

export function isEvent(line: string, event: string): boolean {
  const bytes = Buffer.from(`${line}"`)
  return native.linesIsEvent(bytes, bytes.length - 1, event) !== 0
}

/** Behind the line more digits follow, which do not count. */
export function deniedIn(line: string): number {
  const bytes = Buffer.from(`${line}99`)
  return Number(native.linesDenied(bytes, bytes.length - 2))
}

/** Lines as they come out, for each piece that is put in. */
export function cut(text: string, piece: number): string[][] {
  const bytes = Buffer.from(text)
  const out = Buffer.alloc(3 * bytes.length + 3)
  const size: number = native.linesCut(bytes, bytes.length, piece, out)
  const pieces = out.toString('utf8', 0, size).split('/').slice(0, -1)
  return pieces.map((lines) => lines.split('|').slice(0, -1))
}

const units = (text: string) => Buffer.from(`${text}\0`, 'utf16le')

/** Undefined if it does not fit. */
export function commandLine(given: readonly string[], unitsMax = 32_767): string | undefined {
  const text = Buffer.alloc(2 * unitsMax + 2, 0xa5)
  const length: number = native.commandLineAdd(given.map(units), given.length, text, unitsMax)
  if (text.readUInt16LE(2 * unitsMax) !== 0xa5a5) throw new Error('the text was written behind its end')
  if (length < 0) return undefined
  if (text.readUInt16LE(2 * length) !== 0) throw new Error('the text has no terminator')
  return text.toString('utf16le', 0, 2 * length)
}

export function runs(text: string, name: string): boolean {
  return native.commandLineRuns(units(text), name) !== 0
}
