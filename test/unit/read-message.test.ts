// What an evaluator sends to the supervisor is read as what it is: bytes of a process that runs tenants' code.

import { describe, expect, it } from 'vitest'

import { readDecided, readMessage, readOvertime, readRunning } from '../../host/control/read-message.ts'

const decision = {
  id: 'ab'.repeat(16),
  attempt: 1,
  tenant: 'contoso',
  application: 'wsman/contoso',
  kind: 'user',
  sender: 'CONTOSO\\alice',
  outcome: 'deny',
  code: 5,
  by: 'tenant',
  reason: 'no',
  policy: 'cd'.repeat(32),
  fuelUsed: 1234,
  generation: 1,
  timeMs: 1_700_000_000_000,
  microseconds: 42,
}

const refused = {
  accepted: false,
  account: 'uid:0',
  processId: 4711,
  pluginVersion: '2.0.0.1',
  error: 'ERR_CONNECTION_VERSION',
  offered: { lowest: 2, highest: 3 },
}

const read = (message: unknown) => readMessage(Buffer.from(JSON.stringify(message)))

describe('a message of an evaluator', () => {
  it.each([
    { type: 'ready' },
    { type: 'held', id: 'ab'.repeat(16), tenant: 'contoso' },
    { type: 'serving', index: 3 },
    { type: 'failed', code: 'ERR_ENDPOINT_IN_USE', detail: '' },
    { type: 'lost', messages: 7, decided: 12 },
    { type: 'connection', connection: 7, record: { accepted: true, account: 'uid:0', denied: { BUSY: 2 } } },
    { type: 'connection', record: refused },
    { type: 'disconnection', connection: 4096 },
    { type: 'decision', sequence: 1, record: decision },
    { type: 'decision', sequence: 2, record: decision, block: Buffer.from('a block').toString('base64') },
    {
      type: 'decision',
      sequence: 3,
      record: { ...decision, version: 3, guard: 'ef'.repeat(32), guardVersion: 1 },
    },
    { type: 'prepared', generation: 2 },
    { type: 'unprepared', generation: 2, code: 'ERR_POLICY_START', detail: 'unreachable' },
    { type: 'flipped', generation: 2 },
  ])('is read as it was sent: $type', (message) => {
    expect(read(message)).toEqual(message)
  })

  it.each<[string, unknown]>([
    ['null', null],
    ['a number', 1],
    ['an unknown type', { type: 'quit' }],
    ['ready with something', { type: 'ready', faults: [] }],
    ['an id that is none', { type: 'held', id: 'ab', tenant: 'contoso' }],
    ['a decision without a record', { type: 'decision', sequence: 1 }],
    ['a decision without a number', { type: 'decision', record: decision }],
    ['a decision with the number 0', { type: 'decision', sequence: 0, record: decision }],
    ['an error code that is none', { type: 'failed', code: 'toString', detail: '' }],
    ['an index of text', { type: 'serving', index: 'evil' }],
    ['another event', { type: 'decision', sequence: 1, record: { ...decision, event: 'closed' } }],
    ['a level', { type: 'decision', sequence: 1, record: { ...decision, level: 10 } }],
    ['a message of its own', { type: 'decision', sequence: 1, record: { ...decision, msg: 'evil' } }],
    ['a prototype', { type: 'decision', sequence: 1, record: { ...decision, __proto__x: {} } }],
    ['an outcome that is none', { type: 'decision', sequence: 1, record: { ...decision, outcome: 'maybe' } }],
    [
      'a text without end',
      { type: 'decision', sequence: 1, record: { ...decision, sender: 'x'.repeat(5_000) } },
    ],
    ['a block that is not base64', { type: 'decision', sequence: 1, record: decision, block: 'a block' }],
    ['a block without end', { type: 'decision', sequence: 1, record: decision, block: 'A'.repeat(100_000) }],
    ['a version of text', { type: 'decision', sequence: 1, record: { ...decision, version: '3' } }],
    ['a generation that is none', { type: 'prepared', generation: -1 }],
    ['a flip to nothing', { type: 'flipped' }],
    ['a reason that is none', { type: 'unprepared', generation: 2, code: 'ERR_NONE', detail: '' }],
    ['no word of why', { type: 'unprepared', generation: 2, code: 'ERR_POLICY_START' }],
    ['a negative count', { type: 'lost', messages: -1, decided: 12 }],
    ['a connection that no evaluator has', { type: 'disconnection', connection: 4097 }],
    ['an account without end', { type: 'connection', record: { ...refused, account: 'x'.repeat(193) } }],
    ['a release of text', { type: 'connection', record: { ...refused, pluginVersion: '1.0.\u001b[2J' } }],
    ['a version that is none', { type: 'connection', record: { ...refused, offered: { lowest: 2 } } }],
    ['a denial of its own making', { type: 'connection', record: { ...refused, denied: { EVIL: 1 } } }],
  ])('is refused with %s', (_, message) => {
    expect(() => read(message)).toThrow(/ERR_CHANNEL/)
  })

  it.each(['{not json', '', '{"type":"lost","messages":1', '[]'])('is refused if it is %j', (text) => {
    expect(() => readMessage(Buffer.from(text))).toThrow(/ERR_CHANNEL/)
  })
})

const label = { tenant: 't', application: 'a', policy: 'cd'.repeat(32) }

describe('an overtime frame', () => {
  const body = (text: string, { kind = 1, phase = 2 } = {}) => {
    const header = Buffer.alloc(40)
    header.writeUInt16LE(kind, 16)
    header.writeUInt16LE(2, 18)
    header.writeUInt32LE(110, 20)
    header.writeUInt32LE(120, 24)
    header.writeUInt32LE(phase, 28)
    header.writeBigUInt64LE(2n ** 40n, 32)
    return Buffer.concat([header, Buffer.from(text)])
  }

  it('is read with its label', () => {
    expect(readOvertime(body(JSON.stringify(label)))).toEqual({
      ...label,
      id: '0'.repeat(32),
      kind: 'user',
      attempt: 2,
      phase: 'tenant',
      processorMs: 110,
      wallMs: 120,
      sequence: 2 ** 40,
    })
  })

  it('is read without a policy too: there may be none to ask', () => {
    const { policy: _, ...without } = label
    expect(readOvertime(body(JSON.stringify(without)))).not.toHaveProperty('policy')
  })

  it.each([
    Buffer.alloc(5),
    Buffer.alloc(40),
    body('{"tenant":"t"'),
    body(JSON.stringify({ tenant: 't', policy: label.policy })),
    body(JSON.stringify({ ...label, tenant: 1 })),
    body(JSON.stringify({ ...label, policy: 'short' })),
    body(JSON.stringify(label), { kind: 9 }),
    body(JSON.stringify(label), { phase: 3 }),
  ])('is refused if it is malformed (%#)', (bytes) => {
    expect(() => readOvertime(bytes)).toThrow(/ERR_CHANNEL/)
  })
})

describe('the page of an evaluator that has died', () => {
  const page = (change: (bytes: Buffer) => void = () => {}) => {
    const bytes = Buffer.alloc(4096)
    bytes.writeUInt32LE(0x4e524350, 0)
    bytes.writeUInt32LE(7, 4)
    bytes.writeUInt16LE(2, 8)
    bytes.writeUInt16LE(1, 10)
    bytes.writeUInt32LE(1, 12)
    bytes.fill(0xab, 16, 32)
    bytes.write(JSON.stringify({ ...label, guard: 'ef'.repeat(32) }), 32)
    change(bytes)
    return bytes
  }

  it('says how many questions were decided', () => {
    expect(readDecided(page((bytes) => bytes.writeBigUInt64LE(2n ** 40n, 1064)))).toBe(2 ** 40)
    expect(readDecided(page())).toBe(0)
    expect(readDecided(Buffer.alloc(100))).toBeUndefined()
  })

  it('says what it was working on, and whose code ran', () => {
    expect(readRunning(page())).toEqual({
      ...label,
      guard: 'ef'.repeat(32),
      id: 'ab'.repeat(16),
      kind: 'operation',
      attempt: 1,
      phase: 'guard',
      overtimeMs: 0,
    })
  })

  it.each<[string, (bytes: Buffer) => void]>([
    ['between two questions', (bytes) => bytes.writeUInt32LE(8, 4)],
    ['before its first', (bytes) => bytes.fill(0)],
    ['with a phase that is none', (bytes) => bytes.writeUInt32LE(9, 12)],
    ['with a kind that is none', (bytes) => bytes.writeUInt16LE(9, 8)],
    ['with a label that is none', (bytes) => bytes.write('{"nobody":', 32)],
    ['overwritten with noise', (bytes) => bytes.fill(0xff, 8)],
  ])('says nothing %s', (_, change) => {
    expect(readRunning(page(change))).toBeUndefined()
  })
})
