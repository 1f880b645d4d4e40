/**
 * Where the bytes come from that evaluators run: the files of a configuration, and the active versions of the store. Either has
 * been through admission, in this process's life or, for a version of the store, in another's that would have come to the same.
 *
 *     configuration --> each use, admitted once --------------------------+--> modules by the digest of the upload
 *     store --> active version --> its metered bytes, or admitted again --+
 */

import type { Logger } from 'pino'

import { type Admission, admit } from '../admission/admission.ts'
import { rewriter } from '../engine/wasm/versions.ts'
import { PortcullisError } from '../errors.ts'
import type { Store, StoredVersion, Subject } from '../store/store.ts'
import type { Config, PolicyChoice, PolicyUse } from '../tenant/config.ts'
import { parseVectors } from '../winrm/vectors.ts'
import type { AdmittedModule } from './table.ts'

/** How a subject is called in messages. */
export function subjectName(subject: Subject): string {
  return subject === 'guard' ? 'the guard' : subject.tenant
}

/** What admission depends on beside the upload and the rewriter: a version admitted under another is admitted again. */
function profileOf(fuelPerDecision: number): string {
  return `fuel ${fuelPerDecision}, v8 ${process.versions.v8}`
}

/** Equal for what admission sees alike. */
function keyOf({ digest, settings, vectors, fuelPerDecision }: PolicyUse): string {
  const asked = vectors?.map(({ block, expect }) => [block.toString('base64'), expect])
  return JSON.stringify([digest, settings ?? null, asked ?? null, fuelPerDecision])
}

/** A version of the store that can be asked. */
export interface Admitted {
  readonly choice: PolicyChoice & { readonly policy: string }
  readonly module: AdmittedModule
}

type Report = (Admission & { admitted: true })['report']

export class PolicySource {
  readonly #store: Store | undefined
  readonly #log: Logger
  /** Of files, by what they are used with: those of the configuration that was admitted last. */
  #admitted = new Map<string, AdmittedModule>()

  constructor(store: Store | undefined, log: Logger) {
    this.#store = store
    this.#log = log
  }

  /**
   * The modules that the configuration names, by the digest of the upload. Each use is admitted once. Throws ERR_CONFIG_POLICY,
   * after each policy that was refused has been reported to `refused`.
   */
  async ofFiles(
    { uses, policies }: Config,
    refused: (error: PortcullisError) => void,
  ): Promise<Map<string, AdmittedModule>> {
    const modules = new Map<string, AdmittedModule>()
    const admitted = new Map<string, AdmittedModule>()
    const errors: PortcullisError[] = []
    await Promise.all(
      uses.map(async (use) => {
        const key = keyOf(use)
        const result =
          this.#admitted.get(key) ?? (await this.#ofFile(use, policies.get(use.digest) as Buffer))
        if (result instanceof PortcullisError) {
          errors.push(result)
          return
        }
        modules.set(use.digest, result)
        admitted.set(key, result)
      }),
    )
    for (const error of errors) refused(error)
    if (errors[0] !== undefined) throw errors[0]
    this.#admitted = admitted
    return modules
  }

  async #ofFile(use: PolicyUse, upload: Buffer): Promise<AdmittedModule | PortcullisError> {
    const { digest, place, settings, vectors, fuelPerDecision } = use
    const admission = await admit(upload, {
      fuelPerDecision,
      ...(settings && { settings }),
      ...(vectors && { vectors }),
    })
    if (!admission.admitted) {
      const messages = admission.errors.map(({ message }) => message).join('\n    ')
      return new PortcullisError('ERR_CONFIG_POLICY', `at ${place}: ${messages}`)
    }
    this.#tell(admission.report, { policy: digest, place })
    return { bytes: admission.metered, digest: admission.report.meteredSha256, upload: () => upload }
  }

  #tell(report: Report, what: object): void {
    this.#log.debug({ event: 'policy-admitted', ...what, report }, 'a policy is admitted')
    for (const warning of report.warnings) {
      this.#log.warn({ event: 'policy-warning', ...what, warning }, 'a policy is admitted with a warning')
    }
  }

  /**
   * A version of the store, admitted again if what has admitted it is not what would today. Throws ERR_VERSION_REFUSED, and what
   * the store throws for bytes that are not what they were.
   */
  async ofStore(store: Store, subject: Subject, version: StoredVersion, fuel: number): Promise<Admitted> {
    const { number, policy, admission } = version
    const settings = store.readSettings(subject, number)
    const isCurrent = admission?.rewriter === rewriter && admission.profile === profileOf(fuel)
    const digest = isCurrent ? admission.metered : await this.#admit(store, subject, version, fuel)
    return {
      choice: { policy, ...(settings && { settings }), version: number, fuelPerDecision: fuel },
      module: {
        bytes: store.readMetered(subject, number),
        digest,
        upload: () => store.readModule(subject, number),
      },
    }
  }

  /** Returns the digest of the metered module. */
  async #admit(
    store: Store,
    subject: Subject,
    { number, policy }: StoredVersion,
    fuel: number,
  ): Promise<string> {
    const settings = store.readSettings(subject, number)
    const text = store.readVectors(subject, number)
    const admission = await admit(store.readModule(subject, number), {
      fuelPerDecision: fuel,
      ...(settings && { settings }),
      ...(text !== undefined && { vectors: parseVectors(text, 'its vectors') }),
    })
    if (!admission.admitted) {
      const [first] = admission.errors
      const message = admission.errors.map(({ message }) => message).join('\n    ')
      // The one that is active stays what it is: it may be admitted again by the next release.
      if (store.active(subject)?.number !== number) {
        store.refused(subject, number, { code: first?.code ?? 'ERR_HOST_FAULT', message }, Date.now())
      }
      throw new PortcullisError(
        'ERR_VERSION_REFUSED',
        `${subjectName(subject)}, version ${number}: ${message}`,
      )
    }
    const { report, metered } = admission
    store.admitted(subject, number, { metered, rewriter, profile: profileOf(fuel) }, Date.now())
    this.#tell(report, { policy, ...(subject !== 'guard' && { tenant: subject.tenant }), version: number })
    return report.meteredSha256
  }

  /** What is active now, as `whole` has it. */
  active(
    subject: Subject,
    fuel: number,
    failed: (error: PortcullisError) => void,
  ): Promise<Admitted | undefined> {
    return this.whole(subject, this.#store?.active(subject)?.number ?? null, fuel, failed)
  }

  /**
   * A version that is to answer; undefined if there is none, or if it is not what it was, which is reported and denies the subject
   * and nobody else.
   */
  async whole(
    subject: Subject,
    number: number | null,
    fuel: number,
    failed: (error: PortcullisError) => void,
  ): Promise<Admitted | undefined> {
    if (this.#store === undefined || number === null) return undefined
    try {
      return await this.ofStore(this.#store, subject, this.#store.version(subject, number), fuel)
    } catch (error) {
      if (!(error instanceof PortcullisError)) throw error
      failed(error)
      return undefined
    }
  }
}
