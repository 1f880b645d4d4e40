// Answers what the sender's name tells it, so that a test can have any honest answer from one tenant:
//
// | The name begins with | authzUser                          | authzOperation                              |
// |----------------------|------------------------------------|---------------------------------------------|
// | administrator        | allows as administrator            | allows                                      |
// | redirect URL         | redirects to the URL               | redirects to the URL                        |
// | deny TEXT            | denies with the text               | denies with the text                        |
// | look                 | allows                             | denies with kind, number, action, resource  |
// | one                  | allows                             | allows the resource below and no other      |
// | anything else        | allows                             | allows                                      |
//
// queryQuota gives the four numbers at the end of "quota 1 2 3 4", and 1, 1, 1, 1 to any other name.

import { Decision, OperationRequest, Quota, UserRequest } from 'portcullis'

const resource = 'http://schemas.microsoft.com/powershell/Contoso.Endpoint'

export function authzUser(user: UserRequest): Decision {
  const name = user.senderName
  if (name.startsWith('administrator')) return Decision.allowAsAdministrator()
  if (name.startsWith('redirect ')) return Decision.redirect(name.substring(9))
  if (name.startsWith('deny ')) return Decision.deny(name.substring(5))
  return Decision.allow()
}

export function authzOperation(request: OperationRequest): Decision {
  const name = request.user.senderName
  if (name.startsWith('redirect ')) return Decision.redirect(name.substring(9))
  if (name.startsWith('deny ')) return Decision.deny(name.substring(5))
  if (name.startsWith('look')) {
    return Decision.deny(`${request.kind}|${request.operation}|${request.action}|${request.resourceUri}`)
  }
  if (name.startsWith('one') && request.resourceUri != resource) return Decision.deny('another resource')
  return Decision.allow()
}

export function queryQuota(user: UserRequest): Quota {
  const words = user.senderName.split(' ')
  if (words[0] != 'quota') return new Quota(1, 1, 1, 1)
  return new Quota(number(words[1]), number(words[2]), number(words[3]), number(words[4]))
}

/** Of as many digits as a word of 32 bits has. */
function number(text: string): u32 {
  return <u32>U64.parseInt(text)
}
