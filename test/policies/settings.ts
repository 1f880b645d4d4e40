// Tells what it reads in its settings: the sender's name is a request such as "list admins", and the answer is
// the reason of a denial. "contains admins ada" allows or denies.

import { Decision, OperationRequest, Settings, UserRequest } from 'portcullis'

export function authzUser(user: UserRequest): Decision {
  const words = user.senderName.split(' ')
  const key = words[1]
  if (words[0] == 'list') return Decision.deny(Settings.list(key).join('|'))
  if (words[0] == 'has') return Decision.deny(Settings.has(key) ? 'yes' : 'no')
  if (words[0] == 'contains') return Settings.contains(key, words[2]) ? Decision.allow() : Decision.deny('')
  const first = Settings.first(key)
  return Decision.deny(first == null ? 'none' : 'first: ' + first)
}

export function authzOperation(request: OperationRequest): Decision {
  return Decision.allow()
}
