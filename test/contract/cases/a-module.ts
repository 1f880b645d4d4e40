// A: the library as a file, and what loading it alone does: nothing.

import { expect } from 'vitest'

import { type Case, neverRun } from '../case.ts'
import { repeated } from '../lines.ts'

/** What the allocator moves by; a hundred leaks of a connector's state would be 200 MiB. */
const GROWTH_KIB_MAX = 1024

export const moduleCases: readonly Case[] = [
  {
    id: 'A1',
    what: 'The plug-in exports the six names of the entry points, undecorated, and nothing else.',
    basis: 'D/S',
    async run({ runner }) {
      expect(runner.tables('portcullis').exports).toEqual([
        'WSManPluginAuthzOperation',
        'WSManPluginAuthzQueryQuota',
        'WSManPluginAuthzReleaseContext',
        'WSManPluginAuthzUser',
        'WSManPluginShutdown',
        'WSManPluginStartup',
      ])
    },
  },
  {
    id: 'A2',
    what: 'A 32-bit build exports the same names, without the decoration of stdcall.',
    basis: 'R',
    ...neverRun('there is no 32-bit build; the application pool has to be a 64-bit one'),
  },
  {
    id: 'A3',
    what: "The plug-in imports the three completions from WinRM's library and nothing else of WinRM.",
    basis: 'D',
    async run({ runner }) {
      const { imports, libraries } = runner.tables('portcullis')
      expect(imports.filter((name) => name.startsWith('WSMan'))).toEqual([
        'WSManPluginAuthzOperationComplete',
        'WSManPluginAuthzQueryQuotaComplete',
        'WSManPluginAuthzUserComplete',
      ])
      expect(libraries).toContain(runner.winrmLibrary)
    },
  },
  {
    id: 'A4',
    what: 'Loaded and unloaded without a Startup, it starts no thread, opens no handle and leaves nothing.',
    basis: 'R',
    async run(bench) {
      const { measures } = await bench
        .site()
        .play('unload', 'measure', 'load', 'measure', 'unload', 'measure')
      const [before, loaded, after] = measures
      expect([loaded?.threads, after?.threads]).toEqual([before?.threads, before?.threads])
      expect([loaded?.handles, after?.handles]).toEqual([before?.handles, before?.handles])
    },
  },
  {
    id: 'A5',
    what: 'The layouts of the ABI are compiled in: with pointers of another size the build fails.',
    basis: 'H',
    async run({ runner }) {
      expect(runner.compileTypes(8)).toBe('')
      const complaint = runner.compileTypes(4)
      for (const name of [
        'WSMAN_SENDER_DETAILS',
        'WSMAN_CERTIFICATE_DETAILS',
        'certificateDetails',
        'httpURL',
      ]) {
        expect(complaint).toMatch(new RegExp(`static assertion failed: "${name}"`))
      }
    },
  },
  {
    id: 'A6',
    what: 'Loaded and unloaded a hundred times, the process has no more threads, handles or memory.',
    basis: 'R',
    async run(bench) {
      const again = repeated(50, 'load', 'unload')
      const { measures } = await bench.site().play('unload', ...again, 'measure', ...again, 'measure')
      const [half, end] = measures
      expect(end?.threads).toEqual(half?.threads)
      expect(end?.handles).toBe(half?.handles)
      expect((end?.memoryKib ?? 0) - (half?.memoryKib ?? 0)).toBeLessThan(GROWTH_KIB_MAX)
    },
  },
]
