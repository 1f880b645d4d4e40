// What an evaluator sends to the supervisor is read as what it is: bytes of a process that runs tenants' code.

import { describe, expect, it } from 'vitest'

import { readMessage, readOvertime } from '../../host/control/read-message.ts'

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

const read = (message: unknown) => readMessage(Buffer.from(JSON.stringify(message)))

describe('a message of an evaluator', () => {
  it.each([
    { type: 'ready', faults: [] },
    {
      type: 'ready',
      faults: [{ digest: 'ab'.repeat(32), code: 'ERR_MODULE_SIZE', detail: 'it has 0 bytes' }],
    },
    { type: 'serving', index: 3 },
    { type: 'failed', code: 'ERR_ENDPOINT_IN_USE', detail: '' },
    { type: 'gap', lost: 7 },
    { type: 'connection', record: { accepted: true, account: 'uid:0', denied: { BUSY: 2 } } },
    { type: 'decision', record: decision },
  ])('is read as it was sent: $type', (message) => {
    expect(read(message)).toEqual(message)
  })

  it.each<[string, unknown]>([
    ['null', null],
    ['a number', 1],
    ['an unknown type', { type: 'quit' }],
    ['ready without faults', { type: 'ready' }],
    ['a decision without a record', { type: 'decision' }],
    ['an error code that is none', { type: 'failed', code: 'toString', detail: '' }],
    ['an index of text', { type: 'serving', index: 'evil' }],
    ['another event', { type: 'decision', record: { ...decision, event: 'closed' } }],
    ['a level', { type: 'decision', record: { ...decision, level: 10 } }],
    ['a message of its own', { type: 'decision', record: { ...decision, msg: 'evil' } }],
    ['a prototype', { type: 'decision', record: { ...decision, __proto__x: {} } }],
    ['an outcome that is none', { type: 'decision', record: { ...decision, outcome: 'maybe' } }],
    ['a text without end', { type: 'decision', record: { ...decision, sender: 'x'.repeat(5_000) } }],
    ['a negative count', { type: 'gap', lost: -1 }],
    ['a hundred faults too many', { type: 'ready', faults: Array(200).fill({}) }],
  ])('is refused with %s', (_, message) => {
    expect(() => read(message)).toThrow(/ERR_CHANNEL/)
  })

  it.each(['{not json', '', '{"type":"gap","lost":1', '[]'])('is refused if it is %j', (text) => {
    expect(() => readMessage(Buffer.from(text))).toThrow(/ERR_CHANNEL/)
  })
})

describe('an overtime frame', () => {
  const body = (label: string, kind = 1) => {
    const header = Buffer.alloc(28)
    header.writeUInt16LE(kind, 16)
    header.writeUInt16LE(2, 18)
    header.writeUInt32LE(110, 20)
    header.writeUInt32LE(120, 24)
    return Buffer.concat([header, Buffer.from(label)])
  }

  it('is read with its label', () => {
    expect(readOvertime(body('{"tenant":"t","application":"a"}'))).toEqual({
      id: '0'.repeat(32),
      kind: 'user',
      attempt: 2,
      processorMs: 110,
      wallMs: 120,
      tenant: 't',
      application: 'a',
    })
  })

  it.each([
    Buffer.alloc(5),
    Buffer.alloc(28),
    body('{"tenant":"t"'),
    body('{"tenant":"t"}'),
    body('{"tenant":1,"application":"a"}'),
    body('{"tenant":"t","application":"a"}', 9),
  ])('is refused if it is malformed (%#)', (bytes) => {
    expect(() => readOvertime(bytes)).toThrow(/ERR_CHANNEL/)
  })
})
