/**
 * Writes decisions down with all that they were made of, so that they can be made again:
 *
 *     module(...)    --> modules/<sha256>.wasm      each upload once
 *     decision(...)  --> decisions-<n>.jsonl        tenant and guard before the first decision that needs them in a file
 *
 *     no file ---decision---> open ---full, or a write failed---> no file
 *
 * Each file can be read by itself. Beyond so many files the oldest goes, and with it the modules that no file names any more and
 * nobody uses. A recording has names, SIDs and URIs of callers: its files are for this account only.
 */

import { createHash } from 'node:crypto'
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'

import type { DecisionRecord } from '../control/messages.ts'
import { PortcullisError } from '../errors.ts'
import { recordingFileBytesMax, recordingFilesMax } from '../limits.ts'
import type { Guard, Tenant } from '../tenant/config.ts'
import {
  decisionsPath,
  fileNumbers,
  moduleName,
  modulePath,
  modulesFolder,
  RECORDING_FORMAT,
  type RecordingLine,
} from './recording-format.ts'

export interface RecorderBounds {
  readonly fileBytes: number
  readonly files: number
}

/** The file that is written, and what it has named so far. */
interface Open {
  readonly descriptor: number
  readonly number: number
  readonly tenants: Map<Tenant, number>
  readonly guards: Map<Guard, number>
  bytes: number
}

/** Of a line: what it names as a policy. A decision's record names the same ones again. */
const named = /"(?:policy|guard)":"([0-9a-f]{64})"/g

export class Recorder {
  readonly #folder: string
  readonly #bounds: RecorderBounds
  #open: Open | undefined
  /** Files that are there, in order, and the digests that each names; undefined for one of an earlier run until it is looked at. */
  readonly #files = new Map<number, Set<string> | undefined>()
  /** What is in use, and what was since the oldest file went last. */
  #current = new Set<string>()
  #spared = new Set<string>()

  /** Makes the folder if it is not there. Throws ERR_RECORDING_WRITE. */
  constructor(
    folder: string,
    bounds: RecorderBounds = { fileBytes: recordingFileBytesMax, files: recordingFilesMax },
  ) {
    this.#folder = folder
    this.#bounds = bounds
    this.#write(() => {
      mkdirSync(modulesFolder(folder), { recursive: true, mode: 0o700 })
      for (const number of fileNumbers(readdirSync(folder))) this.#files.set(number, undefined)
    })
  }

  /** Keeps an upload, named by its SHA-256, before a decision is made with it. Throws ERR_RECORDING_WRITE. */
  module(sha256: string, bytes: Uint8Array): void {
    this.#current.add(sha256)
    this.#spared.add(sha256)
    const path = modulePath(this.#folder, sha256)
    if (existsSync(path)) return
    if (createHash('sha256').update(bytes).digest('hex') !== sha256) {
      throw new PortcullisError('ERR_HOST_FAULT', `module ${sha256} of a recording has another digest`)
    }
    this.#write(() => {
      writeFileSync(`${path}.new`, bytes, { mode: 0o600 })
      renameSync(`${path}.new`, path)
    })
  }

  /** These uploads, of those handed over, are in use from now on; others go when no file names them any more. */
  current(digests: Iterable<string>): void {
    this.#current = new Set(digests)
    for (const digest of this.#current) this.#spared.add(digest)
  }

  /**
   * `block` is the stamped request block as it was decided, in base64; `tenant` and `guard` are those of the record's
   * generation. Throws ERR_RECORDING_WRITE; the decision is then not in the recording, and the next begins a new file.
   */
  decision(record: DecisionRecord, block: string, tenant: Tenant, guard: Guard | undefined): void {
    const isTheirs =
      record.tenant === tenant.name &&
      (!record.policy || !tenant.policy || record.policy === tenant.policy) &&
      (record.guard === undefined || record.guard === guard?.policy)
    if (!isTheirs) {
      throw new PortcullisError(
        'ERR_HOST_FAULT',
        `decision ${record.id} was not made by what it is recorded with`,
      )
    }
    try {
      this.#write(() => this.#append(record, block, tenant, guard))
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** A decision after this begins a new file. Throws ERR_RECORDING_WRITE: some systems say only now what they did not write. */
  close(): void {
    const open = this.#open
    if (open === undefined) return
    this.#open = undefined
    this.#write(() => closeSync(open.descriptor))
  }

  #write(work: () => void): void {
    try {
      work()
    } catch (error) {
      if (error instanceof PortcullisError) throw error
      throw new PortcullisError('ERR_RECORDING_WRITE', `${this.#folder} (${(error as Error).message})`)
    }
  }

  #append(record: DecisionRecord, block: string, tenant: Tenant, guard: Guard | undefined): void {
    if (this.#open !== undefined && this.#open.bytes >= this.#bounds.fileBytes) this.close()
    if (this.#open === undefined) {
      this.#open = this.#begin()
      this.#removeOldest()
    }
    const { tenants, guards, number } = this.#open
    const lines: RecordingLine[] = []
    const tenantKey = tenants.get(tenant) ?? tenants.size + 1
    if (!tenants.has(tenant)) lines.push({ format: RECORDING_FORMAT, type: 'tenant', key: tenantKey, tenant })
    const guardKey = guard && (guards.get(guard) ?? guards.size + 1)
    if (guard !== undefined && guardKey !== undefined && !guards.has(guard)) {
      lines.push({ format: RECORDING_FORMAT, type: 'guard', key: guardKey, guard })
    }
    lines.push({ type: 'decision', tenantKey, ...(guardKey !== undefined && { guardKey }), record, block })
    const bytes = Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
    const written = writeSync(this.#open.descriptor, bytes)
    this.#open.bytes += written
    if (written !== bytes.length) throw new Error(`only ${written} of ${bytes.length} bytes were written`)
    tenants.set(tenant, tenantKey)
    if (guard !== undefined && guardKey !== undefined) guards.set(guard, guardKey)
    for (const digest of [tenant.policy, guard?.policy]) {
      if (digest !== undefined) this.#files.get(number)?.add(digest)
    }
  }

  #begin(): Open {
    const number = Math.max(0, ...this.#files.keys()) + 1
    const descriptor = openSync(decisionsPath(this.#folder, number), 'ax', 0o600)
    this.#files.set(number, new Set())
    return { descriptor, number, tenants: new Map(), guards: new Map(), bytes: 0 }
  }

  #removeOldest(): void {
    const tooMany = [...this.#files.keys()].slice(0, -this.#bounds.files)
    if (tooMany.length === 0) return
    for (const number of tooMany) {
      rmSync(decisionsPath(this.#folder, number), { force: true })
      this.#files.delete(number)
    }
    // Of an earlier run's files one at a time: whoever waits meanwhile waits for a fraction of a second.
    const [unknown] = [...this.#files].findLast(([, names]) => names === undefined) ?? []
    if (unknown !== undefined) this.#files.set(unknown, this.#named(unknown))
    const names = [...this.#files.values()]
    if (names.includes(undefined)) return
    const kept = new Set([...this.#spared, ...names.flatMap((digests) => [...(digests ?? [])])])
    for (const name of readdirSync(modulesFolder(this.#folder))) {
      const digest = moduleName.exec(name)?.[1]
      if (digest !== undefined && !kept.has(digest)) rmSync(modulePath(this.#folder, digest))
    }
    this.#spared = new Set(this.#current)
  }

  #named(number: number): Set<string> {
    const text = readFileSync(decisionsPath(this.#folder, number), 'latin1')
    return new Set([...text.matchAll(named)].map(([, digest]) => digest as string))
  }
}
