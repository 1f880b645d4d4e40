// An operator's command and what answers it: a long answer arrives whole, and what is no host is told from one.

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, expect, it } from 'vitest'

import { tellHost } from '../../host/cli/operator-client.ts'
import { operatorReplyBytesMax } from '../../host/limits.ts'
import { OperatorEndpoint } from '../../host/supervisor/operator-endpoint.ts'

let endpoint: string
let server: Server | OperatorEndpoint | undefined
let sockets: Socket[]

beforeEach(() => {
  endpoint = join(mkdtempSync(join(tmpdir(), 'portcullis-operator-')), 'endpoint')
  mkdirSync(endpoint, { mode: 0o700 })
  sockets = []
})

afterEach(() => {
  server?.close()
  for (const socket of sockets) socket.destroy()
  rmSync(join(endpoint, '..'), { recursive: true })
})

/** Something that takes a command and answers as it likes. */
function answering(answer: (socket: Socket) => void): Promise<void> {
  return new Promise((resolve) => {
    server = createServer((socket) => {
      sockets.push(socket)
      socket.on('error', () => {})
      socket.once('data', () => answer(socket))
    }).listen(join(endpoint, 'operator.sock'), resolve)
  })
}

const status = () => tellHost(endpoint, { command: 'status' })

it('an answer of a megabyte arrives whole', async () => {
  const long = Array.from({ length: 50_000 }, (_, i) => `row ${i} \u20ac`)
  server = await OperatorEndpoint.open(endpoint, () => long)
  expect(await status()).toEqual(long)
})

it('what the host cannot do is told with its code', async () => {
  server = await OperatorEndpoint.open(endpoint, () => {
    throw Object.assign(new Error('no'), { code: 'ERR_HOST_FAULT' })
  })
  await expect(status()).rejects.toThrow(/no \[ERR_HOST_FAULT\]/)
})

it.each<[string, (socket: Socket) => void, RegExp]>([
  ['closes the connection', (socket) => socket.end(), /closed the connection \[ERR_HOST_UNREACHABLE\]/],
  [
    'breaks off',
    (socket) => socket.end('{"result":{"ver'),
    /in the middle of its answer \[ERR_HOST_UNREACHABLE/,
  ],
  [
    'answers without end',
    (socket) => socket.write(Buffer.alloc(2 * operatorReplyBytesMax, 'x')),
    /without end; is it a host\? \[ERR_HOST_UNREACHABLE\]/,
  ],
  ['says what is no JSON', (socket) => socket.end('hello\n'), /no host's answer \[ERR_HOST_UNREACHABLE\]/],
  ['says nothing', () => {}, /does not answer within 5000 ms \[ERR_HOST_UNREACHABLE\]/],
])('what %s is no host', async (_, answer, message) => {
  await answering(answer)
  await expect(status()).rejects.toThrow(message)
})
