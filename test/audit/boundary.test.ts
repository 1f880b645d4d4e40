// The audit log knows of nobody who writes to it: no part of it loads the supervisor, an evaluator or the engine.

import { readdirSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { root } from '../../host/paths.ts'
import { loadedBy } from '../support/loaded-by.ts'

const parts = readdirSync(join(root, 'build', 'host', 'audit')).filter((name) => name.endsWith('.js'))

describe.each(parts)('what audit/%s loads', (name) => {
  it('has no part of the supervisor, of an evaluator, of the engine or of the commands', () => {
    const loaded = loadedBy('audit', name)
    expect(loaded.filter((path) => /^(supervisor|evaluator|engine|admission|cli)\//.test(path))).toEqual([])
  })
})

it('the thread that writes loads what it needs, and little else', () => {
  const loaded = loadedBy('audit', 'writer-main.js')
  expect(loaded).toContain('audit/log-end.js')
  expect(loaded.length).toBeLessThan(25)
})
