/** `portcullis status`: what a running host serves and with what, and which plug-ins are connected to it or were refused. */

import type { AuditStatus } from '../audit/audit.ts'
import { type ErrorCode, errorTable } from '../errors.ts'
import type { AdminStatus } from '../supervisor/admin-process.ts'
import type { PlugIn } from '../supervisor/plug-ins.ts'
import type { HostStatus } from '../supervisor/status.ts'
import type { WireVersions } from '../wire/layout.ts'
import { count, renderTable, visible } from './table.ts'
import { type HostOptions, tell } from './which-host.ts'

/** Rows of a table: what is read at a glance, and no more. `--json` has all. */
const ROWS_MAX = 40

/** Remedies that are spelled out: they repeat themselves. */
const REMEDIES_MAX = 5

/** Such as "5 s", "12 min", "3 h", "4 d". */
export function ageText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  if (seconds < 120) return `${seconds} s`
  if (seconds < 2 * 3600) return `${Math.floor(seconds / 60)} min`
  return seconds < 2 * 86_400 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} d`
}

function versionsText({ lowest, highest }: WireVersions): string {
  return lowest === highest ? `${lowest}` : `${lowest} to ${highest}`
}

export const isRefused = (plugIn: PlugIn): plugIn is PlugIn & { error: ErrorCode } =>
  plugIn.error !== undefined
const isConnected = ({ connections }: PlugIn) => connections > 0

/** A heading, the first rows of a table, and how many there are beside them. */
function section(
  heading: string,
  head: readonly string[],
  rows: readonly string[][],
  total: number,
): string[] {
  const shown = rows.slice(0, ROWS_MAX)
  const more = total > shown.length ? [`... and ${total - shown.length} more`] : []
  return ['', heading, '', renderTable(head, shown), ...more]
}

/** How the audit log stands, the worst first. */
export function auditText(audit: AuditStatus | null): string {
  if (audit === null) return 'none'
  const { error, isBehind, whenBehind, lag, lagMs, gaps, lost, folder } = audit
  return [
    ...(isBehind ? [whenBehind === 'deny' ? 'BEHIND, every question is denied' : 'BEHIND'] : []),
    ...(error === undefined ? [] : [`${error.detail} [${error.code}]`]),
    gaps === 0 ? 'no gaps' : `${count(gaps, 'gap')}, ${count(lost, 'record')} known to be lost`,
    lag === 0 ? 'all on the disk' : `${count(lag, 'record')} not on the disk, for ${ageText(lagMs)}`,
    folder,
  ].join(', ')
}

function adminText({ state, address, error }: AdminStatus): string {
  if (state === 'listening') return `${state}, ${address ?? ''}`
  return error === undefined ? state : `${state}: ${error.detail} [${error.code}]`
}

function overview(status: HostStatus, nowMs: number): string {
  const { version, wire, node, processId, sinceMs, endpoint, state, generation, evaluators, admin } = status
  const serving = evaluators.processes.filter((evaluator) => evaluator.state === 'serving').length
  const { list, forgotten } = status.plugIns
  const connected = list.filter((plugIn) => isConnected(plugIn))
  const others = connected.filter(({ pluginVersion }) => pluginVersion !== version).length
  const plugIns = [
    `${connected.length} connected${others > 0 ? ` (${others} of another release)` : ''}`,
    `${list.filter((plugIn) => isRefused(plugIn)).length} refused`,
    ...(forgotten > 0 ? [`${forgotten} not kept`] : []),
  ]
  const quarantined =
    status.quarantined === 0
      ? 'nothing'
      : `${count(status.quarantined, 'policy', 'policies')}; "portcullis quarantine" says which and why`
  const rows = [
    ['state', `${state} for ${ageText(nowMs - sinceMs)}, since ${new Date(sinceMs).toISOString()}`],
    ['version', `${version}, wire version ${versionsText(wire)}`],
    ['node', `${node.version}${node.remark === undefined ? '' : ` ${node.remark}`}`],
    ['process', `${processId}`],
    ['endpoint', endpoint],
    ['configuration', `generation ${generation}, ${count(status.tenants.count, 'tenant')}`],
    ['evaluators', `${serving} of ${evaluators.configured} serve`],
    ['plug-ins', plugIns.join(', ')],
    ['quarantined', quarantined],
    ...(admin === undefined ? [] : [['admin API', adminText(admin)]]),
    ['audit', auditText(status.audit)],
    ...(status.audit === null ? [] : [['audit head', `${status.audit.head}@${status.audit.sequence}`]]),
  ]
  const width = Math.max(...rows.map(([name = '']) => name.length))
  return rows.map(([name = '', value = '']) => `${name.padEnd(width)}  ${visible(value)}`).join('\n')
}

function evaluatorsText({ evaluators }: HostStatus, nowMs: number): string[] {
  const rows = [...evaluators.processes]
    .sort((a, b) => (a.number ?? Infinity) - (b.number ?? Infinity))
    .map(({ number, processId = '', state, servingSinceMs, restarts = '' }) => [
      number === undefined ? 'spare' : `${number}`,
      `${processId}`,
      servingSinceMs === undefined ? state : `serving for ${ageText(nowMs - servingSinceMs)}`,
      `${restarts}`,
    ])
  return section('Evaluators', ['number', 'process', 'state', 'restarts'], rows, rows.length)
}

function tenantsText({ tenants }: HostStatus, nowMs: number): string[] {
  const rows = tenants.list.map(({ name, applications, connections, decisions, lastDecisionMs }) => [
    name,
    `${applications}`,
    `${connections}`,
    `${decisions}`,
    lastDecisionMs === undefined ? 'never' : `${ageText(nowMs - lastDecisionMs)} ago`,
  ])
  const head = ['tenant', 'applications', 'connections', 'decisions', 'last decision']
  return section('Tenants, those asked last first', head, rows, tenants.count)
}

function deniedText({ denied }: PlugIn): string {
  const told = Object.entries(denied).sort(([, a], [, b]) => b - a)
  return told.map(([name, times]) => `${name} ${times}`).join(', ')
}

function plugInsText({ plugIns }: HostStatus, nowMs: number): string[] {
  if (plugIns.list.length === 0) {
    return [
      '',
      'No plug-in is connected. One connects when its application starts, in IIS with the first request.',
    ]
  }
  const rows = plugIns.list.map((plugIn) => [
    `${plugIn.processId ?? ''}`,
    plugIn.application ?? '',
    plugIn.tenant ?? '',
    plugIn.account,
    plugIn.pluginVersion ?? '',
    plugIn.error ?? `${plugIn.wireVersion ?? ''}`,
    `${plugIn.connections}`,
    isConnected(plugIn) ? 'now' : `${ageText(nowMs - plugIn.seenMs)} ago`,
    deniedText(plugIn),
  ])
  const head = [
    'process',
    'application',
    'tenant',
    'account',
    'plug-in',
    'wire',
    'connections',
    'seen',
    'denied by itself',
  ]
  return section('Plug-ins, by worker process and application', head, rows, plugIns.list.length)
}

/** Why a plug-in is refused, and what the operator has to do about it: a sentence each. */
export function remedy(
  { error, offered, pluginVersion }: PlugIn & { error: ErrorCode },
  { wire, version }: HostStatus,
): string[] {
  const { text } = errorTable[error]
  if (error !== 'ERR_CONNECTION_VERSION' || offered === undefined) return [`${text} [${error}]`]
  const cure =
    offered.lowest > wire.highest
      ? `Upgrade the host to ${pluginVersion} or later, or give the application the plug-in of ${version} again.`
      : `Give the application the plug-in of ${version} ("portcullis iis apply"), then recycle its application pool.`
  return [
    `plug-in ${pluginVersion} speaks wire version ${versionsText(offered)}, this host only ${versionsText(wire)} [${error}]`,
    cure,
  ]
}

/** One for each thing to be done, with the first of the processes that it concerns. */
function remediesText(status: HostStatus): string[] {
  const places = new Map<string, string[]>()
  for (const plugIn of status.plugIns.list) {
    if (!isRefused(plugIn)) continue
    const what = remedy(plugIn, status).join('\n')
    const { processId, application, account } = plugIn
    const place = processId === undefined ? account : `process ${processId}, ${application ?? ''}`
    places.set(what, [...(places.get(what) ?? []), place])
  }
  if (places.size === 0) return []
  const remedies = [...places].slice(0, REMEDIES_MAX).flatMap(([what, where]) => {
    const more = where.length > 1 ? ` and ${where.length - 1} more` : ''
    const lines = [`${where[0]}${more}:`, ...what.split('\n').map((line) => `  ${line}`)]
    return lines.map((line) => `  ${visible(line)}`)
  })
  const more = places.size - REMEDIES_MAX
  return ['', 'Refused', '', ...remedies, ...(more > 0 ? [`  ... and ${more} more`] : [])]
}

/** For people. */
export function statusText(status: HostStatus, nowMs: number): string {
  return [
    overview(status, nowMs),
    ...evaluatorsText(status, nowMs),
    ...tenantsText(status, nowMs),
    ...plugInsText(status, nowMs),
    ...remediesText(status),
  ].join('\n')
}

export async function status(options: HostOptions & { readonly json?: boolean }): Promise<void> {
  const told = (await tell(options, { command: 'status' })) as HostStatus
  console.log(options.json ? JSON.stringify(told) : statusText(told, Date.now()))
}
