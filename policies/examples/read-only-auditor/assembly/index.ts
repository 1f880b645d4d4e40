// Auditors look at our machines through WMI and change nothing, and nobody else comes in here at all.

import { Decision, OperationRequest, UserRequest } from 'portcullis'

const auditors = 'S-1-5-21-2857422465-1465058494-1690550294-1105'

const wmi = 'http://schemas.microsoft.com/wbem/wsman/1/wmi'

export function authzUser(user: UserRequest): Decision {
  return user.inGroup(auditors) ? Decision.allow() : Decision.deny('only auditors come in here')
}

export function authzOperation(request: OperationRequest): Decision {
  if (!request.isRead) return Decision.deny('auditors may only read')
  if (!request.resource.isBelow(wmi)) return Decision.deny('auditors may read WMI only')
  return Decision.allow()
}
