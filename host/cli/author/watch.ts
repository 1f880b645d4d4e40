/**
 * Does some work again whenever files change, until it is told to end. Folders are watched and not files, because
 * many editors save by putting a new file in the place of the old one, and a watch on the old one sees nothing more.
 */

import { existsSync, type FSWatcher, readdirSync, watch } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** Editors save in several steps; so long after the first of them the file is whole. */
const SETTLE_MS = 100

interface Watched {
  readonly folder: string
  /** Names in it that matter; undefined for all of them. */
  readonly names: readonly string[] | undefined
}

/** Whole folders, with what is in them, and single files. */
export interface Paths {
  readonly folders: readonly string[]
  readonly files: readonly string[]
}

function watchedOf({ folders, files }: Paths): Watched[] {
  const whole = folders.filter(existsSync).flatMap((folder) => {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
    const inside = entries.filter((entry) => entry.isDirectory())
    return [folder, ...inside.map(({ parentPath, name }) => join(parentPath, name))]
  })
  const parents = [...new Set(files.map(dirname))].filter(existsSync)
  return [
    ...whole.map((folder) => ({ folder, names: undefined })),
    ...parents.map((folder) => ({
      folder,
      names: files.filter((file) => dirname(file) === folder).map((file) => basename(file)),
    })),
  ]
}

/** The watchers are new for each round, because folders come and go. They see what changes during the work. */
export async function repeatOnChange(paths: Paths, work: () => Promise<void>): Promise<void> {
  let isToldToEnd = false
  let wake = (): void => {}
  const end = (): void => {
    isToldToEnd = true
    wake()
  }
  process.once('SIGINT', end)
  process.once('SIGTERM', end)
  while (!isToldToEnd) {
    const changed = new Promise<void>((resolve) => {
      wake = resolve
    })
    const watchers: FSWatcher[] = watchedOf(paths).map(({ folder, names }) =>
      watch(folder, (_event, name) => {
        if (names === undefined || name === null || names.includes(name)) wake()
      }).on('error', () => wake()),
    )
    await work()
    if (!isToldToEnd) {
      console.error('waiting for a change; Ctrl+C ends')
      await changed
    }
    if (!isToldToEnd) await sleep(SETTLE_MS)
    for (const watcher of watchers) watcher.close()
  }
  process.off('SIGINT', end)
  process.off('SIGTERM', end)
}
