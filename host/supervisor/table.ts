/**
 * What all evaluators decide by, as the supervisor has it: a table is whole, has a number, and never changes. The messages that
 * make an evaluator's table out of it, or out of the one before, are made here.
 */

import { isDeepStrictEqual } from 'node:util'

import type { ToEvaluator } from '../control/messages.ts'
import type { Guard, Tenant } from '../tenant/config.ts'

/** What admission has made of an upload. */
export interface AdmittedModule {
  readonly bytes: Buffer
  /** SHA-256 of `bytes`. */
  readonly digest: string
  /** What it was made of. Throws what the store throws if that is not there any more. */
  readonly upload: () => Buffer
}

export interface Table {
  /** From 1; each change makes a higher one. */
  readonly generation: number
  readonly guard: Guard | undefined
  /** By name. */
  readonly tenants: ReadonlyMap<string, Tenant>
  /** By the digest of the upload. */
  readonly modules: ReadonlyMap<string, AdmittedModule>
  /** Whether decisions are told with their question. */
  readonly recorded: boolean
}

/** What is there before the first. */
export const noTable: Table = {
  generation: 0,
  guard: undefined,
  tenants: new Map(),
  modules: new Map(),
  recorded: false,
}

/** Everything that differs, and at the end the table itself. */
export function* changes(from: Table, to: Table): Generator<ToEvaluator> {
  for (const [digest, { bytes, digest: metered }] of to.modules) {
    if (from.modules.has(digest)) continue
    yield { type: 'policy', digest, metered, base64: bytes.toString('base64') }
  }
  for (const [name, tenant] of to.tenants) {
    if (!isDeepStrictEqual(from.tenants.get(name), tenant)) yield { type: 'tenant', tenant }
  }
  for (const tenant of from.tenants.keys()) {
    if (!to.tenants.has(tenant)) yield { type: 'absent', tenant }
  }
  const { generation, guard, recorded } = to
  yield { type: 'table', generation, ...(guard !== undefined && { guard }), recorded }
}

/** Without the modules that nobody has any more. */
export function withoutUnused(table: Table): Table {
  const used = new Set([...table.tenants.values()].map(({ policy }) => policy))
  if (table.guard !== undefined) used.add(table.guard.policy)
  return { ...table, modules: new Map([...table.modules].filter(([digest]) => used.has(digest))) }
}
