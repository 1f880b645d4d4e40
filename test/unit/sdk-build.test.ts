// policies/build.mjs: what it makes, what it leaves alone, and what it says when a policy does not compile.
// It runs on a copy of the few files that it needs, so that the real outputs are not disturbed.

import { spawnSync } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = path.join(import.meta.dirname, '../..')
const example = 'policies/examples/read-only-auditor'
let copy: string

beforeAll(async () => {
  copy = await mkdtemp(path.join(tmpdir(), 'portcullis-build-'))
  for (const file of ['asconfig.json', 'package.json', 'policies/build.mjs', 'policies/sdk', example]) {
    await cp(path.join(root, file), path.join(copy, file), { recursive: true })
  }
  await mkdir(path.join(copy, 'test/policies'), { recursive: true })
  await mkdir(path.join(copy, 'node_modules'))
  for (const installed of ['assemblyscript', 'binaryen', 'long']) {
    await symlink(path.join(root, 'node_modules', installed), path.join(copy, 'node_modules', installed))
  }
  await symlink('../policies/sdk', path.join(copy, 'node_modules/portcullis'))
})

afterAll(() => rm(copy, { recursive: true, force: true }))

function build() {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['policies/build.mjs'], {
    cwd: copy,
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}

describe('the build of the policies', () => {
  const output = 'build/policies/read-only-auditor.wasm'

  it('compiles an example and says so in a line', async () => {
    const { status, stdout, stderr } = build()
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^policies\/examples\/read-only-auditor: \d+ bytes in \d+ ms\n$/)
    expect((await readFile(path.join(copy, output))).subarray(0, 4).toString('latin1')).toBe('\0asm')
  })

  it('gives the same bytes as in another folder', async () => {
    expect(await readFile(path.join(copy, output))).toEqual(await readFile(path.join(root, output)))
  })

  it('leaves alone what is newer than all it was made from', async () => {
    const before = await stat(path.join(copy, output))
    expect(build().stdout).toBe('')
    expect((await stat(path.join(copy, output))).ino).toBe(before.ino)
  })

  it.each([
    `${example}/assembly/index.ts`,
    `${example}/asconfig.json`,
    'policies/sdk/assembly/sid.ts',
    'asconfig.json',
  ])('compiles again when %s has changed', async (file) => {
    const soon = Date.now() / 1000 + 1
    await utimes(path.join(copy, file), soon, soon)
    expect(build().stdout).toContain(' bytes in ')
    await utimes(path.join(copy, file), 1, 1)
  })

  it('makes a module of WebAssembly text, the same as elsewhere, and says what is wrong with one that is none', async () => {
    const text = 'policies/examples/wat-operators/policy.wat'
    const made = path.join(copy, 'build/policies/wat-operators.wasm')
    await cp(path.join(root, text), path.join(copy, text))
    expect(build()).toMatchObject({ status: 0, stderr: '' })
    expect(await readFile(made)).toEqual(await readFile(path.join(root, 'build/policies/wat-operators.wasm')))
    await writeFile(path.join(copy, text), '(module (func $a (result i32) (i32.cons 1)))')
    const { status, stderr } = build()
    expect(status).toBe(1)
    expect(stderr).toMatch(
      /^policies\/examples\/wat-operators: does not compile\n\n1:31: error: unrecognized instruction/,
    )
    await rm(path.join(copy, path.dirname(text)), { recursive: true })
    await rm(made)
  })

  it("ends with the compiler's words after a compile error, and keeps the last good output", async () => {
    const before = await readFile(path.join(copy, output))
    const source = path.join(copy, example, 'assembly/index.ts')
    await writeFile(source, (await readFile(source, 'utf8')).replace('request.isRead', 'request.isReading'))
    const { status, stderr } = build()
    expect(status).toBe(1)
    expect(stderr).toContain(`${example}: does not compile`)
    expect(stderr).toContain("Property 'isReading' does not exist")
    expect(stderr).toContain(`${example}/assembly/index.ts(14,`)
    expect(await readFile(path.join(copy, output))).toEqual(before)
    expect(await readdir(path.join(copy, 'build/policies'))).toEqual(['read-only-auditor.wasm'])
  })
})
