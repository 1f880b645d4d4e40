// The page of tokens says what the code has: its roles, its limits, the members of its answers.

import { describe, expect, it } from 'vitest'

import { roles } from '../../host/admin/roles.ts'
import { idPattern, namePattern } from '../../host/admin/tokens.ts'
import {
  tokenExpiresMs,
  tokenExpiresMsMax,
  tokenFileBytesMax,
  tokenKeptMs,
  tokensMax,
} from '../../host/limits.ts'
import { referencePage, tableRows } from '../support/reference-page.ts'

const page = referencePage('tokens')
const rows = tableRows(page)
const cell = (name: string) => rows.find(([first]) => first === name)?.[1] ?? ''
const days = (ms: number) => `${ms / 86_400_000} days`

describe('the page of tokens', () => {
  it('has every role, in their order', () => {
    const names = rows.map(([first = '']) => first)
    expect(names.filter((name) => (roles as readonly string[]).includes(name))).toEqual(roles)
  })

  it('has the limits', () => {
    expect(cell('tokens in the file')).toBe(tokensMax.toLocaleString('en-US'))
    expect(cell('validity')).toBe(
      `${days(tokenExpiresMsMax)}; ${days(tokenExpiresMs)} unless --expires says otherwise`,
    )
    expect(cell('a token that was revoked or has expired is still listed')).toContain(days(tokenKeptMs))
    expect(cell('file')).toBe(`${tokenFileBytesMax / 1024 / 1024} MiB`)
    expect(namePattern.test('a'.repeat(Number.parseInt(cell('name'), 10)))).toBe(true)
    expect(namePattern.test('a'.repeat(Number.parseInt(cell('name'), 10) + 1))).toBe(false)
  })

  it('shows an id that is one', () => {
    const ids = page.match(/(?<=pct_)[0-9a-f]+(?=_)/g) ?? []
    expect(ids.length).toBeGreaterThan(0)
    expect(ids.every((id) => idPattern.test(id))).toBe(true)
  })
})
