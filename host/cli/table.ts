/**
 * Prints rows as aligned columns. Texts in it may come from callers or policies: control characters are shown as
 * escapes, so that none of them can move the cursor or colour the terminal, and long texts are cut.
 */

const CELL_CHARACTERS_MAX = 64

/** Control and format characters (bidirectional ones among them), line separators, unpaired surrogates. */
const invisible = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

/** Text that may come from anywhere, with everything that a terminal would act on as escapes. */
export function visible(text: string): string {
  return text.replace(invisible, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

function cell(text: string): string {
  const characters = [...visible(text)]
  if (characters.length <= CELL_CHARACTERS_MAX) return characters.join('')
  return `${characters.slice(0, CELL_CHARACTERS_MAX - 1).join('')}…`
}

/** Columns that hold only numbers are aligned to the right. */
export function renderTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [head, ...rows.map((row) => row.map(cell))]
  const widths = head.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)))
  const numeric = head.map((_, column) => rows.every((row) => /^\d*$/.test(row[column] ?? '')))
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) =>
        numeric[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd()
  return [line(head), widths.map((width) => '-'.repeat(width)).join('  '), ...cells.slice(1).map(line)].join(
    '\n',
  )
}

/** Such as "1 tenant", "2 tenants". */
export function count(number: number, singular: string, plural = `${singular}s`): string {
  return `${number} ${number === 1 ? singular : plural}`
}
