// How an operator's mistake is refused: its code, what is particular, and the whole message.

import { type ErrorCode, PortcullisError } from '../../host/errors.ts'

export function refusal(run: () => unknown): { code: ErrorCode; detail: string; message: string } {
  try {
    run()
  } catch (error) {
    if (error instanceof PortcullisError) return error
    throw error
  }
  throw new Error('it was accepted')
}
