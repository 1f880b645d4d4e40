// Scripts that stand in for a step of admission: what a step would do that had been turned by what it was
// given. They run as the steps do, under the same limits.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

import type { Steps } from '../../host/admission/admission.ts'
import { admissionWallMsMax } from '../../host/limits.ts'
import { admissionMains, root } from '../../host/paths.ts'

const frames = pathToFileURL(join(root, 'build', 'host', 'admission', 'step-frame.js')).href

/**
 * What every script may use: the input as it came, the frame of the second step, and a way to say something.
 */
const prelude = `
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync, writeSync } from 'node:fs'
import { decodeStepFrame, encodeStepFrame } from '${frames}'
const input = readFileSync(0)
const [metered = Buffer.alloc(0), ...blocks] = decodeStepFrame(input)?.parts ?? []
const say = (header, parts = []) => writeFileSync(1, encodeStepFrame(header, parts))
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex')
const description = {
  outcome: 'allow', errorCode: 0, reason: null, administrator: false, quota: null, fuelUsed: 1, error: null, detail: null,
}
const begun = { compileMs: 1, startFuelUsed: 0, imageBytes: 1, memoryPages: 1 }
const figures = {
  costTable: 1, rewriter: '1.1', functions: 1, globals: 0, tableEntries: 0, memoryPages: { minimum: 1, maximum: null },
  exports: [], droppedExports: [], queryQuota: false,
}
const fine = {
  metered: sha256(metered), begun, tried: blocks.map(() => ({ description, memoryPages: 1 })), wrongResults: [],
}
`

export class StandIns {
  readonly #folder = mkdtempSync(join(tmpdir(), 'portcullis-step-'))
  #count = 0

  script(body: string): string {
    const path = join(this.#folder, `${this.#count++}.mjs`)
    writeFileSync(path, `${prelude}\n${body}\n`)
    return path
  }

  /** The steps as they are installed, but for one. */
  with(step: 'rewrite' | 'try', body: string, wallMs = admissionWallMsMax): Steps {
    return { ...admissionMains, [step]: this.script(body), wallMs }
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true })
  }
}
