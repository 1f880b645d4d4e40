// What the built libraries export and import, and what loading alone does: nothing (cases A1, A3, A4, A6, B12, B18, B19).

import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { type Double, installPlugin } from '../../host/double/double.ts'
import { nativeLibrary } from '../../host/paths.ts'
import { Testbed, user } from '../support/testbed.ts'

function symbols(
  library: Parameters<typeof nativeLibrary>[0],
  which: '--defined-only' | '--undefined-only',
): string[] {
  const output = execFileSync('nm', ['-D', which, nativeLibrary(library)], { encoding: 'utf8' })
  return output
    .split('\n')
    .filter((line) => / [TDBRU] /.test(line))
    .map((line) => (line.split(' ').at(-1) ?? '').replace(/@.*/, ''))
    .sort()
}

describe('the plug-in', () => {
  it('exports the six names and nothing else', () => {
    expect(symbols('portcullis', '--defined-only')).toEqual([
      'WSManPluginAuthzOperation',
      'WSManPluginAuthzQueryQuota',
      'WSManPluginAuthzReleaseContext',
      'WSManPluginAuthzUser',
      'WSManPluginShutdown',
      'WSManPluginStartup',
    ])
  })

  it('imports the three completions and no other function of WinRM', () => {
    const imported = symbols('portcullis', '--undefined-only').filter((name) => name.startsWith('WSMan'))
    expect(imported).toEqual([
      'WSManPluginAuthzOperationComplete',
      'WSManPluginAuthzQueryQuotaComplete',
      'WSManPluginAuthzUserComplete',
    ])
  })
})

describe('portcullis_io', () => {
  it('exports pcio_ functions and nothing else', () => {
    expect(symbols('portcullis_io', '--defined-only').filter((name) => !name.startsWith('pcio_'))).toEqual([])
  })
})

describe('loading and unloading', () => {
  let bed: Testbed

  beforeAll(() => {
    bed = new Testbed()
  })

  afterAll(() => bed.close())

  const threads = () => readdirSync('/proc/self/task').length
  const files = () => readdirSync('/proc/self/fd').length

  it('starts no thread and opens no file without Startup, a hundred times over', () => {
    bed.winrm.unload()
    const before = [threads(), files()]
    const winrm: Double = bed.winrm
    const path = installPlugin(bed.pluginFolder, bed.endpoint, 'uid:0')
    for (let i = 0; i < 100; i++) {
      winrm.load(path)
      expect(winrm.unload()).toBe(true)
    }
    expect([threads(), files()]).toEqual(before)
    winrm.load(path)
  })

  it('starts one thread with the first Startup, which has ended when the last Shutdown returns', async () => {
    await bed.winrm.releaseDrain() // the double's own thread, and the pool's, exist by now
    const [first] = [
      bed.winrm.startup('wsman/a'),
      await bed.winrm.shutdown(bed.winrm.startup('wsman/b').instance),
    ]
    await bed.winrm.shutdown(first.instance)
    const before = threads()
    const again = [bed.winrm.startup('wsman/a'), bed.winrm.startup('wsman/b')]
    expect(threads()).toBe(before + 1)
    for (const { instance } of again) expect(await bed.winrm.shutdown(instance)).toBe(0)
    expect(threads()).toBe(before)
  })

  it('leaves nothing behind that could run late, and works again after the last Shutdown', async () => {
    for (let i = 0; i < 10; i++) {
      const { instance } = bed.winrm.startup('wsman/a')
      expect((await bed.winrm.ask(instance, user)).code).toBe(5)
      expect(await bed.winrm.shutdown(instance)).toBe(0)
      expect(bed.winrm.unload()).toBe(true)
      bed.winrm.load(installPlugin(bed.pluginFolder, bed.endpoint, 'uid:0'))
    }
  })
})
