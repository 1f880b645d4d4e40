// Plug-ins of other releases, as far as the handshake goes (native/CMakeLists.txt), each in a worker process of its own: the
// driver program, which plays a script line by line.

import { spawn } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { root } from '../../host/paths.ts'
import { ownAccount } from '../../host/supervisor/account.ts'
import { Player } from '../contract/player.ts'

const native = join(root, 'build', 'native')

/** The library, what it calls itself, and the versions of the wire that it speaks. */
export const releases = {
  today: { library: 'libportcullis.so', product: '0.1.0', lowest: 1, highest: 1 },
  older: { library: 'libportcullis_older.so', product: '0.0.9', lowest: 0, highest: 0 },
  newer: { library: 'libportcullis_newer.so', product: '2.0.0', lowest: 2, highest: 2 },
  bridging: { library: 'libportcullis_bridging.so', product: '1.9.0.3', lowest: 1, highest: 2 },
} as const
export type Release = keyof typeof releases

/** Installs a plug-in in a new folder below `folder` and starts a worker process with it. */
export function startRelease(release: Release, folder: string, endpoint: string): Player {
  mkdirSync(join(folder, 'releases'), { recursive: true })
  const place = mkdtempSync(join(folder, 'releases', `${release}-`))
  const plugin = join(place, 'libportcullis.so')
  copyFileSync(join(native, releases[release].library), plugin)
  writeFileSync(join(place, 'portcullis.settings'), `endpoint = ${endpoint}\nowner = ${ownAccount()}\n`)
  return new Player(spawn(join(native, 'portcullis_driver'), ['script', plugin, '-'], { stdio: 'pipe' }))
}
