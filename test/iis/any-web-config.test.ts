// Whatever a web.config looks like: one element comes in, everything else stays byte for byte, and it goes out again as it came.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { type ConfigText, decodeConfig, encodeConfig } from '../../host/iis/config-text.ts'
import { type Element, parseConfig } from '../../host/iis/config-xml.ts'
import { planApply, planRemove, type Wanted } from '../../host/iis/plan.ts'
import { locate } from '../../host/iis/section.ts'
import { webConfigs } from './web-configs.ts'

const wanted = { name: 'Portcullis', filename: 'C:\\Program Files\\R&D\\portcullis.dll' }
const newer = { filename: "D:\\O'Brien\\portcullis.dll" }

const read = (bytes: Buffer): ConfigText => decodeConfig('web.config', bytes)

function apply(bytes: Buffer, asked: Wanted = wanted): Buffer {
  const config = read(bytes)
  return encodeConfig(config, planApply(config, asked).text)
}

function remove(bytes: Buffer): Buffer {
  const config = read(bytes)
  return encodeConfig(config, planRemove(config).text)
}

/** How many bytes two files have in common at their beginnings and, beyond that, at their ends. */
function common(one: Buffer, other: Buffer): number {
  const length = Math.min(one.length, other.length)
  let first = 0
  while (first < length && one[first] === other[first]) first++
  let last = 0
  while (last < length - first && one[one.length - 1 - last] === other[other.length - 1 - last]) last++
  return first + last
}

/** The most that a splice may take away: the `/>` of one self-closed element, with white space before it, in UTF-16. */
const TAKEN_BYTES_MAX = 2 * 5

const runs = { numRuns: 2_000 }

function* all(element: Element): Generator<Element> {
  yield element
  for (const child of element.children) yield* all(child)
}

describe('any web.config', () => {
  it('is known element by element, each from its "<" to its last ">"', () => {
    fc.assert(
      fc.property(webConfigs, ({ bytes }) => {
        const config = read(bytes)
        for (const { name, start, end } of all(parseConfig(config))) {
          expect(config.text.startsWith(`<${name}`, start)).toBe(true)
          expect([config.text.charAt(end - 1), end <= config.text.length]).toEqual(['>', true])
        }
      }),
      {
        ...runs,
        examples: [[{ bytes: Buffer.from('<configuration a="🔑"/>'), text: '', hasModules: false }]],
      },
    )
  })

  it('has one authorization plug-in after apply, with the attributes that were wanted', () => {
    fc.assert(
      fc.property(webConfigs, ({ bytes }) => {
        const { authorizationPlugins } = locate(read(apply(bytes)))
        expect(authorizationPlugins.map(({ attributes }) => ({ ...attributes }))).toEqual([
          { Name: 'Portcullis', Filename: wanted.filename, SDKVersion: '1', SupportsQuota: 'true' },
        ])
      }),
      runs,
    )
  })

  it('keeps everything else byte for byte', () => {
    fc.assert(
      fc.property(webConfigs, ({ bytes }) => {
        expect(common(bytes, apply(bytes))).toBeGreaterThanOrEqual(bytes.length - TAKEN_BYTES_MAX)
      }),
      runs,
    )
  })

  it('is not changed by a second apply', () => {
    fc.assert(
      fc.property(webConfigs, ({ bytes }) => {
        const once = apply(bytes)
        expect(apply(once).equals(once)).toBe(true)
      }),
      runs,
    )
  })

  it('is what it was after apply and remove, if it had PluginModules', () => {
    fc.assert(
      fc.property(webConfigs, fc.boolean(), ({ bytes, hasModules }, isUpgraded) => {
        fc.pre(hasModules)
        const once = apply(bytes)
        expect(read(remove(isUpgraded ? apply(once, newer) : once)).text).toBe(read(bytes).text)
        expect(remove(once).equals(bytes)).toBe(true)
      }),
      runs,
    )
  })

  it('is after an upgrade what the newer release alone would have made of it', () => {
    fc.assert(
      fc.property(webConfigs, ({ bytes }) => {
        const once = apply(bytes)
        expect(read(apply(once, newer)).text).toBe(read(apply(bytes, newer)).text)
      }),
      runs,
    )
  })
})
