// Who signs a command.

import { expect, it, vi } from 'vitest'

import { signature } from '../../host/cli/subject.ts'
import { ownAccount } from '../../host/supervisor/account.ts'

vi.mock('node:os', async (original) => ({
  ...(await original<typeof import('node:os')>()),
  userInfo: () => {
    throw new Error('uv_os_get_passwd returned ENOENT')
  },
}))

it('is the account, where the system has no name for it', () => {
  expect(signature({ reason: 'a' })).toEqual({ who: ownAccount(), why: 'a' })
})
