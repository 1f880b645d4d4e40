/** Whether Windows runs the host of this configuration as a service, and that of this installation. */

import { relative } from 'node:path'

import { type ErrorCode, PortcullisError } from '../../errors.ts'
import { commandMain, version } from '../../paths.ts'
import { type ServiceStatus, status } from '../../service/control.ts'
import { type Finding, looked, ok, problem, skipped, warning } from './finding.ts'

/** Windows compares paths without regard to case. */
const isSame = (one: string, other: string) => relative(one, other) === ''

function findingsOf(service: ServiceStatus, configPath: string): Finding[] {
  const { name, state, serves, config, main } = service
  const findings: Finding[] = []
  if (!isSame(config, configPath)) {
    const cure = `look at that one with --config, or "portcullis service install --name ${name} --config ${configPath}"`
    findings.push(problem('service', `"${name}" runs another configuration: ${config}`, cure))
  }
  if (service.version === undefined) {
    const cure = 'install it again from a release that is there: "portcullis service install"'
    findings.push(problem('service', `the installation of "${name}" is gone: ${main}`, cure))
  } else if (!isSame(main, commandMain)) {
    const what = `"${name}" runs another installation: ${service.version}, ${main}; this is ${version}`
    const cure =
      'run the doctor of that one, or "portcullis service install" from here and restart the service'
    findings.push(warning('service', what, cure))
  }
  if (state !== 'running') {
    findings.push(
      problem(
        'service',
        `"${name}" is ${state}`,
        `"portcullis service start --name ${name}"; it says what is wrong`,
      ),
    )
  } else if (serves === false) {
    const cure = `the end of service.log in ${service.log} says why`
    findings.push(problem('service', `"${name}" runs, but its host does not serve`, cure))
  }
  if (findings.length > 0) return findings
  return [ok('service', `"${name}" runs as ${service.account}; its log is in ${service.log}`)]
}

function cureOf(code: ErrorCode | undefined): string {
  if (code === 'ERR_SERVICE_FOREIGN') return 'give the name of the right service with --service'
  return code === 'ERR_SERVICE_ACCESS'
    ? 'run this as administrator'
    : 'see what "portcullis service status" says'
}

export function lookAtService(name: string, configPath: string): Promise<Finding[]> {
  return looked('service', cureOf, async () => {
    if (process.platform !== 'win32') {
      return [
        skipped('service', 'only on Windows; here a service manager such as systemd has its own commands'),
      ]
    }
    try {
      return findingsOf(await status(name), configPath)
    } catch (error) {
      if (!(error instanceof PortcullisError) || error.code !== 'ERR_SERVICE_MISSING') throw error
      const cure = `"portcullis service install --config ${configPath}", or give its name with --service`
      return [problem('service', `no service "${name}" is installed`, cure)]
    }
  })
}
