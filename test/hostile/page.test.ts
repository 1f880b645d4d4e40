// The page of the corpus names every module, says how it cheats, and what Portcullis makes of it, as the corpus does.

import { describe, expect, it } from 'vitest'

import { referencePage, tableRows } from '../support/reference-page.ts'
import { corpus } from './corpus.ts'
import { ownCells, portcullisCounts, sorted } from './page.ts'

const page = referencePage('hostile-corpus')
const rows = tableRows(page).filter((cells) => cells.length === 5 && cells[0] !== 'Module')

describe('the reference page of hostile modules', () => {
  it('has a row for each module, in the order of their names, with what the corpus says of it', () => {
    expect(rows.map((cells) => cells.slice(0, 3))).toEqual(sorted(corpus).map(ownCells))
  })

  it('says what became of each in two other hosts', () => {
    for (const [name, , , ...elsewhere] of rows) {
      expect(elsewhere, name).toHaveLength(2)
      for (const words of elsewhere) {
        expect(words, name).toMatch(
          /^(answered|(refused|error|error while loading|crashed) \(\w[\w ]*\)|(hung|took more than 512 MiB)( while loading)?)$/,
        )
      }
    }
  })

  it('counts what Portcullis did', () => {
    expect(page).toContain(`${corpus.length} modules`)
    expect(page).toContain(`- Portcullis: ${portcullisCounts(corpus)}\n`)
  })
})
