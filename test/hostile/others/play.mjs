// What both comparisons have in common: a module from a file is loaded and one of its exports is called, once. Every stage is
// told on standard output before the next begins, so that whoever waits knows how far it came if nothing else is heard.

import { readFileSync, writeSync } from 'node:fs'

const STANDARD_OUTPUT = 1

function tell(stage, error) {
  const name = error instanceof Error ? error.constructor.name : typeof error
  writeSync(STANDARD_OUTPUT, `${JSON.stringify(error === undefined ? { stage } : { stage, error: name })}\n`)
}

/** The one import that a module of the corpus may have; as its authors know it, it does not return. */
export function abort() {
  throw new Error('abort')
}

/** `load` makes something of the bytes, `call` calls an export of that by its name. */
export async function play(load, call) {
  const [file, entry] = process.argv.slice(2)
  const bytes = readFileSync(file)
  tell('began')
  let loaded
  try {
    loaded = await load(bytes)
  } catch (error) {
    tell('not loaded', error ?? new Error())
    return
  }
  tell('loaded')
  try {
    await call(loaded, entry)
    tell('answered')
  } catch (error) {
    tell('threw', error ?? new Error())
  }
}
