/**
 * `portcullis download`: a version as it was uploaded, into files that are not there yet: the module, and beside it its settings and
 * its vectors if it has some.
 */

import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'

import { PortcullisError } from '../errors.ts'
import type { Download } from '../supervisor/kept-versions.ts'
import { callersPath } from './callers-path.ts'
import { type SignedOptions, type SubjectOptions, signature, subjectOf, subjectText } from './subject.ts'
import { type HostOptions, tell } from './which-host.ts'

interface DownloadOptions extends HostOptions, SubjectOptions, SignedOptions {
  readonly output?: string
  readonly json?: boolean
}

const MODULE = '.wasm'

/** Throws ERR_FILE_WRITE, also for one that is there. */
function writeNew(path: string, bytes: Uint8Array | string): string {
  try {
    writeFileSync(path, bytes, { flag: 'wx' })
    return path
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new PortcullisError('ERR_FILE_WRITE', `${path} ${code === 'EEXIST' ? 'is there already' : message}`)
  }
}

function moduleOf({ module, policy, number }: Download): Buffer {
  const bytes = Buffer.from(module, 'base64')
  if (createHash('sha256').update(bytes).digest('hex') === policy) return bytes
  throw new PortcullisError('ERR_HOST_FAULT', `what came is not the module of version ${number}`)
}

export async function download(version: string, options: DownloadOptions): Promise<void> {
  const subject = subjectOf(options)
  const whole = (await tell(options, {
    command: 'download',
    subject,
    version,
    ...signature(options),
  })) as Download
  if (options.json) return console.log(JSON.stringify(whole))
  const { number, settings, vectors } = whole
  const name = subject === 'guard' ? 'guard' : subject.tenant
  const path = callersPath(options.output ?? `${name}-${number}${MODULE}`)
  const base = path.endsWith(MODULE) ? path.slice(0, -MODULE.length) : path
  const written = [writeNew(path, moduleOf(whole))]
  if (settings !== undefined)
    written.push(writeNew(`${base}.settings.json`, `${JSON.stringify(settings, null, 2)}\n`))
  if (vectors !== undefined) written.push(writeNew(`${base}.vectors.jsonl`, vectors))
  console.log(`${subjectText(subject)}, version ${number}:\n${written.map((file) => `  ${file}`).join('\n')}`)
}
