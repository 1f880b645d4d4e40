// Plug-ins, or what claims to be one, that break the rules of the wire. The evaluator closes them, says so in the log,
// and goes on serving the others.

import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { ServeProcess } from '../../host/cli/serve-process.ts'
import { writeBlock } from '../support/block.ts'
import { frame } from '../support/fake-evaluator.ts'
import { hello, question, RawPlugin } from '../support/raw-plugin.ts'
import { eventually, sleep, Testbed, user } from '../support/testbed.ts'

let bed: Testbed
let host: ServeProcess

beforeAll(async () => {
  bed = new Testbed()
  host = await bed.host([{ name: 'a', policy: 'slow' }], { evaluators: 1 })
})

afterAll(async () => {
  // Whatever happened in this file: the evaluator that served at the beginning still does.
  expect(host.entries.filter(({ event }) => event === 'evaluator-died')).toEqual([])
  await bed.close()
})

const block = writeBlock({
  kind: 'user',
  application: 'wsman/a',
  senderName: 'CONTOSO\\alice',
  authenticationMechanism: 'Negotiate',
})

function refusals(error: string) {
  return host.entries.filter((entry) => entry.event === 'connection-refused' && entry.error === error)
}

async function expectRefusal(error: string, plugin: RawPlugin): Promise<void> {
  const before = refusals(error).length
  await plugin.closed
  await eventually(
    async () => refusals(error).length,
    (count) => count > before,
  )
}

function greeted(): RawPlugin {
  return new RawPlugin(bed.endpoint).send(hello('wsman/a'))
}

describe('a connection is closed and logged', () => {
  it('that begins with a question', async () => {
    await expectRefusal('ERR_CONNECTION_GARBAGE', new RawPlugin(bed.endpoint).send(question(block)))
  })

  it('that begins with something that is no frame', async () => {
    await expectRefusal('ERR_CONNECTION_GARBAGE', new RawPlugin(bed.endpoint).send(Buffer.alloc(64, 0xff)))
  })

  it('whose hello is none', async () => {
    const plugin = new RawPlugin(bed.endpoint).send(frame(1, Buffer.alloc(100)))
    await expectRefusal('ERR_CONNECTION_HELLO', plugin)
  })

  it('whose application nobody configured', async () => {
    await expectRefusal('ERR_CONNECTION_FOREIGN', new RawPlugin(bed.endpoint).send(hello('wsman/b')))
  })

  it('that says hello twice', async () => {
    await expectRefusal('ERR_CONNECTION_GARBAGE', greeted().send(hello('wsman/a')))
  })

  it('that sends two questions at once', async () => {
    const plugin = greeted()
    await plugin.bytes(24)
    await expectRefusal(
      'ERR_CONNECTION_GARBAGE',
      plugin.send(Buffer.concat([question(block), question(block)])),
    )
  })

  it('that says nothing at all', async () => {
    await expectRefusal('ERR_CONNECTION_SILENT', new RawPlugin(bed.endpoint))
  })

  it('that stops in the middle of a frame', async () => {
    const plugin = greeted()
    await plugin.bytes(24)
    await expectRefusal('ERR_CONNECTION_SILENT', plugin.send(question(block).subarray(0, 50)))
  })

  it('that sends a malformed block; the evaluator lives on', async () => {
    const bad = Uint8Array.from(block)
    bad[88] = 0xff // the sender's name begins where no name is
    const plugin = greeted()
    await plugin.bytes(24)
    await expectRefusal('ERR_BLOCK', plugin.send(question(bad)))
    await sleep(3_000) // longer than the watchdog waits for a question that is under way, also on a busy machine
    expect((await bed.winrm.ask(bed.startup('a'), user)).code).toBe(0)
  })

  it('whose block names another application than its hello', async () => {
    const plugin = greeted()
    await plugin.bytes(24)
    const other = {
      application: 'wsman/b',
      senderName: 'CONTOSO\\alice',
      authenticationMechanism: 'Negotiate',
    }
    await expectRefusal('ERR_BLOCK', plugin.send(question(writeBlock({ kind: 'user', ...other }))))
  })

  it('whose account has more connections than one account may have', async () => {
    const plugins: RawPlugin[] = []
    for (let i = 0; i < 520; i++) {
      const plugin = greeted()
      plugins.push(plugin)
      await Promise.race([plugin.bytes(24), plugin.closed])
    }
    await eventually(
      async () => refusals('ERR_CONNECTION_TOO_MANY').length,
      (count) => count >= 8,
    )
    for (const { socket } of plugins) socket.destroy()
    await eventually(
      () => bed.winrm.ask(bed.startup('a'), user),
      ({ code }) => code === 0,
    )
  })
})

describe('a well-formed question', () => {
  it('may come in any pieces', async () => {
    const plugin = greeted()
    await plugin.bytes(24)
    for (const byte of question(block)) plugin.send(Buffer.of(byte))
    const answer = (await plugin.bytes(24 + 8 + 52)).subarray(32)
    expect(answer.readUInt16LE(26)).toBe(1)
    plugin.socket.destroy()
  })

  it('whose asker has gone is not worked on', async () => {
    const busy = bed.winrm.ask(bed.startup('a'), { ...user, senderName: 'slow' })
    const gone = greeted()
    await gone.bytes(24)
    const id = 'ab'.repeat(16)
    const slow = { application: 'wsman/a', senderName: 'slow', authenticationMechanism: '', questionId: id }
    const behind = bed.winrm.ask(bed.startup('a'), { ...user, senderName: 'slow' })
    gone.send(question(writeBlock({ kind: 'user', ...slow })))
    gone.socket.destroy()
    await Promise.all([busy, behind])
    await bed.winrm.ask(bed.startup('a'), user)
    const recorded = host.entries.filter((entry) => entry.id === id)
    expect(recorded.length).toBeLessThanOrEqual(1) // it may have been taken up before it went
  })

  it('of the longest and ugliest names is recorded, shortened, without a gap', async () => {
    const instance = bed.startup('a')
    const senderName = '\u0001'.repeat(20_000)
    await Promise.all(Array.from({ length: 64 }, () => bed.winrm.ask(instance, { ...user, senderName })))
    const records = await eventually(
      async () => host.entries.filter((entry) => String(entry.sender).startsWith('\u0001')),
      ({ length }) => length === 64,
    )
    expect(String(records[0]?.sender)).toMatch(/… \(20000\)$/)
    expect(host.entries.filter(({ event }) => event === 'gap')).toEqual([])
  })
})

describe('an endpoint', () => {
  it('that a process serves which is too busy to accept is not taken over', async () => {
    const folder = join(bed.folder, 'busy')
    mkdirSync(folder, { mode: 0o700 })
    const path = join(folder, 'evaluator-0.sock')
    const listen = `.listen({ path: ${JSON.stringify(path)}, backlog: 1 }, () => console.log('up'))`
    const child = spawn(process.execPath, ['-e', `require('node:net').createServer()${listen}`])
    await new Promise((resolve) => child.stdout.once('data', resolve))
    child.kill('SIGSTOP')
    const waiting = Array.from({ length: 4 }, () => connect(path).on('error', () => {}))
    await sleep(100)
    const started = bed.host([{ name: 'a', policy: 'slow' }], { endpoint: 'busy', evaluators: 1 })
    await expect(started).rejects.toThrow(/ERR_ENDPOINT_IN_USE/)
    for (const client of waiting) client.destroy()
    child.kill('SIGKILL')
  })
})
