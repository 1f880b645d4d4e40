/**
 * What an author can do about an error. The table of errors says what the host saw: bytes, records, i32. Somebody
 * who writes AssemblyScript knows functions and their types, and reads here which of them is probably wrong.
 */

import type { ErrorCode } from '../../errors.ts'

const hints: Partial<Record<ErrorCode, string>> = {
  ERR_MODULE_EXPORT:
    'a policy exports authzUser(user: UserRequest): Decision and authzOperation(request: OperationRequest): ' +
    'Decision, and may export queryQuota(user: UserRequest): Quota; compare names, parameters and return types',
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
