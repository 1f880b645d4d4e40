// The host as a release has it: the files that processes begin with, and beside them parts that several of them use, with all packages
// in them but koffi. A start reads a tenth of the files so, and reading them was half of the time in which a lost host comes back.

import { join } from 'node:path'

import { rolldown } from 'rolldown'

/** What processes and threads begin with; host/paths.ts names the same. */
const entries = [
  'cli/start',
  'cli/main',
  'evaluator/main',
  'audit/writer-main',
  'admission/process-limits',
  'admission/rewrite-step',
  'admission/try-step',
  'replay/process-limits',
  'replay/replay-main',
  'replay/sweep-main',
  'admin/main',
  'admin/job-main',
]

/** Loads native code from beside itself. */
const apart = ['koffi']

/**
 * Path in the release to content.
 *
 * @param {string} root of the source tree
 * @returns {Promise<Map<string, Buffer>>}
 */
export async function bundleHost(root) {
  const bundle = await rolldown({
    cwd: root,
    input: Object.fromEntries(entries.map((name) => [name, join(root, 'host', `${name}.ts`)])),
    platform: 'node',
    external: apart,
    // jsonc-parser's other form loads its parts by names that are not to be seen beforehand.
    resolve: { mainFields: ['module', 'main'] },
    // Comments that say where a part came from would say where it was built.
    experimental: { attachDebugInfo: 'none' },
    onLog(level, { message }) {
      if (level === 'warn') throw new Error(message)
    },
  })
  const { output } = await bundle.generate({
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: 'parts/[name].js',
  })
  await bundle.close()
  return new Map(output.map((file) => [`host/${file.fileName}`, Buffer.from(file.code ?? file.source)]))
}
