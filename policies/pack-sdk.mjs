// Packs the npm package `portcullis` to build/portcullis.tgz: the SDK as it is in policies/sdk, `portcullis/testing`
// compiled with the files of the host that it uses, the packages that these need, and the documentation. Whoever has this one file can
// install it without a registry. It appears whole or not at all, so that what runs beside a build never reads half of it.

import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const sdk = join(root, 'policies/sdk')

/** Data that the compiled files read, and that the compiler leaves where it is. */
const schemas = ['winrm/question', 'winrm/vectors', 'tenant/settings'].map(
  (name) => `host/${name}.schema.json`,
)

mkdirSync(join(root, 'build'), { recursive: true })
const staged = mkdtempSync(join(root, 'build/sdk-'))
try {
  fill()
  openToAll(staged)
  const args = ['pack', '--silent', '--ignore-scripts']
  const name = execFileSync('npm', args, { cwd: staged, encoding: 'utf8' }).trim()
  renameSync(join(staged, name), join(root, 'build/portcullis.tgz'))
} finally {
  rmSync(staged, { recursive: true })
}

function fill() {
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  const project = join(sdk, 'testing/tsconfig.json')
  const args = [compiler, '--project', project, '--outDir', join(staged, 'lib')]
  execFileSync(process.execPath, args, { stdio: 'inherit' })
  for (const schema of schemas) cpSync(join(root, schema), join(staged, 'lib', schema))
  for (const name of ['assembly', 'asconfig.json', 'index.ts', 'package.json']) {
    cpSync(join(sdk, name), join(staged, name), { recursive: true })
  }
  cpSync(join(root, 'LICENSE'), join(staged, 'LICENSE'))
  const readme = readFileSync(join(sdk, 'README.md'), 'utf8')
  writeFileSync(join(staged, 'README.md'), readme.replaceAll('](../../docs/', '](docs/'))
  for (const name of ['guide', 'reference']) {
    cpSync(join(root, 'docs', name), join(staged, 'docs', name), { recursive: true })
  }
  const { bundleDependencies } = JSON.parse(readFileSync(join(sdk, 'package.json'), 'utf8'))
  for (const folder of withTheirOwn(bundleDependencies)) {
    cpSync(join(root, folder), join(staged, folder), { recursive: true })
  }
}

/**
 * npm packs files with their modes, which are those of whoever has checked them out; a package is the same for all.
 *
 * @param {string} folder
 */
function openToAll(folder) {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    chmodSync(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o755 : 0o644)
  }
}

/**
 * The folders of packages and of what they depend on, seen from the top.
 *
 * @param {string[]} names
 * @returns {Set<string>}
 */
function withTheirOwn(names) {
  const folders = new Set()
  const pending = [...names]
  for (const name of pending) {
    const folder = join('node_modules', name)
    if (folders.has(folder)) continue
    folders.add(folder)
    const { dependencies = {} } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'))
    pending.push(...Object.keys(dependencies))
  }
  return folders
}
