/** What a web.config is embedded in: the applications whose folder it is in, their pools, and whether the section may be set in it. */

import { realpathSync } from 'node:fs'
import { dirname } from 'node:path'

import { PortcullisError } from '../errors.ts'
import {
  type Application,
  applicationsAt,
  defaultApplicationHost,
  readApplicationHost,
  type SectionLock,
  sectionLock,
} from './application-host.ts'

/** Something that is not as it should be, and what to do about it. */
export interface Problem {
  readonly what: string
  readonly cure: string
}

export function inWords({ what, cure }: Problem): string {
  return `${what}; ${cure}`
}

export interface Surroundings {
  readonly applicationHost: string
  /** Empty if IIS knows no application with this folder. */
  readonly applications: readonly Application[]
  /** For each of them; one for all if there is none. */
  readonly locks: readonly (SectionLock & { readonly path: string })[]
}

/**
 * A text says why they are not known. A file that the caller has named has to be readable, or this throws ERR_IIS_UNREADABLE,
 * ERR_IIS_ENCODING or ERR_IIS_XML.
 */
export function surroundingsOf(webConfig: string, named?: string): Surroundings | string {
  const applicationHost = named ?? defaultApplicationHost()
  if (applicationHost === undefined) {
    return 'ApplicationHost.config: it is on the machine that runs IIS; name a copy with --application-host'
  }
  try {
    const root = readApplicationHost(applicationHost)
    const applications = applicationsAt(root, dirname(realpathSync(webConfig)))
    const paths = applications.length === 0 ? [''] : applications.map(({ path }) => path)
    return {
      applicationHost,
      applications,
      locks: paths.map((path) => ({ path, ...sectionLock(root, path) })),
    }
  } catch (error) {
    if (named !== undefined || !(error instanceof PortcullisError)) throw error
    return `ApplicationHost.config: ${error.detail}`
  }
}

/** What IIS would not take this section for; empty if nothing speaks against it. */
export function lockProblems({ locks }: Surroundings): Problem[] {
  return locks
    .filter(({ isLocked }) => isLocked !== false)
    .map(({ path, isLocked, because }) => {
      if (isLocked === undefined) {
        const cure = 'install the feature "WinRM IIS Extension", or IIS will not take this web.config'
        return { what: because, cure }
      }
      const where = path === '' ? '' : ` for "${path}"`
      return {
        what: `the section is locked${where}: ${because}`,
        cure: 'unlock it in ApplicationHost.config, or IIS will not take this web.config',
      }
    })
}

export function poolProblems({ applications }: Surroundings): Problem[] {
  return applications
    .filter(({ is32Bit }) => is32Bit)
    .map(({ path, pool }) => ({
      what: `the application pool "${pool}" of "${path}" is 32-bit, and the plug-in is for x64`,
      cure: 'set its enable32BitAppOnWin64 to false, or give the application another pool',
    }))
}
