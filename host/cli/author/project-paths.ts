/** Where a project's module, vectors and settings are, seen from its folder. Not every project has settings. */

import { join } from 'node:path'

export const modulePath = join('build', 'policy.wasm')
export const vectorsPath = 'vectors.jsonl'
export const settingsPath = 'settings.json'
