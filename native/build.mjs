// Configures and builds the native part with CMake. Usage: node native/build.mjs [address|thread|windows [--if-possible]]
//
// With a sanitizer's name the result goes to a folder of its own (build/native-address, build/native-thread), and so
// does the build for 64-bit Windows, which needs MinGW-w64 (build/native-windows). With --if-possible a missing
// MinGW-w64 is said and no failure.

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const variant = process.argv[2] ?? ''
const folder = join(root, 'build', variant === '' ? 'native' : `native-${variant}`)

function fail(message, status = 1) {
  console.error(`native: ${message}`)
  process.exit(status)
}

function run(args) {
  const { status, error, stdout, stderr } = spawnSync('cmake', args, { encoding: 'utf8' })
  if (error) fail(`cannot run cmake (${error.message}); install CMake 3.18 or later and a C compiler`)
  if (status !== 0) fail(`cmake ${args.join(' ')} failed\n${stdout}${stderr}`)
}

/** Said here, because CMake would say it in forty lines. */
function requireMingw() {
  const folders = (process.env.PATH ?? '').split(delimiter)
  for (const tool of ['x86_64-w64-mingw32-gcc', 'x86_64-w64-mingw32-windres', 'x86_64-w64-mingw32-windmc']) {
    if (folders.some((path) => existsSync(join(path, tool)))) continue
    const optional = process.argv[3] === '--if-possible'
    const reason = `${tool} is missing; install MinGW-w64 (on Debian the package gcc-mingw-w64-x86-64)`
    fail(optional ? `nothing is built for Windows: ${reason}` : reason, optional ? 0 : 1)
  }
}

if (variant === 'windows') requireMingw()
const options =
  variant === 'windows'
    ? [`-DCMAKE_TOOLCHAIN_FILE=${join(root, 'native', 'cmake', 'mingw-w64.cmake')}`]
    : [`-DPORTCULLIS_SANITIZE=${variant}`]
run(['-S', join(root, 'native'), '-B', folder, ...options])
run(['--build', folder, '--parallel'])
