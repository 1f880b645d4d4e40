// Says what it sees, so that a test can compare the SDK's reading of a block with the question it was made
// from. The decision functions deny with a dump that fits in 512 units: the numbers first, then `name=value`
// for each field that is present and the bare name for each that is absent, separated by `|`. dumpField gives
// one whole field of any length.

import { Decision, OperationRequest, QuestionKind, UserRequest } from 'portcullis'

const names: StaticArray<string> = [
  'userSid',
  'enabledGroups',
  'denyOnlyGroups',
  'application',
  'senderName',
  'authenticationMechanism',
  'certificateSubject',
  'certificateIssuerName',
  'certificateIssuerThumbprint',
  'certificateSubjectName',
  'httpUrl',
  'action',
  'resourceUri',
]

export function authzUser(user: UserRequest): Decision {
  return Decision.deny(dump(user))
}

export function authzOperation(request: OperationRequest): Decision {
  return Decision.deny(dump(request.user))
}

/**
 * The address of a copy of field number `field` of `block`, in the order of `names`: UTF-16 text whose size
 * in bytes stands in the word before it. SIDs are text joined by `;`. 0 when the field is absent.
 */
export function dumpField(block: usize, field: i32): usize {
  return changetype<usize>(fieldOf(changetype<UserRequest>(block), field))
}

function dump(user: UserRequest): string {
  const operation = operationOf(user).operation
  let text = `kind=${user.kind}|attempt=${user.attempt}|id=${user.questionId}|timeMs=${user.timeMs}`
  text += `|offset=${user.timeZoneOffsetMinutes}|token=${user.hasToken}|operation=${operation}`
  for (let field = 0; field < names.length; field++) {
    const value = fieldOf(user, field)
    text += '|' + names[field]
    if (value != null) text += '=' + value
  }
  return text
}

function fieldOf(user: UserRequest, field: i32): string | null {
  switch (field) {
    case 0: return user.userSid
    case 1: return user.hasToken ? joined(user.enabledGroupSids) : null
    case 2: return user.hasToken ? joined(user.denyOnlyGroupSids) : null
    case 3: return user.application
    case 4: return user.senderName
    case 5: return user.authenticationMechanism
    case 6: return user.certificateSubject
    case 7: return user.certificateIssuerName
    case 8: return user.certificateIssuerThumbprint
    case 9: return user.certificateSubjectName
    case 10: return user.httpUrl
    case 11: return isOperation(user) ? operationOf(user).action : null
    case 12: return isOperation(user) ? operationOf(user).resourceUri : null
    default: return null
  }
}

// Array#join makes a new text for each element when the compiler favours size: too much memory for a thousand
// SIDs.
function joined(sids: string[]): string {
  let units = sids.length - 1
  for (let index = 0; index < sids.length; index++) units += sids[index].length
  if (units < 0) return ''
  const start = heap.alloc(((<usize>units) + 1) << 1)
  let end = start
  for (let index = 0; index < sids.length; index++) {
    const bytes = (<usize>sids[index].length) << 1
    memory.copy(end, changetype<usize>(sids[index]), bytes)
    store<u16>(end + bytes, 0x3b) // ;
    end += bytes + 2
  }
  return String.UTF16.decodeUnsafe(start, (<usize>units) << 1)
}

function isOperation(user: UserRequest): bool {
  return user.kind == QuestionKind.Operation
}

function operationOf(user: UserRequest): OperationRequest {
  return changetype<OperationRequest>(changetype<usize>(user))
}
