/**
 * Every metric that is the host's own: its name, its type, its labels and what it means, which docs/reference/metrics.md and the dashboard
 * are compared with. Labels have few values, all of them ours: outcomes, states, codes of the table of errors, and names of
 * tenants, of which there is a bound. Nothing that a caller, a plug-in or a policy says becomes one.
 */

export type MetricType = 'counter' | 'gauge' | 'histogram'

interface Definition {
  readonly type: MetricType
  readonly labels: readonly string[]
  readonly help: string
}

export const catalogue = {
  portcullis_info: {
    type: 'gauge',
    labels: ['version', 'node'],
    help: 'Always 1: the release of the host, and the version of Node that it runs on.',
  },
  portcullis_serving: {
    type: 'gauge',
    labels: [],
    help: '1 if the host is running and every evaluator serves, 0 if not.',
  },
  portcullis_decisions_total: {
    type: 'counter',
    labels: ['tenant', 'outcome'],
    help: 'Decisions by tenant and outcome: allow, deny, no-answer.',
  },
  portcullis_no_answers_total: {
    type: 'counter',
    labels: ['error'],
    help: 'Decisions to which there was no answer, by the code of the error.',
  },
  portcullis_decision_duration_seconds: {
    type: 'histogram',
    labels: ['tenant'],
    help: 'How long a decision took in the evaluator.',
  },
  portcullis_policy_fuel_units: {
    type: 'histogram',
    labels: ['tenant'],
    help: "Fuel that the tenant's policy used in one decision in which it was asked.",
  },
  portcullis_guard_fuel_units: {
    type: 'histogram',
    labels: [],
    help: 'Fuel that the guard used in one decision in which it was asked.',
  },
  portcullis_held_questions_total: {
    type: 'counter',
    labels: ['verdict'],
    help: 'Questions that came a second time and were held, by what became of them: asked, or refused because the policy is suspected.',
  },
  portcullis_gaps_total: {
    type: 'counter',
    labels: ['size'],
    help: 'Times that records of decisions were lost on the way to the supervisor; size says whether it is known how many.',
  },
  portcullis_lost_records_total: {
    type: 'counter',
    labels: [],
    help: 'Records that were lost so, as far as it is known how many.',
  },
  portcullis_evaluators: {
    type: 'gauge',
    labels: ['state'],
    help: 'Evaluator processes by state: loading, ready (the spare), assigned, serving.',
  },
  portcullis_evaluators_configured: {
    type: 'gauge',
    labels: [],
    help: 'Evaluators that are to serve.',
  },
  portcullis_evaluator_starts_total: {
    type: 'counter',
    labels: [],
    help: 'Evaluator processes that were started.',
  },
  portcullis_evaluator_ends_total: {
    type: 'counter',
    labels: ['how'],
    help: 'Evaluator processes that ended: killed by their watchdog, by a crash, by somebody outside, or closed by the host.',
  },
  portcullis_evaluator_failures_total: {
    type: 'counter',
    labels: ['error'],
    help: 'Evaluators that could not do what they were told, or did not speak as an evaluator does, by the code of the error.',
  },
  portcullis_quarantined_policies: {
    type: 'gauge',
    labels: [],
    help: 'Policies that are not asked any more.',
  },
  portcullis_quarantines_total: {
    type: 'counter',
    labels: ['reason'],
    help: 'Times that a policy was put into quarantine, by the reason: processor time, deaths.',
  },
  portcullis_acts_total: {
    type: 'counter',
    labels: ['act', 'result'],
    help: 'Acts, as the audit log has them, of operators and of the host itself: push, activate, confirm, rollback, return, reload, lift, download and so on; result is done, or the code of the error that it was refused with.',
  },
  portcullis_generation: {
    type: 'gauge',
    labels: [],
    help: 'Generation of what is decided by: 1 at the start, higher with each activation and reload.',
  },
  portcullis_tenants: {
    type: 'gauge',
    labels: [],
    help: 'Tenants of the configuration.',
  },
  portcullis_policies: {
    type: 'gauge',
    labels: [],
    help: 'Different policy modules that evaluators are given.',
  },
  portcullis_store_versions: {
    type: 'gauge',
    labels: ['state'],
    help: 'Versions in the store by state; absent without a store.',
  },
  portcullis_connections: {
    type: 'gauge',
    labels: ['tenant'],
    help: 'Open connections of plug-ins, with all evaluators.',
  },
  portcullis_connections_accepted_total: {
    type: 'counter',
    labels: [],
    help: 'Connections of plug-ins that were accepted.',
  },
  portcullis_connections_refused_total: {
    type: 'counter',
    labels: ['error'],
    help: 'Connections that were refused, or closed because they broke the rules, by the code of the error.',
  },
  portcullis_plugin_denials_total: {
    type: 'counter',
    labels: ['reason'],
    help: 'Questions that plug-ins denied by themselves, as they say when they connect, by their names for the reason.',
  },
  portcullis_audit_records_total: {
    type: 'counter',
    labels: [],
    help: "Audit records on the disk, those of the host's earlier lives among them: the sequence number of the last. This one and the others of audit are absent without an audit log.",
  },
  portcullis_audit_head: {
    type: 'gauge',
    labels: [],
    help: 'The first 12 digits of the head of the audit log on the disk, read as a hexadecimal number; portcullis_audit_records_total says of which record.',
  },
  portcullis_audit_lag_records: {
    type: 'gauge',
    labels: [],
    help: 'Audit records that were accepted and are not on the disk yet.',
  },
  portcullis_audit_lag_seconds: {
    type: 'gauge',
    labels: [],
    help: 'Age of the oldest of them.',
  },
  portcullis_audit_behind: {
    type: 'gauge',
    labels: [],
    help: '1 if the audit log is behind: decisions are denied if the configuration says "deny".',
  },
  portcullis_audit_failed: {
    type: 'gauge',
    labels: [],
    help: '1 if the audit log cannot be written at the moment.',
  },
  portcullis_audit_gaps_total: {
    type: 'counter',
    labels: [],
    help: 'Gaps that the audit log has since the host was started.',
  },
  portcullis_audit_lost_records_total: {
    type: 'counter',
    labels: [],
    help: 'Audit records that these gaps stand for, as far as it is known how many.',
  },
  portcullis_audit_written_bytes_total: {
    type: 'counter',
    labels: [],
    help: 'Bytes that were written to the audit log since the host was started.',
  },
  portcullis_audit_removed_files_total: {
    type: 'counter',
    labels: [],
    help: 'Files of the audit log that were removed because they were as old as the configuration says.',
  },
  portcullis_api_requests_total: {
    type: 'counter',
    labels: ['status'],
    help: 'Requests that the HTTP API has answered, by the class of the status: 2xx, 3xx, 4xx, 5xx.',
  },
  portcullis_api_unauthorized_total: {
    type: 'counter',
    labels: [],
    help: 'Requests without a token that holds.',
  },
  portcullis_api_limited_total: {
    type: 'counter',
    labels: [],
    help: 'Requests that were refused because there were too many.',
  },
} as const satisfies Record<string, Definition>

export type MetricName = keyof typeof catalogue

type NameOf<Type extends MetricType> = {
  [Name in MetricName]: (typeof catalogue)[Name]['type'] extends Type ? Name : never
}[MetricName]

export type CounterName = NameOf<'counter'>
export type GaugeName = NameOf<'gauge'>
export type HistogramName = NameOf<'histogram'>

/** Upper bounds. Most decisions take some 100 µs; a policy may compute for 100 ms and wait for a second. */
export const durationBuckets = [
  0.000_05, 0.000_1, 0.000_2, 0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 1,
]

/** From a policy that looks at one name to the most that an operator may give. */
export const fuelBuckets = [
  100, 300, 1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000, 10_000_000, 100_000_000,
]

/** Whose series are counted together, those of tenants beyond the bound. No tenant can have this name. */
export const OTHER_TENANTS = '(other)'
