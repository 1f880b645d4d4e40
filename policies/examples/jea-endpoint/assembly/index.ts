// Just enough administration: a table says which role may do what on which resource, and what is not in it is
// denied.

import { Decision, OperationKind, OperationRequest, Resource, UserRequest } from 'portcullis'

const dnsOperators = 'S-1-5-21-2857422465-1465058494-1690550294-1131'
const printOperators = 'S-1-5-21-2857422465-1465058494-1690550294-1132'
const viewers = 'S-1-5-21-2857422465-1465058494-1690550294-1133'

const read = bit(OperationKind.Get) | bit(OperationKind.Enumerate)
const remove = bit(OperationKind.Delete)
const session =
  bit(OperationKind.Create) |
  bit(OperationKind.Command) |
  bit(OperationKind.Send) |
  bit(OperationKind.Receive) |
  bit(OperationKind.Signal) |
  bit(OperationKind.Connect) |
  bit(OperationKind.Disconnect) |
  bit(OperationKind.Reconnect) |
  bit(OperationKind.Delete)

// The table.
function rights(): Right[] {
  return [
    Right.below(dnsOperators, read, 'http://schemas.microsoft.com/wbem/wsman/1/wmi/root/MicrosoftDNS'),
    Right.wmiClass(dnsOperators, remove, 'root/MicrosoftDNS/MicrosoftDNS_AType'),
    Right.wmiMethod(dnsOperators, 'root/MicrosoftDNS/MicrosoftDNS_AType', 'CreateInstanceFromPropertyData'),
    Right.wmiMethod(dnsOperators, 'root/MicrosoftDNS/MicrosoftDNS_AType', 'Modify'),
    Right.wmiMethod(dnsOperators, 'root/MicrosoftDNS/MicrosoftDNS_Cache', 'ClearCache'),

    Right.exactly(printOperators, session, 'http://schemas.microsoft.com/powershell/Fabrikam.PrintOperators'),
    Right.wmiClass(printOperators, read, 'root/cimv2/Win32_Printer'),
    Right.wmiClass(printOperators, read | remove, 'root/cimv2/Win32_PrintJob'),
    Right.wmiMethod(printOperators, 'root/cimv2/Win32_Printer', 'Pause'),
    Right.wmiMethod(printOperators, 'root/cimv2/Win32_Printer', 'Resume'),

    Right.wmiClass(viewers, read, 'root/cimv2/Win32_OperatingSystem'),
    Right.wmiClass(viewers, read, 'root/cimv2/Win32_Service'),
  ]
}

export function authzUser(user: UserRequest): Decision {
  if (user.inGroup(dnsOperators) || user.inGroup(printOperators) || user.inGroup(viewers)) {
    return Decision.allow()
  }
  return Decision.deny('this endpoint is for DNS operators, print operators and viewers')
}

export function authzOperation(request: OperationRequest): Decision {
  const kind = request.kind
  const resource = request.resource
  const wmiClass = wmiClassOf(resource)
  const table = rights()
  for (let index = 0; index < table.length; index++) {
    const right = table[index]
    if (!right.isFor(kind) || !right.covers(resource, wmiClass, request)) continue
    if (request.user.inGroup(right.group)) return Decision.allow()
  }
  return Decision.deny('none of your roles may do this here')
}

enum On {
  Exactly,
  Below,
  WmiClass,
  WmiMethod,
}

// One line of the table.
class Right {
  private constructor(
    readonly group: string,
    private readonly kinds: u32,
    private readonly on: On,
    /** A URI, or the namespace and the name of a class. */
    private readonly name: string,
    private readonly method: string = '',
  ) {}

  static exactly(group: string, kinds: u32, uri: string): Right {
    return new Right(group, kinds, On.Exactly, uri)
  }

  static below(group: string, kinds: u32, uri: string): Right {
    return new Right(group, kinds, On.Below, uri)
  }

  static wmiClass(group: string, kinds: u32, wmiClass: string): Right {
    return new Right(group, kinds, On.WmiClass, wmiClass)
  }

  // A method has a line of its own: whoever may invoke whatever a class has may often do everything.
  static wmiMethod(group: string, wmiClass: string, method: string): Right {
    return new Right(group, bit(OperationKind.Invoke), On.WmiMethod, wmiClass, method)
  }

  isFor(kind: OperationKind): bool {
    return (this.kinds & bit(kind)) != 0
  }

  covers(resource: Resource, wmiClass: string, request: OperationRequest): bool {
    if (this.on == On.Exactly) return resource.isExactly(this.name)
    if (this.on == On.Below) return resource.isBelow(this.name)
    if (wmiClass != this.name) return false
    // The action names the class once more, and the caller chooses it: it must be this class, and this method.
    return this.on == On.WmiClass || request.action == resource.path + '/' + this.method
  }
}

// Such as root/cimv2/Win32_Service; empty when the resource is none of WMI.
function wmiClassOf(resource: Resource): string {
  const namespace = resource.wmiNamespace
  const name = resource.wmiClass
  return namespace == null || name == null ? '' : namespace + '/' + name
}

function bit(kind: OperationKind): u32 {
  return 1 << kind
}
