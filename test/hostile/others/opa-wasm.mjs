// A module of the corpus in opa-wasm: the package instantiates it, with its own imports and memory. It is no policy of OPA, so
// the package gives up at the first function of OPA's that is missing; by then there is an instance, and its export is called
// with one number, as the package would call its own.

import opa from '@open-policy-agent/opa-wasm'

import { abort, play } from './play.mjs'

const { instantiate } = WebAssembly
let instance

WebAssembly.instantiate = async (bytes, imports) => {
  imports.env.abort = abort
  const made = await instantiate(bytes, imports)
  instance = made.instance
  return made
}

await play(
  async (bytes) => {
    try {
      await opa.loadPolicy(bytes)
    } catch (error) {
      if (instance === undefined) throw error
    }
    return instance
  },
  ({ exports }, entry) => exports[entry](0),
)
process.exit()
