/** `portcullis push`: takes a compiled policy into a running host's store, and has it admitted. Nothing is asked of it yet. */

import { readFileSync, statSync } from 'node:fs'

import { PortcullisError } from '../errors.ts'
import { whyUnreadable } from '../json-file.ts'
import { moduleBytesMax } from '../limits.ts'
import type { StoredVersion } from '../store/store.ts'
import { readSettings } from '../tenant/settings.ts'
import { readVectors } from '../winrm/vectors.ts'
import { callersPath } from './callers-path.ts'
import {
  type SignedOptions,
  type SubjectOptions,
  signature,
  subjectArguments,
  subjectOf,
  subjectText,
} from './subject.ts'
import { type HostOptions, nextCommand, tell } from './which-host.ts'

export interface PushOptions extends HostOptions, SubjectOptions, SignedOptions {
  readonly settings?: string
  readonly vectors?: string
  readonly json?: boolean
}

function readModule(path: string): Buffer {
  try {
    if (statSync(path).size <= moduleBytesMax) return readFileSync(path)
  } catch (error) {
    throw new PortcullisError('ERR_MODULE_UNREADABLE', `${path} ${whyUnreadable(error)}`)
  }
  throw new PortcullisError('ERR_MODULE_SIZE', path)
}

/** Read as a host reads it, so that what is wrong is said of the file. */
function vectorsText(path: string): string {
  readVectors(path)
  return readFileSync(path, 'utf8')
}

export async function push(module: string, options: PushOptions): Promise<void> {
  const subject = subjectOf(options)
  const version = (await tell(options, {
    command: 'push',
    subject,
    module: readModule(callersPath(module)).toString('base64'),
    ...(options.settings !== undefined && { settings: readSettings(callersPath(options.settings)) }),
    ...(options.vectors !== undefined && { vectors: vectorsText(callersPath(options.vectors)) }),
    ...signature(options),
  })) as StoredVersion
  if (options.json) return console.log(JSON.stringify(version))
  const { number, policy, bytes, state } = version
  console.log(`${subjectText(subject)}, version ${number}: ${state}; ${bytes} bytes, SHA-256 ${policy}`)
  if (state !== 'active') {
    console.log(
      `"${nextCommand(options, 'activate', `${number}`, subjectArguments(subject))}" makes it answer`,
    )
  }
}
