/** `portcullis store`: looks at the store of a configuration, copies it, and puts a copy in its place. */

import { PortcullisError } from '../errors.ts'
import { backupStore, restoreStore } from '../store/backup.ts'
import { type Checked, type Problem, verifyStore } from '../store/verify.ts'
import { loadConfig } from '../tenant/config.ts'
import { callersPath } from './callers-path.ts'
import { count, visible } from './table.ts'

interface StoreOptions {
  readonly config: string
  readonly json?: boolean
}

function storeOf(config: string): string {
  const path = callersPath(config)
  const { store } = loadConfig(path)
  if (store !== undefined) return store
  throw new PortcullisError('ERR_CONFIG_VALUE', `${path}: it names no store; "store" is the folder of one`)
}

function counted({ subjects, versions, entries, blobs, bytes }: Checked): string {
  const size = `${bytes.toLocaleString('en-US')} bytes`
  const whose = count(subjects, 'subject')
  return `${whose}, ${count(versions, 'version')}, ${count(entries, 'entry', 'entries')}, ${count(blobs, 'blob')} of ${size}`
}

function problemLines({ file, line, what, toDo, code }: Problem): string[] {
  const place = line === undefined ? file : `${file}, line ${line}`
  return [`problem: ${place}`, `  ${what} [${code}]`, `  ${toDo}`]
}

function say(...lines: readonly string[]): void {
  for (const line of lines) console.log(visible(line))
}

export function verify({ config, json }: StoreOptions): void {
  const store = storeOf(config)
  const checked = verifyStore(store)
  const { problems, notes } = checked
  if (json) console.log(JSON.stringify({ store, ...checked }))
  else {
    say(`${store}: ${counted(checked)}`, ...notes.map((note) => `note: ${note}`))
    say(...problems.flatMap(problemLines))
    say(problems.length === 0 ? 'everything is as it was stored' : count(problems.length, 'problem'))
  }
  if (problems.length > 0) process.exitCode = 1
}

export function backup(folder: string, { config, json }: StoreOptions): void {
  const store = storeOf(config)
  const target = callersPath(folder)
  const checked = backupStore(store, target)
  if (json) console.log(JSON.stringify({ store, backup: target, ...checked }))
  else say(`${target}: ${counted(checked)}`, 'the copy was read from end to end, and is as it was stored')
}

export function restore(folder: string, { config, json }: StoreOptions): void {
  const store = storeOf(config)
  const source = callersPath(folder)
  const checked = restoreStore(source, store)
  if (json) console.log(JSON.stringify({ store, backup: source, ...checked }))
  else say(`${store}: ${counted(checked)}`, 'it is what the backup has; the host may be started')
}
