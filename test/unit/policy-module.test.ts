// Which modules can be policies, and how the others are refused.

import { describe, expect, it } from 'vitest'

import { compilePolicy, rewritePolicy } from '../../host/engine/policy-module.ts'
import { type ErrorCode, PortcullisError } from '../../host/errors.ts'
import { moduleBytesMax } from '../../host/limits.ts'
import { assemble, op, type PolicySpec, place, policyModule, returning, unsigned } from '../support/wasm.ts'

function refusal(bytes: Uint8Array): { code: ErrorCode; detail: string } | undefined {
  try {
    compilePolicy(bytes)
    return undefined
  } catch (error) {
    expect(error).toBeInstanceOf(PortcullisError)
    const { code, detail } = error as PortcullisError
    return { code, detail }
  }
}

describe('a module', () => {
  it('whose memory begins with 17 pages is refused', () => {
    expect(refusal(policyModule({ memory: { min: 17 } }))?.code).toBe('ERR_MODULE_MEMORY')
  })

  it.each([undefined, 17, 65_536])('with a declared maximum of %s pages gets one of 16', (max) => {
    const { bytes } = rewritePolicy(policyModule({ memory: { min: 1, ...(max && { max }) } }))
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes))
    const memory = exports.memory as WebAssembly.Memory
    memory.grow(15)
    expect(() => memory.grow(1)).toThrow(RangeError)
  })

  it('that exports what a policy must export can be one, with or without a quota', () => {
    expect(compilePolicy(policyModule()).hasQuota).toBe(true)
    expect(compilePolicy(policyModule({ without: ['queryQuota'] })).hasQuota).toBe(false)
  })

  it('of 256 KiB can be a policy, and one of a byte more cannot', () => {
    /** A policy with a section that means nothing, so that the module has so many bytes. */
    const sized = (bytes: number) => {
      const policy = policyModule()
      const size = bytes - policy.length - 4 // the section's number, and a size that takes three bytes
      return Buffer.concat([policy, Buffer.from([0, ...unsigned(size)]), Buffer.alloc(size)])
    }
    expect(sized(moduleBytesMax)).toHaveLength(262_144)
    expect(refusal(sized(moduleBytesMax))).toBeUndefined()
    expect(refusal(sized(moduleBytesMax + 1))).toEqual({
      code: 'ERR_MODULE_SIZE',
      detail: 'it has 262145 bytes',
    })
  })

  it('of no bytes is refused', () => {
    expect(refusal(new Uint8Array())?.code).toBe('ERR_MODULE_SIZE')
  })

  it.each<[string, Uint8Array]>([
    ['text', Buffer.from('(module)')],
    ['a Windows program', Buffer.from('MZ\x90\0\x03')],
    ['a magic and nothing else', policyModule().slice(0, 4)],
    ['a version that is not 1', Uint8Array.from([0, 0x61, 0x73, 0x6d, 2, 0, 0, 0])],
    ['a policy that is cut', policyModule().slice(0, -1)],
    ['a policy with bytes behind it', Buffer.concat([policyModule(), Buffer.from([0x7f])])],
    [
      'a function that returns nothing where it should',
      policyModule({ user: { ...returning(0), code: [] } }),
    ],
    ['a start function that does not exist', policyModule({ start: 99 })],
    ['noise behind a version', assemble({}).fill(0xff, 8)],
  ])('that is %s is refused as what it is', (_, bytes) => {
    expect(refusal(bytes)?.code).toMatch(/^ERR_MODULE_(MALFORMED|INDEX|INVALID)$/)
  })

  it('that is empty but valid is refused, because it has not even a memory', () => {
    expect(refusal(assemble({}))?.code).toBe('ERR_MODULE_MEMORY')
  })

  it.each<[string, PolicySpec]>([
    ['takes an i64', { user: { params: ['i64'], results: ['i32'], code: op.i32Const(place.allow) } }],
    ['takes nothing', { user: { params: [], results: ['i32'], code: op.i32Const(place.allow) } }],
    ['returns nothing', { user: { params: ['i32'], results: [], code: [] } }],
  ])('whose authzUser %s is refused', (_, spec) => {
    const { code, detail } = refusal(policyModule(spec)) ?? {}
    expect(code).toBe('ERR_MODULE_EXPORT')
    expect(detail).toContain('"authzUser"')
  })

  it.each<[string, NonNullable<PolicySpec['imports']>[number]]>([
    ['function "env.seed"', { module: 'env', name: 'seed', kind: 'function' }],
    [
      'function "wasi_snapshot_preview1.fd_write"',
      { module: 'wasi_snapshot_preview1', name: 'fd_write', kind: 'function' },
    ],
    ['function "Env.abort"', { module: 'Env', name: 'abort', kind: 'function' }],
    ['function "env.__proto__"', { module: 'env', name: '__proto__', kind: 'function' }],
    ['function "__proto__.abort"', { module: '__proto__', name: 'abort', kind: 'function' }],
    ['memory "env.memory"', { module: 'env', name: 'memory', kind: 'memory' }],
    ['table "env.table"', { module: 'env', name: 'table', kind: 'table' }],
    ['global "env.abort"', { module: 'env', name: 'abort', kind: 'global' }],
    ['table "env.abort"', { module: 'env', name: 'abort', kind: 'table' }],
  ])('that imports the %s is refused', (what, given) => {
    // A module has one memory: one that imports it has none of its own.
    const bytes =
      given.kind === 'memory' ? assemble({ imports: [given] }) : policyModule({ imports: [given] })
    const { code, detail } = refusal(bytes) ?? {}
    expect(code).toBe('ERR_MODULE_IMPORT')
    expect(detail).toContain(what.split(' ')[1])
  })

  it('may import env.abort with its own type, once', () => {
    const params = Array(4).fill('i32')
    const abort = { module: 'env', name: 'abort', kind: 'function', params } as const
    expect(refusal(policyModule({ imports: [abort] }))).toBeUndefined()
    expect(refusal(policyModule({ imports: [abort, abort] }))?.code).toBe('ERR_MODULE_IMPORT')
    expect(refusal(policyModule({ imports: [{ ...abort, params: ['i32'] }] }))?.code).toBe(
      'ERR_MODULE_IMPORT',
    )
  })

  it.each(['memory', 'portcullis_request_v1', 'authzUser', 'authzOperation'])(
    'without %s is refused',
    (name) => {
      const { code, detail } = refusal(policyModule({ without: [name] })) ?? {}
      expect(code).toBe('ERR_MODULE_EXPORT')
      expect(detail).toContain(`"${name}"`)
    },
  )

  it.each(['portcullis_request_v1', 'authzUser', 'authzOperation', 'queryQuota'])(
    'whose %s is no function is refused',
    (name) => {
      for (const kind of ['global', 'memory'] as const) {
        const { code, detail } =
          refusal(policyModule({ globals: [1], exports: { [name]: { kind, index: 0 } } })) ?? {}
        expect(code).toBe('ERR_MODULE_EXPORT')
        expect(detail).toContain(`"${name}"`)
      }
    },
  )

  it('whose memory is no memory is refused', () => {
    const exports = { memory: { kind: 'function', index: 0 } } as const
    expect(refusal(policyModule({ exports }))?.code).toBe('ERR_MODULE_EXPORT')
  })

  it('of an older or a newer interface is refused', () => {
    const request = { kind: 'function', index: 0 } as const
    for (const name of ['portcullis_request', 'portcullis_request_v0', 'portcullis_request_v2']) {
      const bytes = policyModule({ without: ['portcullis_request_v1'], exports: { [name]: request } })
      expect(refusal(bytes)?.detail).toContain('"portcullis_request_v1"')
    }
  })
})
