// Ends, once per run, whatever Wine still runs for the tests.

import { existsSync } from 'node:fs'

import { endWine, winePrefix } from './wine.ts'

export default function setup(): () => void {
  return () => {
    if (existsSync(winePrefix)) endWine()
  }
}
