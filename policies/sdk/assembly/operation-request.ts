// One operation as an author sees it: another view of the same request block as the user who asks.

import { actionField, operationOffset, resourceUriField, textOf } from './block'
import { OperationKind, operationKindOf } from './operation-kind'
import { Resource } from './resource'
import { UserRequest } from './user-request'

/**
 * One operation on one resource. `authzOperation` gets it after `authzUser` has allowed the user who asks.
 *
 * ```ts
 * export function authzOperation(request: OperationRequest): Decision {
 *   return request.isRead ? Decision.allow() : Decision.deny('read only')
 * }
 * ```
 */
@unmanaged
export class OperationRequest {
  private constructor() {}

  /**
   * Who asks.
   *
   * ```ts
   * if (request.user.inGroup(administrators)) return Decision.allow()
   * ```
   */
  get user(): UserRequest {
    return changetype<UserRequest>(changetype<usize>(this))
  }

  /**
   * WinRM's operation number as it came. Its values are not published: decide by `kind` or `action`.
   *
   * ```ts
   * const number = request.operation
   * ```
   */
  get operation(): u32 {
    return load<u32>(changetype<usize>(this), operationOffset)
  }

  /**
   * The action URI as it came. Never empty. For an `Invoke` it is chosen by the caller and the resource.
   *
   * ```ts
   * if (request.action == resource + '/StopService') return Decision.deny('services stay up')
   * ```
   */
  get action(): string {
    return textOf(changetype<usize>(this), actionField)
  }

  /**
   * The resource URI as it came. Never empty, and may be longer than the one in the endpoint's configuration,
   * which matches by prefix.
   *
   * ```ts
   * const shell = 'http://schemas.microsoft.com/powershell/Microsoft.PowerShell'
   * if (request.resourceUri == shell) return Decision.allow()
   * ```
   */
  get resourceUri(): string {
    return textOf(changetype<usize>(this), resourceUriField)
  }

  /**
   * `resourceUri` taken apart. Worked out anew each time; keep it in a constant.
   *
   * ```ts
   * const wmi = 'http://schemas.microsoft.com/wbem/wsman/1/wmi'
   * if (!request.resource.isBelow(wmi)) return Decision.deny('WMI only')
   * ```
   */
  get resource(): Resource {
    return Resource.of(this.resourceUri)
  }

  /**
   * What the operation does, derived from the action.
   *
   * ```ts
   * if (request.kind == OperationKind.Command) return Decision.allow()
   * ```
   */
  get kind(): OperationKind {
    return operationKindOf(this.action)
  }

  /**
   * Whether the operation only reads: a `Get` or an `Enumerate`.
   *
   * ```ts
   * if (!request.isRead) return Decision.deny('auditors may only read')
   * ```
   */
  get isRead(): bool {
    const kind = this.kind
    return kind == OperationKind.Get || kind == OperationKind.Enumerate
  }
}
