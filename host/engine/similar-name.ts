/**
 * Finds the name that somebody probably meant. A misspelt export is still a valid module, so the only sign of the
 * mistake is that one name is missing and one that is nearly the same is there.
 */

const MISTAKES_MAX = 2

/** Characters to insert, take away or replace until one text is the other. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, column) => column)
  for (const [index, character] of [...one].entries()) {
    const next = [index + 1]
    for (let column = 0; column < other.length; column++) {
      const replaced = (row[column] ?? 0) + (character === other[column] ? 0 : 1)
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1))
    }
    row = next
  }
  return row[other.length] ?? 0
}

/** The name of `names` that is `wanted` but for its case or two mistakes; the nearest if there are several. */
export function similarName(wanted: string, names: readonly string[]): string | undefined {
  const near = names
    .filter((name) => name !== wanted && Math.abs(name.length - wanted.length) <= MISTAKES_MAX)
    .map((name) => ({ name, mistakes: distance(name.toLowerCase(), wanted.toLowerCase()) }))
    .filter(({ mistakes }) => mistakes <= MISTAKES_MAX)
  return near.sort((a, b) => a.mistakes - b.mistakes)[0]?.name
}
