/** Which of the parts without which nothing works are there. */

import { existsSync } from 'node:fs'

import { essentialParts } from '../../paths.ts'

export function presentParts(): string[] {
  return essentialParts.filter((path) => existsSync(path))
}

export function missingParts(): string[] {
  return essentialParts.filter((path) => !existsSync(path))
}
