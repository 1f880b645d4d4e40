/**
 * What a tenant sees of what a host says. Each view names the members that it lets through, so that what a later version of the host
 * adds is hidden until somebody has thought about it. What is the provider's stays with the operator: the guard's digest, version,
 * fuel, reasons and details, evaluators, paths, accounts, and generations, which would tell how often others change.
 */

import { whoForTenant } from './access.ts'

type Told = Readonly<Record<string, unknown>>

function only(told: Told, names: readonly string[]): Told {
  return Object.fromEntries(
    names.filter((name) => told[name] !== undefined).map((name) => [name, told[name]]),
  )
}

const ofDecision = [
  'cursor',
  'id',
  'attempt',
  'tenant',
  'application',
  'kind',
  'sender',
  'action',
  'resourceUri',
  'outcome',
  'code',
  'by',
  'error',
  'administrator',
  'quota',
  'policy',
  'version',
  'fuelUsed',
  'timeMs',
  'microseconds',
  'toldMs',
]

/** Words that may be the guard's where there is one. */
const words = ['reason', 'redirect', 'detail']

/** A decision of its own. Only the tenant's own words are surely no guard's: a safe quota's do not say whose they are. */
export function decisionView(decision: Told): Told {
  const isOwn = decision.by === 'tenant' || decision.guard === undefined
  const isGuards = decision.by === 'guard'
  return only(decision, isOwn && !isGuards ? [...ofDecision, ...words] : ofDecision)
}

const ofVersion = [
  'number',
  'policy',
  'bytes',
  'settings',
  'vectors',
  'state',
  'uploaded',
  'admission',
  'refusal',
  'activeSinceMs',
  'blobs',
]

export function versionView(version: Told): Told {
  return { ...only(version, ofVersion), uploaded: signedView(version.uploaded) }
}

/** Who did something, when and why. */
function signedView(signed: unknown): Told {
  const { who, ...rest } = signed as Told & { readonly who: string }
  return { who: whoForTenant(who), ...rest }
}

/** The version that answers, and since when; null: nothing was ever activated. */
export function activeView<Active extends { readonly since: object }>(active: Active | null): Active | null {
  return active && { ...active, since: signedView(active.since) }
}

/** Of an activation, a confirmation or a rollback. */
export function activatedView(activated: Told): Told {
  return only(activated, ['version', 'policy', 'previous', 'changed', 'confirmByMs', 'milliseconds'])
}

const ofExample = [
  'id',
  'timeMs',
  'tenant',
  'application',
  'kind',
  'sender',
  'userSid',
  'action',
  'resourceUri',
]
const ofAnswer = ['outcome', 'code', 'by', 'error', 'administrator', 'quota', 'fuelUsed']

function answerView(answer: Told | null): Told | null {
  if (answer === null) return null
  return only(answer, answer.by === 'tenant' ? [...ofAnswer, ...words] : ofAnswer)
}

function foundView({ count, examples }: { count: number; examples: readonly Told[] }): Told {
  return {
    count,
    examples: examples.map((example) => ({
      ...only(example, ofExample),
      before: answerView(example.before as Told | null),
      after: answerView(example.after as Told | null),
    })),
  }
}

/** Of a replay of its own decisions: without files and lines, which tell how much others are asked. */
export function replayView(report: Told): Told {
  const { changes } = report
  const view = (found: unknown) => foundView(found as { count: number; examples: readonly Told[] })
  return {
    ...only(report, ['decisions', 'replayed', 'notComparable', 'equal', 'fuel']),
    ended: view(report.ended),
    different: view(report.different),
    changes:
      changes === null
        ? null
        : Object.fromEntries(Object.entries(changes as Told).map(([name, found]) => [name, view(found)])),
  }
}

/** What does not run of a tenant's. Of the guard it is told that it does not, and no more. */
export function quarantineView(quarantined: readonly Told[], ownDigests: ReadonlySet<unknown>): Told[] {
  return quarantined.map((one) =>
    ownDigests.has(one.policy)
      ? only(one, ['tenant', 'policy', 'versions', 'reason', 'sinceMs', 'explanation'])
      : {
          ...only(one, ['tenant', 'sinceMs']),
          explanation: "the provider's guard does not run for this tenant; an operator has to look at it",
        },
  )
}
