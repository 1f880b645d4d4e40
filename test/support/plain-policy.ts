// The plainest host that a policy can have: it instantiates the compiled module, writes a block, calls one
// function and reads one record. It has no fuel, no watchdog and no checks beyond what reading needs, and
// shares no code with the product, so that two paths to one answer can be compared. Every call gets a new
// instance, which is the fresh state that a policy may rely on. Only for modules that were compiled from this
// repository.

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { type Question, writeBlock } from './block.ts'

export interface Answer {
  outcome: 'allow' | 'deny' | 'redirect' | 'no-answer'
  /** The reason of a denial; empty when the policy gave none. */
  reason?: string
  /** The target of a redirect. */
  url?: string
  /** Whether a user question was answered with the administrator flag. */
  administrator?: boolean
  quota?: AnswerQuota
  /** Why there is no answer: the message of an abort, or the engine's word for a trap. */
  failure?: string
}

export interface AnswerQuota {
  concurrentShells: number
  concurrentOperations: number
  timeslotSeconds: number
  operationsPerTimeslot: number
}

/** What a policy exports; everything but the first two may be missing. */
interface PolicyExports {
  memory: WebAssembly.Memory
  portcullis_request_v1(bytes: number): number
  authzUser?(block: number): number
  authzOperation?(block: number): number
  queryQuota?(block: number): number
  dumpField?(block: number, field: number): number
}

export type Entry = 'authzUser' | 'authzOperation' | 'queryQuota'

const recordMagic = 0x52524350
const buildFolder = path.join(import.meta.dirname, '../../build')

export class PlainPolicy {
  readonly module: WebAssembly.Module

  constructor(bytes: Uint8Array) {
    this.module = new WebAssembly.Module(Uint8Array.from(bytes))
  }

  /** A policy of test/policies, as `npm run build:policies` left it. */
  static test(name: string): PlainPolicy {
    return new PlainPolicy(readFileSync(path.join(buildFolder, 'test-policies', `${name}.wasm`)))
  }

  /** Asks as the product does: an operation is allowed only if its user is allowed first. */
  ask(question: Question): Answer {
    const block = writeBlock(question)
    if (question.kind === 'quota') return this.call('queryQuota', block)
    const user = this.call('authzUser', block)
    if (question.kind === 'user' || user.outcome !== 'allow') return user
    return this.call('authzOperation', block)
  }

  /** Calls one exported function with one block. */
  call(entry: Entry, block: Uint8Array): Answer {
    return callOnce(this.instantiate(), entry, block)
  }

  /** Calls twice without a fresh state in between, as no host should. */
  callTwice(entry: Entry, block: Uint8Array): Answer[] {
    const exports = this.instantiate()
    return [callOnce(exports, entry, block), callOnce(exports, entry, block)]
  }

  /** Field number `field` as the policy `report` reads it, or `null` when it is absent. */
  dumpField(block: Uint8Array, field: number): string | null {
    const exports = this.instantiate()
    const address = exports.dumpField?.(placeBlock(exports, block), field)
    if (address === undefined) throw new Error('the policy exports no dumpField')
    return address === 0 ? null : readString(exports.memory, address >>> 0)
  }

  /** Where the policy wants a block of `bytes` bytes. */
  requestArea(bytes: number): number {
    return this.instantiate().portcullis_request_v1(bytes) >>> 0
  }

  private instantiate(): PolicyExports {
    const references: { memory?: WebAssembly.Memory } = {}
    const abort = (message: number, file: number, line: number, column: number): never => {
      const memory = references.memory as WebAssembly.Memory
      throw new Error(`${readString(memory, message)} (${readString(memory, file)}:${line}:${column})`)
    }
    const imports = { __proto__: null, env: { __proto__: null, abort } } as unknown as WebAssembly.Imports
    const instance = new WebAssembly.Instance(this.module, imports)
    const exports = instance.exports as unknown as PolicyExports
    references.memory = exports.memory
    return exports
  }
}

function callOnce(exports: PolicyExports, entry: Entry, block: Uint8Array): Answer {
  try {
    const run = exports[entry]
    if (run === undefined) return { outcome: 'no-answer', failure: `the policy exports no ${entry}` }
    const record = run(placeBlock(exports, block))
    return readRecord(exports.memory, record >>> 0)
  } catch (error) {
    return { outcome: 'no-answer', failure: error instanceof Error ? error.message : String(error) }
  }
}

function placeBlock(exports: PolicyExports, block: Uint8Array): number {
  const address = exports.portcullis_request_v1(block.length) >>> 0
  new Uint8Array(exports.memory.buffer).set(block, address)
  return address
}

function readRecord(memory: WebAssembly.Memory, address: number): Answer {
  const view = new DataView(memory.buffer, address, 32)
  if (view.getUint32(0, true) !== recordMagic) return { outcome: 'no-answer', failure: 'not a result record' }
  const text = readText(memory, view.getUint32(8, true), view.getUint32(12, true) * 2)
  switch (view.getUint16(4, true)) {
    case 1:
      return { outcome: 'allow', administrator: view.getUint16(6, true) === 1 }
    case 2:
      return { outcome: 'deny', reason: text }
    case 3:
      return { outcome: 'redirect', url: text }
    case 4:
      return {
        outcome: 'allow',
        quota: {
          concurrentShells: view.getUint32(16, true),
          concurrentOperations: view.getUint32(20, true),
          timeslotSeconds: view.getUint32(24, true),
          operationsPerTimeslot: view.getUint32(28, true),
        },
      }
    default:
      return { outcome: 'no-answer', failure: 'a record of an unknown kind' }
  }
}

/** A string of the SDK: its size in bytes stands in the word before it. */
function readString(memory: WebAssembly.Memory, address: number): string {
  if (address === 0) return ''
  return readText(memory, address, new DataView(memory.buffer).getUint32(address - 4, true))
}

function readText(memory: WebAssembly.Memory, address: number, bytes: number): string {
  return Buffer.from(memory.buffer, address, bytes).toString('utf16le')
}
