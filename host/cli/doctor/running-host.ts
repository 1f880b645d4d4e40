/** Whether a host answers for this configuration, and what it says of itself and of the plug-ins that ask it. */

import { version } from '../../paths.ts'
import { isServed } from '../../supervisor/endpoint.ts'
import { type HostStatus, nodeRemark } from '../../supervisor/status.ts'
import type { Config } from '../../tenant/config.ts'
import { tellHost } from '../operator-client.ts'
import { isRefused, remedy } from '../status.ts'
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
    const what = `${host.quarantined} policies are quarantined: their tenants get no answer`
    findings.push(warning('host', what, '"portcullis quarantine" says which, and why'))
  }
  if (findings.length > 0) return findings
  return [ok('host', `process ${host.processId} serves ${host.tenants.count} tenants`)]
}

function plugInFindings(host: HostStatus): Finding[] {
  const findings: Finding[] = []
  const { list } = host.plugIns
  for (const plugIn of list) {
    const { processId, application, pluginVersion } = plugIn
    const who = `process ${processId ?? '?'}, ${application ?? 'no application'}`
    if (isRefused(plugIn)) {
      const [what = '', cure = 'compare account and application with the configuration'] = remedy(
        plugIn,
        host,
      )
      findings.push(problem('plug-ins', `${who}: ${what}`, cure))
    } else if (plugIn.connections > 0 && pluginVersion !== host.version) {
      const what = `${who} has loaded plug-in ${pluginVersion}; the host is ${host.version}`
      const cure =
        'it works; to have it load the new one, "portcullis iis apply" and recycle its application pool'
      findings.push(warning('plug-ins', what, cure))
    }
  }
  const connected = list.filter(({ connections }) => connections > 0).length
  if (findings.length === 0) {
    findings.push(
      ok('plug-ins', connected === 0 ? 'none is connected at the moment' : `${connected} connected`),
    )
  }
  return findings
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
