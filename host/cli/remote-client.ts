/**
 * Puts one command to a host anywhere, over its admin API. What the host refuses with comes back as the same error as over its socket.
 *
 *     command --row of remote-routes--> HTTP request --> answer, or problem+json --> PortcullisError with its code
 *
 * A redirect is not followed: the token is for the server that was named.
 */

import { type IncomingHttpHeaders, type RequestOptions, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'

import { type ErrorCode, errorTable, PortcullisError } from '../errors.ts'
import { downloadReplyBytesMax, operatorWorkMsMax, remoteMsMax } from '../limits.ts'
import type { OperatorCommand } from '../supervisor/operator-command.ts'
import { type ApiAnswer, type ApiRequest, type Ask, routes } from './remote-routes.ts'
import type { Server } from './remote-server.ts'

interface HttpAnswer extends ApiAnswer {
  readonly status: number
}

function unreachable(server: Server, what: string): PortcullisError {
  return new PortcullisError('ERR_HOST_UNREACHABLE', `${server.origin} ${what}`)
}

/** What Node says of a certificate that it does not believe. */
const certificateCodes = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME/

function whyNot({ code = '', message }: NodeJS.ErrnoException): string {
  const what = `(${code === '' ? message : code})`
  return certificateCodes.test(code)
    ? `has a certificate that is not believed here ${what}; --ca names the authority that it is from`
    : what
}

/** The bytes of a body, and what they are. */
async function encoded(
  body: ApiRequest['body'],
): Promise<{ bytes?: Buffer; headers: Record<string, string> }> {
  if (body === undefined) return { headers: {} }
  if (body instanceof FormData) {
    const form = new Response(body)
    const type = form.headers.get('content-type') ?? ''
    return { bytes: Buffer.from(await form.arrayBuffer()), headers: { 'content-type': type } }
  }
  return { bytes: Buffer.from(JSON.stringify(body)), headers: { 'content-type': 'application/json' } }
}

function exchange(
  server: Server,
  { method, path, isWork }: ApiRequest,
  headers: Record<string, string>,
  bytes: Buffer | undefined,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const msMax = isWork ? operatorWorkMsMax : remoteMsMax
    const fail = (what: string) => {
      reject(unreachable(server, what))
      request.destroy()
    }
    const options: RequestOptions = { method, headers, agent: false }
    const url = `${server.origin}${path}`
    const request = url.startsWith('https:')
      ? requestHttps(url, { ...options, ...(server.ca !== undefined && { ca: server.ca }) })
      : requestHttp(url, options)
    const timer = setTimeout(() => fail(`does not answer within ${msMax} ms`), msMax)
    request.on('close', () => clearTimeout(timer))
    request.on('error', (error) => fail(whyNot(error)))
    request.on('response', (response) => {
      const chunks: Buffer[] = []
      let length = 0
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        length += chunk.length
        if (length > downloadReplyBytesMax) fail('answers without end; is it a host?')
      })
      response.on('error', () => fail('closed the connection in the middle of its answer'))
      response.on('end', () => {
        const { statusCode: status = 0, headers } = response
        resolve({ status, headers, text: Buffer.concat(chunks).toString() })
      })
    })
    request.end(bytes)
  })
}

interface Problem {
  readonly code?: unknown
  readonly title?: unknown
  readonly detail?: unknown
  readonly remedy?: unknown
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(errorTable, code)
}

function retryText(headers: IncomingHttpHeaders): string {
  const seconds = headers['retry-after']
  return /^\d+$/.test(seconds ?? '') ? `; try again after ${seconds} s` : ''
}

/** What to do about these is said to who writes requests, and not to who types a command. */
const ofProtocol = /^ERR_API_/

/** What the host refuses with; a code that this release does not know is told with its text. */
function refusalOf(server: Server, { status, headers, text }: HttpAnswer): PortcullisError {
  const problem = headers['content-type']?.includes('problem+json') ? (parsed(text) as Problem) : undefined
  if (typeof problem?.code !== 'string') {
    return unreachable(server, `answers with status ${status}, and not as a host does`)
  }
  const { code, title, detail, remedy } = problem
  const told = detail ?? (ofProtocol.test(code) ? undefined : remedy)
  const what = typeof told === 'string' ? told : ''
  const words = `${what}${/try again/i.test(what) ? '' : retryText(headers)}`
  return isCode(code)
    ? new PortcullisError(code, words)
    : new PortcullisError('ERR_HOST_FAULT', `${server.origin} says ${code}: ${title}: ${words}`)
}

async function send(server: Server, request: ApiRequest): Promise<ApiAnswer> {
  const { bytes, headers } = await encoded(request.body)
  const all = {
    accept: 'application/json',
    ...headers,
    ...request.headers,
    authorization: `Bearer ${server.token}`,
    ...(bytes !== undefined && { 'content-length': `${bytes.length}` }),
  }
  const response = await exchange(server, request, all, bytes)
  const { status, headers: told } = response
  if (status >= 300 && status < 400) {
    const where = told.location === undefined ? '' : ` to ${told.location}`
    throw unreachable(server, `redirects${where}, where the token is not sent; name the server itself`)
  }
  if (status < 200 || status >= 300) throw refusalOf(server, response)
  return response
}

/** Throws ERR_HOST_UNREACHABLE if no host answers, and whatever the host refuses with. */
export async function tellServer(server: Server, command: OperatorCommand): Promise<unknown> {
  const route = routes[command.command] as
    | ((command: OperatorCommand, ask: Ask) => ApiRequest | Promise<ApiRequest>)
    | undefined
  if (route === undefined) {
    throw new PortcullisError('ERR_SERVER_OPTION', `"${command.command}" is done on the host's own machine`)
  }
  const request = await route(command, (before) => send(server, before))
  const answer = await send(server, request)
  if (request.read !== undefined) return request.read(answer)
  const value = parsed(answer.text)
  if (value === undefined) throw unreachable(server, 'says what is no host’s answer')
  return value
}
