// The one door to a policy's memory: nothing outside it is ever read.

import { describe, expect, it } from 'vitest'

import { GuestMemory } from '../../host/engine/guest-memory.ts'

describe('the memory of a policy', () => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 2 })
  const door = new GuestMemory(memory)
  const end = 65_536
  Buffer.from(memory.buffer).write('Zoë', end - 6, 'utf16le')

  it.each<[string, number, number, number]>([
    ['address 0', 0, 0, 1],
    ['address 0 with a size', 0, 32, 4],
    ['an odd address where 2 is asked for', 1025, 2, 2],
    ['an address aligned to 2 where 4 is asked for', 1026, 4, 4],
    ['an address aligned to 4 where 8 is asked for', 1028, 8, 8],
    ['the end with a size', end, 4, 4],
    ['what reaches one byte over the end', end - 28, 29, 4],
    ['an address over the end', end + 4, 0, 4],
    ['the last address', 0xffffffff, 1, 1],
    ['the last address as a policy returns it', -1, 1, 1],
    ['what wraps around to the beginning', 0xfffffff0, 32, 8],
    ['what wraps around, as a policy returns it', -16, 32, 8],
    ['the greatest size', 8, 0xffffffff, 4],
    ['a size over the end that is no 32-bit number', 8, 2 ** 32 + 8, 4],
    ['the middle of the address space', 0x80000000, 4, 4],
    ['the middle as a policy returns it', -0x80000000, 4, 4],
  ])('does not have %s', (_, address, size, alignment) => {
    expect(door.bytes(address, size, alignment)).toBeUndefined()
  })

  it.each([
    ['its first aligned word', 8, 8, 8],
    ['its last bytes', end - 32, 32, 4],
    ['all but its first bytes', 8, end - 8, 8],
    ['nothing at its end', end, 0, 4],
  ])('has %s', (_, address, size, alignment) => {
    expect(door.bytes(address, size, alignment)?.length).toBe(size)
  })

  it('has text up to its end and no further', () => {
    expect(door.text(end - 6, 3)).toBe('Zoë')
    expect(door.text(end - 6, 4)).toBeUndefined()
    expect(door.text(end - 5, 2)).toBeUndefined()
    expect(door.text(0, 3)).toBeUndefined()
  })

  it('has an empty text anywhere', () => {
    for (const address of [0, 1, end, -1]) expect(door.text(address, 0)).toBe('')
  })

  it('is larger once it has grown', () => {
    const growing = new WebAssembly.Memory({ initial: 1, maximum: 2 })
    const behind = new GuestMemory(growing)
    expect(behind.bytes(end, 8, 8)).toBeUndefined()
    growing.grow(1)
    expect(behind.bytes(end, 8, 8)).toHaveLength(8)
    expect(behind.bytes(2 * end, 8, 8)).toBeUndefined()
  })
})
