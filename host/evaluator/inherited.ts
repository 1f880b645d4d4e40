/**
 * What an evaluator inherits, as portcullis_io takes it: on Linux a descriptor, on Windows the handle behind it, which Node's own
 * table of descriptors knows and no other library of the process can.
 */

import koffi from 'koffi'

export function inheritedHandle(descriptor: number): number {
  if (process.platform !== 'win32') return descriptor
  return koffi.load(process.execPath).func('intptr_t uv_get_osfhandle(int descriptor)')(descriptor)
}
