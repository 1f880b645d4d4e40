// The page of the API says what the routes and the tables in the code say.

import { describe, expect, it } from 'vitest'

import { answers, statusOf } from '../../host/admin/problem.ts'
import { type Route, statusesOf } from '../../host/admin/route.ts'
import { allRoutes } from '../../host/admin/server.ts'
import { type ErrorCode, errorTable } from '../../host/errors.ts'
import * as limits from '../../host/limits.ts'
import { referencePage, tableRows } from '../support/reference-page.ts'

const page = referencePage('api')
const rows = tableRows(page)
const routes = allRoutes(
  () => Buffer.alloc(0),
  async () => true,
)
const isGuards = ({ path }: Route) => path.startsWith('/v1/guard')

const shown = (route: Route) => [
  `${route.method} ${route.path}`,
  route.access,
  route.cost,
  route.summary,
  statusesOf(route).join(', '),
]

describe('the page of the API', () => {
  it("has every route but the guard's, in their order, with role, cost and answers", () => {
    const told = rows.filter(([first = '']) => /^(GET|POST|PUT|DELETE) /.test(first))
    expect(told).toEqual(routes.filter((route) => !isGuards(route)).map(shown))
  })

  it('is right that the guard has the same routes of versions, of the active one and of jobs', () => {
    const ofGuard = routes.filter(isGuards).map((route) => `${route.method} ${route.path}`)
    const ofTenant = routes
      .filter(({ path }) => /^\/v1\/tenants\/\{tenant\}\/(versions|active|jobs)/.test(path))
      .map(({ method, path }) => `${method} ${path.replace('tenants/{tenant}', 'guard')}`)
    expect(ofGuard).toEqual(ofTenant)
  })

  it('has the status of every code that has one of its own', () => {
    const told = rows.filter(([first = '']) => /^[45][0-9]{2}$/.test(first))
    const byStatus = new Map<string, string[]>()
    for (const [code, { status }] of Object.entries(answers)) {
      byStatus.set(`${status}`, [...(byStatus.get(`${status}`) ?? []), code])
    }
    const due = [...byStatus].sort(([one], [other]) => Number(one) - Number(other))
    expect(told).toEqual(due.map(([status, codes]) => [status, codes.join(', ')]))
  })

  it('has the limits', () => {
    const told = new Map(rows.map(([what, most]) => [what, most]))
    expect([
      told.get('uploads of a token in a minute'),
      told.get('changes of a token in a minute'),
      told.get('looks of a token in a minute'),
      told.get('requests of an address in a minute that have no good token'),
      told.get('requests of an address in a minute that need no token'),
      told.get('uploads and reports at the same time'),
      told.get('streams at the same time'),
      told.get('connections'),
      told.get('time for a request to arrive'),
      told.get('time that an answer waits for who does not read'),
      told.get('a JSON body'),
      told.get('jobs that wait or run'),
      told.get('results of jobs'),
    ]).toEqual([
      `${limits.apiUploadsPerMinute}`,
      `${limits.apiChangesPerMinute}`,
      `${limits.apiReadsPerMinute}`,
      `${limits.apiFailuresPerMinute}`,
      `${limits.apiOpenPerMinute}`,
      `${limits.apiUploadsMax}; of a token ${limits.apiUploadsOfTokenMax}`,
      `${limits.apiStreamsMax}; of a token ${limits.apiStreamsOfTokenMax}`,
      `${limits.apiConnectionsMax}; of an address ${limits.apiConnectionsOfAddressMax}`,
      `${limits.apiRequestMsMax / 1000} s; its head ${limits.apiHeadMsMax / 1000} s`,
      `${limits.apiUnreadMsMax / 1000} s`,
      `${limits.apiBodyBytesMax / 1024} KiB; a job's ${limits.apiJobBytesMax / 1024 / 1024} MiB`,
      `${limits.jobsWaitingMax}; of a tenant ${limits.jobsOfSubjectMax}`,
      `${limits.jobsKeptMax}; of a tenant ${limits.jobsKeptOfSubjectMax}`,
    ])
  })

  it('names no route that does not exist', () => {
    const named = [...page.matchAll(/\/v1\/[\w{}/]+/g)].map(([path]) => path)
    const paths = routes.flatMap(({ path }) => [path, path.replace('{tenant}', 'contoso')])
    expect(
      named.filter((path) => !paths.some((known) => known === path || known.startsWith(`${path}/`))),
    ).toEqual([])
  })
})

describe('every code of the table', () => {
  const codes = Object.keys(errorTable) as ErrorCode[]

  it.each(codes)('%s has a status that says whose it is', (code) => {
    const isPolicys = errorTable[code].fault === 'policy'
    expect(statusOf(code) >= 400 && (code in answers || statusOf(code) === (isPolicys ? 422 : 500))).toBe(
      true,
    )
  })

  it('is in the table of statuses in the order of the codes', () => {
    expect(Object.keys(answers)).toEqual(codes.filter((code) => code in answers))
  })
})
