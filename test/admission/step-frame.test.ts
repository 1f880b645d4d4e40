// Frames of the steps: what was put in comes out, and bytes that are not exactly one frame are none.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { decodeStepFrame, encodeStepFrame } from '../../host/admission/step-frame.ts'

const parts = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 5 })

describe('a frame of a step', () => {
  it('gives back what it was made of', () => {
    fc.assert(
      fc.property(fc.json(), parts, (json, given) => {
        const frame = decodeStepFrame(encodeStepFrame(JSON.parse(json), given))
        expect(JSON.stringify(frame?.header)).toBe(JSON.stringify(JSON.parse(json)))
        expect(frame?.parts.map((part) => [...part])).toEqual(given.map((part) => [...part]))
      }),
    )
  })

  it('is none with a byte more or with any number of bytes less', () => {
    const frame = encodeStepFrame({ a: 1 }, [Buffer.from('one'), Buffer.from('two')])
    expect(decodeStepFrame(Buffer.concat([frame, Buffer.from('x')]))).toBeUndefined()
    for (let size = 0; size < frame.length; size++) {
      expect(decodeStepFrame(frame.subarray(0, size))).toBeUndefined()
    }
  })

  it('is none if its sizes say what is not there', () => {
    const frame = encodeStepFrame({ a: 1 }, [Buffer.from('one')])
    for (const at of [0, 4, 8]) {
      for (const value of [1, 2, 0x7fffffff, 0x80000000, 0xffffffff]) {
        const wrong = Buffer.from(frame)
        if (wrong.readUInt32LE(at) === value) continue
        wrong.writeUInt32LE(value, at)
        expect(decodeStepFrame(wrong)).toBeUndefined()
      }
    }
  })

  it('is none, and no error, whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const frame = decodeStepFrame(Buffer.from(bytes))
        if (frame !== undefined) expect(encodeStepFrame(frame.header, frame.parts).length).toBeGreaterThan(7)
      }),
    )
  })
})
