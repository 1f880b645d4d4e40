// Ends, once per run, whatever Wine still runs for the tests.

import { endWine } from './wine.ts'

export default function setup(): () => void {
  return endWine
}
