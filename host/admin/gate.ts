/**
 * The gate before every route: whose token it is, and whether there is something left of its share. Addresses that come without a good
 * token have a share too; it bounds what they are told, and never keeps a good token out that comes from the same place.
 */

import { PortcullisError } from '../errors.ts'
import {
  apiChangesPerMinute,
  apiCountedMax,
  apiFailuresPerMinute,
  apiOpenPerMinute,
  apiReadsPerMinute,
  apiStreamsMax,
  apiStreamsOfTokenMax,
  apiUploadsMax,
  apiUploadsOfTokenMax,
  apiUploadsPerMinute,
} from '../limits.ts'
import { RetryLater } from './problem.ts'
import { addressKey, Places, Rate } from './rate.ts'
import type { Grant, TokenReader } from './tokens.ts'

/** A place is free again when a module has been admitted or a stream has ended. */
const PLACE_SECONDS = 5

export type Cost = 'read' | 'change' | 'upload'

export class Gate {
  readonly #tokens: Pick<TokenReader, 'check'>
  readonly #now: () => number
  readonly #rates: Readonly<Record<Cost, Rate>> = {
    read: new Rate(apiReadsPerMinute, apiCountedMax),
    change: new Rate(apiChangesPerMinute, apiCountedMax),
    upload: new Rate(apiUploadsPerMinute, apiCountedMax),
  }
  readonly #open = new Rate(apiOpenPerMinute, apiCountedMax)
  readonly #failures = new Rate(apiFailuresPerMinute, apiCountedMax)
  readonly #work = new Places(apiUploadsMax, apiUploadsOfTokenMax)
  readonly #streams = new Places(apiStreamsMax, apiStreamsOfTokenMax)

  constructor(tokens: Pick<TokenReader, 'check'>, now: () => number) {
    this.#tokens = tokens
    this.#now = now
  }

  /** Throws ERR_API_TOKEN, and ERR_API_RATE. */
  enter(token: string, address: string, cost: Cost): Grant {
    const nowMs = this.#now()
    const grant = this.#tokens.check(token, nowMs)
    const seconds =
      grant === undefined
        ? this.#failures.take(addressKey(address), nowMs)
        : this.#rates[cost].take(grant.id, nowMs)
    checkShare(seconds)
    if (grant === undefined) throw new PortcullisError('ERR_API_TOKEN')
    return grant
  }

  /** For what anybody may ask. Throws ERR_API_RATE. */
  pass(address: string): void {
    checkShare(this.#open.take(addressKey(address), this.#now()))
  }

  /** Whether the token lets in the same still. */
  isStill({ id, role, tenant }: Grant, token: string): boolean {
    const now = this.#tokens.check(token, this.#now())
    return now !== undefined && now.id === id && now.role === role && now.tenant === tenant
  }

  /** Returns what gives the place back. Throws ERR_API_BUSY. */
  beginWork({ id }: Grant): () => void {
    return taken(this.#work.take(id), 'uploads and reports')
  }

  beginStream({ id }: Grant): () => void {
    return taken(this.#streams.take(id), 'streams')
  }
}

function checkShare(seconds: number): void {
  if (seconds > 0) throw new RetryLater('ERR_API_RATE', `try again in ${seconds} s`, seconds)
}

function taken(release: (() => void) | undefined, what: string): () => void {
  if (release !== undefined) return release
  throw new RetryLater('ERR_API_BUSY', `too many ${what} at the same time`, PLACE_SECONDS)
}
