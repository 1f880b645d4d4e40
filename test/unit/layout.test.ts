// The numbers that C and TypeScript agree on, and the tables of the reference pages: one truth, written down three times.

import { describe, expect, it } from 'vitest'

import { accountCharactersMax, evaluatorConnectionsMax } from '../../host/limits.ts'
import { win32 } from '../../host/winrm/codes.ts'
import * as layout from '../../host/wire/layout.ts'
import { CConstants, nativeSource } from '../support/c-constants.ts'
import { referencePage, tableRows } from '../support/reference-page.ts'

describe('C and TypeScript', () => {
  const c = new CConstants(
    nativeSource('block', 'block.h'),
    nativeSource('block', 'block.c'),
    nativeSource('block', 'frame.h'),
    nativeSource('block', 'frame.c'),
    nativeSource('io', 'io.h'),
    nativeSource('io', 'io_internal.h'),
    nativeSource('wsman', 'wsman_types.h'),
  )
  const denials = [...nativeSource('plugin', 'denial.h').matchAll(/ROW\((\w+), (\w+), "([^"]+)"\)/g)]
  const { at, block, answer, frameType, hello, kindNumber, runningPage, switches } = layout

  it.each<[string, number]>([
    ['BLOCK_MAGIC', block.magic],
    ['BLOCK_VERSION', block.version],
    ['BLOCK_HEADER_BYTES', block.headerBytes],
    ['BLOCK_BYTES_MAX', block.bytesMax],
    ['BLOCK_GROUPS_MAX', block.groupsMax],
    ['BLOCK_ID_BYTES', block.idBytes],
    ['BLOCK_SUB_AUTHORITIES_MAX', block.subAuthoritiesMax],
    ['BLOCK_FLAG_TOKEN', block.flagToken],
    ['BLOCK_KIND_USER', kindNumber.user],
    ['BLOCK_KIND_OPERATION', kindNumber.operation],
    ['BLOCK_KIND_QUOTA', kindNumber.quota],
    ['BLOCK_AT_KIND', at.kind],
    ['BLOCK_AT_ATTEMPT', at.attempt],
    ['BLOCK_AT_QUESTION_ID', at.questionId],
    ['AT_MAGIC', at.magic],
    ['AT_VERSION', at.version],
    ['AT_HEADER_SIZE', at.headerSize],
    ['AT_TOTAL_SIZE', at.totalSize],
    ['AT_FLAGS', at.flags],
    ['AT_OPERATION', at.operation],
    ['AT_USER_SID', at.userSid],
    ['AT_ENABLED_GROUPS', at.enabledGroups],
    ['AT_DENY_ONLY_GROUPS', at.denyOnlyGroups],
    ['AT_TEXTS', at.texts],
    ['WIRE_VERSION_LOWEST', layout.wireVersions.lowest],
    ['WIRE_VERSION_HIGHEST', layout.wireVersions.highest],
    ['FRAME_HEADER_BYTES', layout.FRAME_HEADER_BYTES],
    ['FRAME_HELLO', frameType.hello],
    ['FRAME_WELCOME', frameType.welcome],
    ['FRAME_QUESTION', frameType.question],
    ['FRAME_ANSWER', frameType.answer],
    ['FRAME_REFUSAL', frameType.refusal],
    ['FRAME_CONTROL', frameType.control],
    ['FRAME_OVERTIME', frameType.overtime],
    ['HELLO_MAGIC', hello.magic],
    ['HELLO_PREFIX_BYTES', hello.prefixBytes],
    ['APPLICATION_UNITS_MAX', hello.applicationUnitsMax],
    ['ANSWER_MAGIC', answer.magic],
    ['ANSWER_HEADER_BYTES', answer.headerBytes],
    ['ANSWER_TEXT_UNITS_MAX', answer.textUnitsMax],
    ['ANSWER_ALLOW', answer.outcome.allow],
    ['ANSWER_DENY', answer.outcome.deny],
    ['ANSWER_NO_ANSWER', answer.outcome['no-answer']],
    ['ANSWER_FLAG_ADMINISTRATOR', answer.flagAdministrator],
    ['SWITCH_RUN_AS_POOL_ACCOUNT', switches.runAsPoolAccount],
    ['SWITCH_ADMINISTRATOR', switches.administrator],
    ['SWITCHES_ALL', switches.runAsPoolAccount | switches.administrator],
    ['PCIO_CONTROL_BYTES_MAX', layout.controlBytesMax],
    ['PCIO_CONNECTIONS_MAX', evaluatorConnectionsMax],
    ['PCIO_ACCOUNT_BYTES', accountCharactersMax],
    ['OVERTIME_HEADER_BYTES', layout.overtimeHeaderBytes],
    ['PCIO_PAGE_BYTES', runningPage.bytes],
    ['PCIO_PAGE_MAGIC', runningPage.magic],
    ['PCIO_PAGE_AT_SEQUENCE', runningPage.at.sequence],
    ['PCIO_PAGE_AT_KIND', runningPage.at.kind],
    ['PCIO_PAGE_AT_PHASE', runningPage.at.phase],
    ['PCIO_PAGE_AT_ID', runningPage.at.id],
    ['PCIO_PAGE_AT_LABEL', runningPage.at.label],
    ['PCIO_LABEL_BYTES_MAX', runningPage.labelBytesMax],
    ['PCIO_PAGE_AT_OVERTIME', runningPage.at.overtime],
    ['PCIO_PAGE_AT_DECIDED', runningPage.at.decided],
    ['NO_ERROR', win32.NO_ERROR],
    ['ERROR_ACCESS_DENIED', win32.ACCESS_DENIED],
    ['ERROR_NOT_ENOUGH_MEMORY', win32.NOT_ENOUGH_MEMORY],
    ['ERROR_INVALID_PARAMETER', win32.INVALID_PARAMETER],
    ['ERROR_SHUTDOWN_IN_PROGRESS', win32.SHUTDOWN_IN_PROGRESS],
    ['ERROR_REVISION_MISMATCH', win32.REVISION_MISMATCH],
    ['ERROR_INTERNAL_ERROR', win32.INTERNAL_ERROR],
    ['ERROR_TIMEOUT', win32.TIMEOUT],
    ['ERROR_BAD_CONFIGURATION', win32.BAD_CONFIGURATION],
    ['ERROR_WSMAN_REDIRECT_REQUESTED', win32.REDIRECT_REQUESTED],
  ])('have the same %s', (name, value) => {
    expect(c.get(name)).toBe(value)
  })

  it('have the ten texts in the same order', () => {
    const members =
      /typedef enum block_text_field \{([^}]+)\}/.exec(nativeSource('block', 'block.h'))?.[1] ?? ''
    const names = [...members.matchAll(/BLOCK_(\w+)/g)].map(([, name = '']) =>
      name.toLowerCase().replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()),
    )
    expect(names).toEqual([...layout.textFields, 'textFields'])
  })

  it('have the same denials in the same order, and room for them in a hello', () => {
    expect(denials.map(([, name]) => name)).toEqual([...layout.pluginDenials])
    expect(denials.length).toBeLessThanOrEqual(c.get('HELLO_COUNTERS_MAX'))
  })

  it('have the denials that the reference page has, with the codes that it says', () => {
    const rows = tableRows(referencePage('wire')).filter(([, name = '']) => /^[A-Z_]+$/.test(name))
    expect(rows.map(([number, name]) => [Number(number), name])).toEqual(
      layout.pluginDenials.map((name, index) => [index, name]),
    )
    for (const [index, [, name, code]] of rows.entries()) {
      // A row without a code denies nothing: it is only counted.
      if (code !== '') expect([name, c.get(denials[index]?.[2] ?? '')]).toEqual([name, Number(code)])
    }
    expect(rows.filter(([, , code]) => code === '')).toHaveLength(3)
  })

  it('have the page of what runs as the reference page has it', () => {
    const section = referencePage('wire')
      .split(/^## /m)
      .find((text) => text.startsWith('The page of what runs'))
    const rows = tableRows(section ?? '')
      .slice(1)
      .map(([offset = '']) => Number(offset.replace(',', '')))
    expect(rows).toEqual([0, ...Object.values(runningPage.at)])
  })

  it('have the frame types that the reference page has', () => {
    const names = Object.keys(frameType)
    const rows = tableRows(referencePage('wire')).filter(([, name = '']) => names.includes(name))
    expect(Object.fromEntries(rows.map(([type, name]) => [name, Number(type)]))).toEqual(frameType)
  })
})
