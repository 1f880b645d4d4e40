// The schemas of files that people write follow the schema of schemas; the host takes that for granted when it uses them.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'

import { root } from '../../host/paths.ts'

const paths = readdirSync(join(root, 'host'), { recursive: true, encoding: 'utf8' }).filter((path) =>
  path.endsWith('.schema.json'),
)

describe('the schemas', () => {
  it('are found', () => expect(paths.length).toBeGreaterThanOrEqual(4))

  it.each(paths)('%s follows the schema of schemas', (path) => {
    const ajv = new Ajv({ strict: true })
    const isValid = ajv.validateSchema(JSON.parse(readFileSync(join(root, 'host', path), 'utf8')))
    expect([isValid, ajv.errors]).toEqual([true, null])
  })
})
