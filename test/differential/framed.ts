// A function that calls nothing and is small takes no frame from the stack, and its returns stay as they are. So that
// what is tested of one function is tested of the other too, each module is run a second time with functions that are
// not small: they have as many locals more as a frame takes that is not free.

import { bounds } from '../../host/engine/wasm/bounds.ts'
import { functionTypes, importsOf, type Module } from '../../host/engine/wasm/module.ts'
import { parseModule } from '../../host/engine/wasm/parse-module.ts'
import { writeModule } from '../../host/engine/wasm/write-module.ts'
import { frameSlotsMin } from '../../host/limits.ts'

function framed(module: Module): Module {
  const types = functionTypes(module)
  const imported = importsOf(module, 'function').length
  const bodies = module.bodies.map((body, index) => {
    const parameters = types[imported + index]?.parameters.length ?? 0
    const has = body.locals.reduce((sum, { count }) => sum + count, parameters)
    const count = Math.min(frameSlotsMin, bounds.locals - has)
    return { ...body, locals: [...body.locals, { count, type: 'i64' as const }] }
  })
  return { ...module, bodies }
}

/** What a test runs of each module, and what it is called. */
export const variants: [string, (upload: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>][] = [
  ['as it was', (upload) => upload],
  [
    'as it was, where functions take a frame',
    (upload) => writeModule(framed(parseModule(upload, { anyImports: true }))),
  ],
]
