/** What a reload may change, and what it has changed. */

import { isDeepStrictEqual } from 'node:util'

import { PortcullisError } from '../errors.ts'
import type { Config } from '../tenant/config.ts'
import type { Table } from './table.ts'

/** Names of tenants, and whether the guard is another. */
export interface Difference {
  readonly added: readonly string[]
  readonly removed: readonly string[]
  readonly changed: readonly string[]
  readonly guardChanged: boolean
}

export interface Reloaded extends Difference {
  readonly generation: number
  readonly milliseconds: number
}

/** Where a host is reached, with how many processes, and what it keeps and where: another of these is another host. */
function fixed({ endpoint, evaluators, store, audit }: Config): Record<string, string | number | undefined> {
  return { endpoint, evaluators, store, 'audit.folder': audit?.folder }
}

/** Throws ERR_RELOAD. */
export function checkReloadable(now: Config, next: Config): void {
  const after = fixed(next)
  for (const [name, before] of Object.entries(fixed(now))) {
    if (before === after[name]) continue
    throw new PortcullisError(
      'ERR_RELOAD',
      `"${name}" was ${before ?? 'absent'} and would be ${after[name] ?? 'absent'}; stop the host and start it again`,
    )
  }
}

export function difference(before: Table, now: Table): Difference {
  const isNew = (name: string) => !before.tenants.has(name)
  const names = [...now.tenants.keys()]
  return {
    added: names.filter(isNew),
    removed: [...before.tenants.keys()].filter((name) => !now.tenants.has(name)),
    changed: names.filter(
      (name) => !isNew(name) && !isDeepStrictEqual(before.tenants.get(name), now.tenants.get(name)),
    ),
    guardChanged: !isDeepStrictEqual(before.guard, now.guard),
  }
}
