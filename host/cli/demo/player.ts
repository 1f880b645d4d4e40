/**
 * Plays the demo's steps, each of them one row of the table: a call of one of the plug-in's six entry points, made by the double, or
 * a command to the running host that changes which version of a policy answers. What a row shows is what the completion said and what
 * the host recorded or replied; what was to be expected stands in steps.json and is only compared.
 */

import { readFileSync } from 'node:fs'
import type { DecisionRecord } from '../../control/messages.ts'
import { type Completion, type Double, release } from '../../double/double.ts'
import { PortcullisError } from '../../errors.ts'
import { hostFile } from '../../paths.ts'
import type { Question } from '../../winrm/question.ts'
import { outcomeOf } from '../outcome.ts'
import type { DemoHost } from './demo-host.ts'

interface Person {
  readonly about: string
  readonly senderName: string
  readonly userSid?: string
  readonly groupSids?: readonly string[]
  readonly denyOnlySids?: readonly string[]
}

interface Expectation {
  readonly code: number
  readonly outcome?: string
  /** The beginning of the reason. */
  readonly reason?: string
  readonly administrator?: boolean
  readonly quota?: readonly number[]
  readonly count?: number
  /** That was made, or answers now. */
  readonly version?: number
}

export interface Step {
  readonly call: 'startup' | 'user' | 'operation' | 'quota' | 'release' | 'shutdown' | VersionCall
  readonly application: string
  readonly who?: string
  readonly mechanism?: string
  readonly url?: string
  readonly urlRepeat?: number
  readonly action?: string
  readonly resource?: string
  readonly flags?: number
  /** Of the examples, to be pushed. */
  readonly policy?: string
  /** To be activated. */
  readonly version?: number
  readonly expect: Expectation
}

/** Puts a policy of the examples into the store, makes one answer, or takes that back. */
type VersionCall = 'push' | 'activate' | 'rollback'

export interface Row {
  readonly question: string
  readonly tenant: string
  readonly outcome: string
  readonly code: number
  readonly reason: string
  readonly microseconds: number | undefined
  /** What is not as documented; empty is right. */
  readonly problems: readonly string[]
}

interface StepFile {
  readonly people: Readonly<Record<string, Person>>
  readonly steps: readonly Step[]
}

const entryPoints = { startup: 'Startup', release: 'ReleaseContext', shutdown: 'Shutdown' } as const

export function readSteps(): StepFile {
  return JSON.parse(readFileSync(hostFile('cli', 'demo', 'steps.json'), 'utf8')) as StepFile
}

/** Actions and resources are abbreviated in steps.json by what all of them begin with. */
function actionUri(short: string): string {
  return `http://schemas.xmlsoap.org/ws/2004/09/${short}`
}

function resourceUri(short: string): string {
  return `http://schemas.microsoft.com/${short}`
}

export function questionOf(step: Step & { call: Question['kind'] }, person: Person): Question {
  const { about: _, ...identity } = person
  return {
    kind: step.call,
    application: step.application,
    authenticationMechanism: step.mechanism ?? 'Negotiate',
    httpUrl: (step.url ?? 'https://winrm.example/wsman').repeat(step.urlRepeat ?? 1),
    ...identity,
    ...(step.action !== undefined && { action: actionUri(step.action) }),
    ...(step.resource !== undefined && { resourceUri: resourceUri(step.resource) }),
  }
}

/** Applications of the demo are named after their tenants. */
function tenantOf(application: string): string {
  return application.replace('wsman/', '')
}

function describe({ call, who, mechanism, action, resource, flags, url, urlRepeat }: Step): string {
  const what = { user: 'log on', quota: 'quota', operation: `${action?.split('/').at(-1)} ${resource}` }[
    call as 'user'
  ]
  const details = [
    mechanism && `${mechanism} over ${url?.split(':')[0]}`,
    flags && `flags ${flags}`,
    urlRepeat && 'endless URL',
  ].filter(Boolean)
  return `${who}: ${what}${details.length > 0 ? ` (${details.join(', ')})` : ''}`
}

/** The host's own words about a failure; a question that it never saw was denied by the plug-in itself. */
function reasonOf(record: DecisionRecord | undefined): string {
  if (record === undefined) return 'plug-in: turned down by itself'
  const author = record.by === 'tenant' || record.by === undefined ? '' : `${record.by}: `
  return `${author}${record.reason ?? [record.error, record.detail].filter(Boolean).join(': ')}`
}

function compare(expect: Expectation, got: Partial<Record<keyof Expectation, unknown>>): string[] {
  return Object.entries(expect).flatMap(([name, due]) => {
    const actual = got[name as keyof Expectation]
    const same =
      name === 'reason'
        ? String(actual).startsWith(String(due))
        : JSON.stringify(actual) === JSON.stringify(due)
    return same ? [] : [`${name} is ${JSON.stringify(actual)}, documented is ${JSON.stringify(due)}`]
  })
}

export class Player {
  readonly #winrm: Double
  readonly #host: DemoHost
  readonly #people: StepFile['people']
  readonly #instances = new Map<string, number>()

  constructor(winrm: Double, host: DemoHost, people: StepFile['people']) {
    this.#winrm = winrm
    this.#host = host
    this.#people = people
  }

  async play(step: Step): Promise<Row> {
    const { call } = step
    if (call === 'user' || call === 'operation' || call === 'quota') return this.#ask({ ...step, call })
    if (call === 'push' || call === 'activate' || call === 'rollback') return this.#change({ ...step, call })
    return this.#manage({ ...step, call })
  }

  /** Over the admin API; returns when it holds everywhere. */
  async #change(step: Step & { call: VersionCall }): Promise<Row> {
    const { call, application, policy, version: wanted, expect } = step
    const tenant = tenantOf(application)
    const began = performance.now()
    const { version, said } = await this.#host.change(call, { policy, version: wanted })
    return {
      question: ['API:', call, policy ?? (wanted && `version ${wanted}`)].filter(Boolean).join(' '),
      tenant,
      outcome: 'done',
      code: 0,
      reason: said,
      microseconds: Math.round(1000 * (performance.now() - began)),
      problems: compare(expect, { code: 0, version }),
    }
  }

  async #manage(step: Step & { call: keyof typeof entryPoints }): Promise<Row> {
    const { call, application, expect } = step
    const running = this.#instances.get(application) ?? 0
    let code = 0
    let count: number | undefined
    if (call === 'startup') {
      const started = this.#winrm.startup(application)
      code = started.code
      this.#instances.set(application, started.instance)
    } else if (call === 'release') {
      count = this.#winrm.releaseKept(running)
    } else {
      code = await this.#winrm.shutdown(running)
    }
    return {
      question: `${entryPoints[call]}${count === undefined ? '' : ` of ${count} contexts`}`,
      tenant: tenantOf(application),
      outcome: code === 0 ? 'done' : 'failed',
      code,
      reason: '',
      microseconds: undefined,
      problems: compare(expect, { code, count }),
    }
  }

  async #ask(step: Step & { call: Question['kind'] }): Promise<Row> {
    const person = this.#people[step.who ?? '']
    if (person === undefined)
      throw new PortcullisError('ERR_HOST_FAULT', `steps.json: nobody is "${step.who}"`)
    const instance = this.#instances.get(step.application) ?? 0
    const options = { release: release.keep, flags: step.flags ?? 0 }
    const completion = await this.#winrm.ask(instance, questionOf(step, person), options)
    const { outcome, code, id } = outcomeOf(completion)
    const reason = id === undefined ? this.#grant(step, completion) : reasonOf(await this.#host.record(id))
    const { administrator, quota } = completion
    return {
      question: describe(step),
      tenant: tenantOf(step.application),
      outcome,
      code,
      reason,
      microseconds: Math.round(completion.microseconds),
      problems: compare(step.expect, { outcome, code, reason, administrator, quota }),
    }
  }

  /** What a grant carries. */
  #grant({ call }: Step, { administrator, quota }: Completion): string {
    if (call === 'quota') {
      const [shells, operations, seconds, perSlot] = quota ?? []
      return `${shells} shells, ${operations} operations, ${perSlot} in ${seconds} s`
    }
    return administrator ? 'as administrator' : ''
  }
}
