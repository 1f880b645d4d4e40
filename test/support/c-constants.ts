// Reads constants out of C sources, so that a test can compare them with what TypeScript believes. It knows just
// the forms that are used there: `#define NAME expression`, members of an enumeration with a value, rows of a table.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { root } from '../../host/paths.ts'

export function nativeSource(...names: string[]): string {
  return readFileSync(join(root, 'native', ...names), 'utf8')
}

/** The names and expressions that a source defines. */
function expressionsOf(source: string): Map<string, string> {
  const bare = source.replaceAll(/\/\*.*?\*\//gs, '')
  const defines = bare.matchAll(/^#define\s+(\w+)[ \t]+(.+)$/gm)
  const members = bare.matchAll(/^\s*(?:enum \{ )?(\w+) = ([^,\n]+?),?$/gm)
  const expressions = new Map<string, string>()
  for (const [, name = '', expression = ''] of [...members, ...defines]) expressions.set(name, expression)
  return expressions
}

/** The constants of some sources, which may refer to each other. */
export class CConstants {
  readonly #expressions: Map<string, string>

  constructor(...sources: string[]) {
    this.#expressions = expressionsOf(sources.join('\n'))
  }

  get(name: string): number {
    const expression = this.#expressions.get(name)
    if (expression === undefined) throw new Error(`the C sources define no ${name}`)
    const tokens = expression.match(/0x[0-9a-f]+|\d+|\w+|<<|[()+*-]/gi) ?? []
    const resolved = tokens.map((token) => {
      if (/^\d/.test(token)) return token
      return /^\w/.test(token) && !/^u(ll)?$/.test(token) ? String(this.get(token)) : token
    })
    return evaluate(resolved.filter((token) => !/^u(ll)?$/.test(token)))
  }
}

const precedence: Record<string, number> = { '<<': 1, '+': 2, '-': 2, '*': 3 }

/** Consumes `tokens`: numbers, parentheses and the operators above. */
function evaluate(tokens: string[], least = 0): number {
  const first = tokens.shift()
  let value = first === '(' ? evaluate(tokens) : Number(first)
  if (first === '(') tokens.shift()
  for (;;) {
    const operator = tokens[0] ?? ''
    const binding = precedence[operator] ?? 0
    if (binding <= least) break
    tokens.shift()
    const right = evaluate(tokens, binding)
    if (operator === '<<') value *= 2 ** right
    else if (operator === '*') value *= right
    else value += operator === '+' ? right : -right
  }
  if (Number.isNaN(value)) throw new Error('not an expression of numbers')
  return value
}
