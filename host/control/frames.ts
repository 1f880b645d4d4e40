/**
 * Frames on a stream, for the supervisor's end of a control connection. Evaluators have portcullis_io for this.
 */

import { PortcullisError } from '../errors.ts'
import { controlBytesMax, FRAME_HEADER_BYTES } from '../wire/layout.ts'

export function encodeFrame(type: number, body: Buffer): Buffer {
  if (body.length > controlBytesMax)
    throw new PortcullisError('ERR_HOST_FAULT', 'a control frame is too large')
  const header = Buffer.alloc(FRAME_HEADER_BYTES)
  header.writeUInt32LE(body.length, 0)
  header.writeUInt16LE(type, 4)
  return Buffer.concat([header, body])
}

export interface Frame {
  readonly type: number
  readonly body: Buffer
}

/** Cuts what arrives into frames. Throws if the other side does not send frames. */
export class FrameReader {
  #pending: Buffer = Buffer.alloc(0)

  /** The frames that are whole now. */
  take(chunk: Buffer): Frame[] {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk])
    const frames: Frame[] = []
    while (this.#pending.length >= FRAME_HEADER_BYTES) {
      const size = this.#pending.readUInt32LE(0)
      if (size > controlBytesMax || this.#pending.readUInt16LE(6) !== 0)
        throw new PortcullisError('ERR_CHANNEL', 'an evaluator sent no frame')
      const end = FRAME_HEADER_BYTES + size
      if (this.#pending.length < end) break
      frames.push({
        type: this.#pending.readUInt16LE(4),
        body: this.#pending.subarray(FRAME_HEADER_BYTES, end),
      })
      this.#pending = this.#pending.subarray(end)
    }
    return frames
  }
}
