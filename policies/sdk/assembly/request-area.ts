// Room for the request block that the host is about to write. It is taken from the heap for each call, so
// that a small question leaves the first page of memory to the policy.

import { blockBytesMax, blockBytesMin } from './block'

/** The address, aligned to 8, where the host writes a request block of `size` bytes. */
export function requestArea(size: u32): usize {
  if (size < blockBytesMin || size > blockBytesMax) throw new Error('a request block has 160 to 49152 bytes')
  return heap.alloc(size)
}
