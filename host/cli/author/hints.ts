/**
 * What an author can do about an error. The table of errors says what the host saw: bytes, records, i32. Somebody
 * who writes AssemblyScript knows functions and their types, and reads here which of them is probably wrong.
 */

import type { ErrorCode } from '../../errors.ts'

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

export function hintFor(code: ErrorCode): string | undefined {
  return hints[code]
}

/** Where the compiler's own words name what is wrong, and not what to write in its place. */
const compilerHints: readonly (readonly [RegExp, string])[] = [
  [
    /Not implemented: Closures/,
    'a function inside a function cannot use the variables around it; write a loop, or pass what it needs as arguments',
  ],
  [
    /Not implemented: Exceptions/,
    'nothing can be caught; ask first (user.hasToken before user.inGroup), and what still throws is no answer',
  ],
  [
    /Not implemented: Regular expressions/,
    'compare with ==, startsWith or the functions of request.resource and user.principal',
  ],
  [
    /\| null' is not assignable to type/,
    'this may be null, which the compiler follows in variables only: "const url = user.httpUrl", then "if (url != null)"',
  ],
  [
    /Type '(?:bool|~lib\/string\/String|void)' is not assignable to type '[^']*\/Decision'/,
    'write "return Decision.allow()" or "return Decision.deny(reason)"',
  ],
]

/** For what the compiler printed. */
export function compilerHintsFor(printed: string): string[] {
  return compilerHints.filter(([words]) => words.test(printed)).map(([, hint]) => hint)
}
