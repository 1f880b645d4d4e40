// The configuration is taken whole or not at all. Every mistake is told with its code, its place and its reason, so
// that an operator can mend the file without reading our sources; every default is the cautious one.

import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, describe, expect, it } from 'vitest'

import { auditFileBytes, auditFileBytesMax, auditFileBytesMin } from '../../host/limits.ts'
import { type Config, loadConfig } from '../../host/tenant/config.ts'
import { refusal } from '../support/refusal.ts'

const folder = mkdtempSync(join(tmpdir(), 'portcullis-config-'))
const path = join(folder, 'portcullis.json')
afterAll(() => rmSync(folder, { recursive: true }))

mkdirSync(join(folder, 'policies'))
for (const name of ['contoso', 'fabrikam', 'guard']) {
  writeFileSync(join(folder, 'policies', `${name}.wasm`), `the bytes of ${name}`)
}

function digestOf(name: string): string {
  return createHash('sha256').update(`the bytes of ${name}`).digest('hex')
}

const account = 'uid:1000'
const contoso = {
  name: 'contoso',
  applications: [{ account, application: 'wsman/contoso' }],
  policy: 'policies/contoso.wasm',
}
const fabrikam = {
  name: 'fabrikam',
  applications: [{ account, application: 'wsman/fabrikam' }],
  policy: 'policies/fabrikam.wasm',
}
const good = { endpoint: 'endpoint', tenants: [contoso] }

function loadText(text: string): Config {
  writeFileSync(path, text)
  return loadConfig(path)
}

function load(config: object): Config {
  return loadText(JSON.stringify(config))
}

/** A configuration of one tenant that is not quite `contoso`. */
function withTenant(change: object): object {
  return { ...good, tenants: [{ ...contoso, ...change }] }
}

function withApplication(change: object): object {
  return withTenant({ applications: [{ account, application: 'wsman/contoso', ...change }] })
}

describe('a configuration', () => {
  it('that says the least has every default', () => {
    expect(load(good)).toEqual({
      endpoint: join(folder, 'endpoint'),
      evaluators: Math.min(availableParallelism(), 64),
      store: undefined,
      recording: undefined,
      audit: undefined,
      activationsPerMinute: 30,
      admin: undefined,
      breakGlass: new Map(),
      guard: undefined,
      tenants: [
        {
          name: 'contoso',
          applications: [{ account, application: 'wsman/contoso' }],
          policy: digestOf('contoso'),
          fuelPerDecision: 1_000_000,
          timeZone: 'UTC',
          runAsPoolAccountWithoutToken: false,
          showReasons: false,
          rules: {
            allowAdministrator: false,
            redirectTargets: [],
            quotaCeiling: [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
          },
        },
      ],
      policies: new Map([[digestOf('contoso'), Buffer.from('the bytes of contoso')]]),
      files: [join(folder, 'policies', 'contoso.wasm')],
      uses: [
        {
          digest: digestOf('contoso'),
          fuelPerDecision: 1_000_000,
          place: `/tenants/0/policy (${join(folder, 'policies', 'contoso.wasm')})`,
        },
      ],
    })
  })

  it('that says everything is taken as it is', () => {
    const quota = (first: number) => ({
      concurrentShells: first,
      concurrentOperations: first + 1,
      timeslotSeconds: first + 2,
      operationsPerTimeslot: first + 3,
    })
    const applications = [
      { account: 'S-1-5-82-1-2-3', application: 'wsman/contoso' },
      { account: 'uid:0', application: 'wsman/contoso' },
    ]
    const config = load({
      $schema: '../host/tenant/config.schema.json',
      endpoint: '/run/portcullis',
      evaluators: 64,
      guard: { policy: 'policies/guard.wasm', fuelPerDecision: 1 },
      tenants: [
        {
          ...contoso,
          applications,
          fuelPerDecision: 1_073_741_824,
          timeZone: 'Europe/Zurich',
          runAsPoolAccountWithoutToken: true,
          allowAdministrator: true,
          showReasons: true,
          redirectTargets: [
            'https://winrm.example',
            'https://WINRM.example:5986',
            'https://other.example:443',
          ],
          quotaCeiling: quota(10),
          quotaWithoutAnswer: quota(1),
        },
        fabrikam,
      ],
    })
    expect(config).toMatchObject({ endpoint: '/run/portcullis', evaluators: 64 })
    expect(config.guard).toEqual({ policy: digestOf('guard'), fuelPerDecision: 1 })
    expect(config.tenants[0]).toEqual({
      name: 'contoso',
      applications,
      policy: digestOf('contoso'),
      fuelPerDecision: 1_073_741_824,
      timeZone: 'Europe/Zurich',
      runAsPoolAccountWithoutToken: true,
      showReasons: true,
      rules: {
        allowAdministrator: true,
        redirectTargets: ['https://winrm.example', 'https://winrm.example:5986', 'https://other.example'],
        quotaCeiling: [10, 11, 12, 13],
        quotaWithoutAnswer: [1, 2, 3, 4],
      },
    })
    expect([...config.policies.keys()].sort()).toEqual(['contoso', 'fabrikam', 'guard'].map(digestOf).sort())
  })

  it('has the settings and the vectors of a policy, and each use of it once', () => {
    const settings = { admins: ['ada'] }
    const vector = {
      question: { kind: 'user', application: 'a', senderName: 'b' },
      expect: { outcome: 'allow' },
    }
    writeFileSync(join(folder, 'settings.json'), JSON.stringify(settings))
    writeFileSync(join(folder, 'vectors.jsonl'), JSON.stringify(vector))
    const extras = { settings: 'settings.json', vectors: 'vectors.jsonl' }
    const same = { ...fabrikam, policy: contoso.policy }
    const config = load({
      ...good,
      guard: { policy: contoso.policy, settings: 'settings.json' },
      tenants: [
        { ...contoso, ...extras },
        { ...same, ...extras },
      ],
    })
    expect(config.guard?.settings).toEqual(settings)
    expect(config.tenants.map((tenant) => tenant.settings)).toEqual([settings, settings])
    expect(config.uses).toHaveLength(2)
    expect(config.uses.map(({ vectors }) => vectors?.length)).toEqual([undefined, 1])
    expect(config.uses.map(({ settings: own }) => own)).toEqual([settings, settings])
  })

  it.each([
    ['settings', '{"a": "b"}', 'ERR_SETTINGS_FILE'],
    ['vectors', '{"question": 1}', 'ERR_VECTORS_FILE'],
  ])('with %s that are none is refused', (member, content, code) => {
    writeFileSync(join(folder, 'wrong.json'), content)
    expect(refusal(() => load(withTenant({ [member]: 'wrong.json' }))).code).toBe(code)
    expect(refusal(() => load(withTenant({ [member]: 'gone.json' }))).code).toBe(code)
  })

  it('reads a policy once that many name', () => {
    const config = load({ ...good, tenants: [contoso, { ...fabrikam, policy: contoso.policy }] })
    expect(config.policies.size).toBe(1)
  })

  it('crosses to evaluators as JSON without a loss', () => {
    const { tenants } = load({ ...good, guard: { policy: 'policies/guard.wasm' } })
    expect(JSON.parse(JSON.stringify(tenants))).toEqual(tenants)
  })
})

describe('a configuration file', () => {
  it('that is missing is unreadable, and its path is named', () => {
    const { code, detail } = refusal(() => loadConfig(join(folder, 'nowhere.json')))
    expect(code).toBe('ERR_CONFIG_UNREADABLE')
    expect(detail).toBe(`${join(folder, 'nowhere.json')} is not there`)
  })

  it('that is a folder is unreadable', () => {
    expect(refusal(() => loadConfig(folder))).toMatchObject({
      code: 'ERR_CONFIG_UNREADABLE',
      detail: `${folder} is a folder`,
    })
  })

  it.each([
    ['a comma too many', '{\n  "endpoint": "e",\n}', 'line 3, column 1'],
    ['a word that is none', '{\n  "endpoint": tru,\n  "tenants": []\n}', 'line 2, column 15'],
    ['a value that is missing', '{\n  "endpoint": ,\n  "tenants": []\n}', 'line 2, column 15'],
    ['a comma too many in a list', '{\n  "endpoint": "e",\n  "tenants": [1,]\n}', 'line 3, column 17'],
    ['a comma too few', '{\n  "endpoint": "e"\n  "tenants": []\n}', 'line 3, column 3'],
    ['names without quotes', '{ endpoint: "e" }', 'line 1, column 3'],
    ['a newline in a text', '{\n  "endpoint": "a\nb"\n}', 'line 2, column 15'],
    ['an unknown escape', '{ "endpoint": "a\\x" }', 'line 1, column 15'],
    ['something behind its end', '{}\n\n}', 'line 3, column 1'],
    ['no end', '{\n  "endpoint": "e"', 'line 2, column 18'],
    ['nothing in it', '', 'line 1, column 1'],
    ['only blanks in it', '\n\n  ', 'line 3, column 3'],
  ])('with %s is no JSON, and the place is named', (_, text, place) => {
    const { code, detail } = refusal(() => loadText(text))
    expect(code).toBe('ERR_CONFIG_JSON')
    expect(detail.startsWith(`${path}, ${place}: `)).toBe(true)
  })
})

describe('a configuration that breaks the schema', () => {
  it.each<[string, unknown, string[]]>([
    ['is no object', [], ['at the top: must be object']],
    ['is null', null, ['at the top: must be object']],
    ['is empty', {}, ["must have required property 'endpoint'", "must have required property 'tenants'"]],
    ['has an unknown member', { ...good, endpiont: 'e' }, ['at the top: "endpiont" is not a known member']],
    ['has an endpoint of another type', { ...good, endpoint: 7 }, ['at /endpoint: must be string']],
    [
      'has an empty endpoint',
      { ...good, endpoint: '' },
      ['at /endpoint: must NOT have fewer than 1 characters'],
    ],
    ['has an endpoint that no socket can have', { ...good, endpoint: 'e'.repeat(81) }, ['at /endpoint: ']],
    ['has no tenants', { ...good, tenants: [] }, ['at /tenants: must NOT have fewer than 1 items']],
    ['has zero evaluators', { ...good, evaluators: 0 }, ['at /evaluators: must be >= 1']],
    ['has 65 evaluators', { ...good, evaluators: 65 }, ['at /evaluators: must be <= 64']],
    ['has half an evaluator', { ...good, evaluators: 1.5 }, ['at /evaluators: must be integer']],
    ['has an empty store', { ...good, store: '' }, ['at /store: must NOT have fewer than 1 characters']],
    ['has an audit log nowhere', { ...good, audit: {} }, ["at /audit: must have required property 'folder'"]],
    [
      'says of its audit log what is none of both',
      { ...good, audit: { folder: 'a', whenBehind: 'drop' } },
      ['at /audit/whenBehind'],
    ],
    [
      'has an audit log of tiny files',
      { ...good, audit: { folder: 'a', fileBytes: auditFileBytesMin - 1 } },
      [`at /audit/fileBytes: must be >= ${auditFileBytesMin}`],
    ],
    ['has a recording of another type', { ...good, recording: true }, ['at /recording: must be string']],
    [
      'has no activation in a minute',
      { ...good, activationsPerMinute: 0 },
      ['at /activationsPerMinute: must be >= 1'],
    ],
    [
      'has break-glass questions in it',
      withTenant({ breakGlass: [] }),
      ['at /tenants/0/breakGlass: must be string'],
    ],
    ['has a guard that is a path', { ...good, guard: 'p.wasm' }, ['at /guard: must be object']],
    ['has a tenant without applications', withTenant({ applications: [] }), ['at /tenants/0/applications: ']],
    [
      'has a tenant with an unknown member',
      withTenant({ timezone: 'UTC' }),
      ['at /tenants/0: "timezone" is not a known member'],
    ],
    [
      'has a switch that is no switch',
      withTenant({ showReasons: 'yes' }),
      ['at /tenants/0/showReasons: must be boolean'],
    ],
    ['has a name with capitals', withTenant({ name: 'Contoso' }), ['at /tenants/0/name: must be: ']],
    [
      'has a name that begins with a dash',
      withTenant({ name: '-contoso' }),
      ['at /tenants/0/name: must be: '],
    ],
    ['has an empty name', withTenant({ name: '' }), ['at /tenants/0/name: must be: ']],
    ['has a name of 64 characters', withTenant({ name: 'c'.repeat(64) }), ['at /tenants/0/name: must be: ']],
    [
      'has an account by name',
      withApplication({ account: 'root' }),
      ['at /tenants/0/applications/0/account: must be: '],
    ],
    [
      'has an account that is no SID',
      withApplication({ account: 'S-2-5-18' }),
      ['at /tenants/0/applications/0/account: must be: '],
    ],
    [
      'has an account with something before it',
      withApplication({ account: ' uid:1000' }),
      ['/account: must be: '],
    ],
    [
      'has an account with something behind it',
      withApplication({ account: 'uid:1000\n' }),
      ['/account: must be: '],
    ],
    [
      'has an empty application',
      withApplication({ application: '' }),
      ['at /tenants/0/applications/0/application: '],
    ],
    [
      'has an application that is too long',
      withApplication({ application: 'a'.repeat(1025) }),
      ['at /tenants/0/applications/0/application: '],
    ],
    [
      'has a redirect target without https',
      withTenant({ redirectTargets: ['http://a.example'] }),
      ['at /tenants/0/redirectTargets/0: must be: '],
    ],
    [
      'has a redirect target with a path',
      withTenant({ redirectTargets: ['https://a.example/'] }),
      ['at /tenants/0/redirectTargets/0: must be: '],
    ],
    [
      'has a redirect target with a user',
      withTenant({ redirectTargets: ['https://u@a.example'] }),
      ['at /tenants/0/redirectTargets/0: must be: '],
    ],
    [
      'has a quota with a zero',
      withTenant({
        quotaCeiling: {
          concurrentShells: 0,
          concurrentOperations: 1,
          timeslotSeconds: 1,
          operationsPerTimeslot: 1,
        },
      }),
      ['at /tenants/0/quotaCeiling/concurrentShells: must be >= 1'],
    ],
    [
      'has a quota that is not whole',
      withTenant({ quotaWithoutAnswer: { concurrentShells: 1 } }),
      ["at /tenants/0/quotaWithoutAnswer: must have required property 'operationsPerTimeslot'"],
    ],
    [
      'has a quota over 32 bits',
      withTenant({
        quotaCeiling: {
          concurrentShells: 2 ** 32,
          concurrentOperations: 1,
          timeslotSeconds: 1,
          operationsPerTimeslot: 1,
        },
      }),
      ['at /tenants/0/quotaCeiling/concurrentShells: must be <= 4294967295'],
    ],
  ])('because it %s is refused with the place and the reason', (_, config, problems) => {
    const { code, detail } = refusal(() => loadText(JSON.stringify(config)))
    expect(code).toBe('ERR_CONFIG_SCHEMA')
    expect(detail.startsWith(`${path}\n`)).toBe(true)
    for (const problem of problems) expect(detail).toContain(problem)
  })

  it('in several places is refused with all of them', () => {
    const { detail } = refusal(() => load({ ...withTenant({ name: '', policy: 7 }), evaluators: 0 }))
    for (const place of ['/evaluators', '/tenants/0/name', '/tenants/0/policy'])
      expect(detail).toContain(`at ${place}: `)
  })

  it('in very many places is refused with ten of them', () => {
    const tenants = Array.from({ length: 50 }, (_, index) => ({ ...contoso, name: `NO ${index}` }))
    expect(refusal(() => load({ ...good, tenants })).detail.split('\n')).toHaveLength(11)
  })

  it('names the member that the prototype has as unknown', () => {
    expect(refusal(() => loadText('{"endpoint":"e","tenants":[],"constructor":1}')).detail).toContain(
      '"constructor"',
    )
    expect(refusal(() => loadText('{"endpoint":"e","tenants":[],"__proto__":{}}')).detail).toContain(
      '"__proto__"',
    )
  })
})

describe('a redirect target', () => {
  it('with a backslash, which a URL reads as a slash, is refused', () => {
    const config = withTenant({ redirectTargets: ['https://a.example\\wsman'] })
    expect(refusal(() => load(config)).detail).toContain('/redirectTargets/0')
  })
})

describe('a configuration whose entries collide', () => {
  const claiming = (first: object[], second: object[]) => ({
    ...good,
    tenants: [
      { ...contoso, applications: first },
      { ...fabrikam, applications: second },
    ],
  })

  it('in two tenants of one name is refused, with both places', () => {
    expect(
      refusal(() => load({ ...good, tenants: [contoso, fabrikam, { ...fabrikam, name: 'contoso' }] })),
    ).toMatchObject({
      code: 'ERR_CONFIG_COLLISION',
      detail: '/tenants/2 and /tenants/0 are both named "contoso"',
    })
  })

  it.each([
    ['the same application', 'wsman/contoso', 'wsman/contoso'],
    ['the same in capitals', 'wsman/contoso', 'WSMAN/Contoso'],
    ['the same but for case outside ASCII', 'wsman/zürich', 'wsman/ZÜRICH'],
    ['the same in Greek', 'wsman/αθήνα', 'wsman/ΑΘΉΝΑ'],
    ['the same in Cyrillic', 'wsman/москва', 'WSMAN/МОСКВА'],
  ])('in %s is refused, with both places', (_, first, second) => {
    const config = claiming(
      [{ account, application: first }],
      [
        { account, application: 'wsman/other' },
        { account, application: second },
      ],
    )
    const { code, detail } = refusal(() => load(config))
    expect(code).toBe('ERR_CONFIG_COLLISION')
    expect(detail).toBe(
      `/tenants/1/applications/1 and /tenants/0/applications/0 both name ${account} with "${second}" (case does not count)`,
    )
  })

  it('within one tenant is refused too', () => {
    const applications = [
      { account, application: 'wsman/contoso' },
      { account, application: 'wsman/CONTOSO' },
    ]
    expect(refusal(() => load(withTenant({ applications }))).code).toBe('ERR_CONFIG_COLLISION')
  })

  it.each([
    [
      'the accounts differ',
      { account, application: 'wsman/a' },
      { account: 'uid:1001', application: 'wsman/a' },
    ],
    ['the applications differ', { account, application: 'wsman/a' }, { account, application: 'wsman/b' }],
    ['one has a slash more', { account, application: 'wsman/a' }, { account, application: 'wsman/a/' }],
    ['ß is not SS', { account, application: 'wsman/straße' }, { account, application: 'wsman/strasse' }],
    [
      'one is composed',
      { account, application: 'wsman/zu\u0308rich' },
      { account, application: 'wsman/zürich' },
    ],
    [
      'the digits move over',
      { account: 'uid:1', application: '0a' },
      { account: 'uid:10', application: 'a' },
    ],
  ])('is not one where %s', (_, first, second) => {
    expect(load(claiming([first], [second])).tenants).toHaveLength(2)
  })
})

describe('a configuration with a value that has no meaning here', () => {
  it.each(['Europe/Atlantis', 'Zurich', 'UTC+2', 'Europe/Zurich ', '../UTC'])(
    'is refused: time zone "%s"',
    (timeZone) => {
      expect(refusal(() => load(withTenant({ timeZone })))).toMatchObject({
        code: 'ERR_CONFIG_VALUE',
        detail: `at /tenants/0/timeZone: "${timeZone}" is not an IANA time zone`,
      })
    },
  )

  it.each([
    'https://:5986',
    'https://a.example:99999',
    'https://[::1',
    'https://a b',
    'https://a%zz',
    'https://<a>',
  ])('is refused: redirect target "%s"', (target) => {
    const { code, detail } = refusal(() =>
      load(withTenant({ redirectTargets: ['https://a.example', target] })),
    )
    expect(['ERR_CONFIG_VALUE', 'ERR_CONFIG_SCHEMA']).toContain(code)
    expect(detail).toContain('at /tenants/0/redirectTargets/1: ')
  })
})

describe('a configuration with an audit log', () => {
  it('denies when the log is behind, and keeps its files, unless it says otherwise', () => {
    expect(load({ ...good, audit: { folder: 'audit' } }).audit).toEqual({
      folder: join(folder, 'audit'),
      whenBehind: 'deny',
      fileBytes: auditFileBytes,
    })
    const audit = {
      folder: '/var/audit',
      whenBehind: 'spill',
      fileBytes: auditFileBytesMax,
      keepDays: 30,
      files: 9,
    }
    expect(load({ ...good, audit }).audit).toEqual(audit)
    expect(() => load({ ...good, audit: { ...audit, fileBytes: auditFileBytesMax + 1 } })).toThrow(
      /ERR_CONFIG/,
    )
  })
})

describe('a configuration with a store', () => {
  const stored = { ...contoso, policy: undefined }
  const withStore = { ...good, store: 'store', tenants: [stored] }

  it('leaves to it whatever names no policy, and nothing else', () => {
    const config = load({ ...withStore, guard: { fuelPerDecision: 7 }, tenants: [stored, fabrikam] })
    expect(config.store).toBe(join(folder, 'store'))
    expect(config.guard).toEqual({ fuelPerDecision: 7 })
    expect(config.tenants.map(({ policy }) => policy)).toEqual([undefined, digestOf('fabrikam')])
    expect(config.tenants[0]).not.toHaveProperty('policy')
    expect([...config.policies.keys()]).toEqual([digestOf('fabrikam')])
    expect(config.uses).toHaveLength(1)
  })

  it('finds it, and the recording, beside the file, or where an absolute path says', () => {
    expect(load({ ...withStore, store: '../s', recording: 'r/1' })).toMatchObject({
      store: join(folder, '..', 's'),
      recording: join(folder, 'r', '1'),
    })
    expect(load({ ...withStore, store: '/var/s', recording: '/var/r' })).toMatchObject({
      store: '/var/s',
      recording: '/var/r',
    })
  })

  it.each([1, 1_000_000])('takes %d activations in a minute', (activationsPerMinute) => {
    expect(load({ ...withStore, activationsPerMinute }).activationsPerMinute).toBe(activationsPerMinute)
  })

  it.each<[string, object, string]>([
    ['a tenant', { ...good, tenants: [fabrikam, stored] }, '/tenants/1'],
    ['the guard', { ...good, guard: {} }, '/guard'],
  ])('is needed by %s that names no policy, and the place and the remedy are said', (_, config, place) => {
    expect(refusal(() => load(config))).toMatchObject({
      code: 'ERR_CONFIG_VALUE',
      detail: `at ${place}: it names no "policy"; name one, or a "store" at the top, from which its active version is taken`,
    })
  })

  it.each<[string, object, string]>([
    [
      'settings of a tenant',
      { ...withStore, tenants: [{ ...stored, settings: 'settings.json' }] },
      '/tenants/0',
    ],
    [
      'vectors of a tenant',
      { ...withStore, tenants: [{ ...stored, vectors: 'vectors.jsonl' }] },
      '/tenants/0',
    ],
    ['settings of the guard', { ...withStore, guard: { settings: 'settings.json' } }, '/guard'],
  ])('is refused with %s and no policy: they are pushed with it', (_, config, place) => {
    expect(refusal(() => load(config))).toMatchObject({
      code: 'ERR_CONFIG_VALUE',
      detail: `at ${place}: without "policy" its settings and vectors are the store's; give them to "portcullis push"`,
    })
  })
})

describe('what must stay allowed', () => {
  const vector = (outcome: string) =>
    JSON.stringify({ question: { kind: 'user', application: 'a', senderName: 'b' }, expect: { outcome } })
  const file = join(folder, 'break-glass.jsonl')

  it('is read with its tenant, and the file is one that the configuration names', () => {
    writeFileSync(file, `${vector('allow')}\n\n${vector('allow')}\n`)
    const { breakGlass, files } = load(withTenant({ breakGlass: 'break-glass.jsonl' }))
    expect([...breakGlass.keys()]).toEqual(['contoso'])
    expect(breakGlass.get('contoso')).toMatchObject({ file })
    expect(breakGlass.get('contoso')?.vectors.map(({ line }) => line)).toEqual([1, 3])
    expect(files).toContain(file)
  })

  it('is refused with a line that expects anything else, and the line is named', () => {
    writeFileSync(file, `${vector('allow')}\n${vector('deny')}\n`)
    expect(refusal(() => load(withTenant({ breakGlass: 'break-glass.jsonl' })))).toMatchObject({
      code: 'ERR_CONFIG_VALUE',
      detail: `at /tenants/0/breakGlass: ${file}, line 2: what must stay allowed expects "outcome": "allow"`,
    })
  })

  it('is refused if it cannot be read', () => {
    expect(refusal(() => load(withTenant({ breakGlass: 'gone.jsonl' }))).code).toBe('ERR_VECTORS_FILE')
  })
})

describe('a configuration file with a mark at its beginning', () => {
  it('as editors on Windows write it, is read', () => {
    expect(loadText(`\ufeff${JSON.stringify(good)}`).tenants).toHaveLength(1)
  })
})

describe('a configuration with a policy that cannot be read', () => {
  it('because it is too large is refused, and the file named', () => {
    writeFileSync(join(folder, 'policies', 'large.wasm'), Buffer.alloc(256 * 1024 + 1))
    const { code, detail } = refusal(() => load(withTenant({ policy: 'policies/large.wasm' })))
    expect(code).toBe('ERR_CONFIG_POLICY')
    expect(detail).toMatch(/large\.wasm is larger than 262144 bytes$/)
  })

  it.each<[string, object, string, string]>([
    [
      'of a tenant',
      withTenant({ policy: 'policies/missing.wasm' }),
      '/tenants/0/policy',
      'policies/missing.wasm',
    ],
    ['of the guard', { ...good, guard: { policy: 'missing.wasm' } }, '/guard/policy', 'missing.wasm'],
    [
      'of the second tenant',
      { ...good, tenants: [contoso, { ...fabrikam, policy: '/nowhere/p.wasm' }] },
      '/tenants/1/policy',
      '/nowhere/p.wasm',
    ],
  ])('%s is refused with its place and its whole path', (_, config, place, file) => {
    const whole = file.startsWith('/') ? file : join(folder, file)
    expect(refusal(() => load(config))).toMatchObject({
      code: 'ERR_CONFIG_POLICY',
      detail: `at ${place}: ${whole} is not there`,
    })
  })

  it('because it is a folder is refused', () => {
    expect(refusal(() => load(withTenant({ policy: 'policies' })))).toMatchObject({
      code: 'ERR_CONFIG_POLICY',
      detail: `at /tenants/0/policy: ${join(folder, 'policies')} is a folder`,
    })
  })
})

describe('a configuration with an admin API', () => {
  const withAdmin = (admin: object) => ({ ...good, admin })

  it('has the tokens beside it unless it says otherwise', () => {
    const { admin, files } = load(withAdmin({ listen: '127.0.0.1:5991' }))
    const tokens = join(folder, 'tokens.json')
    expect(admin).toEqual({ listen: { host: '127.0.0.1', port: 5991 }, tokens })
    expect(files).toContain(tokens)
  })

  it('may listen anywhere with a certificate and a key', () => {
    const tls = { certificate: 'tls/host.pem', key: '/etc/key.pem' }
    const { admin, files } = load(withAdmin({ listen: '[::]:0', tokens: 'of/tokens.json', tls }))
    expect(admin).toEqual({
      listen: { host: '::', port: 0 },
      tokens: join(folder, 'of', 'tokens.json'),
      tls: { certificate: join(folder, 'tls', 'host.pem'), key: '/etc/key.pem' },
    })
    expect(files.slice(-3)).toEqual([
      join(folder, 'of', 'tokens.json'),
      join(folder, 'tls', 'host.pem'),
      '/etc/key.pem',
    ])
  })

  it.each(['127.0.0.1:1', '127.255.0.9:65535', '[::1]:5991', '[::ffff:127.0.0.1]:80'])(
    'may listen at %s without them',
    (listen) => expect(load(withAdmin({ listen })).admin?.listen.port).toBeGreaterThan(0),
  )

  it.each(['0.0.0.0:5991', '10.0.0.1:5991', '[::]:5991', '[::ffff:10.0.0.1]:5991'])(
    'may not listen at %s without them: a token would be read on the way',
    (listen) => {
      const { code, detail } = refusal(() => load(withAdmin({ listen })))
      expect([code, detail]).toEqual([
        'ERR_CONFIG_VALUE',
        expect.stringMatching(/is reached from other machines/),
      ])
    },
  )

  it.each([
    'localhost:5991',
    '127.0.0.1',
    ':5991',
    '127.0.0.1:65536',
    '127.0.0.1:+1',
    '::1:5991',
    '[127.0.0.1]:5991',
    '1.2.3:80',
    '127.0.0.1:5991/v1',
  ])('does not take %s for an address', (listen) => {
    const { code, detail } = refusal(() => load(withAdmin({ listen })))
    expect([code, detail]).toEqual(['ERR_CONFIG_VALUE', expect.stringMatching(/^at \/admin\/listen: "/)])
  })

  it.each<[object, string]>([
    [{}, "at /admin: must have required property 'listen'"],
    [
      { listen: '127.0.0.1:1', tls: { key: 'k' } },
      "at /admin/tls: must have required property 'certificate'",
    ],
    [{ listen: '127.0.0.1:1', more: 1 }, 'at /admin: "more" is not a known member'],
  ])('is refused as %j', (admin, problem) => {
    expect(refusal(() => load(withAdmin(admin)))).toMatchObject({
      code: 'ERR_CONFIG_SCHEMA',
      detail: expect.stringContaining(problem),
    })
  })
})
