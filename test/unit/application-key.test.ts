// Which pairs of account and application are one and the same, and which are not.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { applicationKey } from '../../host/tenant/application-key.ts'
import { anyText } from '../support/arbitraries.ts'

const account = 'uid:1000'

describe("an application's key", () => {
  const key = (application: string) => applicationKey(account, application)

  it.each([
    ['ASCII', 'wsman/Contoso', 'WSMAN/CONTOSO'],
    ['Latin', 'zürich é å ø ç', 'ZÜRICH É Å Ø Ç'],
    ['Greek', 'αθήνα', 'ΑΘΉΝΑ'],
    ['Cyrillic', 'москва', 'МОСКВА'],
    ['fullwidth letters', 'ａｂｃ', 'ＡＢＣ'],
  ])('is the same for small letters and capitals in %s', (_, small, capital) => {
    expect(key(small)).toBe(key(capital))
  })

  it.each([
    ['ß and SS', 'ß', 'SS'],
    ['ß and ss', 'ß', 'ss'],
    ['a ligature and its letters', 'ﬁ', 'FI'],
    ['an apostrophe in one character and in two', 'ŉ', 'ʼN'],
    ['the composed and the decomposed', 'é', 'e\u0301'],
    ['the Kelvin sign and K', '\u212a', 'K'],
    ['the Ångström sign and Å', '\u212b', 'Å'],
    ['a capital I with a dot and i', 'İ', 'i'],
    ['two unpaired surrogates', '\ud800', '\ud801'],
    ['a pair in the right and in the wrong order', '\ud83d\udd11', '\udd11\ud83d'],
    ['an unpaired surrogate and U+FFFD', '\ud800', '\ufffd'],
    ['a name with and without a blank', 'wsman/a', 'wsman/a '],
    ['a slash and a backslash', 'wsman/a', 'wsman\\a'],
    ['small and capital letters outside the first plane', '𐐨', '𐐀'],
    ['a dotless i and I', 'ı', 'I'],
    ['a long s and S', 'ſ', 'S'],
  ])('is another one for %s', (_, first, second) => {
    expect(key(first)).not.toBe(key(second))
  })

  it('is another one for each account', () => {
    expect(applicationKey('uid:1', 'wsman/a')).not.toBe(applicationKey('uid:2', 'wsman/a'))
  })

  it('has as many units as the name, whatever the name is, and folding it again changes nothing', () => {
    fc.assert(
      fc.property(anyText(40), (application) => {
        const folded = key(application).slice(account.length + 1)
        expect(folded).toHaveLength(application.length)
        expect(key(folded)).toBe(key(application))
      }),
      { numRuns: 2000 },
    )
  })

  it('depends on no unit but the one in its place', () => {
    fc.assert(
      fc.property(anyText(20), anyText(20), (first, second) => {
        const bare = (application: string) => key(application).slice(account.length + 1)
        expect(bare(first + second)).toBe(bare(first) + bare(second))
      }),
    )
  })
})
