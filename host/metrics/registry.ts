/**
 * The host's metrics in the text format that Prometheus and those like it read: prom-client's registry with the metrics of the
 * catalogue and its own about this process. It is loaded when somebody asks for metrics for the first time. From then on it watches this
 * process's event loop and garbage collection; what is counted of the host has been counted elsewhere since the start.
 */

import { Counter, collectDefaultMetrics, Gauge, type Metric, Registry } from 'prom-client'

import {
  type CounterName,
  catalogue,
  type GaugeName,
  type HistogramName,
  type MetricName,
} from './catalogue.ts'
import type { Distribution } from './decision-counts.ts'

type Labels = Readonly<Record<string, string>>

export interface Sample {
  readonly labels: Labels
  readonly value: number
}

export interface HistogramSample {
  readonly labels: Labels
  readonly of: Distribution
}

/** All that is known at a moment. What is left out has no series. */
export interface Samples {
  readonly counters: ReadonlyMap<CounterName, readonly Sample[]>
  readonly gauges: ReadonlyMap<GaugeName, readonly Sample[]>
  readonly histograms: ReadonlyMap<HistogramName, readonly HistogramSample[]>
}

/** As prom-client's own are registered, but for that its counts are given. Its own can only be counted up one by one. */
class GivenHistogram {
  readonly type = 'histogram'
  readonly aggregator = 'sum'
  readonly name: string
  readonly help: string
  readonly labelNames: readonly string[]
  samples: readonly HistogramSample[] = []

  constructor(name: HistogramName) {
    this.name = name
    this.help = catalogue[name].help
    this.labelNames = catalogue[name].labels
  }

  get(): Promise<object> {
    const { name, help, type, aggregator } = this
    const values = this.samples.flatMap((sample) => this.#values(sample))
    return Promise.resolve({ name, help, type, aggregator, values })
  }

  #values({ labels, of }: HistogramSample): object[] {
    const metricName = `${this.name}_bucket`
    let value = 0
    const buckets = of.counts.map((count, index) => {
      value += count
      return { metricName, labels: { ...labels, le: of.bounds[index] ?? '+Inf' }, value }
    })
    return [
      ...buckets,
      { metricName: `${this.name}_sum`, labels, value: of.sum },
      { metricName: `${this.name}_count`, labels, value },
    ]
  }
}

const names = Object.keys(catalogue) as MetricName[]

/** Where there are no labels a reset leaves a 0, which would say something of what is not there. */
function clear(name: MetricName, metric: Counter | Gauge): void {
  metric.reset()
  if (catalogue[name].labels.length === 0) metric.remove()
}

export class MetricsRegistry {
  readonly #registry = new Registry()
  readonly #counters = new Map<CounterName, Counter>()
  readonly #gauges = new Map<GaugeName, Gauge>()
  readonly #histograms = new Map<HistogramName, GivenHistogram>()

  constructor() {
    for (const name of names) {
      const { type, help, labels } = catalogue[name]
      const options = { name, help, labelNames: [...labels], registers: [this.#registry] }
      if (type === 'counter') this.#counters.set(name as CounterName, new Counter(options))
      else if (type === 'gauge') this.#gauges.set(name as GaugeName, new Gauge(options))
      else {
        const histogram = new GivenHistogram(name as HistogramName)
        this.#histograms.set(name as HistogramName, histogram)
        this.#registry.registerMetric(histogram as unknown as Metric)
      }
    }
    collectDefaultMetrics({ register: this.#registry })
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  /** What it tells besides is this process's, as it is at the moment. */
  text({ counters, gauges, histograms }: Samples): Promise<string> {
    for (const [name, counter] of this.#counters) {
      clear(name, counter)
      for (const { labels, value } of counters.get(name) ?? []) counter.inc(labels, value)
    }
    for (const [name, gauge] of this.#gauges) {
      clear(name, gauge)
      for (const { labels, value } of gauges.get(name) ?? []) gauge.set(labels, value)
    }
    for (const [name, histogram] of this.#histograms) histogram.samples = histograms.get(name) ?? []
    return this.#registry.metrics()
  }

  /** As they are registered, for whoever compares them. */
  get registered(): { name: string; type: string; help: string; labels: readonly string[] }[] {
    return this.#registry.getMetricsAsArray().map((metric) => {
      const { name, type, help, labelNames } = metric as unknown as Record<string, string> & {
        labelNames: string[]
      }
      return { name: name ?? '', type: type ?? '', help: help ?? '', labels: labelNames }
    })
  }
}
