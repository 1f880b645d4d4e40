/** Which release this is: the package's version, which the build also writes into the plug-in. */

import { readFileSync } from 'node:fs'

import { packageFile } from './paths.ts'

const { version } = JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string }

export const productVersion: string = version
