// Plug-ins and hosts of different releases: each pair gets an answer or a refusal with its own code, at once, and it heals when
// the host has been replaced by one that fits.

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'

import type { ServeProcess } from '../../host/cli/serve-process.ts'
import type { Player } from '../contract/player.ts'
import { allow, type Behaviour, FakeEvaluator, refusal, welcome } from '../support/fake-evaluator.ts'
import { type HelloOptions, hello, RawPlugin } from '../support/raw-plugin.ts'
import { type Release, releases, startRelease } from '../support/releases.ts'
import { eventually, Testbed } from '../support/testbed.ts'

/** ERROR_REVISION_MISMATCH. */
const MISMATCH = 1306
const UNREACHABLE = 5

/** Ten times what a handshake may take: tells at once from the second that a question may wait. */
const AT_ONCE_MS = 2_500

let bed: Testbed
let players: Player[] = []
let fakes: FakeEvaluator[] = []

beforeAll(() => {
  bed = new Testbed()
})

afterEach(async () => {
  for (const player of players) player.kill()
  for (const fake of fakes) await fake.close()
  players = []
  fakes = []
})

afterAll(() => bed.close())

async function start(release: Release): Promise<Player> {
  const player = startRelease(release, bed.folder, bed.endpoint)
  players.push(player)
  await player.play('startup A application="wsman/a"')
  return player
}

async function serve(behaviour: Behaviour): Promise<FakeEvaluator> {
  const fake = await FakeEvaluator.serve(bed.endpoint, 0, behaviour)
  fakes.push(fake)
  return fake
}

async function ask(player: Player) {
  const { answers } = await player.play(String.raw`ask A user sender="CONTOSO\\alice" mechanism=Negotiate`)
  const [answer] = answers
  if (answer === undefined) throw new Error('a question without an answer')
  expect(answer.completions).toBe(1)
  return { code: answer.code, outcome: answer.outcome, ms: answer.microseconds / 1000 }
}

/** One question, and as many again: the first may have come before there was any reply. */
async function expectDenied(player: Player, code: number): Promise<void> {
  for (let i = 0; i < 3; i++) {
    const { ms, ...answer } = await ask(player)
    expect(answer).toEqual({ code, outcome: 'no-answer' })
    expect(ms).toBeLessThan(AT_ONCE_MS)
  }
}

const healed = (player: Player) =>
  eventually(
    () => ask(player),
    ({ code }) => code === 0,
  )

describe('a plug-in', () => {
  let host: ServeProcess

  beforeAll(async () => {
    host = await bed.host([{ name: 'a', policy: 'slow' }])
  })

  afterAll(() => host.close())

  const isOf =
    (event: string, release: Release) =>
    (entry: { event?: string; pluginVersion?: unknown }): boolean =>
      entry.event === event && entry.pluginVersion === releases[release].product

  it.each<Release>(['today', 'bridging'])('that speaks our version (%s) is served', async (release) => {
    const player = await start(release)
    await healed(player)
    expect(await host.entry(isOf('connection', release), AT_ONCE_MS)).toMatchObject({ wireVersion: 1 })
    await player.end()
  })

  it.each<Release>(['older', 'newer'])(
    'that does not speak it (%s) is refused: its questions are denied at once, with a code of their own, and counted',
    async (release) => {
      const { lowest, highest } = releases[release]
      const player = await start(release)
      await expectDenied(player, MISMATCH)
      const first = await host.entry(isOf('connection-refused', release), AT_ONCE_MS)
      expect(first).toMatchObject({
        error: 'ERR_CONNECTION_VERSION',
        application: 'wsman/a',
        tenant: 'a',
        offered: { lowest, highest },
        spoken: { lowest: 1, highest: 1 },
      })
      const later = await eventually(
        async () => host.entries.filter(isOf('connection-refused', release)).map(({ denied }) => denied),
        (denied) => denied.some((counts) => Number(Object(counts).VERSION) > 0),
      )
      expect(later[0]).toEqual({})
      await player.end()
    },
  )

  it('is told by a refusal which versions the host speaks, and then the connection is closed', async () => {
    const plugin = new RawPlugin(bed.endpoint).send(hello('wsman/a', { lowest: 7, highest: 9 }))
    await plugin.closed
    expect(Buffer.concat(plugin.received)).toEqual(refusal(1, 1))
  })

  const greet = (options: HelloOptions) =>
    new RawPlugin(bed.endpoint).send(hello('wsman/a', { product: [9, 8, 7, 6], ...options }))

  it('of a newer release that speaks ours may say more in its hello', async () => {
    const counters = [...Array.from({ length: 17 }, () => 0), 2, 3]
    const plugin = greet({ highest: 7, counters, unknownBytes: 100 })
    expect(await plugin.bytes(24)).toEqual(welcome(2, 0, 1))
    plugin.socket.destroy()
    const entry = await host.entry(({ pluginVersion }) => pluginVersion === '9.8.7.6', AT_ONCE_MS)
    expect(entry).toMatchObject({ event: 'connection', wireVersion: 1, denied: { OTHER: 5 } })
  })

  it('with versions from high to low is none, and gets no refusal', async () => {
    const plugin = greet({ lowest: 2, highest: 1 })
    await plugin.closed
    expect(plugin.received).toEqual([])
  })

  it('whose hello is larger than any may be is none', async () => {
    const plugin = greet({ unknownBytes: 2_000 })
    await plugin.closed
    expect(plugin.received).toEqual([])
  })
})

describe('a host of another release', () => {
  const replies: [string, Release, Buffer, number][] = [
    ['that is newer and refuses', 'today', refusal(2, 3), MISMATCH],
    ['that is older and refuses', 'today', refusal(0, 0), MISMATCH],
    ['that chooses a version which was not offered', 'today', welcome(1, 0, 2), MISMATCH],
    ['that chooses an older version which was not offered', 'today', welcome(1, 0, 0), MISMATCH],
    ['that chooses beyond what was offered', 'bridging', welcome(1, 0, 3), MISMATCH],
    ['that refuses though there is a common version', 'today', refusal(1, 2), UNREACHABLE],
    [
      'that refuses for a reason which nobody knows',
      'today',
      refusal(2, 2, (body) => body.writeUInt32LE(2, 8)),
      UNREACHABLE,
    ],
    [
      'whose refusal has another magic',
      'today',
      refusal(2, 2, (body) => body.writeUInt32LE(1, 0)),
      UNREACHABLE,
    ],
    ['whose refusal has versions from high to low', 'today', refusal(3, 2), UNREACHABLE],
    ['whose refusal breaks off', 'today', refusal(2, 2).subarray(0, 15), UNREACHABLE],
    [
      'whose refusal is longer than one is',
      'today',
      Buffer.concat([refusal(2, 2).fill(17, 0, 1)]),
      UNREACHABLE,
    ],
  ]

  it.each(replies)(
    '%s is not believed: questions are denied, until one that fits takes its place',
    async (...row) => {
      const [, release, reply, code] = row
      const before = await serve({ hello: (socket) => socket.end(reply) })
      const player = await start(release)
      await expectDenied(player, code)
      expect(before.questions).toBe(0)
      await before.close()
      await serve({ question: (socket, block) => socket.write(allow(block)) })
      await healed(player)
      await player.end()
    },
  )

  it('that refuses is not asked again and again', async () => {
    const fake = await serve({ hello: (socket) => socket.end(refusal(2, 2)) })
    const player = await start('today')
    const until = Date.now() + 2_000
    while (Date.now() < until) await ask(player)
    expect(fake.hellos).toBe(1)
    await player.end()
  })

  it('is replaced by one that speaks the version: the plug-in is served, and tells what it denied in between', async () => {
    const host = await bed.host([{ name: 'a', policy: 'slow' }])
    const player = await start('newer')
    await expectDenied(player, MISMATCH)
    expect(await host.close()).toBe(0)

    const counts: number[] = []
    const take = async (version: number) =>
      serve({
        hello: (socket, body) => {
          counts.push(body.readUInt32LE(32 + 4 * 16))
          socket.write(welcome(1, 0, version))
        },
        question: (socket, block) => socket.write(allow(block)),
      })
    await take(2)
    await healed(player)
    expect(counts[0]).toBeGreaterThanOrEqual(3)
    await player.end()
  })
})
