// Ends every question in a trap: the instruction `unreachable`, which carries no message.

import { Decision, OperationRequest, Quota, UserRequest } from 'portcullis'

export function authzUser(user: UserRequest): Decision {
  unreachable()
  return Decision.allow()
}

export function authzOperation(request: OperationRequest): Decision {
  unreachable()
  return Decision.allow()
}

export function queryQuota(user: UserRequest): Quota {
  unreachable()
  return new Quota(1, 1, 1, 1)
}
