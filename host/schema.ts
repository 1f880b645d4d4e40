/**
 * Checks of values against JSON schemas, compiled when they are first used: each takes some milliseconds, and a process needs few of
 * those that it could need. The schemas are our own; a test holds them against the schema of schemas, which would take three times as
 * long as all else.
 */

import { Ajv, type Options, type ValidateFunction } from 'ajv'

/** Gives the check that a schema describes. */
export type Schema<Value = unknown> = () => ValidateFunction<Value>

export function lazySchema<Value>(read: () => object, options: Options = {}): Schema<Value> {
  let validate: ValidateFunction<Value> | undefined
  return () => {
    validate ??= new Ajv({ ...options, meta: false, validateSchema: false }).compile<Value>(read())
    return validate
  }
}
