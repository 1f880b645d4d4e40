// What an operation does, derived from its action URI and from nothing else. WinRM's own operation number has
// no published values, so it cannot be trusted to mean the same on every version of Windows; the action URIs
// are documented.

/**
 * What an operation does. URIs are compared as they are: another case or a trailing slash makes another
 * action, and an action that is none of the documented ones is an `Invoke`.
 *
 * Opening a shell carries the action `Create`, so it can be told from another creation by the resource URI
 * only.
 *
 * ```ts
 * if (request.kind == OperationKind.Delete) return Decision.deny('nothing is deleted here')
 * ```
 */
export enum OperationKind {
  /** Reads one resource. */
  Get,
  /** Changes one resource. */
  Put,
  /** Creates a resource, or opens a shell. */
  Create,
  /** Deletes a resource, or closes a shell. */
  Delete,
  /** Reads a collection. */
  Enumerate,
  /** Subscribes to events. */
  Subscribe,
  /** Runs a command in an open shell. */
  Command,
  /** Sends a signal, such as Ctrl+C, to a command. */
  Signal,
  /** Connects to a disconnected shell from another client. */
  Connect,
  /** Leaves a shell running without a client. */
  Disconnect,
  /** Takes up a disconnected shell again. */
  Reconnect,
  /** Sends input to a command. */
  Send,
  /** Receives the output of a command. */
  Receive,
  /** Calls a method that the resource defines; every action that is not listed above. */
  Invoke,
}

/** The kind that belongs to an action URI. */
export function operationKindOf(action: string): OperationKind {
  // Constants of the function, not of the file: a policy that asks for no kind then carries none of these
  // texts.
  const transfer = 'http://schemas.xmlsoap.org/ws/2004/09/transfer/'
  const shell = 'http://schemas.microsoft.com/wbem/wsman/1/windows/shell/'
  if (action.startsWith(transfer)) return transferKindOf(action.substring(transfer.length))
  if (action.startsWith(shell)) return shellKindOf(action.substring(shell.length))
  if (action == 'http://schemas.xmlsoap.org/ws/2004/09/enumeration/Enumerate') return OperationKind.Enumerate
  if (action == 'http://schemas.xmlsoap.org/ws/2004/08/eventing/Subscribe') return OperationKind.Subscribe
  return OperationKind.Invoke
}

function transferKindOf(verb: string): OperationKind {
  if (verb == 'Get') return OperationKind.Get
  if (verb == 'Put') return OperationKind.Put
  if (verb == 'Create') return OperationKind.Create
  if (verb == 'Delete') return OperationKind.Delete
  return OperationKind.Invoke
}

function shellKindOf(verb: string): OperationKind {
  if (verb == 'Command') return OperationKind.Command
  if (verb == 'Signal') return OperationKind.Signal
  if (verb == 'Connect') return OperationKind.Connect
  if (verb == 'Disconnect') return OperationKind.Disconnect
  if (verb == 'Reconnect') return OperationKind.Reconnect
  if (verb == 'Send') return OperationKind.Send
  if (verb == 'Receive') return OperationKind.Receive
  return OperationKind.Invoke
}
