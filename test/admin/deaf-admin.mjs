// An admin process that has been turned: it asks without end, never too much at a time, and reads nothing of what it is answered.

import { writeSync } from 'node:fs'

const channel = 3
const pause = new Int32Array(new SharedArrayBuffer(4))

for (let id = 1; ; id++) {
  Atomics.wait(pause, 0, 0, 20)
  const line = Buffer.from(`{"type":"command","id":${id},"command":{"command":"status"}}\n`)
  for (let written = 0; written < line.length; ) {
    try {
      written += writeSync(channel, line, written)
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error
      Atomics.wait(pause, 0, 0, 1)
    }
  }
}
