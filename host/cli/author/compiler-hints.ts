/** What to write in the place of what the compiler does not take, where its own words name only what is wrong. */

import { similarName } from '../../engine/similar-name.ts'

/** The line of the source that is shown below an error of this code. */
const shown = (code: string, source: string) =>
  new RegExp(String.raw`${code}: [^\n]*\n[^\n]*\n[^\n]*${source}`)

const rules: readonly (readonly [RegExp, string])[] = [
  [
    /Not implemented: Closures/,
    'a function inside a function cannot use the variables around it; write a loop, or pass what it needs as arguments',
  ],
  [
    /Not implemented: Exceptions/,
    'nothing can be caught; ask first (user.hasToken before user.inGroup), and what still throws is no answer',
  ],
  [
    /Not implemented: Regular expressions/,
    'compare with ==, startsWith or the functions of request.resource and user.principal',
  ],
  [
    /Not implemented: Iterators/,
    'there is no "for (const x of list)"; write "for (let index = 0; index < list.length; index++)" and list[index]',
  ],
  [
    shown('TS1109', String.raw`\?\.`),
    'there is no "?."; put what may be null into a constant, and compare that with null',
  ],
  [
    shown('TS2554', String.raw`new Date\(\)`),
    'a policy has no clock; the time of the question is in user.timeMs and user.localTime',
  ],
  [
    /(?<!\/Decision) \| null' is not assignable to type/,
    'this may be null, which the compiler follows in variables only: "const url = user.httpUrl", then "if (url != null)"',
  ],
  [
    /Type '[^'\n]*' is not assignable to type '[^'\n]*\/Decision'|TS2355: /,
    'write "return Decision.allow()" or "return Decision.deny(reason)"',
  ],
]

/** For a package that the compiler does not find. */
function misspeltPackage(printed: string): string[] {
  const names = [...printed.matchAll(/File '~lib\/([^'/]+)\.ts' not found/g)].map(([, name = '']) => name)
  return similarName('portcullis', names) === undefined ? [] : ['did you mean "from \'portcullis\'"?']
}

/** For what the compiler printed. */
export function compilerHintsFor(printed: string): string[] {
  return [
    ...rules.filter(([words]) => words.test(printed)).map(([, hint]) => hint),
    ...misspeltPackage(printed),
  ]
}
