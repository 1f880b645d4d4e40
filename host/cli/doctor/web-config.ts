/** Whether a site's web.config has IIS load this installation's plug-in. */

import { relative } from 'node:path'

import { inspectSite } from '../../iis/inspect.ts'
import type { Config } from '../../tenant/config.ts'
import { type Finding, looked, ok, problem, skipped, warning } from './finding.ts'
import { lookAtSettings } from './settings.ts'

const cureOf = (code: string | undefined): string =>
  code === 'ERR_IIS_UNREADABLE'
    ? 'name the web.config of the site with --web-config; run this as administrator'
    : 'mend the file at the place that is named'

/** `installed`: the plug-in that is to be loaded. Another one that IIS loads has settings of its own. */
export function lookAtWebConfig(
  path: string,
  applicationHost: string | undefined,
  installed: string,
  config: Config | undefined,
): Promise<Finding[]> {
  return looked('web.config', cureOf, async () => {
    const { plugin, problems, warnings, notChecked } = inspectSite(path, applicationHost)
    const findings = [
      ...problems.map(({ what, cure }) => problem('web.config', `${path}: ${what}`, cure)),
      ...warnings.map(({ what, cure }) => warning('web.config', `${path}: ${what}`, cure)),
      ...notChecked.map((what) => skipped('web.config', what)),
    ]
    const isOther = plugin !== null && relative(plugin.filename, installed) !== ''
    if (isOther && process.platform === 'win32') {
      const what = `${path} names another plug-in than ${installed}: ${plugin.filename}`
      findings.push(warning('web.config', what, '"portcullis iis apply", when its site may restart'))
      if (plugin.hasSettings) findings.push(...(await lookAtSettings(plugin.filename, config)))
    }
    const isRight = problems.length === 0 && plugin !== null
    return isRight ? [ok('web.config', `${path} names ${plugin.filename}`), ...findings] : findings
  })
}
