/** The OpenAPI document, made of the rows of the routes. */

import type { FastifySchema } from 'fastify'

import { version } from '../paths.ts'
import { type Route, statusesOf } from './route.ts'
import { problem, type Schema, tenantName, uploadParts } from './schemas.ts'

export const openApi = {
  openapi: '3.1.0',
  info: {
    title: 'Portcullis admin API',
    version,
    description: 'Uploads, activates and looks at policies. docs/reference/api.md describes it in words.',
  },
  components: { securitySchemes: { token: { type: 'http' as const, scheme: 'bearer' } } },
}

const words: Readonly<Record<number, string>> = {
  200: 'It is so.',
  201: 'It is in the store, and admitted.',
  202: 'It has its place in the line.',
  400: 'The request is not one that the API takes.',
  401: 'There is no token, or none that is valid now.',
  403: 'The role of the token does not allow it.',
  404: 'There is nothing here for this token.',
  409: 'Something else has to be done first.',
  412: 'Another version is active than If-Match says.',
  413: 'It is larger than it may be.',
  415: 'A body of this type is not taken here.',
  422: 'What was sent is not taken; the code says why.',
  428: 'If-Match is missing.',
  429: 'Too many; Retry-After says when there is room again.',
  500: 'Something failed in the host.',
  503: 'Not now; Retry-After says when to come again.',
}

function described(route: Route, status: number): object {
  const description = words[status] ?? `${status}`
  const content = (type: string, schema: Schema) => ({ description, content: { [type]: { schema } } })
  if (status >= 400 && route.path !== '/ready') return content('application/problem+json', problem)
  if (route.reply === 'bytes') return content('application/wasm', { type: 'string', format: 'binary' })
  if (route.reply === 'text') return content('text/plain', { type: 'string' })
  if (route.reply === 'events') return content('text/event-stream', { type: 'string' })
  return content('application/json', route.reply)
}

function bodyOf(body: Route['body']): object | undefined {
  if (body === undefined) return undefined
  if (body !== 'upload') return { content: { 'application/json': { schema: body } } }
  return {
    content: {
      'application/wasm': { schema: { type: 'string', format: 'binary' } },
      'multipart/form-data': { schema: uploadParts },
    },
  }
}

/** As Fastify's plug-in for OpenAPI takes it. Nothing is checked by it: server.ts does that. */
export function schemaOf(route: Route): FastifySchema {
  const { path, summary, access, query, headers, params = {} } = route
  const all = { ...(path.includes('{tenant}') && { tenant: tenantName }), ...params }
  const texts = Object.entries(headers ?? {}).map(([name, description]) => [
    name,
    { type: 'string', description },
  ])
  const body = bodyOf(route.body)
  return {
    summary,
    ...(access !== 'anyone' && { description: `For ${access} and above.`, security: [{ token: [] }] }),
    ...(Object.keys(all).length > 0 && { params: { type: 'object', properties: all } }),
    ...(query && { querystring: query }),
    ...(texts.length > 0 && { headers: { type: 'object', properties: Object.fromEntries(texts) } }),
    ...(body && { body }),
    response: Object.fromEntries(statusesOf(route).map((status) => [status, described(route, status)])),
  }
}
