// Lies in its result record. The number at the end of the sender's name ("liar 14") chooses how; what a host
// makes of it stands in the right column, as far as the reference page states it. A number that is not in the
// table is a plain allow. queryQuota reads the same numbers.
//
// | Number | authzUser and authzOperation return                                   | The host says |
// |-------:|-----------------------------------------------------------------------|---------------|
// |      0 | a correct allow                                                       | allow         |
// |      1 | address 0, where no record is                                         | no answer     |
// |      2 | an address over the end of memory                                     | no answer     |
// |      3 | the last 32 bytes of the address space, whose end wraps to 0          | no answer     |
// |      4 | an allow whose last 16 bytes would lie over the end of memory         | no answer     |
// |      5 | a correct allow at an odd address                                     | no answer     |
// |      6 | a correct allow at an address aligned to 2 only                       | no answer     |
// |      7 | the request block itself as the record                                | no answer     |
// |      8 | kind 0                                                                | no answer     |
// |      9 | kind 5                                                                | no answer     |
// |     10 | a correct quota, which is no decision                                 | no answer     |
// |     11 | an allow with bit 1 of the flags                                      | no answer     |
// |     12 | an allow with bit 15 of the flags                                     | no answer     |
// |     13 | a denial with the administrator bit                                   | no answer     |
// |     14 | a denial with 513 units of text                                       | no answer     |
// |     15 | a denial whose text begins over the end of memory                     | no answer     |
// |     16 | a denial whose text ends over the end of memory                       | no answer     |
// |     17 | a denial whose text wraps around the end of the address space         | no answer     |
// |     18 | a denial whose text has an odd address                                | no answer     |
// |     19 | a denial with a text of 5 units at address 0                          | no answer     |
// |     20 | a denial with a text of 2^32 - 1 units                                | no answer     |
// |     21 | a denial with a text of 2^31 units, whose size in bytes wraps to 0    | no answer     |
// |     22 | a denial with a quota word that is not zero                           | no answer     |
// |     23 | a redirect without a text                                             | not allow     |
// |     24 | a redirect with 513 units of text                                     | no answer     |
// |     25 | an allow with a text                                                  | (not stated)  |
// |     26 | a denial whose text is the record itself                              | deny          |
// |     27 | a denial whose text is the beginning of the request block             | deny          |
// |     28 | a denial with an empty text that has an address                       | deny          |
// |     29 | an allow in the last 32 bytes of memory                               | allow         |
//
// | Number | queryQuota returns                                                    | The host says |
// |-------:|-----------------------------------------------------------------------|---------------|
// |  40-43 | a quota whose first, second, third, fourth word is zero               | no answer     |
// |     44 | a quota with a flag                                                   | no answer     |
// |     45 | a quota with a text                                                   | (not stated)  |
// |     46 | an allow, which is no quota                                           | no answer     |
// | others | the quota 1, 2, 3, 4                                                  | that quota    |

import { OperationRequest, UserRequest } from 'portcullis'

const magic: u32 = 0x52524350
const allow: u16 = 1
const deny: u16 = 2
const redirect: u16 = 3
const quota: u16 = 4

/** A text of 600 units; a denial that is to be believed uses the first few. */
const text = memory.data(1200, 2)

export function authzUser(user: UserRequest): usize {
  return decisionOf(changetype<usize>(user), numberAtEnd(user.senderName))
}

export function authzOperation(request: OperationRequest): usize {
  return decisionOf(changetype<usize>(request), numberAtEnd(request.user.senderName))
}

export function queryQuota(user: UserRequest): usize {
  const number = numberAtEnd(user.senderName)
  if (number == 46) return record(allow, 0, 0, 0)
  const address = record(quota, number == 44 ? 1 : 0, number == 45 ? text : 0, number == 45 ? 5 : 0)
  for (let word = 0; word < 4; word++) {
    store<u32>(address + 16 + ((<usize>word) << 2), number == 40 + word ? 0 : 1 + word)
  }
  return address
}

function decisionOf(block: usize, number: i32): usize {
  const memoryEnd = (<usize>memory.size()) << 16
  switch (number) {
    case 1: return 0
    case 2: return memoryEnd + 65536
    case 3: return 0xffff_ffe0
    case 4: return allowAt(memoryEnd - 16, 16)
    case 5: return allowAt(heap.alloc(64) + 1, 32)
    case 6: return allowAt(heap.alloc(64) + 2, 32)
    case 7: return block
    case 8: return record(0, 0, 0, 0)
    case 9: return record(5, 0, 0, 0)
    case 10: return quotaRecord()
    case 11: return record(allow, 2, 0, 0)
    case 12: return record(allow, 0x8000, 0, 0)
    case 13: return record(deny, 1, text, 5)
    case 14: return record(deny, 0, text, 513)
    case 15: return record(deny, 0, memoryEnd + 65536, 5)
    case 16: return record(deny, 0, memoryEnd - 8, 5)
    case 17: return record(deny, 0, 0xffff_fffe, 512)
    case 18: return record(deny, 0, text + 1, 5)
    case 19: return record(deny, 0, 0, 5)
    case 20: return record(deny, 0, text, 0xffff_ffff)
    case 21: return record(deny, 0, text, 0x8000_0000)
    case 22: return withQuotaWord(record(deny, 0, text, 5))
    case 23: return record(redirect, 0, 0, 0)
    case 24: return record(redirect, 0, text, 513)
    case 25: return record(allow, 0, text, 5)
    case 26: return aboutItself(record(deny, 0, 0, 16))
    case 27: return record(deny, 0, block, 80)
    case 28: return record(deny, 0, text, 0)
    case 29: return allowAt(memoryEnd - 32, 32)
    default: return record(allow, 0, 0, 0)
  }
}

function record(kind: u16, flags: u16, textAddress: usize, textLength: u32): usize {
  memory.fill(text, 0x61, 1200)
  const address = heap.alloc(32)
  memory.fill(address, 0, 32)
  store<u32>(address, magic)
  store<u16>(address, kind, 4)
  store<u16>(address, flags, 6)
  store<u32>(address, <u32>textAddress, 8)
  store<u32>(address, textLength, 12)
  return address
}

/** A correct allow, of which only the first `bytes` bytes are written at `address`. */
function allowAt(address: usize, bytes: usize): usize {
  memory.copy(address, record(allow, 0, 0, 0), bytes)
  return address
}

function quotaRecord(): usize {
  const address = record(quota, 0, 0, 0)
  for (let offset: usize = 16; offset < 32; offset += 4) store<u32>(address + offset, 10)
  return address
}

function withQuotaWord(address: usize): usize {
  store<u32>(address, 1, 28)
  return address
}

function aboutItself(address: usize): usize {
  store<u32>(address, <u32>address, 8)
  return address
}

/** The decimal number that the name ends with; 0 when it ends with none. */
function numberAtEnd(name: string): i32 {
  let number = 0
  let place = 1
  for (let index = name.length - 1; index >= 0; index--) {
    const digit = name.charCodeAt(index) - 48
    if (digit < 0 || digit > 9) break
    number += digit * place
    place *= 10
  }
  return number
}
