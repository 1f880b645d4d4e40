/** Whether a host answers for this configuration, and what it says of itself and of the plug-ins that ask it. */

import { version } from '../../paths.ts'
import { isServed } from '../../supervisor/endpoint.ts'
import { type HostStatus, nodeRemark } from '../../supervisor/status.ts'
import type { Config } from '../../tenant/config.ts'
import { tellHost } from '../operator-client.ts'
import { isRefused, remedy } from '../status.ts'
import { count } from '../table.ts'
import { type Finding, looked, ok, problem, skipped, warning } from './finding.ts'

const start =
  process.platform === 'win32'
    ? 'start it: "portcullis service start"'
    : 'start it: "portcullis serve", or the service manager that does'

const loadNew =
  'it works; to have it load the new one, "portcullis iis apply" and recycle its application pool'

export function lookAtNode(host: HostStatus | undefined): Finding {
  const node = host?.node ?? { version: process.version }
  const remark = host === undefined ? nodeRemark(process.version, process.release.lts) : host.node.remark
  if (remark === undefined) return ok('node', `${node.version}`)
  return warning('node', `${node.version} ${remark}`, 'install it, and restart the host')
}

function hostFindings(host: HostStatus): Finding[] {
  const findings: Finding[] = []
  if (host.version !== version) {
    const what = `the host that runs is ${host.version}, this installation is ${version}`
    findings.push(warning('host', what, 'restart the host from this installation'))
  }
  const serving = host.evaluators.processes.filter(({ state }) => state === 'serving').length
  if (serving < host.evaluators.configured) {
    const what = `${serving} of ${host.evaluators.configured} evaluators serve`
    findings.push(problem('host', what, 'look again in a second; if it stays so, the log says why'))
  }
  if (host.quarantined > 0) {
    const policies = count(host.quarantined, 'policy is quarantined: its', 'policies are quarantined: their')
    const what = `${policies} tenants get no answer`
    findings.push(warning('host', what, '"portcullis quarantine" says which, and why'))
  }
  if (findings.length > 0) return findings
  return [ok('host', `process ${host.processId} serves ${count(host.tenants.count, 'tenant')}`)]
}

/** Once for all processes that it concerns: an application pool may have many. */
function plugInFindings(host: HostStatus): Finding[] {
  const groups = new Map<string, { finding: Finding; places: string[] }>()
  for (const plugIn of host.plugIns.list) {
    const { processId, application = 'no application', account, pluginVersion = 'unknown' } = plugIn
    let finding: Finding
    if (isRefused(plugIn)) {
      const [what = '', cure = 'compare account and application with the configuration'] = remedy(
        plugIn,
        host,
      )
      finding = problem('plug-ins', what, cure)
    } else if (plugIn.connections > 0 && pluginVersion !== host.version) {
      finding = warning(
        'plug-ins',
        `plug-in ${pluginVersion} is loaded; the host is ${host.version}`,
        loadNew,
      )
    } else continue
    const group = groups.get(finding.what) ?? { finding, places: [] }
    group.places.push(processId === undefined ? account : `process ${processId}, ${application}, ${account}`)
    groups.set(finding.what, group)
  }
  if (groups.size > 0) {
    return [...groups.values()].map(({ finding, places: [first, ...others] }) => {
      const where = others.length === 0 ? first : `${first} and ${others.length} more`
      return { ...finding, what: `${finding.what}: ${where}` }
    })
  }
  const connected = host.plugIns.list.filter(({ connections }) => connections > 0).length
  return [ok('plug-ins', connected === 0 ? 'none is connected at the moment' : `${connected} connected`)]
}

export const plugInsUnknown = skipped('plug-ins', 'only a running host tells which are connected')

export interface Looked {
  readonly findings: Finding[]
  /** Undefined if none answers. */
  readonly host: HostStatus | undefined
}

export async function lookAtHost(config: Config): Promise<Looked> {
  let host: HostStatus | undefined
  const cure =
    'run this as administrator, or as the account of the host, from its installation; if that is not it, restart the host'
  const findings = await looked('host', cure, async () => {
    if (!(await isServed(config.endpoint)))
      return [problem('host', `no host serves ${config.endpoint}`, start)]
    // One of another release may say something else than a status as this one knows it.
    const told = (await tellHost(config.endpoint, { command: 'status' })) as HostStatus
    const found = [...hostFindings(told), ...plugInFindings(told), lookAtNode(told)]
    host = told
    return found
  })
  if (host === undefined) findings.push(plugInsUnknown, lookAtNode(undefined))
  return { findings, host }
}
