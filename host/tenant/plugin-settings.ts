/**
 * The plug-in's settings file, as the commands write it and look at it. The plug-in reads it by itself and says only that it is wrong
 * (native/plugin/settings.c); this reader takes and refuses the same texts, and says why.
 */

import { readFileSync } from 'node:fs'

import { PortcullisError } from '../errors.ts'
import { whyUnreadable } from '../json-file.ts'

/** Beside the plug-in's library. */
export const pluginSettingsName = 'portcullis.settings'

export interface PluginSettings {
  /** As in the host's configuration; on Linux absolute. */
  readonly endpoint: string
  /** The account that must own the endpoint. */
  readonly owner: string
}

/** Bytes of the file, of an endpoint and of an owner, each with a zero behind it in the plug-in. */
const FILE_BYTES_MAX = 4096
const bytesMax = { endpoint: 1023, owner: 191 } as const

function refuse(place: string, problem: string): never {
  throw new PortcullisError('ERR_PLUGIN_SETTINGS', `${place}: ${problem}`)
}

export function writePluginSettings({ endpoint, owner }: PluginSettings): string {
  return `# where the evaluators are, and the account that must own them\nendpoint = ${endpoint}\nowner = ${owner}\n`
}

/** Blanks as the plug-in knows them; others are part of a value. */
function trimmed(text: string): string {
  return text.replace(/^[ \t\r]+|[ \t\r]+$/g, '')
}

/** Throws ERR_PLUGIN_SETTINGS with the line. `source` names the text. */
export function parsePluginSettings(text: string, source: string): PluginSettings {
  const found: { endpoint?: string; owner?: string } = {}
  if (Buffer.byteLength(text) > FILE_BYTES_MAX) refuse(source, `it has more than ${FILE_BYTES_MAX} bytes`)
  if (text.includes('\0')) refuse(source, 'it has a zero byte; write it as plain text (UTF-8)')
  text.split('\n').forEach((whole, index) => {
    const line = trimmed(whole)
    if (line === '' || line.startsWith('#')) return
    const place = `${source}, line ${index + 1}`
    const equal = line.indexOf('=')
    const name = trimmed(line.slice(0, Math.max(equal, 0)))
    if (equal < 0 || (name !== 'endpoint' && name !== 'owner'))
      refuse(place, 'it is not "endpoint = ...", "owner = ..." or a comment with "#"')
    const value = trimmed(line.slice(equal + 1))
    if (found[name] !== undefined) refuse(place, `"${name}" stands there a second time`)
    if (value === '') refuse(place, `"${name}" is empty`)
    if (Buffer.byteLength(value) > bytesMax[name])
      refuse(place, `"${name}" has more than ${bytesMax[name]} bytes`)
    found[name] = value
  })
  const { endpoint, owner } = found
  if (endpoint === undefined || owner === undefined) {
    refuse(source, `"${endpoint === undefined ? 'endpoint' : 'owner'}" is missing`)
  }
  return { endpoint, owner }
}

/** Throws ERR_PLUGIN_SETTINGS. */
export function readPluginSettings(path: string): PluginSettings {
  let bytes: Buffer
  try {
    bytes = readFileSync(path)
  } catch (error) {
    throw new PortcullisError('ERR_PLUGIN_SETTINGS', `${path} ${whyUnreadable(error)}`)
  }
  return parsePluginSettings(bytes.toString('utf8'), path)
}
