/**
 * `portcullis demo`, which `npm start` runs: starts a host with three tenants and a provider's guard, asks the documented
 * questions through the compiled plug-in, has one tenant exchange its policy meanwhile over the admin API, and prints what came back.
 * In the end it holds the audit log against what the host told. Exit code 0 only if every answer is the documented one, the plug-in
 * kept WinRM's contract, and every decision is in the audit log as it was written.
 */

import { Double, installPlugin } from '../double/double.ts'
import { commandLine, root } from '../paths.ts'
import { ownAccount } from '../supervisor/account.ts'
import { DemoHost } from './demo/demo-host.ts'
import { Player, type Row, readSteps } from './demo/player.ts'
import { count, renderTable } from './table.ts'

async function playAll(host: DemoHost): Promise<Row[]> {
  const { people, steps } = readSteps()
  const winrm = new Double()
  winrm.load(installPlugin(host.folder, host.endpoint, ownAccount()))
  const player = new Player(winrm, host, people)
  const rows: Row[] = []
  for (const step of steps) rows.push(await player.play(step))
  winrm.unload()
  const violations = Object.entries(winrm.violations()).map(([name, count]) => `${count} x ${name}`)
  if (violations.length > 0) throw new Error(`the plug-in broke WinRM's contract: ${violations.join(', ')}`)
  return rows
}

function print(rows: readonly Row[]): void {
  console.log(
    renderTable(
      ['question', 'tenant', 'outcome', 'code', 'reason', 'µs'],
      rows.map(({ question, tenant, outcome, code, reason, microseconds, problems }) => [
        `${problems.length > 0 ? '! ' : ''}${question}`,
        tenant,
        outcome,
        String(code),
        reason,
        String(microseconds ?? ''),
      ]),
    ),
  )
  for (const { question, tenant, problems } of rows) {
    for (const problem of problems) console.log(`! ${tenant}, ${question}: ${problem}`)
  }
  const right = rows.filter(({ problems }) => problems.length === 0).length
  console.log(`\n${rows.length} calls and commands, ${right} as documented in host/cli/demo/steps.json.`)
}

/** Reads the audit log of the host that has just ended. Returns whether everything is in it, as it was written. */
async function audit(host: DemoHost): Promise<boolean> {
  const { records, types, gaps, problems, head } = await host.audited()
  const { decision = 0, act = 0 } = types
  console.log(
    `The audit log: ${records} records, ${decision} decisions and ${act} acts among them, ${count(gaps.count, 'gap')}; the chain up to ${head.slice(0, 12)} is ${problems.length === 0 ? 'whole' : 'broken'}.`,
  )
  for (const { file, line, what } of problems) console.log(`! ${file}, line ${line}: ${what}`)
  const logged = host.decided.length
  if (decision !== logged) console.log(`! the log has ${logged} decisions`)
  return problems.length === 0 && gaps.count === 0 && decision === logged
}

/** Serves until the host has ended, which it does when this process is told to, or when somebody ends it. */
async function stay(host: DemoHost, toldToEnd: () => boolean): Promise<void> {
  console.log(`
The host keeps serving; its log is ${host.logPath}. In another terminal, in ${root}:

  ${commandLine} ask --config ${host.configPath} --application wsman/contoso \\
    --kind user --sender 'CONTOSO\\hugo' --user-sid S-1-5-21-1004336348-1177238915-682003330-1105 \\
    --group S-1-5-21-1004336348-1177238915-682003330-1602

Its tenant adatum has an API of its own at ${host.server.origin}:

  ${commandLine} decisions --tenant adatum --server ${host.server.origin} --token-file ${host.tokenPath}

Ctrl+C ends it.`)
  await host.ended()
  if (!toldToEnd()) throw new Error('the host has ended by itself')
}

export async function demo(options: { stay?: boolean }): Promise<void> {
  const host = new DemoHost()
  let told = false
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      told = true
      host.kill()
    })
  }
  try {
    await host.start()
    const rows = await playAll(host)
    print(rows)
    if (rows.some(({ problems }) => problems.length > 0)) process.exitCode = 1
    if (options.stay) await stay(host, () => told)
    else if (!(await audit(host))) process.exitCode = 1
  } catch (error) {
    if (!told) throw error // else it is what becomes of a host that was told to end
    process.exitCode = 1
  } finally {
    await host.close()
  }
}
