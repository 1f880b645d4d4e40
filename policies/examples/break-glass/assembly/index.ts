// Administrators come in at any time, and one emergency account while the settings open it, for some hours.

import { Decision, equalsIgnoringCase, OperationRequest, Settings, UserRequest } from 'portcullis'

const administrators = 'S-1-5-21-1004336348-1177238915-682003330-1601'
const emergencyAccount = 'S-1-5-21-2127521184-1604012920-1887927527-1003'
const mechanisms = ['Negotiate', 'Kerberos']
const hoursMax = 12

// Reading a line takes a twentieth of the fuel of a decision: more than this would run out of it halfway.
const openingsMax = 10

export function authzUser(user: UserRequest): Decision {
  // Asked first, so that no membership lets the emergency account in.
  if (user.isUser(emergencyAccount)) return breakGlass(user)
  if (user.inGroup(administrators)) return Decision.allowAsAdministrator()
  return Decision.deny('only administrators come in here')
}

// The user is asked about again before each operation: once its time is over, the emergency account can do
// nothing more.
export function authzOperation(request: OperationRequest): Decision {
  return Decision.allow()
}

function breakGlass(user: UserRequest): Decision {
  const mechanism = user.authenticationMechanism
  if (!isAccepted(mechanism)) {
    return Decision.deny('the emergency account signs in with Negotiate or Kerberos, not with "' + mechanism + '"')
  }
  if (isOpen(user.timeMs)) return Decision.allowAsAdministrator()
  return Decision.deny(
    'the emergency account is closed; to open it for up to 12 hours, add to the setting "break-glass": "' +
      emergencyAccount +
      ' from 2025-03-15T20:00Z until 2025-03-16T04:00Z", and have a second person approve that',
  )
}

// Looks at all openings, also after one that holds: one that is not well-formed ends the question.
function isOpen(timeMs: i64): bool {
  const openings = Settings.list('break-glass')
  if (openings.length > openingsMax) {
    throw new Error(
      `break-glass has ${openings.length} lines, at most ${openingsMax} are read; take out those that are over`,
    )
  }
  let open = false
  for (let index = 0; index < openings.length; index++) {
    if (covers(openings[index], timeMs)) open = true
  }
  return open
}

function covers(opening: string, timeMs: i64): bool {
  const words = opening.split(' ')
  if (words.length != 5 || words[1] != 'from' || words[3] != 'until') {
    throw new Error(wrong(opening, 'is not SID from TIME until TIME'))
  }
  if (words[0] != emergencyAccount) throw new Error(wrong(opening, 'does not name the emergency account'))
  const from = timeOf(words[2])
  const until = timeOf(words[4])
  if (until <= from) throw new Error(wrong(opening, 'ends before it begins'))
  if (until - from > hoursMax * 3600000) throw new Error(wrong(opening, 'is for more than 12 hours'))
  return from <= timeMs && timeMs < until
}

function wrong(text: string, what: string): string {
  return 'break-glass: "' + text + '" ' + what
}

function isAccepted(mechanism: string): bool {
  for (let index = 0; index < mechanisms.length; index++) {
    if (equalsIgnoringCase(mechanism, mechanisms[index])) return true
  }
  return false
}

// Exactly as 2025-03-15T20:00Z. What has another form, or is no date (the 30th of February), is not the same
// when it is written back.
function timeOf(text: string): i64 {
  const ms = Date.UTC(
    i32.parse(text.substring(0, 4)),
    i32.parse(text.substring(5, 7)) - 1,
    i32.parse(text.substring(8, 10)),
    i32.parse(text.substring(11, 13)),
    i32.parse(text.substring(14, 16)),
  )
  if (new Date(ms).toISOString() != text.replace('Z', ':00.000Z')) {
    throw new Error(wrong(text, 'is not a time such as 2025-03-15T20:00Z'))
  }
  return ms
}
