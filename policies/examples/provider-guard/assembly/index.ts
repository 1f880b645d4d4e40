// What no tenant can allow: the guard is asked before every tenant's own policy, and its denial is final. It
// names the few things that are never right on these machines and leaves the rest to the tenants.

import {
  Decision,
  equalsIgnoringCase,
  OperationRequest,
  Quota,
  startsWithIgnoringCase,
  UserRequest,
} from 'portcullis'

// Our own management interface, and the configuration of WinRM itself. Denials cover every spelling of a URI.
const management = 'http://management.provider.example/'
const winrmConfiguration = 'http://schemas.microsoft.com/wbem/wsman/1/config'

export function authzUser(user: UserRequest): Decision {
  const sid = user.userSid
  if (sid == null) return Decision.deny('a Windows account is needed')
  if (isBuiltInAdministrator(sid)) return Decision.deny('the built-in Administrator does not work remotely')
  if (equalsIgnoringCase(user.authenticationMechanism, 'Basic') && !isHttps(user.httpUrl)) {
    return Decision.deny('Basic authentication needs https')
  }
  // Whether somebody is an administrator is for the tenant to say; both have to ask for it.
  return Decision.allowAsAdministrator()
}

export function authzOperation(request: OperationRequest): Decision {
  const resource = request.resourceUri
  if (startsWithIgnoringCase(resource, management) || startsWithIgnoringCase(resource, winrmConfiguration)) {
    return Decision.deny("this resource is the provider's own")
  }
  return Decision.allow()
}

export function queryQuota(user: UserRequest): Quota {
  return new Quota(25, 150, 60, 3000)
}

// Every machine and every domain has one, under any name: its SID ends in 500.
function isBuiltInAdministrator(sid: string): bool {
  return sid.startsWith('S-1-5-21-') && sid.endsWith('-500')
}

// An absent URL is not known to be safe.
function isHttps(url: string | null): bool {
  return url != null && startsWithIgnoringCase(url, 'https://')
}
