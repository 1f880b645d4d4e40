// What no tenant can allow: the guard is asked before every tenant's own policy, and its denial is final. It
// names the few things that are never right on these machines and leaves the rest to the tenants.

import {
  Decision,
  equalsIgnoringCase,
  OperationRequest,
  Quota,
  Resource,
  startsWithIgnoringCase,
  UserRequest,
} from 'portcullis'

// Our own management interface, and the configuration of WinRM itself: whatever begins like this behind the
// scheme, in any case, even the name of another host. A guard may deny too much and must not deny too little.
const management = 'management.provider.example'
const winrmConfiguration = 'schemas.microsoft.com/wbem/wsman/1/config'

// Two readers of one URI may disagree on what these in its path stand for, so nothing that has them passes.
const ambiguous = ['/.', '//', '\\', '%', ':', '@']

export function authzUser(user: UserRequest): Decision {
  const sid = user.userSid
  if (sid == null) return Decision.deny('a Windows account is needed')
  if (isBuiltInAdministrator(sid)) return Decision.deny('the built-in Administrator does not work remotely')
  if (equalsIgnoringCase(user.authenticationMechanism.trim(), 'Basic') && !isHttps(user.httpUrl)) {
    return Decision.deny('Basic authentication needs https')
  }
  // Whether somebody is an administrator is for the tenant to say; both have to ask for it.
  return Decision.allowAsAdministrator()
}

export function authzOperation(request: OperationRequest): Decision {
  const uri = request.resourceUri.trim()
  const path = Resource.of(withoutScheme(uri)).path
  if (startsWithIgnoringCase(path, management) || startsWithIgnoringCase(path, winrmConfiguration)) {
    return Decision.deny("this resource is the provider's own")
  }
  if (uri.length < request.resourceUri.length || isAmbiguous(path)) {
    return Decision.deny('this resource can be read in more than one way')
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

function withoutScheme(uri: string): string {
  if (startsWithIgnoringCase(uri, 'http://')) return uri.substring(7)
  return startsWithIgnoringCase(uri, 'https://') ? uri.substring(8) : uri
}

function isAmbiguous(path: string): bool {
  for (let index = 0; index < ambiguous.length; index++) {
    if (path.includes(ambiguous[index])) return true
  }
  return false
}

// An absent URL is not known to be safe.
function isHttps(url: string | null): bool {
  return url != null && startsWithIgnoringCase(url, 'https://')
}
