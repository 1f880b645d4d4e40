/**
 * From an upload to a compiled policy, once: parsed, held against the interface, metered, compiled. Nothing of it runs.
 */

import { PortcullisError } from '../errors.ts'
import { meteredBytesMax, moduleBytesMax } from '../limits.ts'
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
  const rewritten = rewriteModule(bytes, interfaceOf)
  const { length } = rewritten.bytes
  if (length > meteredBytesMax) {
    throw new PortcullisError(
      'ERR_MODULE_BOUND',
      `metered it has ${length} bytes, at most ${meteredBytesMax} are admitted; use fewer loops and floats`,
    )
  }
  return rewritten
}

/**
 * Compiles what `rewritePolicy` has made. Throws ERR_MODULE_EXPORT if there are settings that the policy does not take.
 */
export function compileMetered(metered: Uint8Array, settings?: Settings): PolicyModule {
  const module = new WebAssembly.Module(metered as Uint8Array<ArrayBuffer>)
  const names = WebAssembly.Module.exports(module).map(({ name }) => name)
  if (settings !== undefined && !names.includes(settingsFunction)) {
    throw new PortcullisError(
      'ERR_MODULE_EXPORT',
      `it has settings; export a function named "${settingsFunction}"`,
    )
  }
  return {
    module,
    hasQuota: names.includes(policyFunctions.quota),
    settings: settings && writeSettings(settings),
  }
}

/** Both in one. Throws as each of them does. */
export function compilePolicy(bytes: Uint8Array, settings?: Settings): PolicyModule {
  return compileMetered(rewritePolicy(bytes).bytes, settings)
}
