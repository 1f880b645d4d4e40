/** Whether a site's web.config has IIS load this installation's plug-in. */

import { relative } from 'node:path'

import { inspectSite } from '../../iis/inspect.ts'
import { pluginLibrary } from '../../paths.ts'
import { type Finding, looked, ok, problem, skipped, warning } from './finding.ts'

export function lookAtWebConfig(path: string, applicationHost: string | undefined): Promise<Finding[]> {
  return looked('web.config', 'mend the file; "portcullis iis show" says more', () => {
    const { plugin, problems, warnings, notChecked } = inspectSite(path, applicationHost)
    const findings = [
      ...problems.map(({ what, cure }) => problem('web.config', `${path}: ${what}`, cure)),
      ...warnings.map(({ what, cure }) => warning('web.config', `${path}: ${what}`, cure)),
      ...notChecked.map((what) => skipped('web.config', what)),
    ]
    const isOther = plugin !== null && relative(plugin.filename, pluginLibrary()) !== ''
    if (isOther && process.platform === 'win32') {
      const what = `${path} names the plug-in of another installation: ${plugin.filename}`
      findings.push(warning('web.config', what, '"portcullis iis apply", when its site may restart'))
    }
    const isRight = problems.length === 0 && plugin !== null
    return isRight ? [ok('web.config', `${path} names ${plugin.filename}`), ...findings] : findings
  })
}
