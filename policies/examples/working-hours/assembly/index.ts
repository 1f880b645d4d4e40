// Staff work here during working hours, which are those of the tenant's own clock; whoever is on call comes in
// at any hour.

import { Decision, LocalTime, OperationRequest, UserRequest, Weekday } from 'portcullis'

const staff = 'S-1-5-21-1004336348-1177238915-682003330-1610'
const onCall = 'S-1-5-21-1004336348-1177238915-682003330-1611'

export function authzUser(user: UserRequest): Decision {
  if (user.inGroup(onCall)) return Decision.allow()
  if (!user.inGroup(staff)) return Decision.deny('only staff and those on call work on this endpoint')
  if (isWorkingTime(user.localTime)) return Decision.allow()
  return Decision.deny('it is outside working hours, Monday to Friday from 08:00 to 18:00; ask those on call')
}

// Whoever comes in may do everything. The user is asked about again before each operation.
export function authzOperation(request: OperationRequest): Decision {
  return Decision.allow()
}

function isWorkingTime(time: LocalTime): bool {
  return time.isWeekday(Weekday.Monday, Weekday.Friday) && time.isBetween(8, 0, 18, 0)
}
