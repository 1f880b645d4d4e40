/**
 * From an upload to a compiled policy, once: parsed, held against the interface, metered, compiled. Nothing of it runs.
 */

import { PortcullisError } from '../errors.ts'
import { moduleBytesMax } from '../limits.ts'
import { type Settings, writeSettings } from '../wire/settings-block.ts'
import { interfaceOf, policyFunctions, settingsFunction } from './interface.ts'
import { type Rewritten, rewriteModule } from './rewrite.ts'

export interface PolicyModule {
  /** Metered. */
  readonly module: WebAssembly.Module
  readonly hasQuota: boolean
  /** The settings block; undefined if there are none. */
  readonly settings: Uint8Array | undefined
}

/** Throws a PortcullisError with an ERR_MODULE_ code if the bytes cannot be a policy. */
export function rewritePolicy(bytes: Uint8Array): Rewritten {
  if (bytes.length === 0 || bytes.length > moduleBytesMax) {
    throw new PortcullisError('ERR_MODULE_SIZE', `it has ${bytes.length} bytes`)
  }
  return rewriteModule(bytes, interfaceOf)
}

/** Throws as `rewritePolicy` does, also if there are settings that the policy does not take. */
export function compilePolicy(bytes: Uint8Array, settings?: Settings): PolicyModule {
  const { bytes: metered, kept } = rewritePolicy(bytes)
  if (settings !== undefined && !kept.includes(settingsFunction)) {
    throw new PortcullisError(
      'ERR_MODULE_EXPORT',
      `it has settings; export a function named "${settingsFunction}"`,
    )
  }
  return {
    module: new WebAssembly.Module(metered),
    hasQuota: kept.includes(policyFunctions.quota),
    settings: settings && writeSettings(settings),
  }
}
