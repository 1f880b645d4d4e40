// Bounds of our own at the entry points, of which WinRM's contract says nothing, and what the host's library exports.

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'

import { release } from '../../host/double/double.ts'
import { Testbed, told, user } from '../support/testbed.ts'
import { linux } from './runner-linux.ts'

describe('the plug-in', () => {
  let bed: Testbed
  let allows: number

  beforeAll(async () => {
    bed = new Testbed()
    await bed.host([{ name: 'allows', policy: 'slow' }])
    allows = bed.startup('allows')
  })

  afterEach(() => expect(bed.winrm.violations()).toEqual({}))

  afterAll(() => bed.close())

  it('denies a token with more groups than a block lists, and truncates none', async () => {
    const groups = (count: number) => Array.from({ length: count }, (_, index) => `S-1-5-21-1-2-3-${index}`)
    expect((await bed.winrm.ask(allows, { ...user, groupSids: groups(1024) })).code).toBe(0)
    const over = await bed.winrm.ask(allows, { ...user, groupSids: groups(1025) })
    expect(told(over)).toEqual({ code: 5, noAnswer: true })
  })

  it('refuses an application of more than 1,024 units', () => {
    expect(bed.winrm.startup('x'.repeat(1025))).toEqual({ code: 87, instance: 0 })
  })

  it('runs out of room after 1,024 instances, and harms none of them', async () => {
    const kept = await bed.winrm.ask(allows, user, { release: release.keep })
    const started: number[] = []
    let last = bed.winrm.startup('wsman/other')
    while (last.code === 0) {
      started.push(last.instance)
      last = bed.winrm.startup('wsman/other')
    }
    expect(last.code).toBe(8)
    expect(started.length).toBeGreaterThan(900)
    const contexts = [kept.context]
    for (let i = 0; i < 8; i++)
      contexts.push((await bed.winrm.ask(allows, user, { release: release.keep })).context)
    expect(new Set(contexts).size).toBe(contexts.length)
    for (const instance of started) expect(await bed.winrm.shutdown(instance)).toBe(0)
    bed.winrm.releaseKept(allows)
  })
})

describe('portcullis_io', () => {
  it('exports pcio_ functions and nothing else', () => {
    const { exports } = linux.tables('portcullis_io')
    expect(exports.length).toBeGreaterThan(5)
    expect(exports.filter((name) => !name.startsWith('pcio_'))).toEqual([])
  })
})
