// Something that answers as the admin API does, and remembers what it was asked: for the command line's other end.

import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'

export interface Asked {
  readonly method: string
  /** With the query. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export interface Answered {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** JSON, or a text as it is. */
  readonly body?: unknown
}

export class FakeApi {
  readonly asked: Asked[] = []
  /** By method and path; what is not there is answered with null. */
  answers: Record<string, Answered> = {}
  readonly origin: string
  readonly #server: Server

  private constructor(server: Server, origin: string) {
    this.#server = server
    this.origin = origin
  }

  static async open(tls?: { certificate: string; key: string }): Promise<FakeApi> {
    let api: FakeApi
    const listener: RequestListener = (request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const { method = '', url: path = '', headers } = request
        api.asked.push({ method, path, headers, body: Buffer.concat(chunks) })
        const { status = 200, headers: more, body = null } = api.answers[`${method} ${path}`] ?? {}
        response.writeHead(status, { 'content-type': 'application/json', ...more })
        response.end(typeof body === 'string' ? body : JSON.stringify(body))
      })
    }
    const server = tls
      ? createTlsServer({ cert: tls.certificate, key: tls.key }, listener)
      : createServer(listener)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    api = new FakeApi(server, `${tls ? 'https' : 'http'}://127.0.0.1:${port}`)
    return api
  }

  problem(at: string, status: number, problem: object, headers: Record<string, string> = {}): void {
    this.answers[at] = {
      status,
      headers: { 'content-type': 'application/problem+json', ...headers },
      body: problem,
    }
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }
}
