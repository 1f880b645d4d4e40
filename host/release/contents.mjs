// What is in a release, file by file. host/paths.ts knows the same layout from the other side.

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'

import { bundleHost } from './bundle.mjs'
import { filesOf, packageFiles } from './packages.mjs'

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const own = join(root, 'host/release/files')

const product = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
export const { version } = product

/**
 * What differs between the systems.
 *
 * @typedef {{ platform: string, os: string, built: string, native: Record<string, string[]>, packages: string, cure: string }} System
 * @type {Record<'linux' | 'windows', System>}
 */
export const systems = {
  linux: {
    platform: 'linux-x64',
    os: 'linux',
    built: 'build/native',
    native: { plugin: ['libportcullis.so'], bin: ['libportcullis_io.so'], double: ['libWsmSvc.so'] },
    packages: '.',
    cure: 'run "npm ci"',
  },
  windows: {
    platform: 'windows-x64',
    os: 'win32',
    built: 'build/native-windows',
    native: {
      plugin: ['portcullis.dll'],
      bin: ['portcullis_io.dll', 'portcullis_service.exe'],
      double: ['WsmSvc.dll'],
    },
    packages: 'test/windows/runtime',
    cure: 'run "npm run runtimes"',
  },
}

/** @param {string} name */
const read = (name) => readFileSync(join(root, name))

/** @param {unknown} value */
const json = (value) => Buffer.from(`${JSON.stringify(value, undefined, 2)}\n`)

/**
 * Path in the release to content.
 *
 * @param {System} system
 * @returns {Promise<Map<string, Buffer>>}
 */
export async function contentsOf(system) {
  /** @type {Map<string, Buffer>} */
  const files = new Map()
  for (const [name, file] of packageFiles(root, join(root, system.packages), system.os, system.cure)) {
    files.set(name, readFileSync(file))
  }
  await addHost(files)
  for (const [folder, names] of Object.entries(system.native)) {
    for (const name of names) files.set(`${folder}/${name}`, read(`${system.built}/${name}`))
  }
  addPolicies(files)
  addOwn(files, system)
  addDocumentation(files)
  return files
}

/**
 * The program, and the data that it reads.
 *
 * @param {Map<string, Buffer>} files
 */
async function addHost(files) {
  for (const [name, bytes] of await bundleHost(root)) files.set(name, bytes)
  for (const name of filesOf(join(root, 'host'))) {
    const isData = !/^release\/|^([a-z]+\/)?README\.md$|\.ts$/.test(name)
    if (isData) files.set(`host/${name}`, read(`host/${name}`))
  }
}

/** @param {Map<string, Buffer>} files */
function addPolicies(files) {
  for (const { name } of folders('policies/examples')) {
    files.set(`policies/${name}.wasm`, read(`build/policies/${name}.wasm`))
    for (const file of filesOf(join(root, 'policies/examples', name))) {
      // Names a file that is only in a source tree; "portcullis new" writes another.
      if (file === 'asconfig.json') continue
      files.set(`policies/examples/${name}/${file}`, read(`policies/examples/${name}/${file}`))
    }
  }
  files.set('sdk/portcullis.tgz', read('build/portcullis.tgz'))
}

/** @param {string} folder */
function folders(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true }).filter((entry) => entry.isDirectory())
}

/**
 * What is only in a release.
 *
 * @param {Map<string, Buffer>} files
 * @param {System} system
 */
function addOwn(files, { os, platform }) {
  /** @param {string} name */
  const text = (name) => readFileSync(join(own, name), 'utf8').replaceAll('@version@', version)
  const { name, description, license, type, engines, dependencies, devDependencies } = product
  const { assemblyscript, vitest } = devDependencies
  if (os === 'win32') {
    // cmd.exe finds labels only in lines that end as Windows' do.
    files.set('portcullis.cmd', Buffer.from(text('portcullis.cmd').replaceAll('\n', '\r\n')))
    files.set('portcullis.example.json', Buffer.from(text('portcullis.example.windows.json')))
  } else {
    files.set('portcullis', Buffer.from(text('portcullis')))
    files.set('portcullis.example.json', Buffer.from(text('portcullis.example.linux.json')))
    files.set('portcullis.service', Buffer.from(text('portcullis.service')))
  }
  const about = {
    name: 'portcullis',
    version,
    platform,
    engines,
    devDependencies: { assemblyscript, vitest },
  }
  files.set('release.json', json(about))
  // That the compiled files are modules, and to a scanner what they depend on.
  files.set(
    'package.json',
    json({ name, version, private: true, description, license, type, engines, dependencies }),
  )
  files.set('LICENSE', read('LICENSE'))
}

/**
 * For operators and authors. What a link leads to in a source tree only becomes text.
 *
 * @param {Map<string, Buffer>} files
 */
function addDocumentation(files) {
  const pages = new Map([
    ['README.md', readFileSync(join(own, 'README.md'), 'utf8')],
    ['policies/sdk/README.md', read('policies/sdk/README.md').toString()],
  ])
  for (const name of filesOf(join(root, 'docs'))) {
    if (!name.startsWith('decisions/')) pages.set(`docs/${name}`, read(`docs/${name}`).toString())
  }
  const names = [...files.keys(), ...pages.keys(), 'SHA256SUMS']
  /** @param {string} target */
  const isThere = (target) => names.some((name) => name === target || name.startsWith(`${target}/`))
  for (const [page, text] of pages) {
    const linked = text.replace(/\[([^\]]+)\]\(([^)#\s]+)(#[^)\s]*)?\)/g, (link, words, target) => {
      const path = posix.join(posix.dirname(page), target).replace(/\/$/, '')
      return /^https?:/.test(target) || isThere(path) ? link : words
    })
    files.set(page, Buffer.from(linked))
  }
}
