// Calls itself without end. The addition after the call keeps the compiler from making a loop of it.

import { Decision, OperationRequest, UserRequest } from 'portcullis'

export function authzUser(user: UserRequest): Decision {
  return deeper(<u32>user.senderName.length) == 0 ? Decision.allow() : Decision.deny('the recursion ended')
}

export function authzOperation(request: OperationRequest): Decision {
  return deeper(request.operation) == 0 ? Decision.allow() : Decision.deny('the recursion ended')
}

function deeper(depth: u32): u32 {
  const below = deeper(depth + 1)
  return below * 31 + depth
}
