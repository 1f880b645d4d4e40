// Keeps as many policies ready as its argument says, each a module of its own, asks each twice, and prints the process's resident
// memory before and after as JSON.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { Policy } from '../../host/engine/policy.ts'
import { compileMetered, rewritePolicy } from '../../host/engine/policy-module.ts'
import { parseModule } from '../../host/engine/wasm/parse-module.ts'
import { writeModule } from '../../host/engine/wasm/write-module.ts'
import { fuelPerDecision } from '../../host/limits.ts'
import { root } from '../../host/paths.ts'
import { questionBlock } from './decisions.ts'

const block = questionBlock()

/** An address below what the compiler fills. */
const UNUSED = 16

/** Where each module's own number goes, so that V8 shares no code between them. */
const marker = Buffer.from('the number of a policy')

function exampleWithMarker(): Buffer {
  const module = parseModule(readFileSync(join(root, 'build/policies/role-by-group.wasm')))
  const [first] = module.data
  const offset = { ...(first as NonNullable<typeof first>).offset, constant: UNUSED }
  return Buffer.from(
    rewritePolicy(writeModule({ ...module, data: [...module.data, { offset, bytes: marker }] })).bytes,
  )
}

const metered = exampleWithMarker()
const place = metered.indexOf(marker)

function distinct(number: number): Policy {
  const bytes = Buffer.from(metered)
  bytes.writeUInt32LE(number, place)
  return new Policy(compileMetered(bytes))
}

const before = process.memoryUsage.rss()
const policies = Array.from({ length: Number(process.argv[2]) }, (_, number) => distinct(number))
for (let round = 0; round < 2; round++) {
  for (const policy of policies) {
    policy.call('operation', block, fuelPerDecision)
    policy.tidy()
  }
}
console.log(JSON.stringify({ before, after: process.memoryUsage.rss() }))
