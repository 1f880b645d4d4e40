/**
 * Versions of the store, one at a time, beside what activates them: what was uploaded is given back, what admission says of it is
 * told, and its bytes are let go for good.
 */

import type { Logger } from 'pino'

import { type AdmissionOptions, admit } from '../admission/admission.ts'
import type { Report } from '../admission/report.ts'
import { reportsKept } from '../limits.ts'
import type { By, Store, StoredVersion, Subject } from '../store/store.ts'
import type { Config } from '../tenant/config.ts'
import { parseVectors } from '../winrm/vectors.ts'
import type { Settings } from '../wire/settings-block.ts'
import { choiceOf, findVersion, named } from './chosen-version.ts'
import type { LiveTable } from './live-table.ts'

/** As it was uploaded. */
export interface Download {
  readonly number: number
  /** SHA-256 of the module. */
  readonly policy: string
  /** In base64. */
  readonly module: string
  readonly settings?: Settings
  /** The text of the file. */
  readonly vectors?: string
}

/** What admission says: a report, or why not. */
export type VersionReport = Report | { readonly refusal: { readonly code: string; readonly message: string } }

interface Around {
  readonly config: () => Config
  readonly live: LiveTable
  readonly log: Logger
}

async function reportOn(module: Buffer, options: AdmissionOptions): Promise<VersionReport> {
  const admission = await admit(module, options)
  if (admission.admitted) return admission.report
  const [first] = admission.errors
  const message = admission.errors.map((error) => error.message).join('\n')
  return { refusal: { code: first?.code ?? 'ERR_HOST_FAULT', message } }
}

export class KeptVersions {
  readonly #store: Store
  readonly #around: Around
  /** By what admission is given: it would say the same again, in two processes' time. The latest last. */
  readonly #reports = new Map<string, Promise<VersionReport>>()

  constructor(store: Store, around: Around) {
    this.#store = store
    this.#around = around
  }

  /** In its turn: what is being activated is not let go meanwhile. Throws ERR_VERSION_STATE for what is active or may be again. */
  async retire(subject: Subject, wanted: string, by: By): Promise<StoredVersion> {
    const { config, live, log } = this.#around
    let number = 0
    await live.change(async () => {
      const version = this.#find(config(), subject, wanted)
      number = version.number
      this.#store.forget(subject, number, by, Date.now())
      const { policy } = version
      log.info({ event: 'version-retired', ...named(subject), version: number, policy, ...by }, 'let go')
      return undefined
    })
    return this.#store.version(subject, number)
  }

  download(subject: Subject, wanted: string): Download {
    const { number, policy } = this.#find(this.#around.config(), subject, wanted)
    const settings = this.#store.readSettings(subject, number)
    const vectors = this.#store.readVectors(subject, number)
    return {
      number,
      policy,
      module: this.#store.readModule(subject, number).toString('base64'),
      ...(settings !== undefined && { settings }),
      ...(vectors !== undefined && { vectors }),
    }
  }

  /** As admission would say it today. */
  async report(subject: Subject, wanted: string): Promise<VersionReport> {
    const config = this.#around.config()
    const { number, policy, settings, vectors } = this.#find(config, subject, wanted)
    const { fuelPerDecision } = choiceOf(config, subject)
    const key = [policy, settings, vectors, fuelPerDecision].join(' ')
    const module = this.#store.readModule(subject, number) // also of one that is known: its bytes may have been let go
    const known = this.#reports.get(key)
    if (known !== undefined) return known
    const itsSettings = this.#store.readSettings(subject, number)
    const text = this.#store.readVectors(subject, number)
    const report = reportOn(module, {
      fuelPerDecision,
      ...(itsSettings && { settings: itsSettings }),
      ...(text !== undefined && { vectors: parseVectors(text, 'its vectors') }),
    })
    this.#remember(key, report)
    return report
  }

  #find(config: Config, subject: Subject, wanted: string): StoredVersion {
    choiceOf(config, subject)
    return findVersion(this.#store, subject, wanted)
  }

  /** What the installation fails with is not what admission says. */
  #remember(key: string, report: Promise<VersionReport>): void {
    this.#reports.set(key, report)
    report.catch(() => this.#reports.delete(key))
    for (const oldest of [...this.#reports.keys()].slice(0, -reportsKept)) this.#reports.delete(oldest)
  }
}
