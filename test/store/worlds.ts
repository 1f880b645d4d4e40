// The ways in which a store can end, and what is found afterwards, put in a form that can be compared.

import { expect } from 'vitest'

import { JOURNAL } from '../../host/store/journal.ts'
import type { Store, StoredVersion, Subject } from '../../host/store/store.ts'
import { subjectFolder } from '../../host/store/subject-folder.ts'
import { type Call, Kill, type Loss, type MemoryDisk } from './memory-disk.ts'

export interface World {
  readonly name: string
  /** Undefined: the process was killed, and the system has all that it was given. */
  readonly loss: Loss | undefined
  /** Whether a line that was written whole is there although its fsync had not returned. */
  readonly keepsWhole: boolean
}

const prefixes = {
  'one byte': () => 1,
  half: (count: number) => count >> 1,
  'all but one byte': (count: number) => count - 1,
}

const torn = (['seen', 'safe'] as const).flatMap((names) =>
  Object.entries(prefixes).map(([name, keep]) => ({
    name: `the power is lost, ${name} of what is not safe is there, names as they were ${names}`,
    loss: { keep, rest: 'gone' as const, names },
    keepsWhole: false,
  })),
)

/** Every one of them. */
export const worlds: readonly World[] = [
  { name: 'the process is killed', loss: undefined, keepsWhole: true },
  {
    name: 'the power is lost, with all that is not safe',
    loss: { keep: () => 0, rest: 'gone', names: 'safe' },
    keepsWhole: false,
  },
  {
    name: 'the power is lost, and nothing with it',
    loss: { keep: (count) => count, rest: 'gone', names: 'seen' },
    keepsWhole: true,
  },
  ...torn,
  {
    name: 'the power is lost, and half of what is not safe reads as zeros',
    loss: { keep: (count) => count >> 1, rest: 'zeros', names: 'seen' },
    keepsWhole: false,
  },
  {
    name: 'the power is lost, and what is not safe has a hole in front',
    loss: { keep: (count) => count >> 1, rest: 'hole', names: 'seen' },
    keepsWhole: false,
  },
]

function blobsOf(store: Store, subject: Subject, { number, admission, blobs }: StoredVersion): unknown {
  if (!blobs) return 'gone'
  return {
    module: store.readModule(subject, number).toString('hex'),
    metered: admission && store.readMetered(subject, number).toString('hex'),
    settings: store.readSettings(subject, number),
    vectors: store.readVectors(subject, number),
  }
}

/** Everything that a store says, every blob read. */
export function snapshot(store: Store): unknown {
  const all = store.subjects().map((subject) => ({
    subject,
    versions: store.versions(subject),
    blobs: store.versions(subject).map((version) => blobsOf(store, subject, version)),
    active: store.active(subject) ?? null,
    quarantined: store.quarantined(subject),
    journal: store.journal(subject),
  }))
  return JSON.parse(JSON.stringify(all))
}

/** That there is no blob that nothing names, and none half written. */
export function expectTidy(store: Store, disk: MemoryDisk): void {
  for (const subject of store.subjects()) {
    const named = store
      .versions(subject)
      .filter(({ blobs }) => blobs)
      .flatMap(({ policy, settings, vectors, admission }) => [policy, settings, vectors, admission?.metered])
      .filter((digest) => digest !== undefined)
    const path = ['', 'store', ...subjectFolder(subject), 'blobs'].join('/')
    expect(disk.list(path)?.map(({ name }) => name)).toEqual([...new Set(named)].sort())
  }
}

/** Runs it until the disk ends it. True: it was ended. */
export function isKilled(run: () => unknown): boolean {
  try {
    run()
    return false
  } catch (error) {
    if (error instanceof Kill) return true
    throw error
  }
}

/** Where among the calls a journal's line was written, and where it was made safe. */
export function linesOf(calls: readonly Call[]): { written: number[]; safe: number[] } {
  const written: number[] = []
  const safe: number[] = []
  calls.forEach(({ name, path }, at) => {
    if (!path.endsWith(JOURNAL)) return
    if (name === 'write') written.push(at)
    if (name === 'sync' && safe.length < written.length) safe.push(at)
  })
  return { written, safe }
}

export function before(places: readonly number[], at: number): number {
  return places.filter((place) => place < at).length
}
