// WinRM's contract, case by case, on the Windows build under Wine.

import { beforeAll, describe } from 'vitest'

import { install, reasonToSkipWindowsHost } from '../support/windows-host.ts'
import { startWine } from '../support/wine.ts'
import { runCases } from './run-cases.ts'
import { windows } from './runner-windows.ts'

const skipped = reasonToSkipWindowsHost()

describe.skipIf(skipped !== '')(`under Wine${skipped}`, () => {
  beforeAll(() => {
    startWine()
    install()
  })

  runCases(windows)
})
