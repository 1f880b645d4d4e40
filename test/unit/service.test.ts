// The parts of `portcullis service` that need no Windows.

import { describe, expect, it } from 'vitest'

import { virtualAccountSid } from '../../host/service/account.ts'
import { runProgram } from '../support/command.ts'

describe("the SID of a service's own account", () => {
  it('is the one that Windows gives services that everybody has', () => {
    // From Microsoft's documentation: TrustedInstaller owns the files of Windows.
    const trustedInstaller = 'S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464'
    expect(virtualAccountSid('TrustedInstaller')).toBe(trustedInstaller)
    expect(virtualAccountSid('trustedinstaller')).toBe(trustedInstaller)
  })
})

describe('on a system without services of Windows', () => {
  it.each(['install', 'uninstall', 'start', 'stop', 'status'])(
    'service %s says who keeps a host running there',
    (command) => {
      const options = command === 'install' ? ['--config', 'x.json'] : []
      const { status, stdout, stderr } = runProgram('main', '.', 'service', command, ...options)
      expect([status, stdout]).toEqual([2, ''])
      expect(stderr).toMatch(
        /on Windows only: here let systemd or another service manager .* \[ERR_SERVICE_SYSTEM\]/,
      )
    },
  )
})
