// Reads what a Windows library says of itself: machine, protections, imports, exports, version. Only what the tests need
// of the format ("PE Format" in Microsoft's documentation), and only for 64-bit files.

import { readFileSync } from 'node:fs'

const MACHINE_X64 = 0x8664
const MAGIC_PE32_PLUS = 0x20b
const RESOURCE_VERSION = 16
const FIXED_VERSION_SIGNATURE = 0xfeef04bd

const characteristics = { highEntropy: 0x20, dynamicBase: 0x40, noExecute: 0x100 } as const
const RELOCATIONS_STRIPPED = 1

export interface PortableExecutable {
  readonly isX64: boolean
  readonly highEntropy: boolean
  readonly dynamicBase: boolean
  readonly noExecute: boolean
  /** Dynamic base is empty words without them. */
  readonly hasRelocations: boolean
  readonly exports: readonly string[]
  /** Names by library, which is in lower case. */
  readonly imports: ReadonlyMap<string, readonly string[]>
  /** The four numbers of the file's version; undefined without a version resource. */
  readonly version: readonly number[] | undefined
}

interface Section {
  readonly start: number
  readonly size: number
  readonly file: number
}

class Image {
  readonly bytes: Buffer
  readonly #optional: number
  readonly #sections: Section[]

  constructor(path: string) {
    this.bytes = readFileSync(path)
    const header = this.bytes.readUInt32LE(0x3c)
    if (this.bytes.toString('latin1', header, header + 4) !== 'PE\0\0')
      throw new Error(`${path} is no PE file`)
    this.#optional = header + 24
    if (this.bytes.readUInt16LE(this.#optional) !== MAGIC_PE32_PLUS) throw new Error(`${path} is not 64-bit`)
    const table = this.#optional + this.bytes.readUInt16LE(header + 20)
    this.#sections = Array.from({ length: this.bytes.readUInt16LE(header + 6) }, (_, index) => ({
      size: this.bytes.readUInt32LE(table + 40 * index + 8),
      start: this.bytes.readUInt32LE(table + 40 * index + 12),
      file: this.bytes.readUInt32LE(table + 40 * index + 20),
    }))
  }

  get header(): number {
    return this.#optional - 24
  }

  get characteristics(): number {
    return this.bytes.readUInt16LE(this.#optional + 70)
  }

  /** Where a directory begins, as an address; 0 if the file has none. */
  directory(index: number): number {
    return this.bytes.readUInt32LE(this.#optional + 112 + 8 * index)
  }

  /** The place in the file of an address. */
  at(address: number): number {
    const section = this.#sections.find(({ start, size }) => address >= start && address < start + size)
    if (section === undefined) throw new Error(`no section holds ${address}`)
    return section.file + address - section.start
  }

  word(address: number): number {
    return this.bytes.readUInt32LE(this.at(address))
  }

  text(address: number): string {
    const start = this.at(address)
    return this.bytes.toString('latin1', start, this.bytes.indexOf(0, start))
  }
}

function exportsOf(image: Image): string[] {
  const directory = image.directory(0)
  if (directory === 0) return []
  const names = image.word(directory + 32)
  return Array.from({ length: image.word(directory + 24) }, (_, index) =>
    image.text(image.word(names + 4 * index)),
  )
}

function namesAt(image: Image, table: number): string[] {
  const names: string[] = []
  for (let address = table; image.word(address) !== 0; address += 8) {
    const isOrdinal = image.word(address + 4) >>> 31 === 1
    names.push(isOrdinal ? `#${image.word(address)}` : image.text(image.word(address) + 2))
  }
  return names
}

function importsOf(image: Image): Map<string, string[]> {
  const imports = new Map<string, string[]>()
  for (let entry = image.directory(1); image.word(entry + 12) !== 0; entry += 20) {
    imports.set(image.text(image.word(entry + 12)).toLowerCase(), namesAt(image, image.word(entry)))
  }
  return imports
}

/** The first entry of a resource directory, or the one with this number: where it leads. */
function resource(image: Image, root: number, directory: number, number?: number): number | undefined {
  const count = image.word(directory + 12)
  const entries = (count & 0xffff) + (count >>> 16)
  for (let index = 0; index < entries; index++) {
    const entry = directory + 16 + 8 * index
    if (number === undefined || image.word(entry) === number)
      return root + (image.word(entry + 4) & 0x7fffffff)
  }
  return undefined
}

function versionOf(image: Image): number[] | undefined {
  const root = image.directory(2)
  const type = root === 0 ? undefined : resource(image, root, root, RESOURCE_VERSION)
  const name = type && resource(image, root, type)
  const language = name && resource(image, root, name)
  if (language === undefined) return undefined
  const start = image.at(image.word(language))
  const signature = Buffer.alloc(4)
  signature.writeUInt32LE(FIXED_VERSION_SIGNATURE)
  const fixed = image.bytes.indexOf(signature, start)
  const high = image.bytes.readUInt32LE(fixed + 8)
  const low = image.bytes.readUInt32LE(fixed + 12)
  return [high >>> 16, high & 0xffff, low >>> 16, low & 0xffff]
}

export function readPe(path: string): PortableExecutable {
  const image = new Image(path)
  const has = (bit: number) => (image.characteristics & bit) !== 0
  const isStripped = (image.bytes.readUInt16LE(image.header + 22) & RELOCATIONS_STRIPPED) !== 0
  return {
    isX64: image.bytes.readUInt16LE(image.header + 4) === MACHINE_X64,
    highEntropy: has(characteristics.highEntropy),
    dynamicBase: has(characteristics.dynamicBase),
    noExecute: has(characteristics.noExecute),
    hasRelocations: !isStripped && image.directory(5) !== 0,
    exports: exportsOf(image),
    imports: importsOf(image),
    version: versionOf(image),
  }
}
