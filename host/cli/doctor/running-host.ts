/** Whether a host answers for this configuration, and what it says of itself and of the plug-ins that ask it. */

import { version } from '../../paths.ts'
import { isServed } from '../../supervisor/endpoint.ts'
import { type HostStatus, nodeRemark } from '../../supervisor/status.ts'
import type { Config } from '../../tenant/config.ts'
import { tellHost } from '../operator-client.ts'
import { isRefused, remedy } from '../status.ts'
import { count } from '../table.ts'
import { type Finding, looked, ok, problem, warning } from './finding.ts'

const start =
  process.platform === 'win32'
    ? 'start it: "portcullis service start"'
    : 'start it: "portcullis serve", or the service manager that does'

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
    const what = `${count(host.quarantined, 'policy is', 'policies are')} quarantined: their tenants get no answer`
    findings.push(warning('host', what, '"portcullis quarantine" says which, and why'))
  }
  if (findings.length > 0) return findings
  return [ok('host', `process ${host.processId} serves ${count(host.tenants.count, 'tenant')}`)]
}

/** What is to be done about plug-ins, once for all that it concerns: a pool that is refused may have many processes. */
function plugInFindings(host: HostStatus): Finding[] {
  const groups = new Map<string, { finding: Finding; others: number }>()
  const add = (who: string, what: string, finding: (text: string) => Finding): void => {
    const group = groups.get(what)
    if (group === undefined) groups.set(what, { finding: finding(`${who}: ${what}`), others: 0 })
    else group.others++
  }
  const { list } = host.plugIns
  for (const plugIn of list) {
    const { processId, application, account, pluginVersion } = plugIn
    const who =
      processId === undefined
        ? account
        : `process ${processId}, ${application ?? 'no application'}, ${account}`
    if (isRefused(plugIn)) {
      const [what = '', cure = 'compare account and application with the configuration'] = remedy(
        plugIn,
        host,
      )
      add(who, what, (text) => problem('plug-ins', text, cure))
    } else if (plugIn.connections > 0 && pluginVersion !== host.version) {
      const cure =
        'it works; to have it load the new one, "portcullis iis apply" and recycle its application pool'
      const what = `it has loaded plug-in ${pluginVersion ?? 'of unknown version'}; the host is ${host.version}`
      add(who, what, (text) => warning('plug-ins', text, cure))
    }
  }
  if (groups.size > 0) {
    return [...groups.values()].map(({ finding, others }) =>
      others === 0 ? finding : { ...finding, what: `${finding.what} (and ${others} more)` },
    )
  }
  const connected = list.filter(({ connections }) => connections > 0).length
  return [ok('plug-ins', connected === 0 ? 'none is connected at the moment' : `${connected} connected`)]
}

export interface Looked {
  readonly findings: Finding[]
  /** Undefined if none answers. */
  readonly host: HostStatus | undefined
}

export async function lookAtHost(config: Config): Promise<Looked> {
  let host: HostStatus | undefined
  const cure = 'run this as administrator, or as the account of the host'
  const findings = await looked('host', cure, async () => {
    if (!(await isServed(config.endpoint)))
      return [problem('host', `no host serves ${config.endpoint}`, start)]
    host = (await tellHost(config.endpoint, { command: 'status' })) as HostStatus
    return [...hostFindings(host), ...plugInFindings(host)]
  })
  return { findings, host }
}
