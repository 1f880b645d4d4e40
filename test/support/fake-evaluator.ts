// Evaluators that misbehave: a server on an evaluator's endpoint that speaks the wire as far as a test wants it to.
// Each behaviour gets a question's frame and writes whatever it likes.

import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'

const frameHeaderBytes = 8

export function frame(type: number, body: Buffer): Buffer {
  const header = Buffer.alloc(frameHeaderBytes)
  header.writeUInt32LE(body.length, 0)
  header.writeUInt16LE(type, 4)
  return Buffer.concat([header, body])
}

export function welcome(evaluatorCount = 1, switches = 0, version = 1): Buffer {
  const body = Buffer.alloc(16)
  body.writeUInt32LE(0x45574350, 0)
  body.writeUInt16LE(version, 4)
  body.writeUInt16LE(evaluatorCount, 6)
  body.writeUInt32LE(1, 8)
  body.writeUInt32LE(switches, 12)
  return frame(2, body)
}

/** Of a host that speaks these versions; `change` may spoil it. */
export function refusal(lowest: number, highest: number, change: (body: Buffer) => void = () => {}): Buffer {
  const body = Buffer.alloc(16)
  body.writeUInt32LE(0x4f4e4350, 0)
  body.writeUInt16LE(lowest, 4)
  body.writeUInt16LE(highest, 6)
  body.writeUInt32LE(1, 8)
  change(body)
  return frame(5, body)
}

/** An answer to the question in `block` that allows; `change` may spoil it. */
export function allow(block: Buffer, change: (body: Buffer) => void = () => {}): Buffer {
  const body = Buffer.alloc(52)
  body.writeUInt32LE(0x4e414350, 0)
  body.writeUInt16LE(1, 4)
  block.copy(body, 6, 12, 14)
  block.copy(body, 8, 16, 32)
  block.copy(body, 24, 14, 16)
  body.writeUInt16LE(1, 26)
  change(body)
  return frame(4, body)
}

export interface Behaviour {
  /** On a hello; default: a welcome. */
  hello?: (socket: Socket, body: Buffer) => void
  question?: (socket: Socket, block: Buffer) => void
}

export class FakeEvaluator {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  questions = 0
  hellos = 0

  private constructor(behaviour: Behaviour) {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket)
      let pending = Buffer.alloc(0)
      socket.on('error', () => {})
      socket.on('close', () => this.#sockets.delete(socket))
      socket.on('data', (chunk) => {
        pending = Buffer.concat([pending, chunk])
        while (pending.length >= frameHeaderBytes) {
          const end = frameHeaderBytes + pending.readUInt32LE(0)
          if (pending.length < end) return
          const type = pending.readUInt16LE(4)
          const body = pending.subarray(frameHeaderBytes, end)
          pending = pending.subarray(end)
          this.#take(behaviour, socket, type, body)
        }
      })
    })
  }

  #take(behaviour: Behaviour, socket: Socket, type: number, body: Buffer): void {
    if (type === 1) {
      this.hellos++
      if (behaviour.hello) behaviour.hello(socket, body)
      else socket.write(welcome())
    } else {
      this.questions++
      behaviour.question?.(socket, body)
    }
  }

  static async serve(endpoint: string, index: number, behaviour: Behaviour): Promise<FakeEvaluator> {
    const fake = new FakeEvaluator(behaviour)
    await new Promise<void>((resolve) =>
      fake.#server.listen(join(endpoint, `evaluator-${index}.sock`), resolve),
    )
    return fake
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
