// Remembers whatever a module can remember and allows only while it remembers nothing: a global that counts
// calls, a byte at the very end of the first memory, and the size of memory (it grows by a page when the
// sender's name contains "grow"). A host that starts each call from the same fresh state gets an allow every
// time.

import { Decision, OperationRequest, UserRequest } from 'portcullis'

const pagesAtStart = memory.size()
const lastByte: usize = ((<usize>pagesAtStart) << 16) - 1

let calls = 0

export function authzUser(user: UserRequest): Decision {
  return answer(user.senderName.includes('grow'))
}

export function authzOperation(request: OperationRequest): Decision {
  return answer(request.user.senderName.includes('grow'))
}

function answer(grows: bool): Decision {
  const callsBefore = calls++
  const byteBefore = load<u8>(lastByte)
  const pagesBefore = memory.size()
  store<u8>(lastByte, 0xa5)
  if (grows) memory.grow(1)

  if (callsBefore != 0) return Decision.deny('a global survived the last call')
  if (byteBefore != 0) return Decision.deny('a byte of memory survived the last call')
  if (pagesBefore != pagesAtStart) return Decision.deny('the size of memory survived the last call')
  return Decision.allow()
}
