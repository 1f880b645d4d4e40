// A step of admission runs what a tenant sent, so it may have been turned. Whatever a turned step says or
// does, what comes out of admission are the first step's bytes or none, a refusal stays, and nothing waits
// without end.

import { createHash } from 'node:crypto'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { type Admission, admit, type Steps } from '../../host/admission/admission.ts'
import { rewritePolicy } from '../../host/engine/policy-module.ts'
import type { ErrorCode } from '../../host/errors.ts'
import { admissionDataBytesMax, admissionProcessorSMax, meteredBytesMax } from '../../host/limits.ts'
import { parseVectors } from '../../host/winrm/vectors.ts'
import { op, policyModule } from '../support/wasm.ts'
import { StandIns } from './stand-in.ts'

/** Long enough to start a process on a busy machine, short enough to wait for. */
const SHORT_MS = 3_000

const upload = policyModule()
const metered = rewritePolicy(upload).bytes
const trapping = policyModule({ more: [{ code: [...op.unreachable] }], start: 4 })

const question = { kind: 'user', application: 'a', senderName: 'b' }
const allow = parseVectors(JSON.stringify({ question, expect: { outcome: 'allow' } }), '')
const deny = parseVectors(JSON.stringify({ question, expect: { outcome: 'deny' } }), '')

let standIns: StandIns

beforeAll(() => {
  standIns = new StandIns()
})

afterAll(() => standIns.remove())

const admitWith = (steps: Steps, bytes = upload, vectors = allow) => admit(bytes, { vectors }, steps)

function vetoOf(admission: Admission): [ErrorCode | undefined, string] {
  if (admission.admitted) throw new Error('it was admitted')
  expect(admission.errors).toHaveLength(1)
  return [admission.errors[0]?.code, admission.errors[0]?.message ?? '']
}

describe('a try step that says "fine" about everything', () => {
  it('cannot choose the bytes', async () => {
    const admission = await admitWith(standIns.with('try', 'say(fine)'))
    expect(admission.admitted && admission.metered.equals(metered)).toBe(true)
    expect(admission.report?.meteredSha256).toBe(createHash('sha256').update(metered).digest('hex'))
  })

  it('is given exactly those bytes and the questions, and not what is expected', async () => {
    const told = `throw new Error(JSON.stringify([sha256(metered), blocks.length, input.includes('expect')]))`
    const [code, message] = vetoOf(await admitWith(standIns.with('try', told)))
    const sha256 = createHash('sha256').update(metered).digest('hex')
    expect([code, message]).toEqual([
      'ERR_ADMISSION_CRASH',
      expect.stringContaining(JSON.stringify([sha256, 1, false])),
    ])
  })

  it('cannot undo what the rewrite step refuses', async () => {
    const admission = await admitWith(standIns.with('try', 'say(fine)'), Buffer.from('hello'))
    expect(vetoOf(admission)[0]).toBe('ERR_MODULE_MALFORMED')
  })

  it('can only keep quiet about a policy that does not start, which then never starts anywhere', async () => {
    const admission = await admitWith(standIns.with('try', 'say(fine)'), trapping)
    expect(admission.admitted && admission.metered.equals(rewritePolicy(trapping).bytes)).toBe(true)
  })

  it('does not know what to say about a vector', async () => {
    const [code] = vetoOf(await admitWith(standIns.with('try', 'say(fine)'), upload, deny))
    expect(code).toBe('ERR_ADMISSION_VECTOR')
  })
})

describe('a try step is a veto if it', () => {
  const told = (change: string) => `say({ ...fine, ${change} })`
  const toldOfBeginning = (change: string) => told(`begun: { ...begun, ${change} }`)
  const toldOfDecision = (change: string) =>
    told(`tried: [{ memoryPages: 1, description: { ...description, ${change} } }]`)

  it.each<[string, string, RegExp]>([
    ['sends other bytes', 'say(fine, [Buffer.from("other")])', /has a part/],
    ['sends the bytes back', 'say(fine, [metered])', /has a part/],
    ['says nothing', '', /no frame/],
    ['says garbage', 'writeSync(1, Buffer.alloc(5000, 0xa5))', /no frame/],
    ['says half a frame', 'writeSync(1, encodeStepFrame(fine).subarray(0, -1))', /no frame/],
    ['says two frames', 'say(fine); say(fine)', /no frame/],
    ['says JSON that is none', 'writeSync(1, Buffer.from([1, 0, 0, 0, 0, 0, 0, 0, 0x7b]))', /no frame/],
    ['says null', 'say(null)', /what it said must/],
    ['speaks of another module', told('metered: sha256(input)'), /another module/],
    ['speaks of no module', told('metered: "x"'), /what it said must/],
    ['has an unknown member', told('admitted: true'), /what it said must/],
    ['has an unknown figure', toldOfBeginning('extra: 1'), /what it said must/],
    ['has an unknown answer', toldOfDecision('extra: 1'), /what it said must/],
    ['answers too few vectors', told('tried: []'), /leaves out vectors/],
    ['answers too many vectors', told('tried: [...fine.tried, ...fine.tried]'), /leaves out vectors/],
    ['counts below zero', toldOfBeginning('startFuelUsed: -1'), /what it said must/],
    ['counts no whole number', toldOfBeginning('imageBytes: 1.5'), /what it said must/],
    ['has an outcome that is none', toldOfDecision('outcome: "maybe"'), /what it said must/],
    ['has a text without end', toldOfDecision('reason: "x".repeat(5000)'), /what it said must/],
    [
      'refuses with a code of somebody else',
      'say({ metered: fine.metered, refused: { code: "ERR_CONFIG_JSON", detail: "", offset: null } })',
      /what it said must/,
    ],
    ['exits', 'process.exit(3)', /status 3/],
    ['exits after it has said that all is fine', 'say(fine); process.exit(3)', /status 3/],
    ['is killed after it has said that all is fine', 'say(fine); process.abort()', /SIGABRT/],
    ['says more than it may', 'for (;;) writeSync(1, Buffer.alloc(1 << 20))', /more than 4194304 bytes/],
    [
      'sends a hundred megabytes',
      'writeFileSync(1, Buffer.alloc(100 * 2 ** 20, 0x20))',
      /more than 4194304 bytes/,
    ],
  ])('%s', async (_, body, message) => {
    const admission = await admitWith(standIns.with('try', body))
    expect(vetoOf(admission)).toEqual(['ERR_ADMISSION_CRASH', expect.stringMatching(message)])
    expect(admission.report).toMatchObject({ bytes: upload.length, compileMs: null, vectors: null })
  })

  it.concurrent.each([
    ['hangs', 'setInterval(() => {}, 1000)'],
    ['hangs after it has said that all is fine', 'say(fine); setInterval(() => {}, 1000)'],
    ['sleeps without an end', 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)'],
    [
      'leaves something behind that could still speak for it',
      `import { spawn } from 'node:child_process'
      say(fine)
      spawn(process.execPath, ['--eval', 'setTimeout(() => {}, 20_000)'], { stdio: 'inherit', detached: true }).unref()`,
    ],
  ])('%s', async (_, body) => {
    const startedMs = performance.now()
    const admission = await admitWith(standIns.with('try', body, SHORT_MS))
    expect(vetoOf(admission)).toEqual([
      'ERR_ADMISSION_TIME',
      expect.stringMatching(/had not ended after 3000 ms/),
    ])
    expect(performance.now() - startedMs).toBeLessThan(10 * SHORT_MS)
  })

  it('prints without end beside it, but says that all is fine: only what it says counts', async () => {
    const body = `
      for (let i = 0; i < 100; i++) try { writeSync(2, Buffer.alloc(1 << 20, 0x41)) } catch {}
      say(fine)`
    expect((await admitWith(standIns.with('try', body))).admitted).toBe(true)
  })
})

describe('a step that cannot be started', () => {
  it('is a veto', async () => {
    const { execPath } = process
    process.execPath = '/gone'
    const admission = await admit(upload).finally(() => {
      process.execPath = execPath
    })
    expect(vetoOf(admission)).toEqual([
      'ERR_ADMISSION_CRASH',
      expect.stringMatching(/cannot be started \(.*ENOENT/),
    ])
  })
})

describe('a rewrite step is a veto if it', () => {
  it.each([
    ['says nothing', ''],
    ['sends no module', 'say({ refused: null })'],
    ['says "fine" without a module', 'say({ figures: {}, warnings: [] })'],
    [
      'sends a module that is too large',
      `say({ figures, warnings: [] }, [Buffer.alloc(${meteredBytesMax + 1})])`,
    ],
    ['sends two modules', 'say({ figures, warnings: [] }, [input, input])'],
    [
      'refuses and sends a module',
      'say({ refused: { code: "ERR_MODULE_SIZE", detail: "", offset: null } }, [input])',
    ],
    [
      'refuses with a code of the second step',
      'say({ refused: { code: "ERR_POLICY_TRAP", detail: "", offset: null } })',
    ],
  ])('%s', async (_, body) => {
    const admission = await admitWith(standIns.with('rewrite', body))
    expect([vetoOf(admission)[0], admission.report]).toEqual(['ERR_ADMISSION_CRASH', null])
  })

  it('sends what is no module, which the try step finds', async () => {
    const body = 'say({ figures, warnings: [] }, [Buffer.from("nonsense")])'
    const [code, message] = vetoOf(await admitWith(standIns.with('rewrite', body)))
    expect([code, message]).toEqual(['ERR_ADMISSION_CRASH', expect.stringContaining('CompileError')])
  })
})

describe('the system holds a step to', () => {
  const limitOf = async (name: string) => {
    const body = `throw new Error(readFileSync('/proc/self/limits', 'latin1').match(/^${name}.*$/m)[0])`
    const [, message] = vetoOf(await admitWith(standIns.with('try', body)))
    return (message.match(/ (\d+) +(\d+) /) ?? []).slice(1).map(Number)
  }

  const usedUp = ['ERR_ADMISSION_TIME', expect.stringMatching(/5 s of processor time/)]

  it('its processor time', async () => {
    expect(await limitOf('Max cpu time')).toEqual([admissionProcessorSMax, admissionProcessorSMax])
    const steps = standIns.with('try', 'for (;;);', 55_000)
    expect(vetoOf(await admitWith(steps))).toEqual(usedUp)
  })

  it('its processor time in all its threads', async () => {
    const body = `
      import { Worker } from 'node:worker_threads'
      for (let i = 0; i < 4; i++) new Worker('for (;;);', { eval: true })`
    const steps = standIns.with('try', body, 55_000)
    expect(vetoOf(await admitWith(steps))).toEqual(usedUp)
  })

  it('its memory', async () => {
    const [soft = 0, hard] = await limitOf('Max data size')
    expect(hard).toBe(soft)
    expect(soft).toBeGreaterThan(admissionDataBytesMax)
    expect(soft).toBeLessThan(1.5 * admissionDataBytesMax)
    for (const body of [
      'const all = []; for (;;) all.push(Buffer.alloc(1 << 20, 1))',
      'const all = []; for (;;) all.push(new Array(1000).fill(1.5))',
    ]) {
      const veto = vetoOf(await admitWith(standIns.with('try', body)))
      expect(veto).toEqual(['ERR_ADMISSION_MEMORY', expect.stringContaining('out of memory')])
    }
  })

  it('writing no file and leaving no dump', async () => {
    expect(await limitOf('Max file size')).toEqual([0, 0])
    expect(await limitOf('Max core file size')).toEqual([0, 0])
  })

  it('an empty environment', async () => {
    const [, message] = vetoOf(
      await admitWith(standIns.with('try', 'throw new Error(JSON.stringify(process.env))')),
    )
    expect(message).toContain('Error: {}')
  })
})
