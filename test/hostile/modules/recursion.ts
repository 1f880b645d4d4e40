// Functions inside functions inside functions. The stack that they use up is the engine's own, so it has to end at a number
// that depends on the module alone, long before the engine's: with frames that are small, large, or look smaller than they are.

import { type Hostile, harmless, stopped } from '../hostile.ts'
import { allowed, at, functionText, inUser, policy, repeat, start } from '../prelude.ts'

const inUsers = stopped('ERR_POLICY_STACK', 'user')

/** A function that calls itself so often as its parameter says; with more locals its frame is larger. */
export function down(locals = ''): string {
  return `(func $down (param $left i32) ${locals}
    (if (local.get $left) (then (call $down (i32.sub (local.get $left) ${at(1)})))))`
}

/** `authzUser` has one frame itself; of the smallest frames so many fit above it. */
const deepest = 511
const downBy = (frames: number) => `(call $down ${at(frames - 1)})`

/** An `authzUser` that calls itself, with whatever it says it has. */
function itself(locals: string, body = '(call $self (local.get $given))'): () => Uint8Array<ArrayBuffer> {
  return policy(`(func $self (export "authzUser") (param $given i32) (result i32) ${locals} ${body})`)
}

const manyParameters = repeat(128, 'i64')
const manyZeros = repeat(128, '(i64.const 0)')

export const recursion: readonly Hostile[] = [
  { name: 'recursion-direct', cheats: 'calls itself for ever', bytes: itself(''), must: inUsers },
  {
    name: 'recursion-mutual',
    cheats: 'calls a function that calls it back',
    bytes: policy(`
      (func $ping (export "authzUser") (param i32) (result i32) (call $pong (local.get 0)))
      (func $pong (param i32) (result i32) (call $ping (local.get 0)))`),
    must: inUsers,
  },
  {
    name: 'recursion-indirect',
    cheats: 'calls itself through the table',
    bytes: policy(`(type $policy (func (param i32) (result i32)))
      (table 1 funcref) (elem (i32.const 0) $self)
      (func $self (export "authzUser") (type $policy)
        (call_indirect (type $policy) (local.get 0) ${at(0)}))`),
    must: inUsers,
  },
  {
    name: 'recursion-through-the-interface',
    cheats: 'asks itself where it wants a block, which asks itself who may come in',
    bytes: policy(`
      (func $user (export "authzUser") (param i32) (result i32) (call $request (local.get 0)))
      (func $request (export "portcullis_request_v1") (param i32) (result i32) (call $user (local.get 0)))`),
    must: stopped('ERR_POLICY_STACK', 'every question'),
  },
  {
    name: 'recursion-with-1000-locals',
    cheats: 'calls itself with a frame of 1,000 locals, 8 KB each time',
    bytes: itself(`(local ${repeat(999, 'i64')})`),
    must: inUsers,
  },
  {
    name: 'recursion-with-float-locals',
    cheats: 'calls itself with 900 floating-point locals, all of them alive across the call',
    bytes: itself(
      `(local ${repeat(900, 'f64')})`,
      `${repeat(900, (index) => `(local.set ${index + 1} (f64.reinterpret_i64 (i64.const ${index})))`)}
       (i64.extend_i32_u (call $self (local.get $given)))
       ${repeat(900, (index) => `(i64.reinterpret_f64 (local.get ${index + 1})) i64.xor`)}
       i32.wrap_i64`,
    ),
    must: inUsers,
  },
  {
    name: 'recursion-with-128-parameters',
    cheats: 'calls itself with 128 parameters, which go over the stack a second time',
    bytes: inUser(
      `(call $wide ${manyZeros}) ${allowed}`,
      `(func $wide (param ${manyParameters}) (call $wide ${manyZeros}))`,
    ),
    must: inUsers,
  },
  {
    name: 'recursion-with-operands',
    cheats: 'calls itself with 20,000 operands waiting below the call, and not one local',
    bytes: itself('', `${repeat(20_000, at(0))} (call $self ${at(0)}) ${repeat(20_000, 'i32.add')}`),
    must: inUsers,
  },
  {
    name: 'recursion-narrow-and-wide',
    cheats: 'takes turns between the smallest frame and one of 1,000 slots',
    bytes: policy(`
      (func $narrow (export "authzUser") (param i32) (result i32) (call $wide (local.get 0)))
      (func $wide (param i32) (result i32) (local ${repeat(990, 'i64')}) (call $narrow (local.get 0)))`),
    must: inUsers,
  },
  {
    name: 'recursion-in-nested-blocks',
    cheats: 'calls itself from 200 blocks deep, each of which keeps an operand',
    bytes: itself(
      '',
      `${repeat(200, `${at(0)} (block (result i32)`)} (call $self ${at(0)}) ${repeat(200, ') i32.add')}`,
    ),
    must: inUsers,
  },
  {
    name: 'recursion-as-last-act',
    cheats: 'calls itself as the last thing it does, in the hope that no frame is kept',
    bytes: itself('', '(return (call $self (local.get $given)))'),
    must: inUsers,
  },
  {
    name: 'recursion-under-a-condition',
    cheats: 'calls itself in one arm of an if; without the arm it would look like a leaf',
    bytes: itself('', `(if (result i32) ${at(1)} (then (call $self (local.get $given))) (else ${allowed}))`),
    must: inUsers,
  },
  {
    name: 'recursion-tree',
    cheats: 'calls itself twice in each of 300 levels: never deep, but 2^300 calls',
    bytes: inUser(
      `(call $tree ${at(300)}) ${allowed}`,
      `(func $tree (param $left i32)
        (if (local.get $left) (then
          (call $tree (i32.sub (local.get $left) ${at(1)}))
          (call $tree (i32.sub (local.get $left) ${at(1)})))))`,
    ),
    must: stopped('ERR_POLICY_FUEL', 'user'),
  },
  {
    name: 'recursion-to-the-last-frame',
    cheats: 'goes exactly as deep as it may: the engine must have as much stack as the host says',
    bytes: inUser(`${downBy(deepest)} ${allowed}`, down()),
    must: harmless(),
  },
  {
    name: 'recursion-one-frame-too-deep',
    cheats: 'goes one frame deeper than it may',
    bytes: inUser(`${downBy(deepest + 1)} ${allowed}`, down()),
    must: inUsers,
  },
  {
    name: 'recursion-to-the-last-slot',
    cheats: 'fills the whole stack with 32 frames of 1,000 locals',
    // (64 + 32 * 1,011) is 352 slots less than there are; one frame more does not fit.
    bytes: inUser(`${downBy(32)} ${allowed}`, down(`(local ${repeat(999, 'i64')})`)),
    must: harmless(),
  },
  {
    name: 'recursion-one-wide-frame-too-many',
    cheats: 'asks for a 33rd frame of 1,000 locals',
    bytes: inUser(`${downBy(33)} ${allowed}`, down(`(local ${repeat(999, 'i64')})`)),
    must: inUsers,
  },
  {
    name: 'recursion-gives-back-twice',
    cheats: 'leaves a function in every way there is, in the hope that its frame is given back twice',
    bytes: inUser(
      `(local $round i32)
      (loop $again
        (call $leave (i32.and (local.get $round) ${at(3)}))
        (local.set $round (i32.add (local.get $round) ${at(1)}))
        (br_if $again (i32.lt_u (local.get $round) ${at(8000)})))
      ${downBy(deepest + 1)} ${allowed}`,
      `${down()} (func $nothing)
      (func $leave (param $how i32)
        (call $nothing)
        (block $third (block $second (block $first
          (br_table $first $second $third 3 (local.get $how)))
          (return)) (loop (block (br 3))))
        (block (block (br_table 0 1 2 2 (local.get $how)))))`,
    ),
    must: inUsers,
  },
  {
    name: 'recursion-keeps-frames',
    cheats: 'returns early 8,000 times; a host that forgot to give frames back would call it recursion',
    bytes: inUser(
      `(local $round i32)
      (loop $again
        (call $leave)
        (local.set $round (i32.add (local.get $round) ${at(1)}))
        (br_if $again (i32.lt_u (local.get $round) ${at(8000)})))
      ${downBy(deepest)} ${allowed}`,
      `${down()} (func $nothing) (func $leave (call $nothing) (block (loop (if ${at(1)} (then (return))))))`,
    ),
    must: harmless(),
  },
  {
    name: 'recursion-ends-in-a-leaf',
    cheats: 'goes to the last frame and calls a function there that calls nothing and is not counted',
    bytes: inUser(
      `(call $chain ${at(deepest - 1)}) ${allowed}`,
      `(func $leaf (param i32) (result i32) (local ${repeat(50, 'i64')}) (local.get 0))
      (func $chain (param $left i32)
        (drop (call $leaf (local.get $left)))
        (if (local.get $left) (then (call $chain (i32.sub (local.get $left) ${at(1)})))))`,
    ),
    must: harmless(),
  },
  {
    name: 'recursion-in-operation',
    cheats: 'allows the user and recurses when it is asked about the operation',
    bytes: policy(
      '(func $self (export "authzOperation") (param i32) (result i32) (call $self (local.get 0)))',
    ),
    must: stopped('ERR_POLICY_STACK', 'operation'),
    entry: 'authzOperation',
  },
  {
    name: 'recursion-in-start',
    cheats: 'recurses in its start function',
    bytes: policy(start('(call $start)')),
    must: stopped('ERR_POLICY_STACK', 'start'),
  },
  {
    name: 'recursion-over-the-end-in-quota',
    cheats: 'writes a quota, recurses over the end, and hopes that what it wrote is read all the same',
    bytes: policy(`(func $self (param i32) (result i32) (call $self (local.get 0)))
      ${functionText('queryQuota', `(i32.store offset=16 ${at(576)} ${at(-1)}) (call $self ${at(576)})`)}`),
    must: stopped('ERR_POLICY_STACK', 'quota'),
    entry: 'queryQuota',
  },
]
