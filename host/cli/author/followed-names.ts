/**
 * Puts what a name stands for in its place, so that a rule that knows only lines sees through `const name = user.senderName`.
 * Only what rules look for is followed, and only within one file.
 */

const followed = String.raw`'[^']*'|"[^"]*"|[\w.]+\.(?:senderName|principal(?:\.name)?|resourceUri)`

const declaration = new RegExp(
  String.raw`\b(?:const|let)\s+(\w+)(?:\s*:\s*string)?\s*=\s*(${followed})\s*;?\s*$`,
  'gm',
)

/** A name that is declared again, or is a parameter, means another thing in one of the places. */
function isUnique(name: string, source: string): boolean {
  const uses = new RegExp(String.raw`\b(?:const|let|var)\s+${name}\b|[(,]\s*${name}\s*:`, 'g')
  return source.match(uses)?.length === 1
}

/** A function that rewrites lines of this source. */
export function following(source: string): (line: string) => string {
  const meanings = new Map<string, string>()
  for (const [, name = '', meaning = ''] of source.matchAll(declaration)) {
    if (isUnique(name, source)) meanings.set(name, meaning)
  }
  return (line) => line.replace(/(?<![\w.'"])\w+\b(?!['"])/g, (name) => meanings.get(name) ?? name)
}
