// Sends bad uploads to an admin API, as many a second as its arguments say, whenever a line on standard input says "go", until one
// says "stop"; at the end of the input it prints as JSON how they were answered, by status. Connections that break count as 0.

import { request } from 'node:http'
import { createInterface } from 'node:readline'

const [origin = '', token = '', tenant = '', perSecond = ''] = process.argv.slice(2)
const everyMs = 50
const each = Math.round((Number(perSecond) * everyMs) / 1000)

const wasm = Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0])

/** One of each kind in turn: no module, cut off, too large, with no token that holds, for another tenant. */
const kinds = [
  { body: Buffer.alloc(64 * 1024, 'no module'), tenant, token },
  { body: Buffer.concat([wasm, Buffer.from([1, 0xff])]), tenant, token },
  { body: Buffer.concat([wasm, Buffer.alloc(512 * 1024)]), tenant, token },
  { body: Buffer.alloc(64 * 1024), tenant, token: `${token.slice(0, -4)}AAAA` },
  { body: Buffer.alloc(64 * 1024), tenant: 'somebody-else', token },
]

const answers: Record<number, number> = {}
let sent = 0
let pending = 0
let isOver = false

function answered(status: number): void {
  answers[status] = (answers[status] ?? 0) + 1
  pending--
  printIfOver()
}

function printIfOver(): void {
  if (!isOver || pending > 0) return
  console.log(JSON.stringify(answers))
  process.exit(0)
}

function upload(): void {
  const kind = kinds[sent++ % kinds.length] as (typeof kinds)[number]
  pending++
  let status = 0
  const headers = {
    authorization: `Bearer ${kind.token}`,
    'content-type': 'application/wasm',
    'content-length': kind.body.length,
  }
  const url = `${origin}/v1/tenants/${kind.tenant}/versions`
  const sending = request(url, { method: 'POST', headers, agent: false })
  sending.on('response', (response) => {
    status = response.statusCode ?? 0
    response.resume()
  })
  sending.on('error', () => {}) // an answer before the body has been sent ends the connection
  sending.on('close', () => answered(status))
  sending.end(kind.body)
}

let timer: NodeJS.Timeout | undefined
const input = createInterface({ input: process.stdin })
input.on('line', (line) => {
  clearInterval(timer)
  if (line === 'go') {
    timer = setInterval(() => {
      for (let count = 0; count < each; count++) upload()
    }, everyMs)
  }
})
input.on('close', () => {
  clearInterval(timer)
  isOver = true
  printIfOver()
})
