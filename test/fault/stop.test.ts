// `portcullis stop`: the host answers what it has accepted, ends in order, and the command returns when it has.

import { afterAll, beforeAll, expect, it } from 'vitest'

import type { ServeProcess } from '../../host/cli/serve-process.ts'
import { runProgram } from '../support/command.ts'
import { Testbed, told, user } from '../support/testbed.ts'

let bed: Testbed
let host: ServeProcess
let instance: number

beforeAll(async () => {
  bed = new Testbed()
  host = await bed.host([{ name: 'slow', policy: 'slow' }])
  instance = bed.startup('slow')
  await bed.winrm.ask(instance, user)
})

afterAll(async () => {
  const violations = bed.winrm.violations()
  await bed.close()
  expect(violations).toEqual({})
})

const stop = () => runProgram('main', bed.folder, 'stop', '--config', 'portcullis.json')

it('answers what was accepted, and ends with status 0', async () => {
  const slow = { ...user, senderName: 'CONTOSO\\slow' }
  const asked = [bed.winrm.ask(instance, slow), bed.winrm.ask(instance, slow)]
  expect(stop()).toEqual({ status: 0, stdout: '', stderr: '' })
  expect((await Promise.all(asked)).map(told)).toEqual([
    { code: 0, noAnswer: false },
    { code: 0, noAnswer: false },
  ])
  expect(await host.ended()).toBe(0)
  expect(host.entries.filter(({ event }) => event === 'closing')).toMatchObject([{ signal: 'stop' }])
  expect(host.entries.at(-1)).toMatchObject({ event: 'closed' })
})

it('says so when no host is there', () => {
  const { status, stderr } = stop()
  expect(status).toBe(1)
  expect(stderr).toMatch(/is it running, under your account\? \[ERR_HOST_UNREACHABLE\]/)
})
