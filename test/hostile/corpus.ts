// The corpus of hostile modules, subject by subject. Each is made from a source that can be read, says in a line how it cheats,
// and what must become of it. engine.test.ts and host.test.ts hold the product to that; report.ts lays two other hosts
// beside it.

import type { Hostile } from './hostile.ts'
import { aborts } from './modules/aborts.ts'
import { bombs } from './modules/bombs.ts'
import { exports } from './modules/exports.ts'
import { floats } from './modules/floats.ts'
import { growth } from './modules/growth.ts'
import { imported } from './modules/imports.ts'
import { loops } from './modules/loops.ts'
import { malformedFiles } from './modules/malformed.ts'
import { malformedBodies } from './modules/malformed-bodies.ts'
import { proposals } from './modules/proposals.ts'
import { recursion } from './modules/recursion.ts'
import { results } from './modules/results.ts'
import { starts } from './modules/start.ts'
import { state } from './modules/state.ts'
import { stateAfter } from './modules/state-after.ts'
import { traps } from './modules/traps.ts'

export const corpus: readonly Hostile[] = [
  ...loops,
  ...recursion,
  ...growth,
  ...results,
  ...exports,
  ...imported,
  ...starts,
  ...state,
  ...stateAfter,
  ...floats,
  ...aborts,
  ...traps,
  ...bombs,
  ...proposals,
  ...malformedFiles,
  ...malformedBodies,
]
