// The vectors, and settings that are not well-formed: nobody comes in, and the log says why.

import { loadPolicy, readVectors } from 'portcullis/testing'
import { describe, expect, it } from 'vitest'

const policy = loadPolicy({ settings: 'settings.json' })

it.each(readVectors())('$name', ({ question, expect: expected }) => {
  expect(policy.decide(question)).toMatchObject(expected)
})

const domain = 'S-1-5-21-3419697060-3810377854-678604692'
const [gold, silver, bronze] = [`${domain}-1701`, `${domain}-1702`, `${domain}-1703`]

function member(...groupSids: string[]) {
  return { application: 'wsman/adatum', senderName: 'ADATUM\\priya', userSid: `${domain}-1311`, groupSids }
}

it('the order of the groups does not matter', () => {
  for (const groups of [
    [gold, silver, bronze],
    [bronze, silver, gold],
    [silver, gold, bronze],
  ]) {
    expect(policy.queryQuota(member(...groups)).quota?.concurrentShells).toBe(20)
  }
})

describe('settings that are not well-formed', () => {
  const good = {
    tiers: ['gold', 'bronze'],
    'gold.members': [gold],
    'gold.quota': ['20', '100', '60', '2000'],
    'bronze.members': [bronze],
    'bronze.quota': ['1', '5', '60', '60'],
  }

  function closeTheDoor(change: Record<string, string[]>, detail: string): void {
    const broken = loadPolicy({ settings: { ...good, ...change } })
    for (const who of [member(gold), member(bronze), member()]) {
      for (const answer of [broken.authzUser(who), broken.queryQuota(who)]) {
        expect(answer).toMatchObject({ outcome: 'no-answer', error: 'ERR_POLICY_ABORT' })
        expect(answer.detail).toContain(detail)
      }
    }
  }

  it.each<[string, Record<string, string[]>, string]>([
    ['no tiers', { tiers: [] }, 'the settings have nothing under "tiers"'],
    ['a tier without members', { 'bronze.members': [] }, 'the settings have nothing under "bronze.members"'],
    ['a misspelt tier', { tiers: ['gold', 'bronz'] }, 'the settings have nothing under "bronz.members"'],
    ['a member that is no SID', { 'bronze.members': ['bronze'] }, '"bronze" is not a SID'],
    [
      'three numbers',
      { 'gold.quota': ['20', '100', '60'] },
      '"gold.quota" must have shells, operations, seconds',
    ],
    [
      'five numbers',
      { 'gold.quota': ['1', '2', '3', '4', '5'] },
      '"gold.quota" must have shells, operations',
    ],
  ])('with %s close the door for everybody', (_, change, detail) => closeTheDoor(change, detail))

  it.each(['2O', '20 shells', ' 20', '-1', '1e3', '0x14', '２０', '1.5'])('"%s" is no number', (text) => {
    closeTheDoor({ 'bronze.quota': ['1', '1', '1', text] }, `has "${text}" where a number should be`)
  })

  it.each(['', '0', '000', '4294967296', '99999999999999999999999'])('"%s" is no limit', (text) => {
    closeTheDoor({ 'gold.quota': [text, '1', '1', '1'] }, `has "${text}", which is not from 1 to 4294967295`)
  })

  it('without any settings nobody comes in', () => {
    expect(loadPolicy({ settings: {} }).authzUser(member(gold)).detail).toContain(
      'the settings have nothing under "tiers"',
    )
  })

  it('the largest number is a number', () => {
    const quota = ['4294967295', '0001', '1', '1']
    const large = loadPolicy({ settings: { ...good, 'gold.quota': quota } })
    expect(large.queryQuota(member(gold)).quota).toMatchObject({
      concurrentShells: 4294967295,
      concurrentOperations: 1,
    })
  })
})
