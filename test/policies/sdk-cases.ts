// Calls one function of the SDK with arguments that the question brings along, so that a test can reach every
// one of them from outside. The sender's name chooses the case; its argument is the HTTP URL ("" when
// absent), and where there are two, the first is the authentication mechanism. Every other user is allowed.

import {
  Decision,
  equalsIgnoringCase,
  OperationRequest,
  Quota,
  startsWithIgnoringCase,
  UserRequest,
} from 'portcullis'

export function authzUser(user: UserRequest): Decision {
  const name = user.senderName
  const url = user.httpUrl
  const argument = url == null ? '' : url
  const mechanism = user.authenticationMechanism
  if (name == 'deny') return Decision.deny(argument)
  if (name == 'redirect') return Decision.redirect(argument)
  if (name == 'a denial made before two allows') return firstOfThree(argument)
  if (name == 'isUser') return yesOrNo(user.isUser(argument))
  if (name == 'inGroup') return yesOrNo(user.inGroup(argument))
  if (name == 'mentionsGroup') return yesOrNo(user.mentionsGroup(argument))
  if (name == 'userSid') return yesOrNo(user.userSid != null)
  if (name == 'enabledGroupSids') return Decision.deny(user.enabledGroupSids.join(' '))
  if (name == 'denyOnlyGroupSids') return Decision.deny(user.denyOnlyGroupSids.join(' '))
  if (name == 'equalsIgnoringCase') return yesOrNo(equalsIgnoringCase(mechanism, argument))
  if (name == 'startsWithIgnoringCase') return yesOrNo(startsWithIgnoringCase(mechanism, argument))
  return Decision.allow()
}

export function authzOperation(request: OperationRequest): Decision {
  return Decision.deny(`kind=${request.kind}, isRead=${request.isRead}, operation=${request.operation}`)
}

/** The four limits stand in the HTTP URL, separated by spaces. A second quota is made and thrown away. */
export function queryQuota(user: UserRequest): Quota {
  const url = user.httpUrl
  const limits = url == null ? ['0', '0', '0', '0'] : url.split(' ')
  const quota = new Quota(numberOf(limits[0]), numberOf(limits[1]), numberOf(limits[2]), numberOf(limits[3]))
  const other = new Quota(7, 7, 7, 7)
  return other.shells == 7 ? quota : other
}

function firstOfThree(reason: string): Decision {
  const denial = Decision.deny(reason)
  Decision.allow()
  Decision.allowAsAdministrator()
  return denial
}

function yesOrNo(yes: bool): Decision {
  return yes ? Decision.allow() : Decision.deny('no')
}

function numberOf(text: string): u32 {
  return U32.parseInt(text)
}
