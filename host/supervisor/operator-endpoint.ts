/**
 * Where the operator's commands reach a running host: a socket in the endpoint's folder, one line of JSON each way. Only
 * the host's own account may connect; Linux sees to that by the socket's mode. On Windows it is a pipe, to which
 * administrators can write too (endpoint-windows.ts).
 */

import { rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'

import { PortcullisError } from '../errors.ts'
import { operatorLineBytesMax, operatorMsMax } from '../limits.ts'
import { operatorPath } from './endpoint.ts'

/** Commands at the same time. */
const OPERATORS_MAX = 16

export type OperatorCommand =
  | { readonly command: 'quarantine' }
  | { readonly command: 'status' }
  | { readonly command: 'stop' }
  | { readonly command: 'lift'; readonly tenant: string }

/** What the host does when it is told to; what it returns is answered as JSON. */
export type Obey = (command: OperatorCommand) => unknown

function commandOf(line: string): OperatorCommand {
  const value = JSON.parse(line) as Partial<Record<string, unknown>>
  const { command } = value
  if (command === 'quarantine' || command === 'status' || command === 'stop') return { command }
  if (value.command === 'lift' && typeof value.tenant === 'string') {
    return { command: 'lift', tenant: value.tenant }
  }
  throw new Error('an unknown command')
}

function serve(socket: Socket, obey: Obey): void {
  let received = ''
  socket.setEncoding('utf8')
  socket.setTimeout(operatorMsMax, () => socket.destroy())
  socket.on('error', () => socket.destroy())
  socket.on('data', (text: string) => {
    received += text
    const end = received.indexOf('\n')
    if (end < 0 && received.length > operatorLineBytesMax) socket.destroy()
    if (end < 0) return
    try {
      socket.end(`${JSON.stringify({ result: obey(commandOf(received.slice(0, end))) })}\n`)
    } catch (error) {
      const { code, message } = error as PortcullisError
      socket.end(`${JSON.stringify({ error: message, code: code ?? null })}\n`)
    }
  })
}

/** A socket stays behind when its server has gone; a pipe does not, and must not be opened by looking for it. */
function remove(path: string): void {
  if (process.platform !== 'win32') rmSync(path, { force: true })
}

export class OperatorEndpoint {
  readonly #server: Server
  readonly #sockets: ReadonlySet<Socket>
  readonly #path: string

  private constructor(server: Server, sockets: ReadonlySet<Socket>, path: string) {
    this.#server = server
    this.#sockets = sockets
    this.#path = path
  }

  /** `endpoint` has been prepared: nobody serves there. */
  static async open(endpoint: string, obey: Obey): Promise<OperatorEndpoint> {
    const path = operatorPath(endpoint)
    remove(path)
    const sockets = new Set<Socket>()
    const server = createServer((socket) => {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket))
      serve(socket, obey)
    })
    server.maxConnections = OPERATORS_MAX
    const listening = new Promise<void>((resolve, reject) => {
      // Also later, when a connection cannot be taken: that is for the operator to notice, not for the host to end of.
      server.on('error', (error) => reject(new PortcullisError('ERR_ENDPOINT_LISTEN', error.message)))
      // Made with this mode, not given it afterwards. Binding happens before `listen` returns.
      const before = process.umask(0o177)
      server.listen(path, resolve)
      process.umask(before)
    })
    await listening
    return new OperatorEndpoint(server, sockets, path)
  }

  close(): void {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    remove(this.#path)
  }
}
