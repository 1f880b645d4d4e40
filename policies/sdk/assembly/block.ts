// Where everything stands in a request block, and how one field is read from it. The layout is version 1 of
// the request block; the host has checked every offset and size before a policy sees the block, so nothing is
// checked again here. Each read copies: a policy that needs a text twice keeps it in a constant.

/** A block is at least its own header. */
export const blockBytesMin: u32 = 160

/** The bound on a block, the same in the plug-in and in the host: 48 KiB. */
export const blockBytesMax: u32 = 49152

export const kindOffset: usize = 12
export const attemptOffset: usize = 14
export const questionIdOffset: usize = 16
export const timeMsOffset: usize = 32
export const timeZoneOffsetMinutesOffset: usize = 40
export const flagsOffset: usize = 44
export const operationOffset: usize = 48

/** Bit 0 of the flags: the question carries a token. */
export const hasTokenFlag: u32 = 1

// From here on each field is a pair of words: an offset from the start of the block, then a size in bytes
// (SIDs) or a length in UTF-16 units (text). The pair (0, 0) means absent; an empty field has an offset.
export const userSidField: usize = 56
export const enabledGroupsField: usize = 64
export const denyOnlyGroupsField: usize = 72
export const applicationField: usize = 80
export const senderNameField: usize = 88
export const authenticationMechanismField: usize = 96
export const certificateSubjectField: usize = 104
export const certificateIssuerNameField: usize = 112
export const certificateIssuerThumbprintField: usize = 120
export const certificateSubjectNameField: usize = 128
export const httpUrlField: usize = 136
export const actionField: usize = 144
export const resourceUriField: usize = 152

/** Where the bytes of `field` begin in memory. */
export function addressOf(block: usize, field: usize): usize {
  return block + load<u32>(block + field)
}

/** The second word of `field`: bytes for SIDs, UTF-16 units for text. */
export function lengthOf(block: usize, field: usize): u32 {
  return load<u32>(block + field, 4)
}

/** A copy of a text that is always present. */
export function textOf(block: usize, field: usize): string {
  return String.UTF16.decodeUnsafe(addressOf(block, field), (<usize>lengthOf(block, field)) << 1)
}

/** A copy of a text, or `null` when the field is absent. */
export function optionalTextOf(block: usize, field: usize): string | null {
  return load<u32>(block + field) == 0 ? null : textOf(block, field)
}

/** `count` bytes at `address`, at most 16, as lower-case hexadecimal digits in the order of the bytes. */
export function hexOf(address: usize, count: usize): string {
  const units = memory.data(64, 2)
  for (let index: usize = 0; index < count; index++) {
    const byte = load<u8>(address + index)
    store<u16>(units + (index << 2), hexDigit(byte >> 4))
    store<u16>(units + (index << 2), hexDigit(byte & 15), 2)
  }
  return String.UTF16.decodeUnsafe(units, count << 2)
}

/** The UTF-16 unit of one hexadecimal digit, lower case. */
export function hexDigit(value: u32): u16 {
  return <u16>(value < 10 ? 48 + value : 87 + value)
}
