/**
 * What the admin API can have done: the commands that an operator's command line sends, and nothing else. Handlers translate, whoever
 * is behind this decides. In the admin process it is the supervisor at the other end of a channel (host-channel.ts); in most tests it
 * is a few lines.
 */

import type { OperatorCommand } from '../supervisor/operator-command.ts'

export interface Backend {
  /** Rejects with a PortcullisError, as the host refuses with. */
  tell(command: OperatorCommand): Promise<unknown>
}
