// What a call leaves behind that ended badly, or that took what belongs to the next: traces before a trap, frames that nobody
// gave back, fuel, settings. A policy may end as it likes; the next question does not notice.

import type { ErrorCode } from '../../../host/errors.ts'
import { deny, type Hostile, harmless, stopped } from '../hostile.ts'
import { allowed, at, denied, functionText, inAll, place, policy, repeat, spending } from '../prelude.ts'
import { down } from './recursion.ts'

const END = 65_536

/** The user question leaves a trace in memory and in a global, and ends badly; a quota is asked for next. */
function endingBadly(name: string, cheats: string, end: string, code: ErrorCode, more = ''): Hostile {
  const leave = `(i32.store ${at(place.text)} ${at(1)}) (global.set $kept ${at(1)}) (drop (memory.grow ${at(1)}))`
  const look = `(i32.or (i32.load ${at(place.text)}) (global.get $kept)) (i32.ne (memory.size) ${at(1)}) i32.or`
  return {
    name: `state-${name}`,
    cheats,
    bytes: policy(`(import "env" "abort" (func $abort (param i32 i32 i32 i32))) ${more}
      (global $kept (mut i32) ${at(0)})
      ${functionText('authzUser', `${leave} ${end}`)}
      ${functionText('queryQuota', `${look} (if (then unreachable)) ${at(place.quota)}`)}`),
    must: stopped(code, 'user'),
  }
}
/** Uses the stack to the last frame, so that only a whole stack is enough. */
const whole = `(call $down ${at(510)})`

/** Goes deep and ends badly there; the quota question needs the whole stack again. */
function deep(name: string, cheats: string, end: string, code: ErrorCode): Hostile {
  return {
    name: `state-${name}`,
    cheats,
    bytes: policy(`(import "env" "abort" (func $abort (param i32 i32 i32 i32))) ${down()}
      (func $dive (param $left i32)
        (if (local.get $left) (then (call $dive (i32.sub (local.get $left) ${at(1)}))) (else ${end})))
      ${functionText('authzUser', `(call $dive ${at(400)}) ${allowed}`)}
      ${functionText('queryQuota', `${whole} ${at(place.quota)}`)}`),
    must: stopped(code, 'user'),
  }
}

export const stateAfter: readonly Hostile[] = [
  endingBadly('before-a-trap', 'leaves traces and traps', 'unreachable', 'ERR_POLICY_TRAP'),
  endingBadly(
    'before-no-fuel',
    'leaves traces and uses up its fuel',
    '(loop $again (br $again)) unreachable',
    'ERR_POLICY_FUEL',
  ),
  endingBadly(
    'before-no-stack',
    'leaves traces and uses up its stack',
    `(call $down ${at(600)}) ${allowed}`,
    'ERR_POLICY_STACK',
    down(),
  ),
  endingBadly('before-a-lie', 'leaves traces and returns no record', at(1), 'ERR_POLICY_RESULT'),
  endingBadly(
    'before-an-abort',
    'leaves traces and aborts',
    `(call $abort ${repeat(4, at(0))}) ${allowed}`,
    'ERR_POLICY_ABORT',
  ),
  deep('deep-trap', 'traps 400 frames deep, which gives back none of them', 'unreachable', 'ERR_POLICY_TRAP'),
  deep('deep-abort', 'aborts 400 frames deep', `(call $abort ${repeat(4, at(0))})`, 'ERR_POLICY_ABORT'),
  deep('deep-no-fuel', 'uses up its fuel 400 frames deep', '(loop $again (br $again))', 'ERR_POLICY_FUEL'),
  deep('deep-no-stack', 'uses up its stack', '(call $dive (i32.const -1))', 'ERR_POLICY_STACK'),
  {
    name: 'state-fuel-shared',
    cheats: 'spends nearly all fuel on the user, and hopes for as much for the operation',
    bytes: policy(`${functionText('authzUser', `${spending(90_000)} ${allowed}`)}
      ${functionText('authzOperation', `${spending(90_000)} ${allowed}`)}`),
    must: stopped('ERR_POLICY_FUEL', 'operation'),
    entry: 'authzOperation',
  },
  {
    name: 'state-fuel-of-the-last-decision',
    cheats: 'spends nearly all fuel in every decision; what is left of one must not be all of the next',
    bytes: inAll((answer) => `${spending(48_000)} ${answer}`),
    must: harmless(),
  },
  {
    name: 'state-settings-spoilt',
    cheats: 'overwrites its settings, and traps when they are not what they were',
    bytes: policy(`
      ${functionText('portcullis_settings_v1', at(END - 1024))}
      ${functionText(
        'authzUser',
        `(if (i32.ne (i32.load ${at(END - 1024)}) (i32.const 0x53524350)) (then unreachable))
        (memory.fill ${at(END - 1024)} ${at(0)} ${at(1024)}) ${denied}`,
      )}`),
    must: harmless({ user: deny(''), operation: deny('') }),
    settings: { administrators: ['ada', 'hugo'] },
  },
  {
    name: 'state-answer-of-the-last',
    cheats: 'writes a record that allows in one question, and returns its address in another',
    bytes: policy(`
      ${functionText('authzUser', `(memory.copy ${at(2048)} ${allowed} ${at(32)}) ${allowed}`)}
      ${functionText('authzOperation', at(2048))}`),
    must: stopped('ERR_POLICY_RESULT', 'operation'),
    entry: 'authzOperation',
  },
]
