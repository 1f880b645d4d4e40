// Answers by a hash of the question's texts, so that a test can work out the right answer by itself and see
// at once when an answer belongs to another question. H starts at 2166136261; each UTF-16 unit u does h = (h
// ^ u) * 16777619, and the end of each text counts as a unit of 0xFFFF. A user is allowed unless the low
// three bits of H(application, senderName) are zero; an operation needs the lowest bit of H over all four
// texts; the quota is the four bytes of the user's hash, each plus one. authzOperation looks at its own bit
// only, because the host asks authzUser as well.

import { Decision, OperationRequest, Quota, UserRequest } from 'portcullis'

const start: u32 = 2166136261
const prime: u32 = 16777619

export function authzUser(user: UserRequest): Decision {
  return (userHash(user) & 7) != 0 ? Decision.allow() : Decision.deny('the hash of the user ends in 0')
}

export function authzOperation(request: OperationRequest): Decision {
  const hash = mixed(mixed(userHash(request.user), request.action), request.resourceUri)
  return (hash & 1) != 0 ? Decision.allow() : Decision.deny('the hash of the operation is even')
}

export function queryQuota(user: UserRequest): Quota {
  const hash = userHash(user)
  return new Quota(1 + (hash & 0xff), 1 + ((hash >> 8) & 0xff), 1 + ((hash >> 16) & 0xff), 1 + (hash >> 24))
}

function userHash(user: UserRequest): u32 {
  return mixed(mixed(start, user.application), user.senderName)
}

function mixed(hash: u32, text: string): u32 {
  for (let index = 0; index < text.length; index++) hash = (hash ^ text.charCodeAt(index)) * prime
  return (hash ^ 0xffff) * prime
}
