// What host/files promises, kept or not, on the system that runs this: node files-promises.mjs HOST FOLDER. HOST is the folder
// of the compiled host; FOLDER is empty and holds what is tried, and at the end promises.json: from each promise to what happened.
// With a third argument it is the other process: it takes a lock and holds it until it is killed.

import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'

const [host, folder, held] = process.argv.slice(2)
const imported = (name) => import(pathToFileURL(join(host, 'files', name)).href)
const { FileLock } = await imported('lock.js')
const { replaceFile } = await imported('replace-file.js')
const { writersOf } = await imported('writers.js')

if (held !== undefined) {
  FileLock.take(held)
  writeFileSync(`${held}.taken`, '')
  await setTimeout(600_000)
}

/** What it returns, or the code of what it throws. */
function outcome(act) {
  try {
    return act() ?? 'done'
  } catch (error) {
    return error.code ?? String(error)
  }
}

async function eventually(holds) {
  for (let i = 0; i < 2_000 && !holds(); i++) await setTimeout(10)
}

const path = (name) => join(folder, name)
const bytes = (text) => Buffer.from(text)

const promises = {
  'makes a file that was not there': () => {
    replaceFile(path('new'), bytes('one'))
    return readFileSync(path('new'), 'utf8')
  },
  'puts other bytes in its place, and leaves nothing else': () => {
    mkdirSync(path('own'))
    for (const text of ['longer than the next', 'next']) replaceFile(path('own/file ü'), bytes(text))
    return [readFileSync(path('own/file ü'), 'utf8'), ...readdirSync(path('own'))].join(', ')
  },
  'says so when the folder is not there': () => outcome(() => replaceFile(path('no/file'), bytes(''))),
  'leaves the old file when the new one cannot take its place': () => {
    mkdirSync(path('own/folder'))
    return [outcome(() => replaceFile(path('own/folder'), bytes(''))), ...readdirSync(path('own'))].join(', ')
  },
  'gives a lock once': () => {
    const lock = FileLock.take(path('lock'))
    const second = outcome(() => FileLock.take(path('lock')))
    lock.release()
    lock.release()
    const third = FileLock.take(path('lock'))
    third.release()
    return second
  },
  'gives no lock that another process holds, and gives it when that process is killed': async () => {
    const script = fileURLToPath(import.meta.url)
    const other = spawn(process.execPath, [script, host, folder, path('other')], { stdio: 'ignore' })
    const ended = new Promise((resolve) => other.on('exit', resolve))
    await eventually(() => existsSync(path('other.taken')))
    const first = outcome(() => FileLock.take(path('other')))
    other.kill('SIGKILL')
    await ended
    let second
    await eventually(() => {
      second = outcome(() => FileLock.take(path('other')).release())
      return second !== 'ERR_FILE_LOCKED'
    })
    return `${first}, ${second}`
  },
  'has no lock in a folder that is not there': () => outcome(() => FileLock.take(path('no/lock'))),
  'knows who may change a file that is for everybody to write': () =>
    writersOf(path('for-everybody'))
      .filter(({ through }) => through.startsWith(folder))
      .map(({ account, through }) => [account, through.endsWith('for-everybody')]),
  'knows who may change a file through its folder': () =>
    writersOf(path('open/file'))
      .filter(({ through }) => through.startsWith(folder))
      .map(({ account, through }) => [account, through.endsWith('open')]),
  // Folders above this one are not ours, and may be for everybody.
  'knows that nobody else may change a file that is for its owner': () =>
    writersOf(path('for-its-owner')).filter(({ through }) => through.startsWith(folder)),
  'says so when a file whose writers are asked for is not there': () => outcome(() => writersOf(path('no'))),
}

const results = {}
for (const [name, keep] of Object.entries(promises)) {
  try {
    results[name] = await keep()
  } catch (error) {
    results[name] = String(error?.stack ?? error)
  }
}
writeFileSync(path('promises.new'), JSON.stringify(results))
renameSync(path('promises.new'), path('promises.json'))
