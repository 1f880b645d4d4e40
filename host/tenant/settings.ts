/**
 * Settings of a policy: key to list of texts, checked against the schema and in the size of the block that they
 * become.
 */

import { PortcullisError } from '../errors.ts'
import { checkSchema, parseJson, readText, schemaOf } from '../json-file.ts'
import { hostFile } from '../paths.ts'
import { type Settings, settingsBytesMax, writeSettings } from '../wire/settings-block.ts'

const schema = schemaOf(hostFile('tenant', 'settings.schema.json'))

/** Throws ERR_SETTINGS_FILE with the place and the reason. */
export function checkSettings(value: unknown, source: string): Settings {
  checkSchema(schema, value, source, 'ERR_SETTINGS_FILE')
  const settings = value as Settings
  const { length } = writeSettings(settings)
  if (length > settingsBytesMax) {
    throw new PortcullisError(
      'ERR_SETTINGS_FILE',
      `${source}: ${length} bytes as the policy gets them, at most ${settingsBytesMax} are allowed`,
    )
  }
  return settings
}

export function readSettings(path: string): Settings {
  return checkSettings(parseJson(readText(path, 'ERR_SETTINGS_FILE'), path, 'ERR_SETTINGS_FILE'), path)
}
