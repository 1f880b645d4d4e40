// A plug-in's end of the wire without the plug-in: sends whatever bytes a test likes to a real evaluator.

import { connect, type Socket } from 'node:net'
import { join } from 'node:path'

import { frame } from './fake-evaluator.ts'

export function hello(application: string): Buffer {
  const body = Buffer.alloc(80 + 2 * application.length)
  body.writeUInt32LE(0x49484350, 0)
  body.writeUInt16LE(1, 4)
  body.writeUInt16LE(1, 6)
  body.writeUInt32LE(process.pid, 8)
  body.writeUInt32LE(application.length, 12)
  body.write(application, 80, 'utf16le')
  return frame(1, body)
}

export function question(block: Uint8Array): Buffer {
  return frame(3, Buffer.from(block))
}

export class RawPlugin {
  readonly socket: Socket
  /** Resolves when the evaluator has closed the connection. */
  readonly closed: Promise<void>
  readonly received: Buffer[] = []

  constructor(endpoint: string, index = 0) {
    this.socket = connect(join(endpoint, `evaluator-${index}.sock`))
    this.closed = new Promise((resolve) => this.socket.on('close', () => resolve()))
    this.socket.on('error', () => {})
    this.socket.on('data', (chunk) => this.received.push(chunk))
  }

  send(...frames: Buffer[]): this {
    for (const bytes of frames) this.socket.write(bytes)
    return this
  }

  /** Waits for bytes of the evaluator, of which there are at least `size` in all. */
  async bytes(size: number): Promise<Buffer> {
    while (Buffer.concat(this.received).length < size) {
      await new Promise((resolve) => this.socket.once('data', resolve))
    }
    return Buffer.concat(this.received)
  }
}
