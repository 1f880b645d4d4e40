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
import { type OperatorCommand, readCommand } from './operator-command.ts'

/** Commands at the same time. */
const OPERATORS_MAX = 16

/** What the host does when it is told to; what it returns is answered as JSON. */
export type Obey = (command: OperatorCommand) => unknown | Promise<unknown>

/** A command is heard within `operatorMsMax`; what it has the host do is bounded by itself. */
function serve(socket: Socket, obey: Obey): void {
  const chunks: Buffer[] = []
  let bytes = 0
  socket.setTimeout(operatorMsMax, () => socket.destroy())
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk: Buffer) => {
    const end = chunk.indexOf(0x0a)
    chunks.push(end < 0 ? chunk : chunk.subarray(0, end))
    bytes += chunk.length
    if (bytes > operatorLineBytesMax) socket.destroy()
    if (end < 0) return
    socket.removeAllListeners('data').resume()
    socket.setTimeout(0)
    void answer(socket, obey, Buffer.concat(chunks).toString('utf8'))
  })
}

async function answer(socket: Socket, obey: Obey, line: string): Promise<void> {
  try {
    socket.end(`${JSON.stringify({ result: await obey(readCommand(line)) })}\n`)
  } catch (error) {
    const { code, detail } =
      error instanceof PortcullisError
        ? error
        : new PortcullisError('ERR_HOST_FAULT', (error as Error).message)
    socket.end(`${JSON.stringify({ error: detail, code })}\n`)
  }
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
