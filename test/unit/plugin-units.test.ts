// The plug-in's pure parts, called directly: the settings file is taken whole or not at all, a context that was
// released is never valid again, and the text beside a failure is well-formed whatever a policy gives as its reason.

import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'

import { parsePluginSettings, writePluginSettings } from '../../host/tenant/plugin-settings.ts'
import { anyText } from '../support/arbitraries.ts'
import { contexts, parseSettings as parseNative, writeExtended } from '../support/native-units.ts'

/** As the plug-in does it; the host's own reader has to agree. */
function parseSettings(text: string | Uint8Array): ReturnType<typeof parseNative> {
  const settings = parseNative(text)
  const read = () => parsePluginSettings(Buffer.from(text as string).toString('utf8'), 'the file')
  if (settings === undefined) expect(read).toThrow(/ERR_PLUGIN_SETTINGS/)
  else expect(read()).toEqual(settings)
  return settings
}

describe('the settings file', () => {
  const settings = { endpoint: '/run/portcullis', owner: 'uid:990' }

  it.each([
    ['two plain lines', 'endpoint = /run/portcullis\nowner = uid:990\n'],
    ['the lines in the other order', 'owner = uid:990\nendpoint = /run/portcullis\n'],
    ['lines of Windows', 'endpoint = /run/portcullis\r\nowner = uid:990\r\n'],
    ['no newline at its end', 'endpoint = /run/portcullis\nowner = uid:990'],
    ['a carriage return at its end', 'endpoint = /run/portcullis\nowner = uid:990\r'],
    ['no spaces', 'endpoint=/run/portcullis\nowner=uid:990\n'],
    ['spaces and tabs around everything', ' \tendpoint \t=  /run/portcullis\t \n\towner\t=\tuid:990  \n'],
    [
      'comments and empty lines',
      '# the host\n\nendpoint = /run/portcullis\n  # who owns it\n \t\r\nowner = uid:990\n\n#',
    ],
    ['a comment that looks like a setting', '#owner = uid:0\nendpoint = /run/portcullis\nowner = uid:990\n'],
  ])('may have %s', (_, text) => {
    expect(parseSettings(text)).toEqual(settings)
  })

  it('has values that go to the end of their line', () => {
    const text = 'endpoint = \\\\.\\pipe\\a = b # not a comment\nowner = S-1-5-21-1-2-3-1001'
    expect(parseSettings(text)).toEqual({
      endpoint: '\\\\.\\pipe\\a = b # not a comment',
      owner: 'S-1-5-21-1-2-3-1001',
    })
  })

  const both = 'endpoint = /run/portcullis\nowner = uid:990\n'
  it.each([
    ['nothing', ''],
    ['only a newline', '\n'],
    ['only a comment', '# endpoint = /run/portcullis'],
    ['no endpoint', 'owner = uid:990\n'],
    ['no owner', 'endpoint = /run/portcullis\n'],
    ['an empty endpoint', 'endpoint =\nowner = uid:990\n'],
    ['an empty owner', 'endpoint = /run/portcullis\nowner = \t\r\n'],
    ['the endpoint twice', `${both}endpoint = /run/portcullis\n`],
    ['the owner twice', `owner = uid:0\n${both}`],
    ['an empty second owner', `${both}owner =\n`],
    ['a name that nobody knows', `${both}timeout = 5\n`],
    ['a misspelt name', 'endpoint = /run/portcullis\nowners = uid:990\n'],
    ['a name in capitals', 'Endpoint = /run/portcullis\nowner = uid:990\n'],
    ['a name that only begins well', 'endpoint2 = /run/portcullis\nowner = uid:990\n'],
    ['a name cut short', 'end = /run/portcullis\nowner = uid:990\n'],
    ['a line without a name', `${both}= uid:990\n`],
    ['a line without an equals sign', `${both}owner\n`],
    ['a word that is no comment', `${both}// owner\n`],
    ['a byte order mark', `\ufeff${both}`],
    ['lines that end with a carriage return only', both.replaceAll('\n', '\r')],
    ['NUL in a value', 'endpoint = /run\0/portcullis\nowner = uid:990\n'],
    ['NUL in a comment', `# a\0b\n${both}`],
    ['NUL behind everything', `${both}\0`],
    ['units of two bytes, as an editor may save it', Buffer.from(both, 'utf16le')],
  ])('is refused with %s', (_, text) => {
    expect(parseSettings(text)).toBeUndefined()
  })

  it('has an endpoint of up to 1,023 bytes and an owner of up to 191, and refuses longer ones', () => {
    const parse = (endpoint: string, owner: string) => parseSettings(`endpoint=${endpoint}\nowner=${owner}`)
    expect(parse('e'.repeat(1023), 'o'.repeat(191))).toEqual({
      endpoint: 'e'.repeat(1023),
      owner: 'o'.repeat(191),
    })
    expect(parse('e'.repeat(1024), 'o')).toBeUndefined()
    expect(parse('é'.repeat(512), 'o')).toBeUndefined()
    expect(parse('e', 'o'.repeat(192))).toBeUndefined()
  })

  it('gives back any values that fit on a line, among any blanks and comments', () => {
    const value = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
      .map((text) => text.replaceAll(/[\n\0]/g, '').replaceAll(/^[ \t\r]+|[ \t\r]+$/g, ''))
      .filter((text) => text !== '')
    const blank = fc.constantFrom('', ' ', '\t', ' \t ')
    const noise = fc.array(fc.constantFrom('\n', '\r\n', ' \n', '# owner = uid:0\n', '\t#=\r\n'), {
      maxLength: 3,
    })
    fc.assert(
      fc.property(value, value, blank, noise, fc.boolean(), (endpoint, owner, blank, noise, reversed) => {
        const lines = [
          `${blank}endpoint${blank}=${blank}${endpoint}${blank}`,
          `owner${blank}=${blank}${owner}\r`,
        ]
        if (reversed) lines.reverse()
        const text = noise.join('') + lines.join(`\n${noise.join('')}`)
        expect(parseSettings(text)).toEqual({ endpoint, owner })
      }),
    )
  })

  it('is what the host writes', () => {
    const settings = { endpoint: 'portcullis', owner: 'S-1-5-80-1-2-3-4-5' }
    expect(parseSettings(writePluginSettings(settings))).toEqual(settings)
  })

  it('is never read behind its end, and noise is refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(parseSettings(bytes)).toBeUndefined()
      }),
    )
  })
})

describe('the table of contexts', () => {
  afterEach(() => {
    for (let instance = 1; instance <= 4; instance++) contexts.releaseAll(instance)
    contexts.free()
  })

  it('knows nothing that it has not granted', () => {
    for (const value of [0n, 1n, 2n, 64n, 0xffff_ffffn, 1n << 32n, 0xffff_ffff_ffff_ffffn]) {
      expect(contexts.release(value)).toBe(false)
    }
    expect(contexts.count()).toBe(0)
  })

  it('takes back each context once', () => {
    const context = contexts.grant(1)
    expect(context).not.toBe(0n)
    expect(contexts.count()).toBe(1)
    expect(contexts.release(context)).toBe(true)
    expect(contexts.release(context)).toBe(false)
    expect(contexts.count()).toBe(0)
  })

  it('does not know a context again when its slot has a new one', () => {
    const first = contexts.grant(1)
    contexts.release(first)
    const second = contexts.grant(1)
    expect(second & 0xffff_ffffn).toBe(first & 0xffff_ffffn)
    expect(contexts.release(first)).toBe(false)
    expect(contexts.release(second)).toBe(true)
  })

  it('does not know a context of another generation or of another slot', () => {
    const context = contexts.grant(1)
    for (const other of [context + 1n, context - 1n, context + (1n << 32n), context & 0xffff_ffffn]) {
      expect(contexts.release(BigInt.asUintN(64, other))).toBe(false)
    }
    expect(contexts.release(context)).toBe(true)
  })

  it('ends the contexts of one instance and leaves those of others', () => {
    const ones = Array.from({ length: 100 }, () => contexts.grant(1))
    const twos = Array.from({ length: 100 }, () => contexts.grant(2))
    contexts.releaseAll(1)
    expect(contexts.count()).toBe(100)
    expect(ones.some((context) => contexts.release(context))).toBe(false)
    expect(twos.every((context) => contexts.release(context))).toBe(true)
  })

  it('does not know a context again after its memory was given back', () => {
    const before = Array.from({ length: 200 }, () => contexts.grant(1))
    for (const context of before.slice(0, 100)) contexts.release(context)
    contexts.free()
    const after = Array.from({ length: 200 }, () => contexts.grant(1))
    expect(before.some((context) => contexts.release(context))).toBe(false)
    expect(contexts.count()).toBe(200)
    expect(after.every((context) => contexts.release(context))).toBe(true)
  })

  it('ends nothing for instance 0, which is what a free slot has', () => {
    const released = Array.from({ length: 3 }, () => contexts.grant(1))
    for (const context of released) contexts.release(context)
    contexts.releaseAll(0)
    expect(contexts.count()).toBe(0)
    const granted = Array.from({ length: 8 }, () => contexts.grant(1))
    expect(new Set(granted).size).toBe(8)
  })

  it('holds 1,048,576 contexts, refuses one more, and has room again after a release', () => {
    const last = Array.from({ length: 1 << 20 }, () => contexts.grant(1)).at(-1) ?? 0n
    expect(contexts.count()).toBe(1 << 20)
    expect(contexts.grant(1)).toBe(0n)
    expect(contexts.count()).toBe(1 << 20)
    expect(contexts.release(last)).toBe(true)
    expect(contexts.grant(2)).not.toBe(0n)
    expect(contexts.grant(2)).toBe(0n)
  })

  it('behaves as a set of values that are used once, whatever is asked of it', () => {
    type Step =
      | { do: 'grant'; instance: number }
      | { do: 'release-all'; instance: number }
      | { do: 'release' | 'release-stale'; pick: number }
      | { do: 'release-random'; value: bigint }
      | { do: 'free' }
    const instance = fc.integer({ min: 1, max: 4 })
    const step: fc.Arbitrary<Step> = fc.oneof(
      { weight: 12, arbitrary: fc.record({ do: fc.constant('grant' as const), instance }) },
      {
        weight: 6,
        arbitrary: fc.record({
          do: fc.constantFrom('release' as const, 'release-stale' as const),
          pick: fc.nat(),
        }),
      },
      {
        weight: 2,
        arbitrary: fc.record({
          do: fc.constant('release-random' as const),
          value: fc.oneof(fc.bigInt({ min: 0n, max: 200n }), fc.bigInt({ min: 0n, max: (1n << 64n) - 1n })),
        }),
      },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('release-all' as const), instance }) },
      { weight: 1, arbitrary: fc.constant({ do: 'free' as const }) },
    )
    const given = new Set<bigint>()
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300, size: 'max' }), (steps) => {
        contexts.free()
        const live = new Map<bigint, number>()
        const pickOf = (values: Iterable<bigint>, pick: number) => {
          const all = [...values]
          return all[pick % Math.max(1, all.length)] ?? 0n
        }
        for (const taken of steps) {
          if (taken.do === 'grant') {
            const context = contexts.grant(taken.instance)
            expect(given.has(context)).toBe(false)
            given.add(context)
            live.set(context, taken.instance)
          } else if (taken.do === 'release-all') {
            contexts.releaseAll(taken.instance)
            for (const [context, owner] of live) if (owner === taken.instance) live.delete(context)
          } else if (taken.do === 'free') {
            contexts.free()
            live.clear()
          } else {
            const context =
              taken.do === 'release-random'
                ? taken.value
                : pickOf(taken.do === 'release' ? live.keys() : given, taken.pick)
            expect(contexts.release(context)).toBe(live.delete(context))
          }
          expect(contexts.count()).toBe(live.size)
        }
      }),
      { numRuns: 200 },
    )
  })
})

describe('the text beside a failure', () => {
  const id = Buffer.from('00112233445566778899aabbccddeeff', 'hex')
  const shape = /^<portcullis outcome="(denied|no answer)" id="([0-9a-f]{32})">(.*)<\/portcullis>$/s
  const entities: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"' }
  const sentences = {
    denied: 'Access is denied.',
    'no answer': 'The authorization service gave no answer.',
  }

  /** What XML 1.0 can carry of a reason: everything else becomes U+FFFD. */
  function carried(reason: string): string {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML cannot carry
    return reason.replaceAll(/\p{Surrogate}|[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/gu, '\ufffd')
  }

  /** Takes the text apart as an XML parser would; throws if it is not well-formed. */
  function read(text: string): { outcome: string; id: string; content: string } {
    const [, outcome = '', id = '', content = ''] = shape.exec(text) ?? []
    expect(shape.test(text)).toBe(true)
    expect(content).not.toMatch(/[<>"]|&(?!(?:lt|gt|amp|quot);)/)
    expect(carried(content)).toBe(content)
    return { outcome, id, content: content.replaceAll(/&(\w+);/g, (_, name: string) => entities[name] ?? '') }
  }

  it('says who decided nothing, under which id, in a fixed sentence', () => {
    expect(writeExtended(false, id, '')).toBe(
      '<portcullis outcome="denied" id="00112233445566778899aabbccddeeff">Access is denied.</portcullis>',
    )
    expect(writeExtended(true, id, '')).toBe(
      '<portcullis outcome="no answer" id="00112233445566778899aabbccddeeff">' +
        'The authorization service gave no answer.</portcullis>',
    )
  })

  it('carries a reason behind the sentence', () => {
    expect(read(writeExtended(false, id, 'not on Sundays, Zoë 管理者 🔑')).content).toBe(
      'Access is denied. not on Sundays, Zoë 管理者 🔑',
    )
  })

  it('escapes what would end it, or begin something else', () => {
    const reason = '</portcullis><a b="c">&amp;]]>'
    const text = writeExtended(false, id, reason)
    expect(text).toContain('&lt;/portcullis&gt;&lt;a b=&quot;c&quot;&gt;&amp;amp;]]&gt;')
    expect(read(text).content).toBe(`Access is denied. ${reason}`)
  })

  it.each([
    ['an unpaired high surrogate', 'a\ud800b', 'a\ufffdb'],
    ['an unpaired high surrogate at the end', 'a\ud800', 'a\ufffd'],
    ['an unpaired low surrogate', 'a\udc00b', 'a\ufffdb'],
    ['a pair in the wrong order', '\udc00\ud800', '\ufffd\ufffd'],
    ['a high surrogate before a pair', '\ud800\ud83d\udd11', '\ufffd🔑'],
    ['NUL and other control characters', '\0\u0007\u001b[31m', '\ufffd\ufffd\ufffd[31m'],
    ['what is no character', '\ufffe\uffff', '\ufffd\ufffd'],
    ['tab and newlines, which XML can carry', 'a\tb\r\nc', 'a\tb\r\nc'],
  ])('has for %s what XML can carry', (_, reason, shown) => {
    expect(read(writeExtended(false, id, reason)).content).toBe(`Access is denied. ${shown}`)
  })

  it('has at most 1,024 units with its terminator, and as much of the reason as fits', () => {
    for (const reason of ['r'.repeat(5000), '<'.repeat(5000), '🔑'.repeat(2500), '"'.repeat(512)]) {
      for (let shift = 0; shift < 8; shift++) {
        const text = writeExtended(shift % 2 === 0, id, 'r'.repeat(shift) + reason)
        expect(text.length).toBeLessThanOrEqual(1023)
        expect(text.length).toBeGreaterThan(1023 - 12)
        read(text)
      }
    }
  })

  it('is well-formed for any reason, whole or cut between two characters', () => {
    const reasons = fc.oneof(
      anyText(60),
      anyText(600, 500),
      fc
        .array(fc.constantFrom('<', '&', '"', '🔑', 'r', '\ud800'), {
          minLength: 100,
          maxLength: 1200,
          size: 'max',
        })
        .map((parts) => parts.join('')),
    )
    const ids = fc.uint8Array({ minLength: 16, maxLength: 16 })
    fc.assert(
      fc.property(reasons, ids, fc.boolean(), (reason, id, noAnswer) => {
        const text = writeExtended(noAnswer, id, reason)
        const parsed = read(text)
        const outcome = noAnswer ? 'no answer' : 'denied'
        const whole = `${sentences[outcome]}${reason === '' ? '' : ' '}${carried(reason)}`
        expect(parsed.outcome).toBe(outcome)
        expect(parsed.id).toBe(Buffer.from(id).toString('hex'))
        expect(whole.startsWith(parsed.content)).toBe(true)
        if (text.length < 1023 - 12) expect(parsed.content).toBe(whole)
      }),
      { numRuns: 500 },
    )
  })
})
