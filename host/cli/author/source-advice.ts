/**
 * What compiles, is admitted and is still a mistake in nearly every policy that has it. Found by the look of a line, so
 * it is advice: nothing is refused for it.
 */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

interface Rule {
  readonly pattern: RegExp
  readonly advice: string
}

const comparison = String.raw`\s*(?:[!=]==?|\.(?:startsWith|endsWith|includes|indexOf|replace|toLowerCase|toUpperCase)\()`

const rules: readonly Rule[] = [
  {
    pattern: new RegExp(
      String.raw`\bsenderName${comparison}|[!=]==?\s*\S*\bsenderName\b|IgnoringCase\(.*\bsenderName\b`,
    ),
    advice:
      'this decides by senderName, and one account has many names (another case, CONTOSO\\ada, ada@contoso.example) ' +
      'while a name can pass to another account; use user.isUser(sid) or groups',
  },
  {
    pattern: /\bresourceUri\.startsWith\((['"`])(?:(?!\1).)*[^/'"`]\1\)/,
    advice:
      'this also holds for a resource whose name only begins alike; use request.resource.isBelow(...), or end the prefix with "/"',
  },
  {
    pattern: /\bmentionsGroup\(.*\)\s*(?:\?|\)\s*(?:return\s+)?)\s*Decision\.allow/,
    advice:
      'this allows by mentionsGroup, which also sees memberships that are for denials only; allow by inGroup',
  },
]

export interface Advice {
  /** Seen from the project's folder. */
  readonly file: string
  /** From 1. */
  readonly line: number
  readonly advice: string
}

/** For one file's text. Lines that are comments are passed over. */
export function adviceFor(file: string, source: string): Advice[] {
  return source.split('\n').flatMap((text, index) => {
    if (/^\s*(?:\/\/|\/?\*)/.test(text)) return []
    const found = rules.filter(({ pattern }) => pattern.test(text))
    return found.map(({ advice }) => ({ file, line: index + 1, advice }))
  })
}

/** For all sources of a project. */
export function sourceAdvice(folder: string): Advice[] {
  const names = readdirSync(join(folder, 'assembly'), { recursive: true, encoding: 'utf8' })
  const sources = names.filter((name) => name.endsWith('.ts')).sort()
  return sources.flatMap((name) =>
    adviceFor(join('assembly', name), readFileSync(join(folder, 'assembly', name), 'utf8')),
  )
}
