// Who gets in by a token, and who does not: whatever is wrong with the token, and whatever has become of the file.

import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { TokenFile } from '../../host/admin/token-file.ts'
import { type Role, TokenReader } from '../../host/admin/tokens.ts'
import { tokenExpiresMsMax, tokenFileBytesMax, tokenKeptMs, tokensMax } from '../../host/limits.ts'
import { refusal } from '../support/refusal.ts'

const nowMs = Date.UTC(2026, 10, 23)
const day = 86_400_000
const isWindows = process.platform === 'win32'

let folder: string
let path: string
let file: TokenFile
let reader: TokenReader

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'portcullis-tokens-'))
  path = join(folder, 'tokens.json')
  file = new TokenFile(path)
  reader = new TokenReader(path)
})

afterEach(() => rmSync(folder, { recursive: true }))

const wanted = { name: 'ci', role: 'operator' as Role, expiresMs: nowMs + 90 * day, by: 'alice' }
const create = (change: object = {}, atMs = nowMs) => file.create({ ...wanted, ...change }, atMs)
const createdByNumber = (index: number, change: object = {}) => create({ name: `t${index}`, ...change })

describe('a token', () => {
  it('lets in whom it was made for, and as what', () => {
    const operator = create()
    const admin = create({ name: 'web', role: 'tenant-admin', tenant: 'contoso' })
    expect(operator.token).toMatch(/^pct_[0-9a-f]{12}_[A-Za-z0-9_-]{43}$/)
    expect(reader.check(operator.token, nowMs)).toEqual({ id: operator.id, name: 'ci', role: 'operator' })
    expect(reader.check(admin.token, nowMs)).toEqual({
      id: admin.id,
      name: 'web',
      role: 'tenant-admin',
      tenant: 'contoso',
    })
  })

  it('lets nobody in from the millisecond on in which it expires', () => {
    const { token, expiresMs } = create()
    expect(reader.check(token, expiresMs - 1)).toBeDefined()
    expect(reader.check(token, expiresMs)).toBeUndefined()
  })

  it('lets nobody in any more once it is revoked, and the others still', () => {
    const [one, other] = [createdByNumber(1), createdByNumber(2)]
    expect(reader.check(one.token, nowMs)).toBeDefined()
    expect(file.revoke(one.id, 'bob', nowMs)).toMatchObject({
      state: 'revoked',
      revokedMs: nowMs,
      revokedBy: 'bob',
    })
    expect(reader.check(one.token, nowMs)).toBeUndefined()
    expect(reader.check(other.token, nowMs)).toBeDefined()
  })

  it('is taken with every character as it is, and with no other', () => {
    const { token } = create()
    const anyOther = fc.tuple(fc.nat(token.length - 1), fc.string({ minLength: 0, maxLength: 2 }))
    fc.assert(
      fc.property(anyOther, ([at, text]) => {
        const changed = token.slice(0, at) + text + token.slice(at + 1)
        fc.pre(changed !== token)
        expect(reader.check(changed, nowMs)).toBeUndefined()
      }),
    )
    const [, id, secret] = token.split('_')
    const wrong = ['', 'pct__', `${token}\n`, ` ${token}`, token.toUpperCase(), `pct_${id}_`, `pct_${id}`]
    for (const text of [...wrong, `pct_000000000000_${secret}`, `Bearer ${token}`]) {
      expect(reader.check(text, nowMs)).toBeUndefined()
    }
  })

  it('is nowhere in the file', () => {
    const { token } = create()
    const secret = token.slice('pct_000000000000_'.length)
    expect(readFileSync(path, 'utf8')).not.toContain(secret)
    expect(JSON.stringify(file.list(nowMs))).not.toContain(secret)
  })
})

describe('making a token', () => {
  it.each<[string, object, RegExp]>([
    ['without a name', { name: '' }, /^"" is not a token's name/],
    ['with a name that a log cannot show', { name: 'a\nb' }, /is not a token's name/],
    ['with a name without end', { name: 'a'.repeat(64) }, /is not a token's name/],
    ['for an operator of one tenant', { tenant: 'contoso' }, /^an operator is not of one tenant$/],
    ['for the reader of no tenant', { role: 'tenant-reader' }, /^a tenant-reader is of one tenant$/],
    [
      'for the admin of a tenant that cannot be',
      { role: 'tenant-admin', tenant: '../a' },
      /is of one tenant$/,
    ],
    ['that has expired', { expiresMs: nowMs }, /^it would have expired already$/],
    ['that never expires', { expiresMs: Number.NaN }, /^it would have expired already$/],
    [
      'that lives too long',
      { expiresMs: nowMs + tokenExpiresMsMax + 1 },
      /^it may live for at most 366 days$/,
    ],
  ])('%s is refused, and no file is written', (_, change, detail) => {
    const { code, detail: told } = refusal(() => create(change))
    expect([code, told]).toEqual(['ERR_TOKEN_VALUE', expect.stringMatching(detail)])
    expect(statSync(path, { throwIfNoEntry: false })).toBeUndefined()
  })

  it('with the name of a valid one is refused: who did something is told by the name', () => {
    const { id } = create()
    expect(refusal(() => create())).toMatchObject({ code: 'ERR_TOKEN_VALUE' })
    file.revoke(id, 'bob', nowMs)
    expect(create().name).toBe('ci')
  })

  it('is possible a thousand times; then the one that ended first makes room, and without one it is refused', () => {
    const made = Array.from({ length: tokensMax }, (_, index) => createdByNumber(index))
    expect(refusal(() => create())).toMatchObject({ code: 'ERR_TOKEN_VALUE', detail: /1000 are valid/ })
    file.revoke(made[7]?.id ?? '', 'bob', nowMs + 1)
    file.revoke(made[3]?.id ?? '', 'bob', nowMs + 2)
    create({}, nowMs + 3)
    const names = file.list(nowMs + 3).map(({ name }) => name)
    expect([names.length, names.includes('t7'), names.includes('t3'), names.at(-1)]).toEqual([
      tokensMax,
      false,
      true,
      'ci',
    ])
    expect(statSync(path).size).toBeLessThan(tokenFileBytesMax)
  }, 30_000)

  it('leaves a file that its owner alone may read', () => {
    create()
    if (!isWindows) expect(statSync(path).mode & 0o777).toBe(0o600)
    chmodSync(path, 0o644)
    createdByNumber(2)
    if (!isWindows) expect(statSync(path).mode & 0o777).toBe(0o600)
  })
})

describe('the list of tokens', () => {
  it('has them in their order, with what has become of them', () => {
    createdByNumber(1)
    createdByNumber(2, { expiresMs: nowMs + day })
    const { id } = createdByNumber(3, { role: 'tenant-reader', tenant: 'contoso' })
    file.revoke(id, 'bob', nowMs)
    expect(file.list(nowMs + day)).toMatchObject([
      { name: 't1', state: 'valid' },
      { name: 't2', state: 'expired' },
      { name: 't3', state: 'revoked', tenant: 'contoso', by: 'alice', revokedBy: 'bob' },
    ])
  })

  it('forgets those that have been of no use for long, and not before', () => {
    const { id } = createdByNumber(1)
    createdByNumber(2, { expiresMs: nowMs + day })
    createdByNumber(3, { expiresMs: nowMs + 300 * day })
    file.revoke(id, 'bob', nowMs)
    const names = (atMs: number) => file.list(atMs).map(({ name }) => name)
    expect(names(nowMs + tokenKeptMs - 1)).toEqual(['t1', 't2', 't3'])
    expect(names(nowMs + tokenKeptMs)).toEqual(['t2', 't3'])
    expect(names(nowMs + day + tokenKeptMs)).toEqual(['t3'])
  })

  it('is empty as long as there is no file', () => expect(file.list(nowMs)).toEqual([]))
})

describe('revoking', () => {
  it('what is not there is an error', () => {
    create()
    expect(refusal(() => file.revoke('0123456789ab', 'bob', nowMs))).toMatchObject({
      code: 'ERR_TOKEN_UNKNOWN',
    })
  })

  it('twice is as revoking once', () => {
    const { id } = create()
    const first = file.revoke(id, 'bob', nowMs)
    expect(file.revoke(id, 'carol', nowMs + 1)).toEqual(first)
  })
})

describe('a file that cannot be believed lets nobody in, and is not written over', () => {
  const entry = () => JSON.parse(readFileSync(path, 'utf8')).tokens[0]
  const put = (value: unknown) =>
    writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value))

  it.each<[string, () => void]>([
    ['it is cut off', () => put(readFileSync(path, 'utf8').slice(0, -10))],
    ['it is empty', () => put('')],
    ['it is of another release', () => put({ format: 2, tokens: [entry()] })],
    ['it has more members', () => put({ format: 1, tokens: [entry()], more: 1 })],
    ['a token has more members', () => put({ format: 1, tokens: [{ ...entry(), scopes: [] }] })],
    ['a token has another role', () => put({ format: 1, tokens: [{ ...entry(), role: 'root' }] })],
    ['an operator has a tenant', () => put({ format: 1, tokens: [{ ...entry(), tenant: 'a' }] })],
    ['a reader has no tenant', () => put({ format: 1, tokens: [{ ...entry(), role: 'tenant-reader' }] })],
    ['a token does not expire', () => put({ format: 1, tokens: [{ ...entry(), expiresMs: null }] })],
    ['a secret is not a digest', () => put({ format: 1, tokens: [{ ...entry(), sha256: 'x' }] })],
    ['an id comes twice', () => put({ format: 1, tokens: [entry(), entry()] })],
    ['it is too long', () => put(' '.repeat(tokenFileBytesMax + 1))],
    ...(isWindows
      ? []
      : ([
          ['others may write it', () => chmodSync(path, 0o602)],
          ['its group may write it', () => chmodSync(path, 0o620)],
        ] as [string, () => void][])),
  ])('%s', (_, spoil) => {
    const { token, id } = create()
    expect(reader.check(token, nowMs)).toBeDefined()
    const whole = readFileSync(path)
    spoil()
    const spoilt = readFileSync(path)
    expect(reader.check(token, nowMs)).toBeUndefined()
    expect(reader.problem?.code).toBe('ERR_TOKEN_FILE')
    expect(reader.problem?.detail).toContain(path)
    for (const act of [
      () => createdByNumber(1),
      () => file.list(nowMs),
      () => file.revoke(id, 'bob', nowMs),
    ]) {
      expect(refusal(act).code).toBe('ERR_TOKEN_FILE')
    }
    expect(readFileSync(path).equals(spoilt)).toBe(true)
    rmSync(path)
    expect(reader.check(token, nowMs)).toBeUndefined()
    expect(reader.problem).toBeUndefined()
    writeFileSync(path, whole, { mode: 0o600 })
    expect(reader.check(token, nowMs)).toBeDefined()
  })
})
