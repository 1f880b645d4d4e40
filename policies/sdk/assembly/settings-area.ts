// Room for the settings block, which the host writes once before the first question. Its address is kept for
// as long as the policy lives.

/** A settings block has a header of 16 bytes, and at most 32 KiB in all. */
const settingsBytesMin: u32 = 16
const settingsBytesMax: u32 = 32768

/** Where the settings block is; 0 while there are no settings. */
export let settingsBlock: usize = 0

/** The address, aligned to 8, where the host writes a settings block of `size` bytes. */
export function settingsArea(size: u32): usize {
  if (size < settingsBytesMin || size > settingsBytesMax) {
    throw new Error('a settings block has 16 to 32768 bytes')
  }
  settingsBlock = heap.alloc(size)
  return settingsBlock
}
