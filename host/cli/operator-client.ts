/** Puts one command to a running host, over the socket in its endpoint's folder. */

import { connect } from 'node:net'

import { type ErrorCode, errorTable, PortcullisError } from '../errors.ts'
import { checkOperator, operatorPath } from '../supervisor/endpoint.ts'
import type { OperatorCommand } from '../supervisor/operator-endpoint.ts'

interface Reply {
  readonly result?: unknown
  readonly error?: string
  readonly code?: string | null
}

function received(endpoint: string, command: OperatorCommand): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const socket = connect(operatorPath(endpoint))
    socket.setEncoding('utf8')
    socket.on('connect', () => socket.write(`${JSON.stringify(command)}\n`))
    socket.on('data', (chunk: string) => {
      text += chunk
    })
    socket.on('error', ({ code }: NodeJS.ErrnoException) =>
      reject(
        new PortcullisError(
          'ERR_HOST_UNREACHABLE',
          `${endpoint} (${code}); is it running, under your account?`,
        ),
      ),
    )
    socket.on('close', () => resolve(text))
  })
}

/** Throws ERR_HOST_UNREACHABLE if no host answers, and whatever the host refuses with. */
export async function tellHost(endpoint: string, command: OperatorCommand): Promise<unknown> {
  checkOperator(endpoint)
  const text = await received(endpoint, command)
  if (text === '') throw new PortcullisError('ERR_HOST_UNREACHABLE', `${endpoint} closed the connection`)
  const { result, error, code } = JSON.parse(text) as Reply
  if (error === undefined) return result
  throw new PortcullisError(code && code in errorTable ? (code as ErrorCode) : 'ERR_HOST_FAULT', error)
}
