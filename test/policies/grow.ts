// Allocates until memory is at its declared maximum, which ends in the runtime's own trap, whatever is
// asked.

import { Decision, OperationRequest, UserRequest } from 'portcullis'

export function authzUser(user: UserRequest): Decision {
  return allocateForEver()
}

export function authzOperation(request: OperationRequest): Decision {
  return allocateForEver()
}

function allocateForEver(): Decision {
  while (true) store<u8>(heap.alloc(60000), 1)
}
