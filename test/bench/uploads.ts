// What bad uploads cost whoever asks for a decision meanwhile: a host with its admin API, one caller through the compiled plug-in, and
// a process that uploads 10,000 a minute. Rounds with and without uploads take turns.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { DemoHost, storedApplication } from '../../host/cli/demo/demo-host.ts'
import { Double, installPlugin } from '../../host/double/double.ts'
import { ownAccount } from '../../host/supervisor/account.ts'
import type { Question } from '../../host/winrm/question.ts'

/** 10,000 a minute, and a little more. */
const UPLOADS_PER_SECOND = 180
const ROUNDS = 6
const ROUND_MS = 1_500

const question: Question = {
  kind: 'operation',
  application: 'wsman/fabrikam',
  senderName: 'FABRIKAM\\aki',
  authenticationMechanism: 'Negotiate',
  userSid: 'S-1-5-21-2857422465-1465058494-1690550294-1201',
  groupSids: ['S-1-5-21-2857422465-1465058494-1690550294-1105'],
  action: 'http://schemas.xmlsoap.org/ws/2004/09/transfer/Get',
  resourceUri: 'http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Win32_Service',
}

/** Microseconds: in the evaluator, and from the entry point to the completion. */
export interface Side {
  readonly evaluator: readonly number[]
  readonly caller: readonly number[]
}

export interface UploadFigures {
  readonly quiet: Side
  readonly flooded: Side
  /** By status. */
  readonly answers: Readonly<Record<string, number>>
  /** Files and folders that the uploads have left in the store. */
  readonly left: number
}

/** The caller's times of one round. Decisions in the evaluator are looked up in the log afterwards, by when they were made. */
async function askFor(ms: number, ask: () => Promise<number>): Promise<number[]> {
  const times: number[] = []
  for (const end = performance.now() + ms; performance.now() < end; ) times.push(await ask())
  return times
}

function startUploads(host: DemoHost): ChildProcess {
  const script = fileURLToPath(new URL('upload-process.js', import.meta.url))
  const { origin, token } = host.server
  const tenant = storedApplication.replace('wsman/', '')
  return spawn(process.execPath, [script, origin, token, tenant, `${UPLOADS_PER_SECOND}`], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
}

async function endUploads(uploads: ChildProcess): Promise<Record<string, number>> {
  let said = ''
  uploads.stdout?.on('data', (chunk: Buffer) => {
    said += chunk
  })
  uploads.stdin?.end()
  await once(uploads, 'close')
  return JSON.parse(said) as Record<string, number>
}

export async function measureUploads(): Promise<UploadFigures> {
  const host = new DemoHost()
  try {
    await host.start()
    const winrm = new Double()
    winrm.load(installPlugin(host.folder, host.endpoint, ownAccount()))
    const { instance } = winrm.startup(question.application)
    const ask = async () => {
      const { code, microseconds } = await winrm.ask(instance, question)
      if (code !== 0) throw new Error(`the question of the benchmark was answered with ${code}`)
      return microseconds
    }
    const stored = () => readdirSync(join(host.folder, 'store'), { recursive: true }).length
    const storedBefore = stored()
    await askFor(ROUND_MS, ask)
    const uploads = startUploads(host)
    const sides = { quiet: { evaluator: [], caller: [] }, flooded: { evaluator: [], caller: [] } } as Record<
      'quiet' | 'flooded',
      { evaluator: number[]; caller: number[] }
    >
    for (let round = 0; round < ROUNDS; round++) {
      for (const side of ['quiet', 'flooded'] as const) {
        uploads.stdin?.write(side === 'flooded' ? 'go\n' : 'stop\n')
        await askFor(ROUND_MS / 5, ask) // what the round before has begun is over by then
        const before = host.decided.length
        sides[side].caller.push(...(await askFor(ROUND_MS, ask)))
        sides[side].evaluator.push(...host.decided.slice(before).map(({ microseconds }) => microseconds))
      }
    }
    const answers = await endUploads(uploads)
    const left = stored() - storedBefore
    await winrm.shutdown(instance)
    winrm.unload()
    return { ...sides, answers, left }
  } finally {
    await host.close()
  }
}
