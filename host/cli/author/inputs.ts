/**
 * What `test` and `bench` work on: a module, vectors and settings, by default those of the project in the current
 * folder; and one decision for each vector, made as `run` and a host's admission make it.
 */

import { existsSync } from 'node:fs'

import { decideAlone } from '../../admission/decide-alone.ts'
import { Policy } from '../../engine/policy.ts'
import { compilePolicy } from '../../engine/policy-module.ts'
import { PortcullisError } from '../../errors.ts'
import { readBytes } from '../../json-file.ts'
import { fuelPerDecision } from '../../limits.ts'
import { readSettings } from '../../tenant/settings.ts'
import type { Description } from '../../winrm/description.ts'
import { readVectors, type Vector } from '../../winrm/vectors.ts'
import { callersPath } from '../callers-path.ts'
import { needProject } from './project.ts'
import * as project from './project-paths.ts'

export interface InputOptions {
  /** Undefined stands for those of the project, if there are any. */
  readonly vectors?: string
  readonly settings?: string
  readonly json?: boolean
}

export interface InputPaths {
  readonly module: string
  readonly vectors: string
  readonly settings: string | undefined
}

export interface Inputs {
  readonly policy: Policy
  readonly vectors: readonly Vector[]
}

/** Throws ERR_PROJECT_FOLDER if no module is named and this folder is no project. */
export function inputPaths(module: string | undefined, { vectors, settings }: InputOptions): InputPaths {
  return {
    module: modulePath(module),
    vectors: callersPath(vectors ?? project.vectorsPath),
    settings: settingsPath(module, settings),
  }
}

/** The one that is named; without one, that of the project. Throws ERR_PROJECT_FOLDER if there is none. */
export function modulePath(module: string | undefined): string {
  if (module !== undefined) return callersPath(module)
  needProject(callersPath('.'))
  return callersPath(project.modulePath)
}

/** Those that are named; without a module, those of the project if it has some. */
export function settingsPath(module: string | undefined, settings: string | undefined): string | undefined {
  const own = callersPath(project.settingsPath)
  if (settings !== undefined) return callersPath(settings)
  return module === undefined && existsSync(own) ? own : undefined
}

/** Throws ERR_MODULE_UNREADABLE. */
export function readModule(path: string): Buffer {
  if (existsSync(path)) return readBytes(path, 'ERR_MODULE_UNREADABLE')
  throw new PortcullisError('ERR_MODULE_UNREADABLE', `${path} is not there; run "portcullis build" first`)
}

/** Throws a PortcullisError for a file that cannot be used, and for a module that a host would refuse. */
export function readInputs({ module, vectors: vectorsPath, settings: settingsFile }: InputPaths): Inputs {
  const bytes = readModule(module)
  const vectors = readVectors(vectorsPath)
  if (vectors.length === 0) {
    const advice = 'a test without questions proves nothing, so write at least one'
    throw new PortcullisError('ERR_VECTORS_FILE', `${vectorsPath} has no vectors; ${advice}`)
  }
  const settings = settingsFile === undefined ? undefined : readSettings(settingsFile)
  return { policy: new Policy(compilePolicy(bytes, settings)), vectors }
}

export function decide(policy: Policy, { block }: Vector): Description {
  return decideAlone(policy, block, fuelPerDecision).description
}
