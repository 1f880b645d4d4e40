// The hello across releases: its beginning is fixed for ever, what is beyond it is skipped, and a version is chosen.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { chooseVersion, readHello } from '../../host/wire/handshake.ts'
import { type HelloFields, writeNativeHello } from '../support/native-units.ts'
import { helloBody } from '../support/raw-plugin.ts'

/** What release 0.1.0 writes. Plug-ins that do so may live for ever, so these bytes must be read for ever. */
const first = [
  '50434849', // PCHI
  '01000100', // wire versions 1 to 1
  '0000010000000000', // release 0.1.0
  '78563412', // process id
  '640007001100', // the application begins at 100 and has 7 units; 17 counters
  '000000000000',
  `${'00000000'.repeat(2)}03000000${'00000000'.repeat(14)}`,
  '770073006d0061006e002f004100', // wsman/A
].join('')

const fields: HelloFields = {
  versions: [1, 1],
  product: [0, 1, 0, 0],
  processId: 0x12345678,
  application: 'wsman/A',
  counters: Array.from({ length: 17 }, (_, i) => (i === 2 ? 3 : 0)),
}

describe('a hello', () => {
  it('of the first release is written and read as it always was', () => {
    expect(writeNativeHello(fields).toString('hex')).toBe(first)
    expect(readHello(Buffer.from(first, 'hex'))).toEqual({
      offered: { lowest: 1, highest: 1 },
      pluginVersion: '0.1.0',
      processId: 0x12345678,
      application: 'wsman/A',
      denied: { BUSY: 3 },
    })
  })

  it('is read as the plug-in writes it, whatever it says', () => {
    const half = fc.integer({ min: 0, max: 0xffff })
    const word = fc.integer({ min: 0, max: 0xffffffff })
    fc.assert(
      fc.property(
        fc.tuple(half, half).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const),
        fc.tuple(half, half, half, half),
        word,
        fc.string({ unit: 'binary', minLength: 1, maxLength: 512 }),
        fc.array(word, { minLength: 1, maxLength: 64 }),
        (versions, product, processId, application, counters) => {
          const body = writeNativeHello({ versions, product, processId, application, counters })
          const [lowest, highest] = versions
          const pluginVersion = (product[3] === 0 ? product.slice(0, 3) : product).join('.')
          const told = { offered: { lowest, highest }, pluginVersion, processId, application }
          expect(readHello(body)).toMatchObject(told)
          expect(body).toEqual(helloBody(application, { lowest, highest, product, processId, counters }))
        },
      ),
    )
  })

  it('of a newer plug-in may have more of everything: what is known is taken', () => {
    const counters = [...Array.from({ length: 17 }, () => 1), 4, 5]
    const hello = readHello(helloBody('wsman/A', { lowest: 1, highest: 9, counters, unknownBytes: 40 }))
    expect(hello).toMatchObject({ offered: { lowest: 1, highest: 9 }, application: 'wsman/A' })
    expect(hello?.denied).toMatchObject({ UNREACHABLE: 1, VERSION: 1, OTHER: 9 })
  })

  it('of an older plug-in may have fewer counters', () => {
    expect(readHello(helloBody('wsman/A', { lowest: 0, highest: 0, counters: [7] }))?.denied).toEqual({
      UNREACHABLE: 7,
    })
  })

  it.each<[string, (body: Buffer) => void]>([
    ['another magic', (body) => body.writeUInt32LE(1, 0)],
    ['versions from high to low', (body) => body.writeUInt16LE(2, 4)],
    ['an application that begins in the beginning', (body) => body.writeUInt16LE(30, 20)],
    ['an application that begins in the counters', (body) => body.writeUInt16LE(96, 20)],
    ['an application that ends behind its end', (body) => body.writeUInt16LE(102, 20)],
    ['no application', (body) => body.writeUInt16LE(0, 22)],
    ['an application of more than 1,024 units', (body) => body.writeUInt16LE(1025, 22)],
    ['more counters than it has room for', (body) => body.writeUInt16LE(0xffff, 24)],
  ])('is none with %s', (_, change) => {
    const body = helloBody('wsman/A')
    change(body)
    expect(readHello(body)).toBeUndefined()
  })

  it('is none if any of it is missing', () => {
    const body = helloBody('wsman/A')
    for (let size = 0; size < body.length; size++) expect(readHello(body.subarray(0, size))).toBeUndefined()
  })
})

describe('the version chosen', () => {
  it.each([
    [[1, 1], [1, 1], 1],
    [[1, 2], [1, 1], 1],
    [[1, 2], [1, 3], 2],
    [[2, 5], [1, 3], 3],
    [[0, 9], [2, 2], 2],
    [[2, 2], [1, 1], undefined],
    [[0, 0], [1, 1], undefined],
    [[1, 1], [2, 3], undefined],
    [[4, 9], [2, 3], undefined],
  ] as const)('of a plug-in %j and a host %j is %s', ([lowest, highest], [least, most], chosen) => {
    expect(chooseVersion({ lowest, highest }, { lowest: least, highest: most })).toBe(chosen)
  })
})
