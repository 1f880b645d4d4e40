// The supervisor beside an admin process that has been turned, and reads nothing of what it is answered.

import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import { expect, it, vi } from 'vitest'

import { apiCommandsMax } from '../../host/limits.ts'
import { AdminProcess } from '../../host/supervisor/admin-process.ts'
import { eventually } from '../support/testbed.ts'

vi.mock('../../host/paths.ts', async (original) => ({
  ...(await original<object>()),
  adminMain: fileURLToPath(new URL('deaf-admin.mjs', import.meta.url)),
}))

it('keeps no more answers for it than a channel has commands, and ends it', async () => {
  let obeyed = 0
  const answer = 'x'.repeat(1024 * 1024)
  const owner = {
    obey: () => {
      obeyed++
      return answer
    },
    counts: () => {},
  }
  const admin = new AdminProcess(owner, pino({ enabled: false }))
  admin.configure({ listen: { host: '127.0.0.1', port: 0 }, tokens: '/nowhere' }, undefined)
  const status = await eventually(
    async () => admin.status,
    (now) => now?.error !== undefined,
  )
  expect(status?.error?.code).toBe('ERR_CHANNEL')
  await admin.close()
  expect(obeyed).toBeLessThanOrEqual(4 * apiCommandsMax)
})
