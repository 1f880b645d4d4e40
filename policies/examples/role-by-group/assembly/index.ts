// Who may do what on our endpoint, by group: administrators everything, the help desk PowerShell and reading
// WMI, suspended people nothing, everybody else nothing either.

import { Decision, OperationKind, OperationRequest, Quota, UserRequest } from 'portcullis'

const administrators = 'S-1-5-21-1004336348-1177238915-682003330-1601'
const helpdesk = 'S-1-5-21-1004336348-1177238915-682003330-1602'
const suspended = 'S-1-5-21-1004336348-1177238915-682003330-1666'

const powershell = 'http://schemas.microsoft.com/powershell/Microsoft.PowerShell'
const wmi = 'http://schemas.microsoft.com/wbem/wsman/1/wmi'

export function authzUser(user: UserRequest): Decision {
  if (user.mentionsGroup(suspended)) return Decision.deny('this account is suspended')
  if (user.inGroup(administrators)) return Decision.allowAsAdministrator()
  if (user.inGroup(helpdesk)) return Decision.allow()
  return Decision.deny('only administrators and the help desk work on this endpoint')
}

export function authzOperation(request: OperationRequest): Decision {
  if (request.user.inGroup(administrators)) return Decision.allow()

  const resource = request.resource
  if (resource.isExactly(powershell) && isShellWork(request.kind)) return Decision.allow()
  if (resource.isBelow(wmi) && request.isRead) return Decision.allow()
  return Decision.deny('the help desk may use PowerShell and read WMI, nothing else')
}

export function queryQuota(user: UserRequest): Quota {
  if (user.mentionsGroup(suspended)) return least()
  if (user.inGroup(administrators)) return new Quota(20, 100, 60, 1000)
  if (user.inGroup(helpdesk)) return new Quota(5, 20, 60, 200)
  return least()
}

// No limit may be zero.
function least(): Quota {
  return new Quota(1, 1, 60, 1)
}

// Everything that a PowerShell session sends, from opening the shell to closing it.
function isShellWork(kind: OperationKind): bool {
  switch (kind) {
    case OperationKind.Create:
    case OperationKind.Command:
    case OperationKind.Send:
    case OperationKind.Receive:
    case OperationKind.Signal:
    case OperationKind.Connect:
    case OperationKind.Disconnect:
    case OperationKind.Reconnect:
    case OperationKind.Delete:
      return true
    default:
      return false
  }
}
