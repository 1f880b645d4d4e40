// A file of vectors is read as it was meant or refused with every line that is wrong.

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { vectorsMax } from '../../host/limits.ts'
import { root } from '../../host/paths.ts'
import { labelOf, parseVectors, readVectors } from '../../host/winrm/vectors.ts'
import { referencePage } from '../support/reference-page.ts'
import { refusal } from '../support/refusal.ts'

const user = { kind: 'user', application: 'wsman/contoso', senderName: 'ada' }
const allow = { outcome: 'allow' }
const line = (change: object = {}) => JSON.stringify({ question: user, expect: allow, ...change })

describe('a file of vectors', () => {
  const examples = join(root, 'policies', 'examples')

  it.each(readdirSync(examples))('is read as it is: %s', (example) => {
    const vectors = readVectors(join(examples, example, 'vectors.jsonl'))
    expect(vectors.length).toBeGreaterThan(10)
    expect(vectors.map((vector) => vector.line)).toEqual(vectors.map((_, index) => index + 1))
  })

  it('may have empty lines, ends of line of Windows, and a mark at its beginning', () => {
    const folder = mkdtempSync(join(tmpdir(), 'portcullis-vectors-'))
    const path = join(folder, 'vectors.jsonl')
    writeFileSync(path, `\ufeff${line({ name: 'first' })}\r\n\r\n  \r\n${line()}\r\n`)
    const vectors = readVectors(path)
    rmSync(folder, { recursive: true })
    expect(vectors.map(labelOf)).toEqual(['"first" (line 1)', 'line 4'])
    expect(vectors[0]).toMatchObject({ question: user, expect: allow, block: expect.any(Buffer) })
  })

  it('may be empty', () => {
    expect(parseVectors('\n\n', 'test')).toEqual([])
  })

  it('may have as many as there may be, and not one more', () => {
    const lines = Array<string>(vectorsMax).fill(line())
    expect(parseVectors(lines.join('\n\n'), 'test')).toHaveLength(vectorsMax)
    const { code, detail } = refusal(() => parseVectors([...lines, '', line()].join('\n'), 'test'))
    expect(code).toBe('ERR_VECTORS_FILE')
    expect(detail).toBe('test\n  line 258: one vector too many, at most 256 are read')
  })

  it('that is not there is refused as such', () => {
    expect(refusal(() => readVectors('/gone.jsonl')).message).toMatch(
      /gone\.jsonl is not there \[ERR_VECTORS_FILE\]/,
    )
  })
})

describe('a line is refused', () => {
  it.each<[string, string, string]>([
    ['that is no JSON', '{"question": }', 'line 3, column 14: Value expected'],
    ['that ends early', '{"question": {', 'line 3, column 15: Close brace expected'],
    ['that is no object', '[]', 'line 3\n    at the top: must be object'],
    [
      'without a question',
      '{"expect": {"outcome": "allow"}}',
      "line 3\n    at the top: must have required property 'question'",
    ],
    [
      'without an expectation',
      line({ expect: undefined }),
      "line 3\n    at the top: must have required property 'expect'",
    ],
    ['with a member of its own', line({ note: 'x' }), 'line 3\n    at the top: "note" is not a known member'],
    [
      'with an outcome that is none',
      line({ expect: { outcome: 'maybe' } }),
      'line 3\n    at /expect/outcome: must be one of ["allow","deny","no-answer"]',
    ],
    [
      'with a misspelled expectation',
      line({ expect: { outcome: 'deny', reasons: 'x' } }),
      'line 3\n    at /expect: "reasons" is not a known member',
    ],
    [
      'with half a quota',
      line({ expect: { outcome: 'allow', quota: { concurrentShells: 1 } } }),
      'line 3\n    at /expect/quota: must have required property',
    ],
    [
      'with an error that is none',
      line({ expect: { outcome: 'no-answer', error: 'trap' } }),
      'line 3\n    at /expect/error: must be: a code such as ERR_POLICY_ABORT',
    ],
    [
      'with a wrong member in its question',
      line({ question: { ...user, kind: 'group' } }),
      'line 3, in its question\n    at /kind: must be one of ["user","operation","quota"]',
    ],
    [
      'with a question that lacks something',
      line({ question: { ...user, kind: 'operation' } }),
      'line 3, in its question\n    at the top: a question of kind "operation" needs "action"',
    ],
    [
      'with groups and no user',
      line({ question: { ...user, groupSids: [] } }),
      'line 3, in its question: groups come from a token; give a userSid too',
    ],
  ])('%s', (_, text, message) => {
    const { code, detail } = refusal(() => parseVectors(`${line()}\n\n${text}\n${line()}`, 'test'))
    expect(code).toBe('ERR_VECTORS_FILE')
    expect(detail.startsWith(`test\n  ${message}`), detail).toBe(true)
  })

  it('together with all others that are wrong', () => {
    const { detail } = refusal(() => parseVectors(`{\n${line()}\n[]\n{"a": 1}`, 'test'))
    expect(detail.match(/^ {2}line \d/gm)).toEqual(['  line 1', '  line 3', '  line 4'])
  })

  it('one of at most 20 that are named', () => {
    const { detail } = refusal(() => parseVectors(Array<string>(50).fill('x').join('\n'), 'test'))
    expect(detail.match(/^ {2}line \d/gm)).toHaveLength(20)
    expect(detail).toMatch(/\n {2}and 30 more$/)
  })
})

describe('the page on vectors', () => {
  it('has an example that is read', () => {
    const [, example = ''] = /```json\n(.*?)```/s.exec(referencePage('vectors')) ?? []
    expect(parseVectors(example, 'the page').map(labelOf)).toEqual([
      '"ada comes in" (line 1)',
      'line 3',
      'line 4',
    ])
  })

  it('says how many there may be', () => {
    expect(referencePage('vectors')).toContain(`at most ${vectorsMax} vectors`)
  })
})
