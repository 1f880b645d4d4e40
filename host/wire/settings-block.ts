/**
 * The settings block: what a policy's settings are in its memory (docs/reference/settings.md).
 *
 *     header    magic, version, header size, total size, number of keys
 *     a key     units, number of values, text
 *     a value   units, text
 *
 * Keys come in the order of their UTF-16 units, texts are padded to four bytes: there is one block for each settings.
 */

export type Settings = Readonly<Record<string, readonly string[]>>

const MAGIC = 0x53524350
const VERSION = 1
const HEADER_BYTES = 16

/** Half a page: an account list of some hundred names fits, and leaves the policy room to think. */
export const settingsBytesMax = 32 * 1024

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

function text(value: string): Buffer[] {
  return [Buffer.from(value, 'utf16le'), Buffer.alloc(value.length % 2 === 0 ? 0 : 2)]
}

export function writeSettings(settings: Settings): Buffer {
  const keys = Object.keys(settings).sort()
  const entries = keys.flatMap((key) => {
    const values = settings[key] ?? []
    return [
      word(key.length),
      word(values.length),
      ...text(key),
      ...values.flatMap((value) => [word(value.length), ...text(value)]),
    ]
  })
  const header = Buffer.alloc(HEADER_BYTES)
  const block = Buffer.concat([header, ...entries])
  block.writeUInt32LE(MAGIC, 0)
  block.writeUInt16LE(VERSION, 4)
  block.writeUInt16LE(HEADER_BYTES, 6)
  block.writeUInt32LE(block.length, 8)
  block.writeUInt32LE(keys.length, 12)
  return block
}
