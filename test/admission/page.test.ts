// The page on admission says what the code does: members of the report, limits, warnings.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { admit } from '../../host/admission/admission.ts'
import { warningCodes } from '../../host/admission/warnings.ts'
import {
  admissionDataBytesMax,
  admissionOutputBytesMax,
  admissionProcessorSMax,
  admissionWallMsMax,
  meteredBytesMax,
  vectorProblemsShownMax,
  warningShare,
} from '../../host/limits.ts'
import { root } from '../../host/paths.ts'
import { readVectors } from '../../host/winrm/vectors.ts'
import { referencePage, tableRows } from '../support/reference-page.ts'
import { policyPath } from '../support/testbed.ts'

const page = referencePage('admission')
const rows = tableRows(page)

/** The names of all members that have no members of their own. */
function namesOf(value: object, prefix = ''): string[] {
  return Object.entries(value).flatMap(([name, member]) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? namesOf(member, `${prefix}${name}.`)
      : [`${prefix}${name}`],
  )
}

describe('the page on admission', () => {
  it('has every member of the report, in its order', async () => {
    const vectors = readVectors(join(root, 'policies', 'examples', 'role-by-group', 'vectors.jsonl'))
    const { report } = await admit(readFileSync(policyPath('examples/role-by-group')), { vectors })
    const names = namesOf(report as object)
    const documented = rows.map(([name = '']) => name).filter((name) => names.includes(name))
    expect(documented).toEqual(names)
  })

  it('has every warning', () => {
    expect(rows.map(([code = '']) => code).filter((code) => code.startsWith('WARN_'))).toEqual([
      ...warningCodes,
    ])
    expect(page).toContain(`above ${warningShare * 100} %`)
  })

  it('has the limits', () => {
    const limit = (what: string) => rows.find(([name]) => name?.startsWith(what))?.[1]
    expect(limit('processor time')).toBe(`${admissionProcessorSMax} s`)
    expect(limit('wall time')).toBe(`${admissionWallMsMax / 1000} s`)
    expect(limit('memory,')).toBe(`${admissionDataBytesMax / 2 ** 20} MiB`)
    expect(limit('what it says')).toBe(`${admissionOutputBytesMax / 2 ** 20} MiB`)
    expect(limit('bytes of the metered module')).toBe(`${meteredBytesMax / 2 ** 10} KiB`)
    expect(page).toContain(`the first ${vectorProblemsShownMax} of them`)
  })
})
