// So much work at a time and no more, in the order in which it came, whatever becomes of it.

import { describe, expect, it } from 'vitest'

import { Turns } from '../../host/admission/turns.ts'

describe('turns', () => {
  it('are never more than there is room for, and all are had', async () => {
    const turns = new Turns(3)
    const order: number[] = []
    let running = 0
    let most = 0
    const work = async (number: number) => {
      running++
      most = Math.max(most, running)
      order.push(number)
      for (let i = 0; i <= number % 4; i++) await Promise.resolve()
      running--
      return number
    }
    const numbers = Array.from({ length: 50 }, (_, number) => number)
    expect(await Promise.all(numbers.map((number) => turns.take(() => work(number))))).toEqual(numbers)
    expect([most, running, order]).toEqual([3, 0, numbers])
  })

  it('are given back by work that fails', async () => {
    const turns = new Turns(1)
    for (let round = 0; round < 3; round++) {
      await expect(turns.take(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
    }
    expect(await turns.take(async () => 1)).toBe(1)
  })
})
