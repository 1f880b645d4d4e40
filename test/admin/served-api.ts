// A real host with its admin process, and requests over a real socket.

import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { request as httpsRequest } from 'node:https'

import { tellHost } from '../../host/cli/operator-client.ts'
import type { AdminStatus } from '../../host/supervisor/admin-process.ts'
import type { HostStatus } from '../../host/supervisor/status.ts'
import { StoreHost } from '../lifecycle/store-host.ts'
import { eventually, type TenantSpec } from '../support/testbed.ts'

export interface Told {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** What a test looks into; it says what it expects there. */
// biome-ignore lint/suspicious/noExplicitAny: JSON of whatever shape
export type JsonObject = any

export interface Asked {
  readonly method?: string
  readonly token?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
  readonly ca?: string
}

export class ServedApi extends StoreHost {
  address = ''

  async serveApi(more: object = {}, tenants?: readonly TenantSpec[]): Promise<void> {
    await this.serve({ admin: { listen: '127.0.0.1:0' }, ...more }, tenants)
    await this.listening()
  }

  async admin(): Promise<AdminStatus | undefined> {
    return ((await tellHost(this.bed.endpoint, { command: 'status' })) as HostStatus).admin
  }

  /** Waits for it, and asks there from now on. */
  async listening(): Promise<AdminStatus> {
    const status = await eventually(
      () => this.admin(),
      (admin) => admin?.state === 'listening',
    )
    this.address = status?.address ?? ''
    return status as AdminStatus
  }

  async token(
    role: 'operator' | 'tenant-admin' | 'tenant-reader',
    tenant?: string,
  ): Promise<{ token: string; id: string }> {
    const name = `${role}-${tenant ?? 'all'}-${Math.random().toString(36).slice(2)}`
    return (await tellHost(this.bed.endpoint, {
      command: 'token-create',
      name,
      role,
      ...(tenant !== undefined && { tenant }),
      expiresInMs: 3_600_000,
      who: 'test',
    })) as { token: string; id: string }
  }

  ask(path: string, { method = 'GET', token, headers = {}, body, ca }: Asked = {}): Promise<Told> {
    const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` }
    const options = { method, headers: { ...authorization, ...headers }, agent: false, ...(ca && { ca }) }
    return new Promise((resolve, reject) => {
      const secure = ca !== undefined
      const request = (secure ? httpsRequest : httpRequest)(
        `${secure ? 'https' : 'http'}://${this.address}${path}`,
        options,
        (response) => {
          const chunks: Buffer[] = []
          response.on('data', (chunk: Buffer) => chunks.push(chunk))
          response.on('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              body: Buffer.concat(chunks),
            }),
          )
          response.on('error', reject)
        },
      )
      request.on('error', reject)
      request.end(body)
    })
  }

  async json(
    path: string,
    asked: Asked = {},
  ): Promise<{ status: number; headers: IncomingHttpHeaders; json: JsonObject }> {
    const { status, headers, body } = await this.ask(path, asked)
    return { status, headers, json: JSON.parse(body.toString()) }
  }
}

export const wasmHeaders = { 'content-type': 'application/wasm' }
export const jsonHeaders = { 'content-type': 'application/json' }
