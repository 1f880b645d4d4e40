// A module of the corpus in Extism's JavaScript SDK: in the process itself, without WASI, as it is used by default. Extism calls
// exports without arguments; an i32 that is missing is 0 to WebAssembly.

import createPlugin from '@extism/extism'

import { abort, play } from './play.mjs'

const options = { useWasi: false, runInWorker: false, functions: { env: { abort } } }

await play(
  (data) => createPlugin({ wasm: [{ data }] }, options),
  (plugin, entry) => plugin.call(entry),
)
process.exit()
