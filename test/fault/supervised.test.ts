// `portcullis serve --supervised`: a service manager holds the host's standard input, and the host ends with it, in order.

import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { LogEntry } from '../../host/cli/serve-process.ts'
import { root } from '../../host/paths.ts'
import { eventually, Testbed, told, user } from '../support/testbed.ts'

const main = join(root, 'build', 'host', 'cli', 'main.js')

let bed: Testbed
let instance: number

/** A host as a service manager runs it: by pipes, of which the test holds the other ends. */
class Supervised {
  readonly entries: LogEntry[] = []
  readonly #child: ChildProcess
  readonly ended: Promise<number | null>

  constructor(...options: string[]) {
    const args = [main, 'serve', '--config', bed.configPath, '--supervised', ...options]
    this.#child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'ignore'] })
    this.ended = new Promise((resolve) => this.#child.on('close', resolve))
    if (this.#child.stdout === null) throw new Error('a host has an output')
    createInterface(this.#child.stdout).on('line', (line) => this.entries.push(JSON.parse(line)))
  }

  has(name: string): boolean {
    return this.entries.some(({ event }) => event === name)
  }

  async serving(): Promise<void> {
    await eventually(
      async () => this.has('serving'),
      (serves) => serves,
    )
  }

  write(text: string): void {
    this.#child.stdin?.write(text)
  }

  /** As the system does it for a manager that has ended. */
  closeInput(): void {
    this.#child.stdin?.destroy()
  }
}

beforeAll(() => {
  bed = new Testbed()
  bed.writeConfig([{ name: 'slow', policy: 'slow' }])
  instance = bed.startup('slow')
})

afterAll(() => bed.close())

describe('a supervised host', () => {
  it('serves while its input is open, whatever comes in', async () => {
    const host = new Supervised()
    await host.serving()
    host.write('stop\n')
    const { code } = await eventually(
      async () => told(await bed.winrm.ask(instance, user)),
      ({ code }) => code === 0,
    )
    expect(code).toBe(0)
    expect(host.has('closing')).toBe(false)
    host.closeInput()
    expect(await host.ended).toBe(0)
  })

  it('answers what was accepted when its input ends, and ends with status 0', async () => {
    const host = new Supervised()
    await host.serving()
    await eventually(
      async () => told(await bed.winrm.ask(instance, user)),
      ({ code }) => code === 0,
    )
    const slow = { ...user, senderName: 'CONTOSO\\slow' }
    const asked = [bed.winrm.ask(instance, slow), bed.winrm.ask(instance, slow)]
    host.closeInput()
    expect((await Promise.all(asked)).map(told)).toEqual([
      { code: 0, noAnswer: false },
      { code: 0, noAnswer: false },
    ])
    expect(await host.ended).toBe(0)
    expect(host.entries.filter(({ event }) => event === 'closing')).toMatchObject([{ signal: 'input' }])
    expect(host.entries.at(-1)).toMatchObject({ event: 'closed' })
  })

  it('ends before it serves if its input ends then', async () => {
    const host = new Supervised()
    host.closeInput()
    expect(await host.ended).toBe(0)
    expect(host.entries.at(-1)).toMatchObject({ event: 'closed' })
  })

  it('ends though its input is open when it cannot serve', async () => {
    bed.writeConfig([{ name: 'slow', policy: 'slow', policyFile: main }])
    const host = new Supervised()
    expect(await host.ended).not.toBe(0)
    expect(host.has('serving')).toBe(false)
    bed.writeConfig([{ name: 'slow', policy: 'slow' }])
  })
})
