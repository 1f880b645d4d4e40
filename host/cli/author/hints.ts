/**
 * What an author can do about an error. The table of errors says what the host saw: bytes, records, i32. Somebody
 * who writes AssemblyScript knows functions and their types, and reads here which of them is probably wrong.
 */

import type { ErrorCode } from '../../errors.ts'
import { memoryPagesMax } from '../../limits.ts'

const PAGE_BYTES = 65_536

const hints: Partial<Record<ErrorCode, string>> = {
  ERR_MODULE_EXPORT:
    'a policy exports authzUser(user: UserRequest): Decision and authzOperation(request: OperationRequest): ' +
    'Decision, and may export queryQuota(user: UserRequest): Quota; compare names, parameters and return types',
  ERR_MODULE_IMPORT:
    'a policy has no clock, no chance, no console and no input but its question: the time is in user.timeMs and ' +
    'user.localTime, what you want to see put into the reason of a denial, or ask "portcullis explain"',
  ERR_POLICY_RESULT:
    'authzUser and authzOperation must be declared to return a Decision, and queryQuota a Quota; ' +
    'the compiler accepts bool, string and other types, and the host takes none of them for an answer',
  ERR_POLICY_FUEL:
    'look for a loop that does not end, or for work that is done again for each of many groups',
  ERR_POLICY_STACK: 'look for a function that calls itself without an end',
}

/** Where what is particular to the case says more than the code does. */
const particular: readonly (readonly [ErrorCode, RegExp, string])[] = [
  [
    'ERR_MODULE_EXPORT',
    /"portcullis_request_v1"/,
    'asconfig.json must extend "portcullis/asconfig.json", which exports what a host needs',
  ],
  [
    'ERR_POLICY_RESULT',
    /returned "redirect"/,
    'authzOperation may only allow or deny; a redirect belongs into authzUser',
  ],
  [
    'ERR_POLICY_ABORT',
    /^ \(/,
    "a text that is thrown by itself is lost; write throw new Error('...'), and the detail has it",
  ],
]

export function hintFor(code: ErrorCode, detail = ''): string | undefined {
  const found = particular.find(([of, words]) => of === code && words.test(detail))
  return found?.[2] ?? hints[code]
}

/** AssemblyScript traps when it gets no more memory, as it does for other things; it asks for as much again as it has. */
export function memoryHint(code: ErrorCode, memoryBytes: number): string | undefined {
  if (code !== 'ERR_POLICY_TRAP' || memoryBytes < (memoryPagesMax / 2) * PAGE_BYTES) return undefined
  return (
    `its memory had grown to ${memoryBytes / PAGE_BYTES} of ${memoryPagesMax} pages, and what needs more traps; ` +
    'build texts once: a policy has 1 MiB, and nothing is given back during a call'
  )
}
