// Hands the questions of a test to the SDK's helpers: names, certificates, local time, resources. The
// application chooses the helper and the authentication mechanism is its argument, so that the sender's name,
// the certificate, the time and the resource stay free for what is looked at. Texts come back in the reason,
// separated by `|`, absent ones as `null`; yes is an allow. Every other user is allowed.

import { Decision, OperationRequest, Principal, Resource, UserRequest } from 'portcullis'

export function authzUser(user: UserRequest): Decision {
  const helper = user.application
  const argument = user.authenticationMechanism
  if (helper == 'principal') return principal(user.principal)
  if (helper == 'isSame') return yesOrNo(user.principal.isSame(Principal.parse(argument)))
  if (helper == 'certificate') return certificate(user)
  if (helper == 'isIssuedBy') return isIssuedBy(user, argument)
  if (helper == 'localTime') return localTime(user)
  if (helper == 'isBetween') return isBetween(user, argument)
  if (helper == 'isWeekday') return isWeekday(user, argument)
  return Decision.allow()
}

export function authzOperation(request: OperationRequest): Decision {
  const helper = request.user.application
  const argument = request.user.authenticationMechanism
  if (helper == 'isExactly') return yesOrNo(request.resource.isExactly(argument))
  if (helper == 'isBelow') return yesOrNo(request.resource.isBelow(argument))
  const resource = Resource.of(request.resourceUri)
  const parts = [resource.path, shown(resource.query), shown(resource.wmiNamespace), shown(resource.wmiClass)]
  return Decision.deny(parts.join('|'))
}

function principal(principal: Principal): Decision {
  return Decision.deny(`${<i32>principal.kind}|${principal.domain}|${principal.name}`)
}

function certificate(user: UserRequest): Decision {
  const certificate = user.certificate
  if (certificate == null) return Decision.deny('no certificate')
  const parts = [
    shown(certificate.subject),
    shown(certificate.issuerName),
    shown(certificate.issuerThumbprint),
    shown(certificate.subjectName),
  ]
  return Decision.deny(parts.join('|'))
}

function isIssuedBy(user: UserRequest, thumbprint: string): Decision {
  const certificate = user.certificate
  return yesOrNo(certificate != null && certificate.isIssuedBy(thumbprint))
}

function localTime(user: UserRequest): Decision {
  const time = user.localTime
  const numbers: i32[] = [
    time.year,
    time.month,
    time.day,
    time.hour,
    time.minute,
    time.second,
    time.weekday,
    time.minuteOfDay,
  ]
  return Decision.deny(numbers.join(' '))
}

/** The argument: four numbers, separated by spaces. */
function isBetween(user: UserRequest, argument: string): Decision {
  const numbers = argument.split(' ')
  const from = user.localTime
  return yesOrNo(from.isBetween(i32of(numbers[0]), i32of(numbers[1]), i32of(numbers[2]), i32of(numbers[3])))
}

/** The argument: two numbers, separated by a space. */
function isWeekday(user: UserRequest, argument: string): Decision {
  const numbers = argument.split(' ')
  return yesOrNo(user.localTime.isWeekday(i32of(numbers[0]), i32of(numbers[1])))
}

function i32of(text: string): i32 {
  return I32.parseInt(text)
}

function shown(text: string | null): string {
  return text == null ? 'null' : text
}

function yesOrNo(yes: bool): Decision {
  return yes ? Decision.allow() : Decision.deny('no')
}
