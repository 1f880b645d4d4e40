// Our monitoring servers sign in with client certificates of our own authority and read WMI; nothing else comes
// in.

import { Certificate, Decision, OperationRequest, UserRequest } from 'portcullis'

// SHA-1 thumbprints of the certificates that sign those of the clients. Two while one replaces the other.
const issuers = [
  '92 5a 8f 8d 2c 6d 04 e0 66 5f 59 6a ff 22 d8 63 e8 25 6f 3f', // Contoso Issuing CA 2, until 2027
  '1b 5f 0c 9e 7a 33 d4 61 82 e0 4f 5d b9 c7 16 28 aa 90 3e f4', // Contoso Issuing CA 3
]

const subjects = ['CN=monitor-1.contoso.example', 'CN=monitor-2.contoso.example']

const wmi = 'http://schemas.microsoft.com/wbem/wsman/1/wmi'

export function authzUser(user: UserRequest): Decision {
  // WinRM vouches for the texts of a certificate with this mechanism only.
  if (user.authenticationMechanism != 'ClientCertificate') {
    return Decision.deny('sign in with a client certificate')
  }
  const certificate = user.certificate
  if (certificate == null) return Decision.deny('the client certificate is missing')
  if (!isPinned(certificate)) return Decision.deny('the issuer of the client certificate is not pinned')
  const subject = certificate.subject
  if (subject == null || !subjects.includes(subject)) {
    return Decision.deny('this certificate is not for monitoring')
  }
  return Decision.allow()
}

export function authzOperation(request: OperationRequest): Decision {
  if (request.isRead && request.resource.isBelow(wmi)) return Decision.allow()
  return Decision.deny('monitoring may only read WMI')
}

function isPinned(certificate: Certificate): bool {
  for (let index = 0; index < issuers.length; index++) {
    if (certificate.isIssuedBy(issuers[index])) return true
  }
  return false
}
