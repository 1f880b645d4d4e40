/**
 * A unified diff of two texts that differ in one place: lines that they share at the beginning and at the end are left out, but for
 * some around the change.
 */

const CONTEXT_LINES = 3

function linesOf(text: string): string[] {
  return text.match(/[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+$/g) ?? []
}

/** Lines of output, without their ends. */
export function lineDiff(name: string, before: string, after: string): string[] {
  if (before === after) return []
  const [old, now] = [linesOf(before), linesOf(after)]
  const shorter = Math.min(old.length, now.length)
  let first = 0
  while (first < shorter && old[first] === now[first]) first++
  let last = 0
  while (last < shorter - first && old[old.length - 1 - last] === now[now.length - 1 - last]) last++

  const start = Math.max(0, first - CONTEXT_LINES)
  const tail = Math.min(last, CONTEXT_LINES)
  const oldEnd = old.length - last
  const nowEnd = now.length - last
  const marked = (mark: string, lines: readonly string[]) =>
    lines.flatMap((line) => {
      const text = `${mark}${line.replace(/[\r\n]+$/, '')}`
      return /[\r\n]$/.test(line) ? [text] : [text, '\\ No newline at end of file']
    })
  const range = (lines: number) => `${lines === 0 ? start : start + 1},${lines}`
  return [
    `--- ${name}`,
    `+++ ${name}`,
    `@@ -${range(oldEnd + tail - start)} +${range(nowEnd + tail - start)} @@`,
    ...marked(' ', old.slice(start, first)),
    ...marked('-', old.slice(first, oldEnd)),
    ...marked('+', now.slice(first, nowEnd)),
    ...marked(' ', old.slice(oldEnd, oldEnd + tail)),
  ]
}
