// Memory: as much of it as can be had, when nobody looks, and again with every call. A policy has 16 pages and not one more,
// whatever it declares, and what it has grown by is gone before the next question. Bulk operations move what is there, for
// what that costs.

import { type Hostile, harmless, refused, stopped } from '../hostile.ts'
import { allowed, at, denied, functionText, inAll, inUser, place, policy, start } from '../prelude.ts'

const PAGE = 65_536
const unbounded = '(memory (export "memory") 1)'
const whole = '(memory (export "memory") 16)'
const fuelInUser = stopped('ERR_POLICY_FUEL', 'user')
const trapInUser = stopped('ERR_POLICY_TRAP', 'user')

/** Denies if growing by so many pages succeeds. */
const mustNotGrow = (pages: number) =>
  `(if (i32.ne (memory.grow ${at(pages)}) ${at(-1)}) (then (return ${denied})))`

/** Writes one byte to each page of all there is. */
const touchAll = `(local.set $address ${at(0)})
  (loop $next
    (i32.store8 offset=8 (local.get $address) ${at(1)})
    (local.set $address (i32.add (local.get $address) (i32.const ${PAGE})))
    (br_if $next (i32.lt_u (local.get $address) (i32.mul (memory.size) (i32.const ${PAGE})))))`

/** Everything over and over; `operation` takes where, what and how much. */
const overAndOver = (operation: string) => `(loop $again (${operation}) (br $again)) unreachable`

export const growth: readonly Hostile[] = [
  {
    name: 'growth-to-the-maximum',
    cheats: 'takes all pages there are and writes to each',
    bytes: inUser(`(local $address i32) (drop (memory.grow ${at(15)})) ${touchAll} ${allowed}`, unbounded),
    must: harmless(),
  },
  {
    name: 'growth-beyond',
    cheats: 'declares no maximum and asks for a 17th page',
    bytes: inUser(`(drop (memory.grow ${at(15)})) ${mustNotGrow(1)} ${allowed}`, unbounded),
    must: harmless(),
  },
  {
    name: 'growth-to-four-gigabytes',
    cheats: 'declares 65,536 pages, asks for them all, and writes to each that it gets',
    bytes: inUser(
      `(local $address i32) (local $left i32)
      (if (i32.ne (memory.grow ${at(65_535)}) ${at(-1)}) (then
        (local.set $left ${at(65_535)})
        (loop $next
          (local.set $address (i32.add (local.get $address) (i32.const ${PAGE})))
          (memory.fill (local.get $address) ${at(1)} (i32.const ${PAGE}))
          (local.set $left (i32.sub (local.get $left) ${at(1)}))
          (br_if $next (local.get $left)))
        (return ${denied})))
      ${allowed}`,
      '(memory (export "memory") 1 65536)',
    ),
    must: harmless(),
  },
  {
    name: 'growth-page-by-page',
    cheats: 'grows by one page until it gets no more, with a write to each, and then asks on',
    bytes: inUser(
      `(local $address i32)
      (loop $again
        (if (i32.ne (memory.grow ${at(1)}) ${at(-1)})
          (then ${touchAll}))
        (br $again))
      unreachable`,
      unbounded,
    ),
    must: fuelInUser,
  },
  {
    name: 'growth-backwards',
    cheats: 'grows by minus one page',
    bytes: inUser(
      `${mustNotGrow(-1)} (if (i32.ne (memory.size) ${at(1)}) (then (return ${denied}))) ${allowed}`,
    ),
    must: harmless(),
  },
  {
    name: 'growth-over-the-sum',
    cheats: 'grows by 2^32 - 1 pages, so that a sum in 32 bits is what there was',
    bytes: inUser(`(drop (memory.grow ${at(1)})) ${mustNotGrow(-2)} ${mustNotGrow(-1)} ${allowed}`),
    must: harmless(),
  },
  {
    name: 'growth-remembered',
    cheats: 'denies once memory is larger than it began, and makes it so in every call',
    bytes: inAll(
      (answer) => `(if (i32.ne (memory.size) ${at(1)}) (then unreachable))
        (drop (memory.grow ${at(1)})) ${answer}`,
      unbounded,
    ),
    must: harmless(),
  },
  {
    name: 'growth-in-start',
    cheats: 'takes all pages in its start function, so that every new guest costs a megabyte',
    bytes: policy(
      `${unbounded} ${start(`(local $address i32) (drop (memory.grow ${at(15)})) ${touchAll}`)}
      ${functionText('authzUser', `(if (i32.ne (memory.size) ${at(16)}) (then unreachable)) ${allowed}`)}`,
    ),
    must: harmless(),
  },
  {
    name: 'growth-beyond-in-start',
    cheats: 'asks for a 17th page in its start function and traps if it does not get it',
    bytes: policy(
      `${unbounded} ${start(`(if (i32.eq (memory.grow ${at(16)}) ${at(-1)}) (then unreachable))`)}`,
    ),
    must: stopped('ERR_POLICY_START', 'start'),
  },
  {
    name: 'growth-in-request',
    cheats: 'wants its block in a page that did not exist when it was asked',
    bytes: policy(
      `${unbounded}
      ${functionText('portcullis_request_v1', `(i32.mul (memory.grow ${at(1)}) (i32.const ${PAGE}))`)}
      ${functionText('authzUser', `(if (i32.ne (i32.load (i32.const ${PAGE})) (i32.const 0x42524350)) (then unreachable)) ${allowed}`)}`,
    ),
    must: harmless(),
  },
  {
    name: 'growth-under-the-record',
    cheats: 'answers from the last bytes of a page that it has only just made',
    bytes: inUser(
      `(drop (memory.grow ${at(1)}))
      (memory.copy (i32.const ${2 * PAGE - 32}) ${allowed} ${at(32)})
      (i32.const ${2 * PAGE - 32})`,
    ),
    must: harmless(),
  },
  {
    name: 'growth-in-settings',
    cheats: 'grows when it is asked where it wants its settings, and wants them there',
    bytes: policy(
      `${unbounded}
      ${functionText('portcullis_settings_v1', `(i32.mul (memory.grow ${at(1)}) (i32.const ${PAGE}))`)}
      ${functionText(
        'authzUser',
        `(if (i32.ne (i32.load (i32.const ${PAGE})) (i32.const 0x53524350)) (then unreachable))
        (drop (memory.grow ${at(1)})) (i32.store (i32.const ${PAGE}) ${at(0)}) ${allowed}`,
      )}`,
    ),
    must: harmless(),
    settings: { administrators: ['ada'] },
  },
  {
    name: 'growth-declared-to-begin',
    cheats: 'begins with 17 pages',
    bytes: policy('(memory (export "memory") 17)'),
    must: refused('ERR_MODULE_MEMORY'),
  },
  {
    name: 'growth-of-all-memory-to-begin',
    cheats: 'begins with 65,536 pages, four gigabytes',
    bytes: policy('(memory (export "memory") 65536)'),
    must: refused('ERR_MODULE_MEMORY'),
  },
  {
    name: 'growth-from-nothing',
    cheats: 'begins with no page at all, and with data for one',
    bytes: policy('(memory (export "memory") 0)'),
    must: stopped('ERR_POLICY_START', 'start'),
  },
  {
    name: 'bulk-fill-of-everything',
    cheats: 'fills 1 MiB over and over',
    bytes: inUser(overAndOver(`memory.fill ${at(0)} ${at(255)} (i32.const ${16 * PAGE})`), whole),
    must: fuelInUser,
  },
  {
    name: 'bulk-copy-of-everything',
    cheats: 'copies nearly 1 MiB onto itself, a byte further on, over and over',
    bytes: inUser(overAndOver(`memory.copy ${at(1)} ${at(0)} (i32.const ${16 * PAGE - 1})`), whole),
    must: fuelInUser,
  },
  {
    name: 'bulk-fill-of-the-address-space',
    cheats: 'fills 4 GiB - 1 bytes: what that costs must not wrap around to little',
    bytes: inUser(`(memory.fill ${at(0)} ${at(1)} ${at(-1)}) ${allowed}`),
    must: fuelInUser,
  },
  {
    name: 'bulk-copy-of-the-address-space',
    cheats: 'copies 2 GiB, a length that is negative to some',
    bytes: inUser(`(memory.copy ${at(0)} ${at(0)} (i32.const 0x80000000)) ${allowed}`),
    must: fuelInUser,
  },
  {
    name: 'bulk-fill-over-the-end',
    cheats: 'fills over the end of memory, for an engine that fills first and looks then',
    bytes: inUser(`(memory.fill (i32.const ${PAGE - 64}) ${at(255)} ${at(65)}) ${allowed}`),
    must: trapInUser,
  },
  {
    name: 'bulk-copy-from-over-the-end',
    cheats: 'copies from behind the end of memory, where the next tenant may be',
    bytes: inUser(`(memory.copy ${at(place.text)} (i32.const ${PAGE - 8}) ${at(64)}) ${allowed}`),
    must: trapInUser,
  },
  {
    name: 'bulk-copy-from-the-last-address',
    cheats: 'copies from address 2^32 - 16, so that the end of the range is address 16',
    bytes: inUser(`(memory.copy ${at(place.text)} ${at(-16)} ${at(32)}) ${allowed}`),
    must: trapInUser,
  },
  {
    name: 'bulk-nothing-far-away',
    cheats: 'fills no bytes at the last address there is',
    bytes: inUser(`(memory.fill ${at(-1)} ${at(0)} ${at(0)}) ${allowed}`),
    must: trapInUser,
  },
  {
    name: 'bulk-wipes-everything',
    cheats: 'wipes its whole memory, its own record and block with it, and claims that it allowed',
    bytes: inUser(`(memory.fill ${at(0)} ${at(255)} (i32.const ${PAGE})) ${allowed}`),
    must: stopped('ERR_POLICY_RESULT', 'user'),
  },
]
