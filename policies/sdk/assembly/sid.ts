// Security identifiers: from the text that an author writes to the bytes that Windows compares, and back. A
// SID in bytes is revision 1, a count of 0 to 15 sub-authorities, six bytes of authority (big-endian), then
// one little-endian word for each sub-authority. An author's text is parsed once for each call into one
// static place, and lists are searched where they stand in the block, so asking about a group allocates
// nothing.

import { hexDigit } from './block'

const subAuthoritiesMax = 15

/** The longest SID in bytes: 8 + 4 * 15. */
const parsed = memory.data(68, 4)

/** The longest SID as text: `S-1-`, `0x` and 12 digits, then 15 times a dash and 10 digits; 183 units. */
const written = memory.data(368, 2)

const dash = 45

/** The size in bytes of the SID that stands at `sid`. */
export function sidBytes(sid: usize): usize {
  return 8 + ((<usize>load<u8>(sid, 1)) << 2)
}

/** Whether one of the SIDs that fill `bytes` bytes from `list` on equals the SID at `wanted`. */
export function listHolds(list: usize, bytes: usize, wanted: usize): bool {
  const wantedBytes = sidBytes(wanted)
  const end = list + bytes
  while (list < end) {
    const eachBytes = sidBytes(list)
    if (eachBytes == wantedBytes && sameWords(list, wanted, eachBytes)) return true
    list += eachBytes
  }
  return false
}

/** The SIDs that fill `bytes` bytes from `list` on, as text. */
export function listTexts(list: usize, bytes: usize): string[] {
  const texts = new Array<string>()
  const end = list + bytes
  while (list < end) {
    texts.push(formatSid(list))
    list += sidBytes(list)
  }
  return texts
}

/**
 * Parses the SID of a rule; see `readSid`. Text that is not a SID ends the question without an answer: a rule
 * about a group that cannot exist is a mistake of its author.
 */
export function parseSid(text: string): usize {
  const sid = readSid(text)
  if (sid == 0) throw new Error('"' + text + '" is not a SID; one looks like S-1-5-32-544')
  return sid
}

/**
 * Parses a SID as Windows writes it and returns the address of its bytes, which stay until the next call, or
 * 0 when the text is not a SID.
 */
export function readSid(text: string): usize {
  if (!text.startsWith('S-1-')) return 0
  // The authority is decimal, or hexadecimal with 0x when it needs more than 32 bits.
  const hexadecimal = text.startsWith('0x', 4)
  let base: u64 = hexadecimal ? 16 : 10
  let bound: u64 = hexadecimal ? 0xffff_ffff_ffff : u32.MAX_VALUE
  let count = -1
  let value: u64 = 0
  let digits = 0
  for (let index = hexadecimal ? 6 : 4; index <= text.length; index++) {
    const unit = index < text.length ? text.charCodeAt(index) : dash
    if (unit == dash) {
      if (digits == 0 || count == subAuthoritiesMax) return 0
      if (count < 0) storeAuthority(value)
      else store<u32>(parsed + 8 + ((<usize>count) << 2), <u32>value)
      count++
      value = 0
      digits = 0
      base = 10
      bound = u32.MAX_VALUE
    } else {
      const digit = digitOf(unit)
      if (digit >= base) return 0
      value = value * base + digit
      if (value > bound) return 0
      digits++
    }
  }
  store<u8>(parsed, 1)
  store<u8>(parsed, <u8>count, 1)
  return parsed
}

/** The SID at `sid` as Windows writes it. */
export function formatSid(sid: usize): string {
  store<u64>(written, 0x002d_0031_002d_0053) // S-1-
  let end = written + 8
  const authority = ((<u64>bswap(load<u16>(sid, 2))) << 32) | (<u64>bswap(load<u32>(sid, 4)))
  if (authority > u32.MAX_VALUE) {
    store<u32>(end, 0x0078_0030) // 0x
    end += 4
    for (let shift = 44; shift >= 0; shift -= 4) {
      store<u16>(end, hexDigit(<u32>(authority >> shift) & 15))
      end += 2
    }
  } else {
    end = writeDecimal(end, <u32>authority)
  }
  const limit = sid + sidBytes(sid)
  for (let word = sid + 8; word < limit; word += 4) {
    store<u16>(end, dash)
    end = writeDecimal(end + 2, load<u32>(word))
  }
  return String.UTF16.decodeUnsafe(written, end - written)
}

// The groups of one domain differ in their last word only, so the comparison starts there.
function sameWords(left: usize, right: usize, bytes: usize): bool {
  for (let end = bytes; end > 0; end -= 4) {
    if (load<u32>(left + end - 4) != load<u32>(right + end - 4)) return false
  }
  return true
}

function storeAuthority(value: u64): void {
  store<u16>(parsed, bswap(<u16>(value >> 32)), 2)
  store<u32>(parsed, bswap(<u32>value), 4)
}

/** The value of a digit of base 16, or a number over every base. */
export function digitOf(unit: i32): u64 {
  if (unit >= 48 && unit <= 57) return unit - 48
  const letter = unit | 32
  return letter >= 97 && letter <= 102 ? letter - 87 : u64.MAX_VALUE
}

/** Writes `value` from `start` on and returns where the text ends. */
function writeDecimal(start: usize, value: u32): usize {
  let digits: usize = 1
  for (let rest = value; rest >= 10; rest /= 10) digits++
  const end = start + (digits << 1)
  for (let place = end; place > start; value /= 10) {
    place -= 2
    store<u16>(place, 48 + (value % 10))
  }
  return end
}
