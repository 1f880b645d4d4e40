// Questions that were set aside: each is taken up once, by its verdict, by time, or by the end of its connection.

import { describe, expect, it } from 'vitest'

import { HeldQuestions } from '../../host/evaluator/held-questions.ts'
import { heldMsMax } from '../../host/limits.ts'
import { sleep } from '../support/testbed.ts'

const question = (connection: number, id: string, tenant = 't') => ({
  connection,
  id,
  tenant,
  block: Buffer.from(id),
})

describe('questions that are held', () => {
  it('are taken out by their id, once', () => {
    const held = new HeldQuestions()
    held.hold(question(1, 'a'))
    held.hold(question(2, 'b'))
    held.hold(question(3, 'a'))
    expect(held.take('a', 't').map(({ connection }) => connection)).toEqual([1, 3])
    expect(held.take('a', 't')).toEqual([])
    expect(held.take('b', 'another')).toEqual([])
    expect(held.take('b', 't')).toHaveLength(1)
    expect([held.size, held.waitMs]).toEqual([0, -1])
  })

  it('are gone with their connection', () => {
    const held = new HeldQuestions()
    held.hold(question(1, 'a'))
    held.drop(1)
    expect(held.take('a', 't')).toEqual([])
  })

  it('are due when they have waited long enough, and not before', async () => {
    const held = new HeldQuestions()
    held.hold(question(1, 'a'))
    expect(held.takeDue()).toEqual([])
    expect(held.waitMs).toBeGreaterThan(0)
    expect(held.waitMs).toBeLessThanOrEqual(heldMsMax)
    await sleep(heldMsMax + 5)
    expect(held.waitMs).toBe(0)
    expect(held.takeDue()).toHaveLength(1)
  })
})
