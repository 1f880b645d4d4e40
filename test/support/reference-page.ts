// Reads the tables of a page in docs/reference, so that tests can hold the page against the code.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { root } from '../../host/paths.ts'

export function referencePage(name: string): string {
  return readFileSync(join(root, 'docs', 'reference', `${name}.md`), 'utf8')
}

/** The rows of all tables, heads included, as trimmed cells without the quotes of code. */
export function tableRows(page: string): string[][] {
  return page
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^[|\s:-]+$/.test(line))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll('`', '')),
    )
}
