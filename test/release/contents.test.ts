// What is in the releases, and what must not be.

import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { gunzipSync } from 'node:zlib'

import { describe, expect, it } from 'vitest'

import { checkSchema, schemaOf } from '../../host/json-file.ts'
import { hostFile, root, version } from '../../host/paths.ts'
import {
  archives,
  linuxTitle,
  readZip,
  reasonToSkipWindowsRelease,
  released,
  windowsTitle,
} from '../support/release.ts'

const { engines, dependencies, devDependencies } = JSON.parse(
  readFileSync(join(root, 'package.json'), 'utf8'),
)

/** What the host depends on, and what that does. Another name here is another's code in a process that decides. */
const packages = [
  '@fastify/ajv-compiler',
  '@fastify/busboy',
  '@fastify/deepmerge',
  '@fastify/error',
  '@fastify/fast-json-stringify-compiler',
  '@fastify/forwarded',
  '@fastify/merge-json-schemas',
  '@fastify/multipart',
  '@fastify/proxy-addr',
  '@fastify/swagger',
  '@opentelemetry/api',
  '@pinojs/redact',
  '@rgrove/parse-xml',
  'abstract-logging',
  'ajv',
  'ajv-formats',
  'atomic-sleep',
  'avvio',
  'bintrees',
  'commander',
  'cookie',
  'debug',
  'dequal',
  'fast-decode-uri-component',
  'fast-deep-equal',
  'fast-json-stringify',
  'fast-querystring',
  'fast-uri',
  'fastify',
  'fastify-plugin',
  'fastq',
  'find-my-way',
  'ipaddr.js',
  'json-schema-ref-resolver',
  'json-schema-resolver',
  'json-schema-traverse',
  'jsonc-parser',
  'koffi',
  'light-my-request',
  'ms',
  'on-exit-leak-free',
  'openapi-types',
  'pino',
  'pino-abstract-transport',
  'pino-std-serializers',
  'process-warning',
  'prom-client',
  'quick-format-unescaped',
  'real-require',
  'require-from-string',
  'ret',
  'reusify',
  'rfdc',
  'safe-regex2',
  'safe-stable-stringify',
  'secure-json-parse',
  'semver',
  'set-cookie-parser',
  'sonic-boom',
  'split2',
  'tdigest',
  'thread-stream',
  'toad-cache',
  'yaml',
]

/** These say in their package.json only that it is the MIT license. */
const licensedByName = ['abstract-logging']

/** Of each part, what kinds of files it has. */
const kinds = [
  /^(README\.md|LICENSE|SHA256SUMS|release\.json|package\.json|portcullis\.example\.json)$/,
  /^host\/.+\.js$|^host\/.+\.schema\.json$|^host\/cli\/demo\/steps\.json$/,
  /^host\/cli\/templates\/.+(\.template|\.jsonl|README\.md)$/,
  /^node_modules\/.+(\.js|\.cjs|\.mjs|\.json|\.node|\/licen[cs]e(\.\w+)?)$/i,
  /^policies\/[a-z-]+\.wasm$|^policies\/sdk\/README\.md$|^docs\/.+\.(md|c|json)$|^sdk\/portcullis\.tgz$/,
  /^policies\/examples\/[a-z-]+\/(assembly\/.+\.ts|test\/.+\.ts|vectors\.jsonl|settings\.json|README\.md|policy\.wat)$/,
]

const systems = [
  {
    title: linuxTitle,
    skipped: '',
    own: [
      'bin/libportcullis_io.so',
      'double/libWsmSvc.so',
      'plugin/libportcullis.so',
      'portcullis',
      'portcullis.service',
    ],
    native: '@koromix/koffi-linux-x64',
    platform: 'linux-x64',
    account: 'REPLACE-BY-uid:NUMBER',
    replacement: 'uid:33',
  },
  {
    title: windowsTitle,
    skipped: reasonToSkipWindowsRelease(),
    own: [
      'bin/portcullis_io.dll',
      'bin/portcullis_service.exe',
      'double/WsmSvc.dll',
      'plugin/portcullis.dll',
      'portcullis.cmd',
    ],
    native: '@koromix/koffi-win32-x64',
    platform: 'windows-x64',
    account: 'REPLACE-BY-SID-OF-APPLICATION-POOL',
    replacement: 'S-1-5-82-3006700770-424185619-1745488364-794895919-4004696415',
  },
]

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => posix.join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort()
}

describe.each(systems)(
  '$title$skipped',
  ({ title, skipped, own, native, platform, account, replacement }) => {
    const read = (name: string) => readFileSync(join(released(title), name))
    const text = (name: string) => read(name).toString()
    const names = () => filesOf(released(title))
    const test = it.skipIf(skipped !== '')

    test('has its own files, and of every other only kinds that are expected', () => {
      expect(names()).toEqual(expect.arrayContaining(own))
      const strange = names().filter((name) => !own.includes(name) && !kinds.some((kind) => kind.test(name)))
      expect(strange).toEqual([])
    })

    test('has the sum of every file but that of the sums', () => {
      const lines = names()
        .filter((name) => name !== 'SHA256SUMS')
        .map((name) => `${createHash('sha256').update(read(name)).digest('hex')}  ${name}\n`)
      expect(
        text('SHA256SUMS')
          .split(/(?<=\n)/)
          .sort(),
      ).toEqual(lines.sort())
    })

    test('does not say where it was built', () => {
      const path = Buffer.from(root)
      const bytes = (name: string) => (name.endsWith('.tgz') ? gunzipSync(read(name)) : read(name))
      expect(names().filter((name) => bytes(name).includes(path))).toEqual([])
    })

    test('has the packages that the host needs on this system, each with its license, and no other', () => {
      const roots = names().flatMap(
        (name) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\/package\.json$/.exec(name)?.[1] ?? [],
      )
      expect(roots.sort()).toEqual([...packages, native].sort())
      const unlicensed = packages.filter(
        (name) =>
          !names().some((file) => new RegExp(`^node_modules/${name}/licen[cs]e(\\.\\w+)?$`, 'i').test(file)),
      )
      expect(unlicensed).toEqual(licensedByName)
    })

    test('has what the processes of a host begin with, and what several of them share in one folder', () => {
      const begins = ['admission/process-limits', 'admission/rewrite-step', 'admission/try-step']
      const replays = ['replay/process-limits', 'replay/replay-main', 'replay/sweep-main']
      const admins = ['admin/job-main', 'admin/main']
      const mains = ['audit/writer-main', 'cli/main', 'cli/start', 'evaluator/main']
      const due = [...admins, ...begins, ...mains, ...replays].map((name) => `host/${name}.js`)
      const programs = names().filter((name) => /^host\/.*\.js$/.test(name))
      expect(programs.filter((name) => !name.startsWith('host/parts/'))).toEqual(due)
      expect(programs.length).toBeLessThan(160)
      const loaded = names().filter((name) => /^node_modules\/.*\.(c|m)?js$/.test(name))
      expect(loaded.filter((name) => !/^node_modules\/(koffi|@koromix\/koffi-)/.test(name))).toEqual([])
    })

    test('says what it is, what it runs on, and what projects are compiled with', () => {
      const { assemblyscript, vitest } = devDependencies
      const about = {
        name: 'portcullis',
        version,
        platform,
        engines,
        devDependencies: { assemblyscript, vitest },
      }
      expect(JSON.parse(text('release.json'))).toEqual(about)
      expect(JSON.parse(text('package.json'))).toMatchObject({
        version,
        type: 'module',
        engines,
        dependencies,
      })
      // What host/cli/start.ts asks for.
      expect(engines).toEqual({ node: '>=20.19' })
    })

    test('has no link in its pages that leads to nothing', () => {
      const all = names()
      const pages = all.filter((name) => /^(README|docs\/.*|policies\/sdk\/README)(\.md)?$/.test(name))
      const dead = pages.flatMap((page) =>
        [...text(page).matchAll(/\]\(([^)#\s]+)/g)]
          .map(([, target]) => target as string)
          .filter((target) => !/^https?:/.test(target))
          .filter((target) => !all.includes(posix.join(posix.dirname(page), target)))
          .map((target) => `${page}: ${target}`),
      )
      expect(dead).toEqual([])
      expect(pages.length).toBeGreaterThan(15)
    })

    test('has an example of a configuration that lacks nothing but the account', () => {
      const schema = schemaOf(hostFile('tenant', 'config.schema.json'))
      const example = text('portcullis.example.json')
      const check = (config: string) =>
        checkSchema(schema, JSON.parse(config), 'example', 'ERR_CONFIG_SCHEMA')
      const refusal = /^[^\n]*example\n {2}at \/tenants\/0\/applications\/0\/account: must be: Account[^\n]*$/
      expect(() => check(example)).toThrow(refusal)
      expect(() => check(example.replace(account, replacement))).not.toThrow()
      const policies = [...example.matchAll(/"policy": "([^"]+)"/g)].map(([, path]) => path)
      expect(names()).toEqual(expect.arrayContaining(policies))
    })
  },
)

describe('the archives', () => {
  it('for Linux has the files of the folder, nobody as owner, and a command that can be run', () => {
    const listed = execFileSync('tar', ['-tvzf', released(archives[0])], {
      encoding: 'utf8',
      env: { ...process.env, TZ: 'UTC' },
    })
    const entries = listed
      .trimEnd()
      .split('\n')
      .map(
        (line) =>
          /^(\S+) (\S+) +\d+ (\S+ \S+) (.*)$/.exec(line)?.slice(1) as [string, string, string, string],
      )
    const files = entries.filter(([mode]) => mode.startsWith('-'))
    expect(files.map(([, , , name]) => name.slice(linuxTitle.length + 1)).sort()).toEqual(
      filesOf(released(linuxTitle)),
    )
    expect(new Set(entries.map(([mode, owner, time]) => `${mode} ${owner} ${time}`))).toEqual(
      new Set([
        'drwxr-xr-x 0/0 1980-01-01 12:00',
        '-rw-r--r-- 0/0 1980-01-01 12:00',
        '-rwxr-xr-x 0/0 1980-01-01 12:00',
      ]),
    )
    const run = files.filter(([mode]) => mode === '-rwxr-xr-x').map(([, , , name]) => name)
    expect(run).toEqual([`${linuxTitle}/portcullis`])
    expect(statSync(join(released(linuxTitle), 'portcullis')).mode & 0o111).toBe(0o111)
  })

  it.skipIf(reasonToSkipWindowsRelease() !== '')('for Windows has the files of the folder', () => {
    const entries = [...readZip()]
    expect(entries.map(([name]) => name.slice(windowsTitle.length + 1)).sort()).toEqual(
      filesOf(released(windowsTitle)),
    )
    for (const [name, bytes] of entries) {
      expect(Buffer.compare(bytes, readFileSync(join(dirname(released(windowsTitle)), name))), name).toBe(0)
    }
  })

  it.each(reasonToSkipWindowsRelease() === '' ? archives : [archives[0]])(
    '%s has its sum beside it',
    (name) => {
      const sum = createHash('sha256')
        .update(readFileSync(released(name)))
        .digest('hex')
      expect(readFileSync(released(`${name}.sha256`), 'utf8')).toBe(`${sum}  ${name}\n`)
    },
  )
})
