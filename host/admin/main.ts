/**
 * The admin process: HTTP on one side, the supervisor's channel on the other, and no more between them than server.ts. It is told
 * where to listen, says when it does, and ends when it is told to, when it cannot listen, or when the channel closes.
 *
 *     configure --> listening ----------- close, or the channel closes --> ended
 *         \-----> failed --> ended
 */

import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { constants, setPriority } from 'node:os'
import type { Server } from 'node:tls'

import type { FastifyInstance } from 'fastify'

import { PortcullisError } from '../errors.ts'
import { whyUnreadable } from '../json-file.ts'
import { apiCountsMs, printedBytesMax } from '../limits.ts'
import { HostChannel } from './host-channel.ts'
import { startJobProcess } from './job-process.ts'
import { Jobs } from './jobs.ts'
import type { FromAdmin, ToAdmin } from './messages.ts'
import { makeApi } from './server.ts'
import { TokenReader } from './tokens.ts'

type Configured = ToAdmin & { type: 'configure' }

function tell(message: FromAdmin, then: () => void = () => {}): void {
  if (process.connected) process.send?.(message, then)
}

function tlsOf({ tls }: Configured): { cert: Buffer; key: Buffer } | undefined {
  if (tls === undefined) return undefined
  const read = (path: string) => {
    try {
      return readFileSync(path)
    } catch (error) {
      throw new PortcullisError('ERR_ADMIN_LISTEN', `${path} ${whyUnreadable(error)}`)
    }
  }
  return { cert: read(tls.certificate), key: read(tls.key) }
}

function addressOf({ address, family, port }: AddressInfo): string {
  return `${family === 'IPv6' ? `[${address}]` : address}:${port}`
}

class AdminMain {
  readonly #host = new HostChannel(tell)
  readonly #jobs = new Jobs(startJobProcess)
  #tokens: TokenReader | undefined
  #recording: string | undefined
  #app: FastifyInstance | undefined
  #counts = noCounts()
  #tokensProblem: string | undefined

  heed(message: ToAdmin): void {
    switch (message.type) {
      case 'configure':
        void this.#configure(message).catch((error: Error) => this.#fail(error))
        return
      case 'reply':
        this.#host.reply(message)
        return
      case 'close':
        void this.close()
    }
  }

  async close(): Promise<void> {
    this.#jobs.close()
    await this.#app?.close()
    process.exit()
  }

  async #configure(message: Configured): Promise<void> {
    this.#recording = message.recording
    const tls = tlsOf(message)
    if (this.#app !== undefined) {
      if (tls !== undefined) (this.#app.server as unknown as Server).setSecureContext(tls)
      return
    }
    const tokens = new TokenReader(message.tokens)
    this.#tokens = tokens
    this.#app = await makeApi({
      backend: this.#host,
      jobs: this.#jobs,
      recording: () => this.#recording,
      tokens,
      ...(tls && { tls }),
      answered: (status) => this.#answered(status),
      failed: (error) =>
        tell({
          type: 'log',
          level: 'error',
          event: 'api-failed',
          code: 'ERR_HOST_FAULT',
          detail: `${error.stack}`.slice(0, printedBytesMax),
        }),
    })
    setInterval(() => this.#report(), apiCountsMs).unref()
    await this.#app.listen(message.listen)
    tell({ type: 'listening', address: addressOf(this.#app.server.address() as AddressInfo) })
  }

  #fail(error: Error): void {
    const { code, detail } =
      error instanceof PortcullisError
        ? error
        : new PortcullisError('ERR_ADMIN_LISTEN', error.message.slice(0, printedBytesMax))
    // A certificate that cannot be read any more is no reason to stop serving with the one that is known.
    if (this.#app?.server.listening)
      tell({ type: 'log', level: 'error', event: 'api-tls-failed', code, detail })
    else tell({ type: 'failed', code, detail }, () => process.exit(1))
  }

  #answered(status: number): void {
    const name = `${Math.floor(status / 100)}xx`
    this.#counts.requests[name] = (this.#counts.requests[name] ?? 0) + 1
    if (status === 401) this.#counts.unauthorized++
    if (status === 429) this.#counts.limited++
  }

  /** What has been answered since, and whether anybody can get in. */
  #report(): void {
    if (Object.keys(this.#counts.requests).length > 0) tell({ type: 'counts', ...this.#counts })
    this.#counts = noCounts()
    const { problem } = this.#tokens ?? {}
    if (problem?.detail === this.#tokensProblem) return
    this.#tokensProblem = problem?.detail
    if (problem === undefined) return
    const { code, detail } = problem
    tell({ type: 'log', level: 'error', event: 'api-tokens-unreadable', code, detail })
  }
}

function noCounts(): { requests: Record<string, number>; unauthorized: number; limited: number } {
  return { requests: {}, unauthorized: 0, limited: 0 }
}

// Ctrl+C in a terminal reaches this process too, and the supervisor decides what is finished first.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})

// Where there are few processors, who asks for a decision goes first.
setPriority(constants.priority.PRIORITY_BELOW_NORMAL)

const main = new AdminMain()
process.on('message', (message: ToAdmin) => main.heed(message))
process.on('disconnect', () => process.exit())
