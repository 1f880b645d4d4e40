/**
 * What a process that replays or sweeps is sent, seen from within: frames on standard input, each a size in 32 bits and then a frame
 * as the steps of admission have it. It reads the next one when it has answered the one before, and ends when there are no more.
 * What it says are lines of JSON on standard output.
 */

import { readSync, writeSync } from 'node:fs'

import { decodeStepFrame, encodeStepFrame, type StepFrame } from '../admission/step-frame.ts'
import { PortcullisError } from '../errors.ts'

const STANDARD_INPUT = 0
const STANDARD_OUTPUT = 1
const SIZE_BYTES = 4

export function childFrame(header: object, parts: readonly Uint8Array[] = []): Buffer {
  const frame = encodeStepFrame(header, parts)
  const size = Buffer.alloc(SIZE_BYTES)
  size.writeUInt32LE(frame.length)
  return Buffer.concat([size, frame])
}

/** Undefined at the end of the input. */
function readBytes(size: number): Buffer | undefined {
  const bytes = Buffer.alloc(size)
  let filled = 0
  while (filled < size) {
    const count = readSync(STANDARD_INPUT, bytes, filled, size - filled, null)
    if (count === 0) return undefined
    filled += count
  }
  return bytes
}

export function* childInput(): Generator<StepFrame> {
  for (;;) {
    const size = readBytes(SIZE_BYTES)
    const frame = size && readBytes(size.readUInt32LE(0))
    if (frame === undefined) return
    const decoded = decodeStepFrame(frame)
    if (decoded === undefined) throw new PortcullisError('ERR_HOST_FAULT', 'a frame is malformed')
    yield decoded
  }
}

export function say(line: object): void {
  const bytes = Buffer.from(`${JSON.stringify(line)}\n`)
  let written = 0
  while (written < bytes.length) written += writeSync(STANDARD_OUTPUT, bytes, written)
}
