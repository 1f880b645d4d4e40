/** The files of an audit log: `audit-00000001.jsonl` and so on, in a folder of their own that one process writes. */

import { join } from 'node:path'

import type { AuditDisk } from './disk.ts'

const namePattern = /^audit-(\d{8,15})\.jsonl$/

export function fileName(number: number): string {
  return `audit-${String(number).padStart(8, '0')}.jsonl`
}

export function filePath(folder: string, number: number): string {
  return join(folder, fileName(number))
}

/** Held by the process that writes. */
export function lockPath(folder: string): string {
  return join(folder, 'lock')
}

/** The numbers of the files that are there, in order; undefined if there is no folder. */
export function fileNumbers(disk: AuditDisk, folder: string): number[] | undefined {
  return disk
    .list(folder)
    ?.map(({ name }) => Number(namePattern.exec(name)?.[1] ?? Number.NaN))
    .filter((number) => !Number.isNaN(number))
    .sort((one, other) => one - other)
}
