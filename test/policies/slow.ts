// Spins for some 10 to 40 milliseconds of processor time when the sender's name contains "slow", then allows;
// every other question is allowed at once. The spinning costs about two hundred million units of fuel, so a
// host that is to see it end must be given more fuel than usual.

import { Decision, OperationRequest, UserRequest } from 'portcullis'

const rounds = 8000000

export function authzUser(user: UserRequest): Decision {
  if (user.senderName.includes('slow') && spin() == 0) return Decision.deny('the generator reached zero')
  return Decision.allow()
}

export function authzOperation(request: OperationRequest): Decision {
  return Decision.allow()
}

// An xorshift generator: each round needs the one before, and it never reaches zero.
function spin(): u64 {
  let state: u64 = 88172645463325252
  for (let round = 0; round < rounds; round++) {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
  }
  return state
}
