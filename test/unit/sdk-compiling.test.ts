// What an author's own project needs, and what they read when it is wrong: two lines of configuration and no
// glue.

import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AuthorProject } from '../support/author.ts'
import { PlainPolicy } from '../support/plain-policy.ts'

const policy = `
import { Decision, OperationRequest, UserRequest } from 'portcullis'

export function authzUser(user: UserRequest): Decision {
  return user.inGroup('S-1-5-32-580') ? Decision.allow() : Decision.deny('not a remote management user')
}

export function authzOperation(request: OperationRequest): Decision {
  return request.isRead ? Decision.allow() : Decision.deny('read only')
}
`

let project: AuthorProject

beforeAll(async () => {
  project = await AuthorProject.create()
})

afterAll(() => project.remove())

describe("an author's project that extends the SDK's configuration", () => {
  it('exports the whole ABI without a line of glue, and imports abort only', async () => {
    await project.write('assembly/index.ts', policy)
    const { wasm, messages } = await project.compile()
    expect(messages).toBe('')
    const { module } = new PlainPolicy(wasm as Uint8Array)
    const exports = WebAssembly.Module.exports(module).map(({ kind, name }) => `${kind} ${name}`)
    expect(exports.sort()).toEqual([
      'function authzOperation',
      'function authzUser',
      'function portcullis_request_v1',
      'function portcullis_settings_v1',
      'memory memory',
    ])
    expect(WebAssembly.Module.imports(module)).toEqual([{ module: 'env', name: 'abort', kind: 'function' }])
  })

  it('gives a policy that decides', async () => {
    await project.write('assembly/index.ts', policy)
    const { wasm } = await project.compile()
    const facts = {
      application: 'wsman/a',
      senderName: 'A\\b',
      authenticationMechanism: 'Kerberos',
      userSid: 'S-1-5-7',
    }
    const compiled = new PlainPolicy(wasm as Uint8Array)
    expect(compiled.ask({ ...facts, kind: 'user', groupSids: ['S-1-5-32-580'] }).outcome).toBe('allow')
    expect(compiled.ask({ ...facts, kind: 'user', denyOnlySids: ['S-1-5-32-580'] }).outcome).toBe('deny')
  })

  it('contains one copy of the SDK, and is small', async () => {
    await project.write('assembly/index.ts', policy)
    const { wasm, functions } = await project.compile()
    expect(functions.filter((name) => name.endsWith('/requestArea'))).toEqual([
      '~lib/portcullis/assembly/request-area/requestArea',
    ])
    const others = functions.filter((name) => !name.startsWith('~') && !name.startsWith('assembly/index/'))
    expect(others).toEqual([])
    const unused = /assembly\/(principal|certificate|local-time|resource|quota|text)\//
    expect(functions.filter((name) => unused.test(name))).toEqual([])
    expect(wasm?.length).toBeLessThan(4500)
  })

  it('would contain two copies if the ABI imported the SDK by a relative path', async () => {
    const abi = 'node_modules/portcullis/assembly/abi.ts'
    const right = await readFile(path.join(project.folder, abi), 'utf8')
    await project.write(
      'assembly/index.ts',
      policy.replace(
        "'portcullis'",
        "'portcullis'\nexport { requestArea } from 'portcullis/assembly/request-area'",
      ),
    )
    await project.write(abi, right.replace('portcullis/assembly/request-area', './request-area'))
    const { functions } = await project.compile()
    await project.write(abi, right)
    expect(functions.filter((name) => name.endsWith('/requestArea'))).toHaveLength(2)
  })

  it('is told the file, the line and the mistake when it does not compile', async () => {
    await project.write('assembly/index.ts', policy.replace("Decision.deny('read only')", 'Decision.deny(7)'))
    const { wasm, messages } = await project.compile()
    expect(wasm).toBeUndefined()
    expect(messages).toContain("Type 'i32' is not assignable to type '~lib/string/String'")
    expect(messages).toContain('assembly/index.ts(9,')
  })

  it('is told which name the SDK does not have', async () => {
    await project.write('assembly/index.ts', policy.replace('request.isRead', 'request.isReading'))
    const { messages } = await project.compile()
    expect(messages).toContain(
      "Property 'isReading' does not exist on type '~lib/portcullis/assembly/operation-request",
    )
  })

  it('cannot change a quota that was made', async () => {
    await project.write(
      'assembly/index.ts',
      `import { Quota, UserRequest } from 'portcullis'
      export function queryQuota(user: UserRequest): Quota {
        const quota = new Quota(1, 1, 1, 1)
        quota.shells = 100
        return quota
      }`,
    )
    const { wasm, messages } = await project.compile()
    expect(wasm).toBeUndefined()
    expect(messages).toContain('read-only property')
  })
})
