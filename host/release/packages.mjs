// The packages that the host needs at run time on one system, as package-lock.json has them: what the host depends on, what that
// depends on, and of what is optional only the part for that system. Most are in the host's own files (bundle.mjs), and only what
// says whose they are is left here. Nothing is asked of a registry.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What Node can load of koffi; not types, source maps, sources of native parts, manuals. */
const loaded = /\.(js|cjs|mjs|json|node)$/
const isApart = (path) => /^node_modules\/(koffi|@koromix\/)/.test(path)

/** Of every package. */
const kept = /^package\.json$|licen[cs]e|notice|copying/i

/** At the top of a package: for whoever works on it. */
const left = /^(test|tests|bench|benchmark|benchmarks|example|examples|doc|docs|fixtures)$/

/**
 * @typedef {{ version: string, os?: string[], cpu?: string[], dependencies?: Record<string, string>,
 *   optionalDependencies?: Record<string, string> }} Locked
 */

/**
 * The paths of packages in the lock, such as `node_modules/ajv`.
 *
 * @param {Record<string, Locked>} locked
 * @param {string} os as Node names it
 * @returns {string[]}
 */
function needed(locked, os) {
  const paths = new Set()
  const pending = Object.keys(locked[''].dependencies).map((name) => ({ name, from: '' }))
  for (const { name, from } of pending) {
    const path = resolve(locked, name, from)
    const { os: systems = [os], cpu = ['x64'], dependencies, optionalDependencies } = locked[path]
    if (paths.has(path) || !systems.includes(os) || !cpu.includes('x64')) continue
    paths.add(path)
    const names = Object.keys({ ...dependencies, ...optionalDependencies })
    pending.push(...names.map((one) => ({ name: one, from: `${path}/` })))
  }
  return [...paths].sort()
}

/**
 * As Node finds a package: in the asking package's own folder first, then outwards.
 *
 * @param {Record<string, Locked>} locked
 * @param {string} name
 * @param {string} from
 */
function resolve(locked, name, from) {
  const path = `${from}node_modules/${name}`
  if (path in locked) return path
  if (from === '') throw new Error(`package-lock.json has no ${name}; run "npm install"`)
  return resolve(locked, name, from.slice(0, from.lastIndexOf('node_modules/')))
}

/**
 * Path in a release to the file on this machine.
 *
 * @param {string} root of the source tree, with the lock
 * @param {string} installed the folder that has node_modules for that system
 * @param {string} os as Node names it
 * @param {string} cure what installs them
 * @returns {Map<string, string>}
 */
export function packageFiles(root, installed, os, cure) {
  const { packages: locked } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  const files = new Map()
  for (const path of needed(locked, os)) {
    const folder = join(installed, path)
    if (!existsSync(folder)) throw new Error(`${folder} is missing; ${cure}`)
    const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    if (version !== locked[path].version) {
      throw new Error(
        `${folder} is version ${version}, and package-lock.json has ${locked[path].version}; ${cure}`,
      )
    }
    for (const name of filesOf(folder)) {
      const isLoaded = isApart(path) && loaded.test(name) && !left.test(name.split('/')[0])
      if (isLoaded || kept.test(name)) files.set(`${path}/${name}`, join(folder, name))
    }
  }
  return files
}

/**
 * Relative paths with forward slashes. Packages inside a package have their own places in the lock.
 *
 * @param {string} folder
 * @returns {string[]}
 */
export function filesOf(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === 'node_modules') return []
    if (!entry.isDirectory()) return [entry.name]
    return filesOf(join(folder, entry.name)).map((name) => `${entry.name}/${name}`)
  })
}
