/**
 * The policies of a configuration, admitted: what evaluators are given is what admission has made of them. Each upload is
 * admitted once for each settings that it has.
 */

import type { Logger } from 'pino'

import { type Admission, admit } from '../admission/admission.ts'
import { PortcullisError } from '../errors.ts'
import type { Config, PolicyUse } from '../tenant/config.ts'

export interface AdmittedModule {
  readonly bytes: Buffer
  /** SHA-256 of `bytes`. */
  readonly digest: string
}

function refusal({ place }: PolicyUse, { errors }: Admission & { admitted: false }): PortcullisError {
  const messages = errors.map(({ message }) => message).join('\n    ')
  return new PortcullisError('ERR_CONFIG_POLICY', `at ${place}: ${messages}`)
}

/**
 * By the digest of the upload. Throws ERR_CONFIG_POLICY, after each policy that was refused has been reported to `refused`.
 */
export async function admitPolicies(
  { uses, policies }: Config,
  log: Logger,
  refused: (error: PortcullisError) => void,
): Promise<ReadonlyMap<string, AdmittedModule>> {
  const modules = new Map<string, AdmittedModule>()
  const errors: PortcullisError[] = []
  await Promise.all(
    uses.map(async (use) => {
      const { digest, place, settings, vectors, fuelPerDecision } = use
      const upload = policies.get(digest) as Buffer
      const admission = await admit(upload, {
        fuelPerDecision,
        ...(settings && { settings }),
        ...(vectors && { vectors }),
      })
      if (!admission.admitted) {
        errors.push(refusal(use, admission))
        return
      }
      const { report } = admission
      modules.set(digest, { bytes: admission.metered, digest: report.meteredSha256 })
      log.debug({ event: 'policy-admitted', policy: digest, place, report }, 'a policy is admitted')
      for (const warning of report.warnings) {
        log.warn(
          { event: 'policy-warning', policy: digest, place, warning },
          'a policy is admitted with a warning',
        )
      }
    }),
  )
  for (const error of errors) refused(error)
  if (errors[0] !== undefined) throw errors[0]
  return modules
}
