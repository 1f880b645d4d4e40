// Compiles the policies of this repository: every folder of policies/examples to build/policies/NAME.wasm and
// with --with-tests every file of test/policies to build/test-policies/NAME.wasm. An example is written in
// AssemblyScript, or in WebAssembly text if it has a policy.wat. A policy is skipped while its output is newer
// than all it was made from: its own sources, the SDK, the asconfig.json files and the compiler. An output
// appears whole or not at all, so a test that runs beside a build never reads half a module. The first
// compile error is printed as the compiler words it and ends the build with exit code 1.

import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import asc from 'assemblyscript/asc'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))

/** @typedef {{ bytes?: Uint8Array, messages: string }} Compiled without bytes after an error */
/** @typedef {{ name: string, output: string, inputs: string[], compile: () => Promise<Compiled> }} Job */

/** Inputs that every policy has in common. */
const commonInputs = [
  fileURLToPath(import.meta.url),
  path.join(root, 'asconfig.json'),
  path.join(root, 'policies/sdk/asconfig.json'),
  path.join(root, 'policies/sdk/index.ts'),
  path.join(root, 'policies/sdk/assembly'),
  createRequire(import.meta.url).resolve('assemblyscript/package.json'),
]

const jobs = process.argv.includes('--with-tests')
  ? [...(await exampleJobs()), ...(await testJobs())]
  : await exampleJobs()
for (const job of jobs) {
  if (!(await build(job))) process.exit(1)
}

/** @returns {Promise<Job[]>} */
async function exampleJobs() {
  const folders = await readdir(path.join(root, 'policies/examples'), { withFileTypes: true })
  return folders
    .filter((folder) => folder.isDirectory())
    .map(({ name }) => ({
      name: `policies/examples/${name}`,
      output: path.join(root, `build/policies/${name}.wasm`),
      ...sourcesOf(`policies/examples/${name}`),
    }))
}

/** @param {string} folder */
function sourcesOf(folder) {
  const text = path.join(root, folder, 'policy.wat')
  if (existsSync(text)) return { inputs: [text], compile: () => assemble(text) }
  const config = `${folder}/asconfig.json`
  return {
    inputs: [path.join(root, folder, 'assembly'), path.join(root, config)],
    compile: () => compile(['--config', config]),
  }
}

/** @returns {Promise<Job[]>} */
async function testJobs() {
  const files = await readdir(path.join(root, 'test/policies'))
  return files
    .filter((file) => file.endsWith('.ts'))
    .map((file) => ({
      name: `test/policies/${file}`,
      output: path.join(root, `build/test-policies/${path.basename(file, '.ts')}.wasm`),
      inputs: [path.join(root, 'test/policies', file)],
      compile: () => compile([`test/policies/${file}`, '--config', 'asconfig.json']),
    }))
}

/**
 * Brings one output up to date, with a line if there was something to do. Gives false after a compile error.
 *
 * @param {Job} job
 */
async function build(job) {
  const builtMs = await modifiedMs(job.output)
  const changedMs = Math.max(...(await Promise.all([...job.inputs, ...commonInputs].map(newestMs))))
  if (builtMs > changedMs) return true
  const startedMs = Date.now()
  const { bytes, messages } = await job.compile()
  if (bytes === undefined) {
    console.error(`${job.name}: does not compile\n\n${messages}`)
    return false
  }
  await writeWhole(job.output, bytes, startedMs)
  console.log(`${job.name}: ${bytes.length} bytes in ${Date.now() - startedMs} ms`)
  if (messages !== '') console.log(messages)
  return true
}

/**
 * Runs the compiler in this process: starting it anew for each policy takes longer than compiling.
 *
 * @param {string[]} args
 * @returns {Promise<Compiled>}
 */
async function compile(args) {
  /** @type {Uint8Array | undefined} */
  let bytes
  const { error, stderr } = await asc.main([...args, '--baseDir', root, '--outFile', 'policy.wasm'], {
    writeFile(_name, contents) {
      bytes = /** @type {Uint8Array} */ (contents)
    },
  })
  return { bytes: error === null ? bytes : undefined, messages: stderr.toString() }
}

/**
 * Makes a module of WebAssembly text, with the binaryen that the compiler has brought.
 *
 * @param {string} file
 * @returns {Promise<Compiled>}
 */
async function assemble(file) {
  const compiler = createRequire(import.meta.url).resolve('assemblyscript/package.json')
  const { default: binaryen } = await import(pathToFileURL(createRequire(compiler).resolve('binaryen')).href)
  try {
    const module = binaryen.parseText(await readFile(file, 'utf8'))
    // It prints what is wrong by itself.
    if (!module.validate()) return { messages: 'it is not valid' }
    return { bytes: module.emitBinary(), messages: '' }
  } catch (error) {
    return { messages: error.message }
  }
}

/**
 * The file is dated when its compilation began: a source that changed meanwhile then counts as newer.
 *
 * @param {string} file
 * @param {Uint8Array} bytes
 * @param {number} startedMs
 */
async function writeWhole(file, bytes, startedMs) {
  const unfinished = `${file}.${process.pid}`
  await mkdir(path.dirname(file), { recursive: true })
  try {
    await writeFile(unfinished, bytes)
    await utimes(unfinished, startedMs / 1000, startedMs / 1000)
    await rename(unfinished, file)
  } finally {
    await rm(unfinished, { force: true })
  }
}

/**
 * The last change of a file, or of anything in a folder and of the folder itself (a file that was taken
 * away).
 *
 * @param {string} input
 */
async function newestMs(input) {
  const inputStat = await stat(input)
  if (!inputStat.isDirectory()) return inputStat.mtimeMs
  const names = await readdir(input, { recursive: true })
  const times = await Promise.all(names.map((name) => modifiedMs(path.join(input, name))))
  return Math.max(inputStat.mtimeMs, ...times)
}

/**
 * The last change of a file, or 0 when there is no such file.
 *
 * @param {string} file
 */
async function modifiedMs(file) {
  try {
    return (await stat(file)).mtimeMs
  } catch (error) {
    if (error.code === 'ENOENT') return 0
    throw error
  }
}
