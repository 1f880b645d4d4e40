// The reference pages and the dashboard are held against what a host really tells.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import type { DecisionRecord } from '../../host/control/messages.ts'
import { catalogue } from '../../host/metrics/catalogue.ts'
import { MetricsRegistry } from '../../host/metrics/registry.ts'
import { root } from '../../host/paths.ts'
import { Latest } from '../../host/supervisor/latest-decisions.ts'
import { referencePage, tableRows } from '../support/reference-page.ts'

interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly description?: string
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly targets?: readonly { readonly refId: string; readonly expr: string }[]
}

const dashboard: {
  readonly panels: readonly Panel[]
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] }
} = JSON.parse(readFileSync(join(root, 'docs', 'reference', 'grafana-dashboard.json'), 'utf8'))

const registered = new Map(new MetricsRegistry().registered.map((metric) => [metric.name, metric]))
const page = referencePage('metrics')

describe('the page of metrics', () => {
  it('has what is registered: name, type, labels and meaning, in this order', () => {
    const rows = tableRows(page).filter(([name]) => name?.startsWith('portcullis_'))
    const own = [...registered.values()].filter(({ name }) => name.startsWith('portcullis_'))
    expect(rows).toEqual(own.map(({ name, type, labels, help }) => [name, type, labels.join(', '), help]))
    expect(own.map(({ name }) => name)).toEqual(Object.keys(catalogue))
  })

  it('says whose the others are', () => {
    const others = [...registered.keys()].filter((name) => !/^(portcullis|process|nodejs)_/.test(name))
    expect(others).toEqual([])
  })

  it.each(Object.entries(catalogue))('%s is named as metrics are', (name, { type, help }) => {
    expect(name).toMatch(/^portcullis_[a-z_]+[a-z]$/)
    expect(name.endsWith('_total')).toBe(type === 'counter')
    expect(name).not.toMatch(/_(ms|milliseconds|microseconds|kib|mib|count|sum|bucket)(_|$)/)
    expect(help).toMatch(/^[A-Z0-9].*\.$/s)
  })
})

/** The metrics of an expression, each with the labels that are asked of it. */
function metricsIn(expr: string): { name: string; labels: string[] }[] {
  const grouped = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(/,\s*/))
  return [...expr.matchAll(/\b((?:portcullis|process|nodejs)_[a-z0-9_]+)(?:\{([^}]*)\})?/g)].map(
    ([, name = '', matchers = '']) => ({
      name,
      labels: [
        ...grouped,
        ...[...matchers.matchAll(/([a-z]+)\s*(?:=~|=|!~|!=)/g)].map(([, label = '']) => label),
      ],
    }),
  )
}

/** Whoever collects adds these. */
const added = ['job', 'instance']

describe('the dashboard', () => {
  const panels = dashboard.panels.filter(({ type }) => type !== 'row')
  const expressions = panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }): [string, string] => [title, expr]),
  )
  const asked = [
    ...expressions.map(([, expr]) => expr),
    ...dashboard.templating.list.flatMap(({ definition }) => definition ?? []),
  ].flatMap((expr) => metricsIn(expr))

  const baseOf = (name: string) => {
    const base = name.replace(/_(bucket|sum|count)$/, '')
    return registered.get(base)?.type === 'histogram' ? base : name
  }

  it.each(expressions)('%s: %s asks for metrics and labels that there are', (_, expr) => {
    const metrics = metricsIn(expr)
    expect(metrics.length).toBeGreaterThan(0)
    for (const { name, labels } of metrics) {
      const metric = registered.get(baseOf(name))
      expect(metric, name).toBeDefined()
      const known = [...(metric?.labels ?? []), ...added, ...(name.endsWith('_bucket') ? ['le'] : [])]
      expect(labels.filter((label) => !known.includes(label))).toEqual([])
      // A counter by itself says how old the host is; a gauge has no rate.
      expect(/\b(rate|increase)\(/.test(expr)).toBe(metric?.type !== 'gauge')
    }
  })

  it('shows every metric, but for those that the page says it does not', () => {
    const shown = new Set(asked.map(({ name }) => baseOf(name)))
    const notShown = page.slice(page.indexOf('## What the dashboard does not show'))
    const excused = new Set([...notShown.matchAll(/`([a-z0-9_]+)`/g)].map(([, name]) => name))
    const missing = [...registered.keys()].filter((name) => !shown.has(name) && !excused.has(name))
    expect(missing).toEqual([])
    expect([...excused].filter((name) => shown.has(name ?? ''))).toEqual(['portcullis_info'])
    expect([...shown].filter((name) => name.startsWith('portcullis_')).sort()).toEqual(
      Object.keys(catalogue).sort(),
    )
  })

  it('has panels with an id of their own and a text each, none over another', () => {
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length)
    const taken = new Set<string>()
    for (const { gridPos, title } of dashboard.panels) {
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(taken.has(`${x} ${y}`), title).toBe(false)
          expect(x).toBeLessThan(24)
          taken.add(`${x} ${y}`)
        }
      }
    }
    for (const { description, targets = [] } of panels) {
      expect(description).toMatch(/\.$/)
      expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length)
    }
  })

  it('asks for what is chosen above it: data source, job, host and tenant', () => {
    expect(dashboard.templating.list.map(({ name }) => name)).toEqual([
      'datasource',
      'job',
      'instance',
      'tenant',
    ])
    for (const [, expr] of expressions) {
      for (const { labels } of metricsIn(expr)) expect(labels).toEqual(expect.arrayContaining(added))
    }
  })
})

it('the page of decisions has every member of an answer and of a decision that the log does not have', () => {
  const latest = new Latest()
  latest.configured(['a'])
  const record = { tenant: 'a', id: '0'.repeat(32) } as DecisionRecord
  latest.decided(record, 0, 1)
  const answer = latest.ask({ after: 'of.1' })
  const text = referencePage('decisions')
  const { tenant: _, id: __, ...more } = answer.decisions[0] ?? {}
  for (const name of [...Object.keys(answer), ...Object.keys(more)]) expect(text).toContain(`| \`${name}\` |`)
})
