// What was told of an evaluator's decisions and what was lost add up to what it decided, whatever was lost and when it ended.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { decisionsPerSecondMax } from '../../host/limits.ts'
import { DecisionCount } from '../../host/supervisor/decision-count.ts'

/** Of an evaluator that has lived for a second. */
function countOf(): DecisionCount {
  let nowMs = 0
  const count = new DecisionCount(() => nowMs)
  nowMs = 1000
  return count
}

describe('the decisions of an evaluator', () => {
  it('are told or lost, each once, whichever messages are lost', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 200 }), (arrivals) => {
        const count = countOf()
        let [told, lost] = [0, 0]
        arrivals.forEach((arrives, index) => {
          if (!arrives) return
          told++
          lost += count.told(index + 1)
        })
        expect(told + lost + Number(count.ended(arrivals.length))).toBe(arrivals.length)
      }),
    )
  })

  it('that it says there were are lost as far as they were not told', () => {
    const count = countOf()
    count.told(1)
    expect([count.counted(1), count.counted(5), count.counted(5)]).toEqual([0, 4, 0])
    expect(count.told(6)).toBe(0)
    expect(() => count.counted(5)).toThrow(/ERR_CHANNEL/)
    expect(count.ended(6)).toBe(0)
  })

  it('that were all told leave no gap', () => {
    const count = countOf()
    for (const sequence of [1, 2, 3]) expect(count.told(sequence)).toBe(0)
    expect(count.ended(3)).toBe(0)
    expect(countOf().ended(0)).toBe(0)
  })

  it.each([
    ['comes a second time', 2],
    ['goes back', 1],
    ['is further than it can be', decisionsPerSecondMax + 1],
  ])('have no number that %s', (_, sequence) => {
    const count = countOf()
    count.told(1)
    count.told(2)
    expect(() => count.told(sequence)).toThrow(/ERR_CHANNEL/)
  })

  it.each([
    ['says less than was told', 1],
    ['says more than can be', decisionsPerSecondMax + 1],
    ['has the largest number that there is', 2 ** 64],
    ['cannot be read', undefined],
  ])('are an unknown number if the page %s', (_, decided) => {
    const count = countOf()
    count.told(2)
    expect(count.ended(decided)).toBe('unknown')
  })

  it('are an unknown number once the evaluator has said what is not true', () => {
    const count = countOf()
    count.told(1)
    count.disbelieve()
    expect(count.ended(1)).toBe('unknown')
  })
})
