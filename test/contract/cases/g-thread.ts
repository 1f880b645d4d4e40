// G, second part: what the calling thread may do and must find again, memory that is out, locks, clocks, and the record.

import { expect } from 'vitest'

import type { Bench } from '../bench.ts'
import type { Case } from '../case.ts'
import { askAll, askOperation, askUser, repeated, startup } from '../lines.ts'
import { expectCounted, tellCounts } from '../site.ts'

/** Ten times the plug-in's deadline of a second. */
const LATE_US_MAX = 10_000_000

/** The plug-in opens connections as somebody waits for one: eight to each of two evaluators, some of them late. */
const CONNECTIONS_LATE_MAX = 16

/** What changes a thread's or a process's state that is not the plug-in's. */
const strangers = [
  'setlocale',
  'uselocale',
  'fesetround',
  'fesetenv',
  'sigaction',
  'SetThreadLocale',
  'CoInitializeEx',
]

/** Everything that a decision's record may hold; docs/reference/log.md. */
const members = new Set(
  (
    'level time name pid hostname msg event id attempt tenant application kind sender action resourceUri outcome code by ' +
    'reason redirect error detail administrator quota policy guard fuelUsed guardFuelUsed generation evaluator timeMs microseconds'
  ).split(' '),
)

/** Whether the allocation with this number was made, and so failed. */
async function failAllocation(
  bench: Bench,
  number: number,
): Promise<{ failed: boolean; codes: Set<number | null> }> {
  const { site } = await bench.shared()
  const player = site.player('probed')
  const begun = await player.play('measure', `probe allocation=${number}`, startup('A', 'allows'))
  const { startups, measures: before } = begun
  const started = startups[0]?.startup
  if (started !== 0) {
    expect(startups).toMatchObject([{ startup: 8, written: false }])
    const { measures } = await player.play('measure')
    expect(measures[0]?.threads).toEqual(before[0]?.threads)
    await player.end(/^line 3: code 8 came back where 0 was expected\n$/)
    return { failed: true, codes: new Set([8]) }
  }
  // More than the first size of the plug-in's table of contexts, so that it grows.
  const kept = repeated(70, askUser('A', { release: 'keep' }))
  const { answers, measures } = await player.play(
    ...askAll('A'),
    ...kept,
    ...askAll('A'),
    'shutdown A',
    'measure',
  )
  expect(answers.map(({ completions }) => completions)).toEqual(Array(76).fill(1))
  for (const { code } of answers) expect([0, 5, 8]).toContain(code)
  expect(measures[0]?.threads).toEqual(before[0]?.threads)
  await player.end()
  return {
    failed: (measures[0]?.allocations ?? 0) >= number,
    codes: new Set(answers.map(({ code }) => code)),
  }
}

export const threadCases: readonly Case[] = [
  {
    id: 'G6',
    what: 'A thread that acts for a client who may open and connect to nothing is answered like any other, and acts for the same client afterwards.',
    basis: 'D/R',
    async run(bench) {
      const { site } = await bench.shared()
      const confined = { threads: 4, confined: 1 } as const
      const { codes } = await site.play(startup('A', 'allows'), ...askAll('A', confined), 'wait')
      expect(codes).toEqual(Array(12).fill(0))
    },
  },
  {
    id: 'G7',
    what: 'Handles do not grow with user questions, and the client token is never closed.',
    basis: 'D/R',
    async run(bench) {
      const { site } = await bench.shared()
      const wave = [askUser('A', { sender: 'slow', threads: 16 }), 'wait']
      const quick = [askUser('A', { threads: 48 }), askUser('A', { token: 0, threads: 12 }), 'wait']
      const { answers, measures } = await site.play(
        ...[startup('A', 'allows'), ...wave, ...quick, 'measure', ...repeated(10, ...quick), 'measure'],
      )
      expect(answers.filter(({ code, token }) => code === 0 && token === 1).length).toBeGreaterThanOrEqual(
        11 * 48,
      )
      expect((measures[1]?.handles ?? 0) - (measures[0]?.handles ?? 0)).toBeLessThanOrEqual(
        CONNECTIONS_LATE_MAX * bench.runner.handlesPerConnection,
      )
    },
  },
  {
    id: 'G8',
    what: 'The calling thread finds its last error, floating-point rounding and impersonation as they were; locale and COM are not touched at all.',
    basis: 'R',
    async run(bench) {
      const { site } = await bench.shared()
      // The double makes them unusual before each question and counts what has changed; then the script fails.
      const lines = ['allows', 'reports', 'traps', 'nobody'].flatMap((name) => [
        ...[
          startup(name, name),
          ...askAll(name),
          ...askAll(name, { flags: 1 }),
          ...askAll(name, { noSender: 1 }),
        ],
      ])
      const { answers } = await site.play(...lines)
      expect(answers).toHaveLength(36)
      const { imports, libraries } = bench.runner.tables('portcullis')
      expect(imports.filter((name) => strangers.includes(name))).toEqual([])
      expect(libraries.filter((name) => /ole32|combase/i.test(name))).toEqual([])
    },
  },
  {
    id: 'G9',
    what: 'What goes wrong in a policy never leaves the plug-in but as a completion, and the next question is answered.',
    basis: 'R',
    async run(bench) {
      const { site } = await bench.shared()
      const tenants = ['traps', 'aborts', 'recurses', 'grows', 'lies']
      const lines = tenants.flatMap((name) => [
        startup(name, name),
        ...repeated(3, askUser(name, { sender: 'liar 8' })),
      ])
      const { codes } = await site.play(startup('A', 'allows'), ...lines, ...askAll('A'))
      expect(codes).toEqual([...Array(15).fill(1359), 0, 0, 0])
    },
  },
  {
    id: 'G10',
    what: 'With any one allocation failing, Startup returns 8 and leaves nothing, or every question gets exactly one completion.',
    basis: 'R',
    async run(bench) {
      const startups = new Set<number | null>()
      let failures = 0
      for (let number = 1; ; number++) {
        const { failed, codes } = await failAllocation(bench, number)
        if (!failed) break
        failures++
        for (const code of codes) startups.add(code)
      }
      // Startup's own, a connection's, and the table of contexts twice: else this shows less than it says.
      expect(failures).toBeGreaterThanOrEqual(8)
      expect(startups).toContain(8)
      expect(startups).toContain(0)
    },
  },
  {
    id: 'G11',
    what: 'No completion is called while its thread holds a lock of the plug-in.',
    basis: 'R',
    async run(bench) {
      const { site } = await bench.shared()
      const inside = { again: 1, release: 'inside' } as const
      const lines = ['allows', 'reports', 'traps', 'nobody'].flatMap((name) => [
        ...[startup(name, name), ...askAll(name, inside), ...askAll(name, { flags: 1, refuse: 1 })],
      ])
      const threads = askAll('allows', { release: 'other-thread', threads: 8 })
      const { answers, measures } = await site.playWith(
        'probed',
        'probe',
        ...lines,
        ...threads,
        'wait',
        'measure',
      )
      expect(answers).toHaveLength(48)
      expect(measures[0]?.locks).toBeGreaterThan(100) // the probes do see locks
    },
  },
  {
    id: 'G12',
    what: 'The deadline holds when the wall clock is set back by an hour in the middle of a question.',
    basis: 'R',
    skip: {
      windows:
        'the clock of one process cannot be set back there; the port for Windows reads the performance counter alone',
    },
    async run(bench) {
      const site = bench.site()
      const host = await site.serve([{ name: 'a', policy: 'slow' }], { evaluators: 1 })
      const player = site.player('probed')
      const { codes } = await player.play(startup('A', 'a'), askUser('A'))
      expect(codes).toEqual([0])
      site.suspend(host)
      const under = askUser('A', { threads: 1 })
      const { answers } = await player.play(under, 'sleep 100', 'probe secondsBack=3600', 'wait')
      expect(answers).toMatchObject([{ code: 1460, completions: 1 }])
      expect(answers[0]?.microseconds).toBeLessThan(LATE_US_MAX)
      await player.end()
    },
  },
  {
    id: 'G13',
    what: 'The log has one record for each question that reached the host, with outcome and code and no SID, token or secret; what the plug-in denied itself is counted.',
    basis: 'R',
    async run(bench) {
      const { site, host } = await bench.sharedToCount()
      const sender = `deny recorded-${process.pid}`
      const tenants = ['allows', 'told', 'traps']
      const lines = tenants.flatMap((name) => [startup(name, name), ...askAll(name, { sender })])
      const played = await site.play(
        ...lines,
        askOperation('allows', { sender, flags: 1 }),
        'shutdown allows',
        ...tellCounts,
      )
      await expectCounted(host, played, { BAD_FLAGS: 1 })
      const records = host.entries.filter((entry) => entry.event === 'decision' && entry.sender === sender)
      const told = (lists: unknown[][]) => lists.map((list) => list.join(' ')).sort()
      const answered = played.answers.slice(0, 9).map(({ instance, kind, code }) => [instance, kind, code])
      expect(told(records.map(({ tenant, kind, code }) => [tenant, kind, code]))).toEqual(told(answered))
      const outcomes = { 0: 'allow', 5: 'deny', 1359: 'no-answer' }
      for (const { outcome, code } of records) expect(outcome).toBe(outcomes[code as keyof typeof outcomes])
      expect(JSON.stringify(records)).not.toMatch(/S-1-\d|clientToken/)
      const unknown = records
        .flatMap((record) => Object.keys(record))
        .filter((member) => !members.has(member))
      expect(unknown).toEqual([])
    },
  },
]
