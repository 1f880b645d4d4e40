// The list has every case once, and the page says what the list says. `npm run conformance` writes the page.

import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { root } from '../../host/paths.ts'
import { cases } from './cases/list.ts'
import { pageOf } from './page.ts'

/** How many cases each group of the contract has. */
const groups = { A: 6, B: 19, C: 29, D: 11, E: 10, F: 11, G: 13 }

describe('the list of cases', () => {
  it('has each number once, and B8b', () => {
    const numbers = Object.entries(groups).flatMap(([group, count]) => {
      return Array.from({ length: count }, (_, index) => `${group}${index + 1}`)
    })
    numbers.splice(numbers.indexOf('B8') + 1, 0, 'B8b')
    expect(cases.map(({ id }) => id)).toEqual(numbers)
  })

  it('says a sentence about each', () => {
    for (const { id, what } of cases) expect(what, id).toMatch(/^[A-Z].*[.]$/s)
  })
})

describe('the page of conformance', () => {
  it('is what the list makes of it; `npm run conformance` writes it', async () => {
    await expect(pageOf(cases)).toMatchFileSnapshot(join(root, 'docs', 'reference', 'conformance.md'))
  })
})
