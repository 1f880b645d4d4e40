/**
 * Bounds the process that it is loaded into, before a step of admission has read a byte of what a tenant
 * sent. A module of its own, so that no step can begin without it: whoever starts a step has Node import this
 * first.
 */

import koffi from 'koffi'

import { PortcullisError } from '../errors.ts'
import { admissionDataBytesMax, admissionProcessorSMax } from '../limits.ts'
import { nativeLibrary } from '../paths.ts'

const limitProcess = koffi
  .load(nativeLibrary('portcullis_io'))
  .func('int pcio_limit_process(uint32_t processor_s, uint64_t data_bytes)')

if (limitProcess(admissionProcessorSMax, admissionDataBytesMax) !== 0) {
  throw new PortcullisError('ERR_HOST_FAULT', 'a step of admission cannot be bounded')
}
