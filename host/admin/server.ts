/**
 * The HTTP face: the rows of host-routes.ts and subject-routes.ts on a Fastify instance.
 *
 *     request --> token --> its share --> is it the token's? --> body --> schema --> handler --> reply, or problem+json
 *                  401       429           404, 403              413 415   400
 *
 * Nothing of a body is read before the token has been found good for what is asked. Whoever is refused learns the same, byte for byte,
 * whatever is wrong with the token, and the same of another's tenant as of none.
 */

import multipart from '@fastify/multipart'
import swagger from '@fastify/swagger'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'

import { PortcullisError } from '../errors.ts'
import { parseJson } from '../json-file.ts'
import {
  apiBodyBytesMax,
  apiConnectionsMax,
  apiHeadBytesMax,
  apiHeadMsMax,
  apiIdleMsMax,
  apiReadyMs,
  apiRequestMsMax,
  apiUnreadMsMax,
  moduleBytesMax,
} from '../limits.ts'
import type { HostStatus } from '../supervisor/status.ts'
import { authorize, bearerOf, subjectIn } from './access.ts'
import { callOf, requestChecker, uploadOf } from './call.ts'
import { boundConnections, drain, refuseConnection } from './connection.ts'
import { type DecisionsCommand, decisionsCommand } from './decision-routes.ts'
import { Gate } from './gate.ts'
import { hostRoutes, isReady } from './host-routes.ts'
import { type LiveTimes, liveTimes, serveLive } from './live.ts'
import { openApi, schemaOf } from './open-api.ts'
import { bodyTooLarge, errorOf, problemOf, retryAfterOf } from './problem.ts'
import type { Call, Reply, Route, Services } from './route.ts'
import { subjectRoutes } from './subject-routes.ts'
import type { TokenReader } from './tokens.ts'
import { multipartLimits } from './upload.ts'

export interface ApiOptions extends Services {
  readonly tokens: Pick<TokenReader, 'check'>
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer }
  /** Hears of every answer's status. */
  readonly answered?: (status: number) => void
  /** Hears of what must not happen. */
  readonly failed?: (error: Error) => void
  readonly now?: () => number
  readonly times?: Partial<ApiTimes>
}

/** What tests make shorter. */
export interface ApiTimes extends LiveTimes {
  readonly headMs: number
  readonly requestMs: number
  readonly unreadMs: number
  readonly checkMs: number
}

const apiTimes: ApiTimes = {
  ...liveTimes,
  headMs: apiHeadMsMax,
  requestMs: apiRequestMsMax,
  unreadMs: apiUnreadMsMax,
  checkMs: 5_000,
}

/** All routes, in the order of the reference page. */
export function allRoutes(document: () => Buffer, ready: () => Promise<boolean>): Route[] {
  return [...hostRoutes(document, ready), ...subjectRoutes()]
}

/** Asked by strangers, so the host is asked once a second at the most. */
function readiness({ backend }: Services): () => Promise<boolean> {
  let known = { atMs: Number.NEGATIVE_INFINITY, isReady: Promise.resolve(false) }
  const ask = () =>
    backend.tell({ command: 'status' }).then(
      (status) => isReady(status as HostStatus),
      () => false,
    )
  return () => {
    const nowMs = performance.now()
    if (nowMs - known.atMs >= apiReadyMs) known = { atMs: nowMs, isReady: ask() }
    return known.isReady
  }
}

const fromBrackets = (path: string) => path.replace(/\{(\w+)\}/g, ':$1')

class Api {
  readonly #options: ApiOptions
  readonly #gate: Gate
  readonly #times: ApiTimes

  constructor(options: ApiOptions) {
    this.#options = options
    this.#times = { ...apiTimes, ...options.times }
    this.#gate = new Gate(options.tokens, options.now ?? Date.now)
  }

  async make(): Promise<FastifyInstance> {
    const app = this.#instance()
    await app.register(swagger, { openapi: openApi, hideUntagged: false })
    let document: Buffer | undefined // strangers ask for it: it is put together once
    const openApiText = () => {
      document ??= Buffer.from(JSON.stringify(app.swagger()))
      return document
    }
    const routes = allRoutes(openApiText, readiness(this.#options))
    await app.register(async (child) => {
      child.addContentTypeParser('application/json', { parseAs: 'string' }, (_, text, done) => {
        try {
          done(null, text === '' ? undefined : parseJson(text as string, 'the body', 'ERR_API_REQUEST'))
        } catch (error) {
          done(error as Error)
        }
      })
      for (const row of routes.filter(({ body }) => body !== 'upload')) this.#add(child, row)
    })
    await app.register(async (child) => {
      await child.register(multipart, { limits: multipartLimits })
      child.addContentTypeParser('application/wasm', { parseAs: 'buffer' }, (_, bytes, done) =>
        done(null, bytes),
      )
      for (const row of routes.filter(({ body }) => body === 'upload')) this.#add(child, row)
    })
    await app.ready()
    return app
  }

  #instance(): FastifyInstance {
    const { headMs, requestMs, checkMs } = this.#times
    const { tls } = this.#options
    const bounds = {
      headersTimeout: headMs,
      connectionsCheckingInterval: checkMs,
      maxHeaderSize: apiHeadBytesMax,
    }
    const app = fastify({
      ...(tls ? { https: { ...tls, ...bounds, handshakeTimeout: headMs } } : { http: bounds }),
      logger: false,
      exposeHeadRoutes: false,
      bodyLimit: apiBodyBytesMax,
      requestTimeout: requestMs,
      keepAliveTimeout: apiIdleMsMax,
      forceCloseConnections: true,
      routerOptions: { maxParamLength: apiHeadBytesMax },
      clientErrorHandler: refuseConnection,
      frameworkErrors: (error, request, reply) => this.#refuse(error, request, reply),
    }) as unknown as FastifyInstance
    app.server.maxConnections = apiConnectionsMax
    boundConnections(app.server)
    app.removeAllContentTypeParsers()
    // Schemas describe; what is read is checked by the handler, and what is answered is told as it is.
    app.setValidatorCompiler(() => () => true)
    app.setSerializerCompiler(() => (value) => JSON.stringify(value))
    app.decorateRequest('caller', null)
    app.decorateRequest('work', null)
    app.addHook('onRequest', async (request, reply) => {
      reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
      this.#enter(request, reply)
    })
    app.addHook(
      'onSend',
      async (_, { raw }) => void raw.setTimeout(this.#times.unreadMs, () => raw.destroy()),
    )
    app.addHook('onResponse', async (_, reply) => this.#options.answered?.(reply.statusCode))
    app.setErrorHandler((error: Error, request, reply) => this.#refuse(error, request, reply))
    app.setNotFoundHandler(() => {
      throw new PortcullisError('ERR_API_UNKNOWN')
    })
    return app
  }

  /** Before anything of a body is read. */
  #enter(request: FastifyRequest, reply: FastifyReply): void {
    const { row } = request.routeOptions.config
    if (row?.access === 'anyone') return this.#gate.pass(request.ip)
    const token = bearerOf(request.headers.authorization)
    const grant = this.#gate.enter(token, request.ip, row?.cost ?? 'read')
    request.caller = { grant, token }
    if (row === undefined) throw new PortcullisError('ERR_API_UNKNOWN') // before its body is looked at
    authorize(grant, row.access, subjectIn(row.path, request.params))
    if (row.isWork) this.#holdPlace(this.#gate.beginWork(grant), request, reply)
  }

  /** Also of a client that has gone: the host goes on with what it was told. */
  #holdPlace(release: () => void, request: FastifyRequest, reply: FastifyReply): void {
    reply.raw.once('close', () => {
      if (request.work === null) release()
      else void request.work.then(release, release)
    })
  }

  #add(app: FastifyInstance, row: Route): void {
    const check = requestChecker(row)
    app.route({
      method: row.method,
      url: fromBrackets(row.path),
      config: { row },
      schema: schemaOf(row),
      bodyLimit: row.bodyBytesMax ?? apiBodyBytesMax,
      handler: async (request, reply) => {
        check(request)
        if (row.body === 'upload') request.body = await uploadOf(request)
        const call = callOf(request, row)
        request.work = Promise.resolve(row.handle(call, this.#options))
        const answer = await request.work
        if (row.reply === 'events') return this.#live(call, answer, request, reply)
        return reply
          .status(answer.status ?? row.status)
          .headers({ 'content-type': 'application/json; charset=utf-8', ...answer.headers })
          .send(answer.body instanceof Buffer ? answer.body : JSON.stringify(answer.body))
      },
    })
  }

  async #live(call: Call, { body }: Reply, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const last = call.header('last-event-id')
    if (last !== undefined && !/^[\w.-]{1,64}$/.test(last)) {
      throw new PortcullisError('ERR_API_REQUEST', 'Last-Event-ID is no id of an event of this stream')
    }
    const { caller } = request
    if (caller === null) throw new PortcullisError('ERR_API_TOKEN')
    const release = this.#gate.beginStream(caller.grant)
    reply.hijack()
    try {
      await serveLive(
        {
          response: reply.raw,
          backend: this.#options.backend,
          command: decisionsCommand(call) as DecisionsCommand,
          cursor: last ?? (body as { cursor: string }).cursor,
          isOperator: call.isOperator,
          isAllowed: () => this.#gate.isStill(caller.grant, caller.token),
        },
        this.#times,
      )
    } finally {
      release()
      reply.raw.end()
    }
  }

  #refuse(error: Error, request: FastifyRequest, reply: FastifyReply): void {
    const { row } = request.routeOptions.config
    const isLargeModule = row?.body === 'upload' && (error as { code?: string }).code === bodyTooLarge
    const known = isLargeModule
      ? new PortcullisError('ERR_MODULE_SIZE', `it has more than ${moduleBytesMax} bytes`)
      : errorOf(error)
    if (known.code === 'ERR_HOST_FAULT' && !(error instanceof PortcullisError)) this.#options.failed?.(error)
    const isOperator = request.caller?.grant.role === 'operator'
    const problem = problemOf(known, isOperator)
    const seconds = retryAfterOf(known)
    drain(request, reply)
    if (seconds !== undefined) reply.header('retry-after', String(seconds))
    if (problem.status === 401) reply.header('www-authenticate', 'Bearer realm="portcullis"')
    reply
      .status(problem.status)
      .header('content-type', 'application/problem+json; charset=utf-8')
      .send(JSON.stringify(problem))
  }
}

export function makeApi(options: ApiOptions): Promise<FastifyInstance> {
  return new Api(options).make()
}
