/** Advice about the sources of a project. It goes by the look of lines, so nothing is refused for it. */

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { rules } from './advice-rules.ts'
import { following } from './followed-names.ts'

export interface Advice {
  /** Seen from the project's folder. */
  readonly file: string
  /** From 1. */
  readonly line: number
  readonly advice: string
}

/** For one file's text. Comments are passed over. */
export function adviceFor(file: string, source: string): Advice[] {
  const follow = following(source)
  return source.split('\n').flatMap((text, index) => {
    if (/^\s*(?:\/\/|\/?\*)/.test(text)) return []
    const line = follow(text.replace(/\s\/\/.*$/, ''))
    const found = rules.filter(({ pattern }) => pattern.test(line))
    return found.map(({ advice }) => ({ file, line: index + 1, advice }))
  })
}

/** For all sources of a project. */
export function sourceAdvice(folder: string): Advice[] {
  if (!existsSync(join(folder, 'assembly'))) return [] // its sources are where its asconfig.json says
  const names = readdirSync(join(folder, 'assembly'), { recursive: true, encoding: 'utf8' })
  const sources = names.filter((name) => name.endsWith('.ts')).sort()
  return sources.flatMap((name) =>
    adviceFor(join('assembly', name), readFileSync(join(folder, 'assembly', name), 'utf8')),
  )
}
