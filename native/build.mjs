// Configures and builds the native part with CMake. Usage: node native/build.mjs [address|thread]
//
// With a sanitizer's name the result goes to a folder of its own (build/native-address, build/native-thread).

import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const sanitizer = process.argv[2] ?? ''
const folder = join(root, 'build', sanitizer === '' ? 'native' : `native-${sanitizer}`)

function run(args) {
  const { status, error, stdout, stderr } = spawnSync('cmake', args, { encoding: 'utf8' })
  if (error) {
    console.error(`native: cannot run cmake (${error.message}); install CMake 3.18 or later and a C compiler`)
    process.exit(1)
  }
  if (status !== 0) {
    console.error(`native: cmake ${args.join(' ')} failed\n${stdout}${stderr}`)
    process.exit(1)
  }
}

run(['-S', join(root, 'native'), '-B', folder, `-DPORTCULLIS_SANITIZE=${sanitizer}`])
run(['--build', folder, '--parallel'])
