/**
 * Why a module is refused: a stable code, the place in the upload, and a sentence that says what to do. Thrown by the
 * parser, because there is nothing to go on with; whoever admits modules catches it.
 */

import { type ErrorCode, PortcullisError } from '../../errors.ts'

export type RefusalCode = ErrorCode & `ERR_MODULE_${string}`

export class Refusal extends PortcullisError {
  /** Bytes from the start of the upload. */
  readonly offset: number

  constructor(code: RefusalCode, offset: number, advice: string) {
    super(code, `${advice} (byte ${offset})`)
    this.offset = offset
  }
}

/** Proposals beyond what is admitted, by the name that a compiler's options use, and how to do without. */
const features = {
  'multi-value': 'functions and blocks have at most one result and no parameters',
  'reference types': 'compile without reference types',
  'typed function references': 'compile without typed function references',
  'garbage collection': 'compile without garbage collection; the stub runtime needs none',
  exceptions: 'compile without exception handling; a throw becomes a call of env.abort',
  'tail calls': 'compile without tail calls',
  SIMD: 'compile without SIMD',
  threads: 'compile without threads and shared memory',
  memory64: 'compile for 32-bit memory',
  'several memories': 'use one memory',
  'custom page sizes': 'use pages of 64 KiB',
  'table mutation': 'fill the table with active element segments and leave it as it is',
  'passive segments': 'use active data and element segments',
  'extended constant expressions': 'initialise with a constant',
  'stack switching': 'compile without stack switching',
} as const

export type Feature = keyof typeof features

export function refuseFeature(feature: Feature, offset: number): Refusal {
  return new Refusal('ERR_MODULE_FEATURE', offset, `it uses ${feature}; ${features[feature]}`)
}

export function malformed(offset: number, what: string): Refusal {
  return new Refusal(
    'ERR_MODULE_MALFORMED',
    offset,
    `${what}; compile it again, the file is damaged or no module`,
  )
}

export function overBound(offset: number, what: string, most: number): Refusal {
  return new Refusal('ERR_MODULE_BOUND', offset, `${what}, at most ${most} are admitted`)
}

export function badIndex(offset: number, what: string, index: number, count: number): Refusal {
  return new Refusal(
    'ERR_MODULE_INDEX',
    offset,
    `there is no ${what} ${index}, the module has ${count}; compile it again`,
  )
}
