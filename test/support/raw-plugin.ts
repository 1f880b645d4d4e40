// A plug-in's end of the wire without the plug-in: sends whatever bytes a test likes to a real evaluator.

import { connect, type Socket } from 'node:net'
import { join } from 'node:path'

import { frame } from './fake-evaluator.ts'

/** What a hello may say otherwise than this release's plug-in does. */
export interface HelloOptions {
  readonly lowest?: number
  readonly highest?: number
  readonly product?: readonly [number, number, number, number]
  readonly processId?: number
  readonly counters?: readonly number[]
  /** Bytes between counters and application that only a newer version knows, and as many behind it. */
  readonly unknownBytes?: number
}

/** Written down a second time here, apart from the writer and the reader: the beginning is fixed for ever. */
export function helloBody(application: string, options: HelloOptions = {}): Buffer {
  const { lowest = 1, highest = 1, product = [0, 1, 0, 0], processId = process.pid } = options
  const { counters = Array.from({ length: 17 }, () => 0), unknownBytes = 0 } = options
  const begin = 32 + 4 * counters.length + unknownBytes
  const body = Buffer.alloc(begin + 2 * application.length + unknownBytes, 0xee)
  body.fill(0, 0, 32)
  body.writeUInt32LE(0x49484350, 0)
  body.writeUInt16LE(lowest, 4)
  body.writeUInt16LE(highest, 6)
  for (const [i, number] of product.entries()) body.writeUInt16LE(number, 8 + 2 * i)
  body.writeUInt32LE(processId, 16)
  body.writeUInt16LE(begin, 20)
  body.writeUInt16LE(application.length, 22)
  body.writeUInt16LE(counters.length, 24)
  for (const [i, times] of counters.entries()) body.writeUInt32LE(times, 32 + 4 * i)
  body.write(application, begin, 'utf16le')
  return body
}

export function hello(application: string, options: HelloOptions = {}): Buffer {
  return frame(1, helloBody(application, options))
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
