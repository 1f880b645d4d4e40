/**
 * From a request of HTTP to the call that a handler gets: who asks about whom, with what, each part held against its schema.
 */

import type { FastifyRequest } from 'fastify'

import { PortcullisError } from '../errors.ts'
import { checkSchema } from '../json-file.ts'
import { storeWhyUnitsMax } from '../limits.ts'
import { lazySchema } from '../schema.ts'
import { subjectIn, whoOf } from './access.ts'
import type { Call, Reply, Route } from './route.ts'
import type { Grant } from './tokens.ts'
import { checkModule, readMultipart, type Upload } from './upload.ts'

/** Who asks, once the gate has let him in. */
export interface Caller {
  readonly grant: Grant
  readonly token: string
}

declare module 'fastify' {
  interface FastifyContextConfig {
    readonly row?: Route
  }
  interface FastifyRequest {
    caller: Caller | null
    /** What its handler does, once it does. */
    work: Promise<Reply> | null
  }
}

type Check = (value: unknown, source: string) => void

/** Throws ERR_API_REQUEST. */
function checkerOf(schema: object): Check {
  const compiled = lazySchema(() => schema, { verbose: true, discriminator: true, allowUnionTypes: true })
  return (value, source) => checkSchema(compiled, value, source, 'ERR_API_REQUEST')
}

/** Holds a request against its route. Throws ERR_API_REQUEST. */
export function requestChecker({ params, query, body }: Route): (request: FastifyRequest) => void {
  const checkParams =
    params && checkerOf({ type: 'object', required: Object.keys(params), properties: params })
  const checkQuery = query && checkerOf(query)
  const checkBody = typeof body === 'object' ? checkerOf(body) : undefined
  return (request) => {
    checkParams?.(request.params, 'the path')
    checkQuery?.(request.query, 'the query')
    checkBody?.(request.body ?? null, 'the body')
  }
}

/** The reason of a change: of the body or the header. Throws ERR_API_REQUEST. */
function reasonOf(request: FastifyRequest): string | undefined {
  const { reason } = (request.body ?? {}) as { readonly reason?: string }
  const header = request.headers['portcullis-reason']
  if (typeof header !== 'string' || reason !== undefined) return bounded(reason)
  try {
    return bounded(decodeURIComponent(header))
  } catch (error) {
    if (error instanceof PortcullisError) throw error
    throw new PortcullisError('ERR_API_REQUEST', 'Portcullis-Reason is not percent-encoded UTF-8')
  }
}

function bounded(reason: string | undefined): string | undefined {
  if (reason === undefined || reason.length <= storeWhyUnitsMax) return reason
  throw new PortcullisError('ERR_API_REQUEST', `a reason has at most ${storeWhyUnitsMax} characters`)
}

/** Throws what is wrong with it. */
export async function uploadOf(request: FastifyRequest): Promise<Upload> {
  if (request.isMultipart()) return readMultipart(request)
  if (request.body instanceof Buffer) return { module: checkModule(request.body) }
  throw new PortcullisError('ERR_API_MEDIA', 'it has no body')
}

const nobody: Grant = { id: '', name: '', role: 'tenant-reader' }

export function callOf(request: FastifyRequest, row: Route): Call {
  const { grant } = request.caller ?? { grant: nobody }
  const why = reasonOf(request)
  return {
    grant,
    isOperator: grant.role === 'operator',
    subject: subjectIn(row.path, request.params),
    by: { who: whoOf(grant), ...(why !== undefined && { why }) },
    params: request.params as Record<string, string>,
    query: request.query as Record<string, string>,
    body: request.body,
    header: (name) => {
      const value = request.headers[name]
      return typeof value === 'string' ? value : undefined
    },
  }
}
