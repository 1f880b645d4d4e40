// Throws with a message of 2,560 UTF-16 units that is not ASCII: 256 times the same ten units, the
// second and third of them a surrogate pair. The host reads no more than 512 units, and its cut falls inside
// such a pair.

import { Decision, OperationRequest, Quota, UserRequest } from 'portcullis'

const unitsOfMessage = '管\u{1F511}理者 Zoë '

export function authzUser(user: UserRequest): Decision {
  throw new Error(unitsOfMessage.repeat(256))
}

export function authzOperation(request: OperationRequest): Decision {
  throw new Error(unitsOfMessage.repeat(256))
}

export function queryQuota(user: UserRequest): Quota {
  throw new Error(unitsOfMessage.repeat(256))
}
