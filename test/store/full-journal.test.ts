// A journal takes only so many versions. Here it is thirty of them, not ten thousand.

import { expect, it, vi } from 'vitest'

import { Store } from '../../host/store/store.ts'
import { MemoryDisk } from './memory-disk.ts'

vi.mock('../../host/limits.ts', async (original) => ({ ...(await original<object>()), versionsMax: 30 }))

const contoso = { tenant: 'contoso' }
const by = { who: 'token ci' }
const module = (text: string | number) => ({ module: Buffer.from(`module ${text}`) })

it('an upload is refused when the journal is full; what is there goes on, and so do the neighbours', () => {
  const store = Store.open('/store', new MemoryDisk())
  for (let each = 1; each <= 30; each++) store.upload(contoso, module(each), by, 1)
  expect(() => store.upload(contoso, module('one too many'), by, 1)).toThrow(
    /^.*contoso has 30 versions.*\[ERR_STORE_VALUE\]$/,
  )
  expect(store.upload(contoso, module(30), by, 1).number).toBe(30)
  expect(store.versions(contoso)).toHaveLength(30)
  expect(store.upload({ tenant: 'fabrikam' }, module('one too many'), by, 1).number).toBe(1)
})
