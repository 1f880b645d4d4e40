// Never answers: authzUser loops for ever when the sender's name contains "endless", authzOperation when the
// action does. Every other question is allowed.

import { Decision, OperationRequest, UserRequest } from 'portcullis'

export function authzUser(user: UserRequest): Decision {
  if (user.senderName.includes('endless')) loopForEver()
  return Decision.allow()
}

export function authzOperation(request: OperationRequest): Decision {
  if (request.action.includes('endless')) loopForEver()
  return Decision.allow()
}

function loopForEver(): void {
  while (true) {}
}
