/**
 * Bounds the process that calls it, for good. Whoever starts a process for tenants' code has Node import a module first that calls
 * this, so that no such process can begin without it.
 */

import koffi from 'koffi'

import { PortcullisError } from '../errors.ts'
import { nativeLibrary } from '../paths.ts'

const native = koffi
  .load(nativeLibrary('portcullis_io'))
  .func('int pcio_limit_process(uint32_t processor_s, uint64_t data_bytes)')

/** So many seconds of processor time, so much memory beyond what it has now. Throws ERR_HOST_FAULT if it cannot be bounded. */
export function limitProcess(processorS: number, dataBytes: number): void {
  if (native(processorS, dataBytes) !== 0) {
    throw new PortcullisError('ERR_HOST_FAULT', "a process for tenants' code cannot be bounded")
  }
}
