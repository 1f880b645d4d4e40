/** Puts one command to a running host, over the socket in its endpoint's folder. */

import { connect } from 'node:net'

import { type ErrorCode, errorTable, PortcullisError } from '../errors.ts'
import { downloadReplyBytesMax, operatorMsMax, operatorReplyBytesMax, operatorWorkMsMax } from '../limits.ts'
import { checkOperator, operatorPath } from '../supervisor/endpoint.ts'
import type { OperatorCommand } from '../supervisor/operator-command.ts'

/** What a host answers at once. */
const quick = new Set<OperatorCommand['command']>([
  'quarantine',
  'status',
  'stop',
  'lift',
  'versions',
  'download',
  'config',
  'token-create',
  'token-list',
  'token-revoke',
  'decisions',
  'metrics',
])

interface Reply {
  readonly result?: unknown
  readonly error?: string
  readonly code?: string | null
}

/** The host's line, or as much of it as came. */
function received(endpoint: string, command: OperatorCommand): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const fail = (what: string) => {
      socket.destroy()
      reject(new PortcullisError('ERR_HOST_UNREACHABLE', `${endpoint} ${what}`))
    }
    const socket = connect(operatorPath(endpoint))
    const unitsMax = command.command === 'download' ? downloadReplyBytesMax : operatorReplyBytesMax
    const msMax = quick.has(command.command) ? operatorMsMax : operatorWorkMsMax
    socket.setTimeout(msMax, () => fail(`does not answer within ${msMax} ms`))
    socket.setEncoding('utf8')
    socket.on('connect', () => socket.write(`${JSON.stringify(command)}\n`))
    socket.on('data', (chunk: string) => {
      text += chunk
      if (text.length > unitsMax) fail('answers without end; is it a host?')
    })
    socket.on('error', ({ code }: NodeJS.ErrnoException) =>
      fail(`(${code}); is it running, under your account?`),
    )
    socket.on('close', () => resolve(text))
  })
}

function parsed(endpoint: string, text: string): Reply {
  try {
    return JSON.parse(text) as Reply
  } catch {
    throw new PortcullisError('ERR_HOST_UNREACHABLE', `${endpoint} says what is no host's answer`)
  }
}

/** Throws ERR_HOST_UNREACHABLE if no host answers, and whatever the host refuses with. */
export async function tellHost(endpoint: string, command: OperatorCommand): Promise<unknown> {
  checkOperator(endpoint)
  const text = await received(endpoint, command)
  if (!text.endsWith('\n')) {
    const how = text === '' ? 'closed the connection' : 'closed the connection in the middle of its answer'
    throw new PortcullisError('ERR_HOST_UNREACHABLE', `${endpoint} ${how}`)
  }
  const { result, error, code } = parsed(endpoint, text)
  if (error === undefined) return result
  throw new PortcullisError(code && code in errorTable ? (code as ErrorCode) : 'ERR_HOST_FAULT', error)
}
