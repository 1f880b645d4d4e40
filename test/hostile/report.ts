// `npm run hostile`: every module of the corpus through Portcullis and through two other hosts, and the page that shows it. Takes
// some minutes, because what hangs is given its time. Exit code 1, and no page, if Portcullis does anything but what it must.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'

import { root } from '../../host/paths.ts'
import { corpus } from './corpus.ts'
import { otherHosts, runElsewhere, versionOf } from './others.ts'
import { countsOf, type Elsewhere, pageOf, portcullisCounts, type Run } from './page.ts'
import { checkMember } from './run.ts'

const folder = mkdtempSync(join(tmpdir(), 'portcullis-hostile-'))
const begun = performance.now()

/** So many at a time as there are processors: what hangs uses one. */
async function everywhere(): Promise<Run[]> {
  const runs: Run[] = []
  const waiting = [...corpus]
  const work = async () => {
    for (let member = waiting.shift(); member !== undefined; member = waiting.shift()) {
      const file = join(folder, `${member.name}.wasm`)
      writeFileSync(file, member.bytes())
      const entry = member.entry ?? 'authzUser'
      const elsewhere: Partial<Record<keyof Elsewhere, string>> = {}
      for (const host of otherHosts) elsewhere[host] = await runElsewhere(host, file, entry)
      runs.push({ member, elsewhere: elsewhere as Elsewhere })
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, work))
  return runs
}

try {
  for (const member of corpus) checkMember(member, 2)
  console.log(`Portcullis: ${portcullisCounts(corpus)}`)
  const runs = await everywhere()
  for (const host of otherHosts) {
    console.log(`${host}: ${countsOf(runs.map(({ elsewhere }) => elsewhere[host]))}`)
  }
  const versions = {
    extism: versionOf('@extism/extism'),
    'opa-wasm': versionOf('@open-policy-agent/opa-wasm'),
  }
  const page = join(root, 'docs', 'reference', 'hostile-corpus.md')
  writeFileSync(page, pageOf(runs, versions, process.version))
  console.log(`${runs.length} modules in ${Math.round((performance.now() - begun) / 1000)} s`)
} finally {
  rmSync(folder, { recursive: true })
}
