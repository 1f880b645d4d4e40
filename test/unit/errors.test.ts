// The page that operators look a code up on says what the code says: every code is there once, with the same fault and
// the same text, and no code is there that nothing can report.

import { describe, expect, it } from 'vitest'

import { errorTable, PortcullisError } from '../../host/errors.ts'
import { codeOf } from '../../host/winrm/codes.ts'
import { referencePage, tableRows } from '../support/reference-page.ts'

const codes = Object.keys(errorTable) as (keyof typeof errorTable)[]
const rows = tableRows(referencePage('errors')).filter(([code = '']) => code.startsWith('ERR_'))

describe('the reference page of the errors', () => {
  it('has every code, once, in the order of the table', () => {
    expect(rows.map(([code]) => code)).toEqual(codes)
  })

  it.each(codes)('says the same of %s as the table', (code) => {
    const [, fault, text] = rows.find(([documented]) => documented === code) ?? []
    expect({ fault, text }).toEqual(errorTable[code])
  })

  it('names no code that does not exist, in its rows or beside them', () => {
    const named = referencePage('errors').match(/ERR_[A-Z_]+/g) ?? []
    expect(named.filter((code) => !/_$/.test(code) && !(code in errorTable))).toEqual([])
  })

  it('says what WinRM is told when there is no answer', () => {
    const page = referencePage('errors')
    for (const code of new Set(codes.map(codeOf))) expect(page).toContain(`${code}`)
  })
})

describe('an error', () => {
  it('has a code that says whose it is by its beginning', () => {
    for (const code of codes) expect(code).toMatch(/^ERR(_[A-Z]+)+$/)
  })

  it('has a text that can be continued: no capital, no full stop', () => {
    for (const { text } of Object.values(errorTable)) expect(text).toMatch(/^[a-z].*[^.\s]$/)
  })

  it('has a message of its text, its detail and its code', () => {
    expect(new PortcullisError('ERR_BLOCK', 'sid').message).toBe(
      'the request block is malformed: sid [ERR_BLOCK]',
    )
    expect(new PortcullisError('ERR_BLOCK').message).toBe('the request block is malformed [ERR_BLOCK]')
    expect(new PortcullisError('ERR_BLOCK', 'sid')).toMatchObject({ code: 'ERR_BLOCK', detail: 'sid' })
  })
})
