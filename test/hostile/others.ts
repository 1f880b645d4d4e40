// Runs a module in another host: in a child process of its own, with so much time and so much memory. What becomes of that process
// is the result; what the module answers is not looked at.

import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

import { root } from '../../host/paths.ts'

const folder = join(root, 'test', 'hostile', 'others')

export const otherHosts = ['extism', 'opa-wasm'] as const
export type OtherHost = (typeof otherHosts)[number]

/** From when the process has begun with the module. */
export const TIME_MS_MAX = 2_000
export const MEMORY_MIB_MAX = 512

/** A hosting process that computes takes memory at some hundred MiB in so many milliseconds, so it is caught in time. */
const LOOK_MS = 20

/** Of these a host may choose to say: that is no module, or none for me. */
const refusals = ['CompileError', 'LinkError', 'TypeError']

interface Told {
  readonly stage: 'began' | 'not loaded' | 'loaded' | 'answered' | 'threw'
  readonly error?: string
}

/** Of the packages that are compared, as they are pinned. */
export function versionOf(name: string): string {
  const text = readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

function residentMiB(pid: number): number {
  try {
    const pages = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]
    return (Number(pages) * 4096) / 2 ** 20
  } catch {
    return 0 // it has ended
  }
}

function wordsOf(last: Told | undefined, status: number | null, signal: string | null): string {
  if (status !== 0) return `crashed (${signal ?? `status ${status}`})`
  switch (last?.stage) {
    case 'answered':
      return 'answered'
    case 'threw':
      return `error (${last.error})`
    case 'not loaded':
      return `${refusals.includes(last.error ?? '') ? 'refused' : 'error while loading'} (${last.error})`
    default:
      return 'ended without a word'
  }
}

/** What becomes of a process in which `host` loads the module in `file` and calls its export `entry`, in words. */
export function runElsewhere(host: OtherHost, file: string, entry: string): Promise<string> {
  const child = spawn(process.execPath, [join(folder, `${host}.mjs`), file, entry], {
    env: {},
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let last: Told | undefined
  let killedFor: string | undefined
  const kill = (reason: string) => {
    killedFor ??= last?.stage === 'began' ? `${reason} while loading` : reason
    child.kill('SIGKILL')
  }
  let late: NodeJS.Timeout | undefined
  createInterface({ input: child.stdout }).on('line', (line) => {
    late ??= setTimeout(() => kill('hung'), TIME_MS_MAX)
    last = JSON.parse(line) as Told
  })
  const look = setInterval(() => {
    if (residentMiB(child.pid ?? 0) > MEMORY_MIB_MAX) kill(`took more than ${MEMORY_MIB_MAX} MiB`)
  }, LOOK_MS)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (status, signal) => {
      clearTimeout(late)
      clearInterval(look)
      resolve(killedFor ?? wordsOf(last, status, signal))
    })
  })
}
