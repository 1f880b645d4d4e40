// `portcullis test` and `portcullis bench`: what they print for people and programs, and that the fuel they show is the
// fuel of `run`, and so of a host.

import { rmSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { runProgram } from '../support/command.ts'
import { PolicyProject } from '../support/policy-project.ts'

let project: PolicyProject
let vectors: string

beforeAll(() => {
  project = new PolicyProject().link()
  vectors = project.read('vectors.jsonl')
  const lines = vectors.trim().split('\n')
  const wrong = JSON.parse(lines[1] ?? '') as object
  project.write('wrong.jsonl', `${lines[0]}\n${JSON.stringify({ ...wrong, expect: { outcome: 'allow' } })}\n`)
  project.write('empty.jsonl', '\n')
  project.write('settings.json', '{"group": ["a"]}')
  expect(project.run('build').status).toBe(0)
})

afterAll(() => project.remove())

interface Tested {
  count: number
  failed: number
  vectors: { name: string; line: number; met: boolean; problem: string | null; came: { fuelUsed: number } }[]
}

describe('test', () => {
  it('prints a line for each vector, then what failed with what was expected and what came', () => {
    const { status, stdout, stderr } = project.run('test', '--vectors', 'wrong.jsonl')
    expect([status, stderr]).toEqual([1, ''])
    expect(stdout).toMatch(/^ok +an operator comes in +allow +\d+$/m)
    expect(stdout).toMatch(/^FAILED +somebody else does not +deny +\d+$/m)
    expect(stdout).toMatch(
      /^FAILED "somebody else does not" \(line 2\): expected \{"outcome":"allow"\}, came \{"outcome":"deny",/m,
    )
    expect(stdout).toMatch(/^2 vectors, 1 FAILED; fuel: median \d+, most \d+ of 1000000$/m)
  })

  it('prints all of it as JSON', () => {
    const { status, stdout } = project.run('test', 'build/policy.wasm', '--vectors', 'wrong.jsonl', '--json')
    expect(status).toBe(1)
    const tested = JSON.parse(stdout) as Tested
    expect(tested).toMatchObject({ count: 2, failed: 1, fuel: { mostVector: expect.any(String) } })
    expect(tested.vectors).toMatchObject([
      { name: 'an operator comes in', line: 1, met: true, problem: null, came: { outcome: 'allow' } },
      { line: 2, met: false, problem: expect.stringMatching(/^expected/), expect: { outcome: 'allow' } },
    ])
  })

  it('passes settings on', () => {
    expect(project.run('test', '--settings', 'settings.json').status).toBe(0)
  })

  it.each([
    [
      'vectors that are not there',
      ['--vectors', 'gone.jsonl'],
      /gone\.jsonl is not there \[ERR_VECTORS_FILE\]/,
    ],
    ['no vectors', ['--vectors', 'empty.jsonl'], /empty\.jsonl has no vectors; .* \[ERR_VECTORS_FILE\]/],
    ['settings that are none', ['--settings', 'vectors.jsonl'], /ERR_SETTINGS_FILE/],
    ['a module that is not there', ['gone.wasm'], /gone\.wasm is not there; run "portcullis build" first/],
  ])('ends with status 2 for %s', (_, args, message) => {
    for (const command of ['test', 'bench']) {
      const { status, stdout, stderr } = project.run(command, ...args)
      expect(stderr).toMatch(message)
      expect([status, stdout]).toEqual([2, ''])
    }
  })
})

describe('outside a project', () => {
  it.each(['test', 'bench', 'check', 'run', 'explain'])('%s without a module says so', (command) => {
    const args = ['--question', join(project.folder, 'question.json')]
    project.write('question.json', JSON.stringify({ kind: 'user', application: 'a', senderName: 'b' }))
    const asks = command === 'run' || command === 'explain'
    const outside = runProgram('main', dirname(project.folder), command, ...(asks ? args : []))
    expect(outside.stderr).toMatch(
      /is no policy project, because it has no asconfig\.json; .*\[ERR_PROJECT_FOLDER\]/,
    )
    expect([outside.status, outside.stdout]).toEqual([2, ''])
  })
})

it('run takes module and settings of the project, as the other commands do', () => {
  const { question } = JSON.parse(vectors.slice(0, vectors.indexOf('\n'))) as { question: object }
  project.write('question.json', JSON.stringify(question))
  expect(project.run('run', '--question', 'question.json')).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/^outcome +allow$/m),
  })
})

it('check says that empty vectors prove nothing', () => {
  const { status, stdout } = project.run('check', '--vectors', 'empty.jsonl')
  expect(status).toBe(0)
  expect(stdout).toMatch(/^ {2}warning {3}.*empty\.jsonl has no vectors, so no answer was looked at$/m)
})

describe('bench', () => {
  it('has the fuel of test, and test that of run', () => {
    const { vectors: tested } = JSON.parse(project.run('test', '--json').stdout) as Tested
    const benched = JSON.parse(project.run('bench', '--json').stdout) as {
      rounds: number
      fuel: { most: number }
      microseconds: { median: number; most: number }
      vectors: { fuelUsed: number; microseconds: { median: number; ninetyNinePercent: number } }[]
    }
    const fuel = tested.map(({ came }) => came.fuelUsed)
    expect(benched.vectors.map(({ fuelUsed }) => fuelUsed)).toEqual(fuel)
    expect(benched.fuel.most).toBe(Math.max(...fuel))
    expect(benched.rounds).toBeGreaterThanOrEqual(10)
    for (const { microseconds } of benched.vectors) {
      expect(microseconds.median).toBeLessThanOrEqual(microseconds.ninetyNinePercent)
      expect(microseconds.ninetyNinePercent).toBeLessThanOrEqual(benched.microseconds.most)
    }
    const ran = vectors
      .trim()
      .split('\n')
      .map((line) => {
        project.write('question.json', JSON.stringify((JSON.parse(line) as { question: object }).question))
        const { stdout } = project.run('run', 'build/policy.wasm', '--question', 'question.json', '--json')
        return (JSON.parse(stdout) as { fuelUsed: number }).fuelUsed
      })
    expect(ran).toEqual(fuel)
  })

  it('prints a table and what is said of all', () => {
    const { status, stdout } = project.run('bench')
    expect(status).toBe(0)
    expect(stdout).toMatch(/^an operator comes in +allow +\d+ +\d+ +\d+$/m)
    expect(stdout).toMatch(/^microseconds, on this machine: median [\d.]+, most [\d.]+, of \d+ rounds$/m)
  })
})

describe('test --watch', () => {
  it('ends at once with status 2 where there is nothing to compile', () => {
    const outside = runProgram('main', dirname(project.folder), 'test', '--watch')
    expect(outside).toMatchObject({ status: 2, stderr: expect.stringMatching(/\[ERR_PROJECT_FOLDER\]/) })
  })

  it('compiles and tests again at a change, outlives mistakes, and ends on SIGINT', async () => {
    const child = project.start('test', '--watch', '--json')
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (data) => {
      stdout += data
    })
    child.stderr.on('data', (data) => {
      stderr += data
    })
    const ended = new Promise((resolve) => child.on('close', (code, signal) => resolve([code, signal])))
    const rounds = () =>
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Tested)
    const waits = () => stderr.match(/waiting for a change/g)?.length ?? 0
    const within = { timeout: 50_000, interval: 50 }
    try {
      await expect.poll(waits, within).toBe(1)
      await expect.poll(() => stdout, within).toMatch(/\n$/)
      expect(rounds()).toMatchObject([{ count: 7, failed: 0 }])

      project.write('vectors.jsonl', vectors.slice(0, vectors.indexOf('\n') + 1))
      await expect.poll(waits, within).toBeGreaterThan(1)
      await expect.poll(() => rounds().at(-1)?.count, within).toBe(1)

      const source = project.read('assembly/index.ts')
      project.write('assembly/index.ts', `${source}\nnonsense`)
      await expect.poll(() => stderr, within).toMatch(/FAILURE 1 compile error/)
      await expect.poll(() => stderr, within).toMatch(/compile error.*waiting for a change/s)
      project.write('assembly/index.ts', source.replace('return user.inGroup', 'return !user.inGroup'))
      await expect.poll(() => rounds().at(-1)?.failed, within).toBe(1)

      project.write('assembly/index.ts', source.replace('user.inGroup(operators)', 'user.inGroup'))
      await expect.poll(() => stderr, within).toMatch(/^warning: .*: inGroup is never called here/m)
      rmSync(join(project.folder, 'settings.json'))
      await expect.poll(() => rounds().length, within).toBeGreaterThan(3)
      const tested = rounds().length
      project.write('settings.json', '{"group": []}')
      await expect.poll(() => rounds().length, within).toBeGreaterThan(tested)
    } finally {
      project.write('vectors.jsonl', vectors)
      child.kill('SIGINT')
    }
    expect(await ended).toEqual([0, null])
  }, 200_000)
})
