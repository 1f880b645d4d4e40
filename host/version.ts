/** Which release this is: the package's version, which the build also writes into the plug-in. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { root } from './paths.ts'

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }

export const productVersion: string = version
