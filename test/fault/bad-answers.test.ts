// An evaluator that answers wrongly, half, late or not at all. Whatever it does, WinRM is told no exactly once, in time,
// and the next question finds a good evaluator.

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'

import { allow, type Behaviour, FakeEvaluator, frame, welcome } from '../support/fake-evaluator.ts'
import { eventually, sleep, Testbed, told, user } from '../support/testbed.ts'

/** Ten times the plug-in's deadline: tells late from never on a busy machine. */
const CEILING_MS = 10_000

let bed: Testbed
let fake: FakeEvaluator
let instance: number

beforeAll(() => {
  bed = new Testbed()
})

afterAll(() => bed.close())

async function serve(behaviour: Behaviour): Promise<void> {
  fake = await FakeEvaluator.serve(bed.endpoint, 0, behaviour)
  instance = bed.startup('fake')
}

async function ask() {
  const completion = await bed.winrm.ask(instance, user)
  expect(completion.completions).toBe(1)
  expect(completion.microseconds / 1000).toBeLessThan(CEILING_MS)
  return { ...told(completion), tokenPassed: completion.tokenPassed, hasContext: completion.hasContext }
}

const denied = (code: number) => ({ code, noAnswer: true, tokenPassed: 0, hasContext: false })

/** The same instance, asked again after a good evaluator took the bad one's place. */
async function expectRecovery(): Promise<void> {
  await fake.close()
  fake = await FakeEvaluator.serve(bed.endpoint, 0, {
    question: (socket, block) => socket.write(allow(block)),
  })
  await eventually(ask, ({ code }) => code === 0)
}

afterEach(async () => {
  await expectRecovery()
  await fake.close()
  expect(bed.winrm.violations()).toEqual({})
})

const spoilt: [string, (body: Buffer) => void][] = [
  ['another magic', (body) => body.writeUInt32LE(0x12345678, 0)],
  ['another version', (body) => body.writeUInt16LE(2, 4)],
  ['another kind', (body) => body.writeUInt16LE(2, 6)],
  ['the id of another question', (body) => body.writeUInt8(body.readUInt8(8) ^ 1, 8)],
  ['another attempt', (body) => body.writeUInt16LE(2, 24)],
  ['an unknown outcome', (body) => body.writeUInt16LE(4, 26)],
  ['no outcome', (body) => body.writeUInt16LE(0, 26)],
  ['unknown flags', (body) => body.writeUInt16LE(2, 28)],
  ['a text longer than the frame', (body) => body.writeUInt16LE(1, 30)],
  ['an allow with an error code', (body) => body.writeUInt32LE(5, 32)],
  ['a denial with code 0', (body) => body.writeUInt16LE(2, 26)],
  ['a quota that nobody asked for', (body) => body.writeUInt32LE(1, 36)],
]

describe('an answer that is not one', () => {
  it.each(spoilt)('with %s is denied as an internal error, once', async (_, change) => {
    await serve({ question: (socket, block) => socket.write(allow(block, change)) })
    expect(await ask()).toEqual(denied(1359))
    expect(fake.questions).toBe(1)
  })

  it('is denied if the frame is of another type', async () => {
    await serve({ question: (socket, block) => socket.write(frame(2, allow(block).subarray(8))) })
    expect(await ask()).toEqual(denied(1359))
  })

  it('is denied if the frame claims four gigabytes', async () => {
    await serve({ question: (socket) => socket.write(Buffer.alloc(64, 0xff)) })
    expect(await ask()).toEqual(denied(1359))
  })
})

describe('an evaluator that stops in the middle', () => {
  it('of a frame and hangs is late; the question is not asked a third time', async () => {
    await serve({ question: (socket, block) => socket.write(allow(block).subarray(0, 20)) })
    expect(await ask()).toEqual(denied(1460))
    expect(fake.questions).toBeLessThanOrEqual(2)
  })

  it('of a frame and closes is asked once more, and then nobody can be reached', async () => {
    await serve({ question: (socket, block) => socket.end(allow(block).subarray(0, 20)) })
    expect(await ask()).toEqual(denied(5))
    expect(fake.questions).toBe(2)
  })

  it('of thinking and closes is asked once more, marked as attempt 2', async () => {
    const attempts: number[] = []
    await serve({
      question: (socket, block) => {
        attempts.push(block.readUInt16LE(14))
        if (attempts.length === 1) socket.destroy()
        else socket.write(allow(block))
      },
    })
    expect(await ask()).toMatchObject({ code: 0, noAnswer: false, tokenPassed: 1 })
    expect(attempts).toEqual([1, 2])
  })

  it('never answers: the denial says that time ran out', async () => {
    await serve({})
    expect(await ask()).toEqual(denied(1460))
  })
})

describe('an answer that comes too late', () => {
  it('dies with its connection and is not taken for the answer to the next question', async () => {
    let release = () => {}
    const first = new Promise<void>((resolve) => {
      release = resolve
    })
    await serve({
      question: (socket, block) => {
        void first.then(() => socket.write(allow(block)))
      },
    })
    expect(await ask()).toEqual(denied(1460))
    release()
    const codes = [await ask(), await ask()].map(({ code }) => code)
    expect(codes.every((code) => code === 0 || code === 5)).toBe(true)
  })
})

describe('when every connection is in use', () => {
  it('questions wait in a line of 64, and those beyond it are told at once that the host is busy', async () => {
    const connections = new Set<unknown>()
    await serve({ question: (socket) => connections.add(socket) })
    const asked = Array.from({ length: 100 }, () => bed.winrm.ask(instance, user))
    const answers = (await Promise.all(asked)).map((completion) => ({
      ...told(completion),
      ms: completion.microseconds / 1000,
    }))
    expect(connections.size).toBeLessThanOrEqual(8)
    const busy = answers.filter(({ code, ms }) => code === 1460 && ms < 300)
    expect(busy.length).toBeGreaterThanOrEqual(100 - 64 - 8)
    expect(answers.every(({ noAnswer }) => noAnswer)).toBe(true)
  })
})

describe('an evaluator that is slower than its callers', () => {
  it('is asked as much as it can answer; whoever waits too long is told so, and nobody that it is gone', async () => {
    // One question every 20 ms, as one thread would: 60 callers want twice of what a second holds.
    let free = Date.now()
    await serve({
      question: (socket, block) => {
        free = Math.max(free, Date.now()) + 20
        setTimeout(() => socket.write(allow(block)), free - Date.now())
      },
    })
    const until = Date.now() + 3_000
    const codes: number[] = []
    await Promise.all(
      Array.from({ length: 60 }, async () => {
        while (Date.now() < until) codes.push((await ask()).code)
      }),
    )
    expect(codes.filter((code) => code !== 0 && code !== 1460)).toEqual([])
    expect(codes.filter((code) => code === 0).length).toBeGreaterThan(75)
  })

  it('and welcomes but closes is not connected to again and again', async () => {
    await serve({
      hello: (socket) => {
        socket.write(welcome())
        setTimeout(() => socket.destroy(), 1)
      },
    })
    for (let i = 0; i < 100; i++) await ask()
    await sleep(500)
    expect(fake.hellos).toBeLessThan(40)
  })
})

describe('a number of evaluators that changes', () => {
  it('from two to one and back leaves nobody waiting for one that is gone', async () => {
    let count = 2
    const behaviour: Behaviour = {
      hello: (socket) => socket.write(welcome(count)),
      question: (socket, block) => socket.write(allow(block)),
    }
    const second = await FakeEvaluator.serve(bed.endpoint, 1, behaviour)
    await serve(behaviour)
    await eventually(ask, ({ code }) => code === 0)
    for (count of [1, 2]) {
      await fake.close()
      fake = await FakeEvaluator.serve(bed.endpoint, 0, behaviour)
      await eventually(ask, ({ code }) => code === 0)
    }
    await second.close()
    await fake.close()
    await eventually(ask, ({ code }) => code === 5)
    const { microseconds, code } = await bed.winrm.ask(instance, user)
    expect(code).toBe(5)
    expect(microseconds).toBeLessThan(500_000)
  })
})

describe('a handshake', () => {
  it('that is refused leaves nobody to ask', async () => {
    await serve({ hello: (socket) => socket.destroy() })
    expect(await ask()).toEqual(denied(5))
  })

  it('that is answered with garbage leaves nobody to ask', async () => {
    await serve({ hello: (socket) => socket.write(Buffer.alloc(64, 7)) })
    expect(await ask()).toEqual(denied(5))
  })

  it('that is never answered leaves nobody to ask', async () => {
    await serve({ hello: () => {} })
    expect(await ask()).toEqual(denied(5))
  })

  it('with switches that do not exist yet is refused by the plug-in', async () => {
    await serve({ hello: (socket) => socket.write(welcome(1, 0x80)) })
    expect(await ask()).toEqual(denied(5))
  })

  it('that promises no evaluators is refused by the plug-in', async () => {
    await serve({ hello: (socket) => socket.write(welcome(0)) })
    expect(await ask()).toEqual(denied(5))
  })
})
