/**
 * The supervisor as the admin process has it: commands go over the channel under a number, and their replies come back in whatever
 * order. No more than `apiCommandsMax` are under way; some more wait, and beyond those the API is busy.
 */

import { PortcullisError } from '../errors.ts'
import { apiCommandsMax, apiCommandsWaitingMax } from '../limits.ts'
import type { OperatorCommand } from '../supervisor/operator-command.ts'
import type { Backend } from './backend.ts'
import type { FromAdmin, ToAdmin } from './messages.ts'
import { RetryLater } from './problem.ts'

interface Due {
  readonly resolve: (result: unknown) => void
  readonly reject: (error: Error) => void
}

export class HostChannel implements Backend {
  readonly #send: (message: FromAdmin) => void
  readonly #due = new Map<number, Due>()
  readonly #waiting: { readonly command: OperatorCommand; readonly due: Due }[] = []
  #issued = 0

  constructor(send: (message: FromAdmin) => void) {
    this.#send = send
  }

  tell(command: OperatorCommand): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const due = { resolve, reject }
      if (this.#due.size < apiCommandsMax) this.#put(command, due)
      else if (this.#waiting.length < apiCommandsWaitingMax) this.#waiting.push({ command, due })
      else reject(new RetryLater('ERR_API_BUSY', 'the host has enough to do', 1))
    })
  }

  reply(message: ToAdmin & { type: 'reply' }): void {
    const due = this.#due.get(message.id)
    if (due === undefined) return
    this.#due.delete(message.id)
    if ('error' in message) due.reject(new PortcullisError(message.error.code, message.error.detail))
    else due.resolve(message.result)
    const next = this.#waiting.shift()
    if (next !== undefined) this.#put(next.command, next.due)
  }

  #put(command: OperatorCommand, due: Due): void {
    const id = ++this.#issued
    this.#due.set(id, due)
    this.#send({ type: 'command', id, command })
  }
}
