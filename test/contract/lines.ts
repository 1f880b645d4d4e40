// Lines of driver scripts (native/driver/README.md), made of values.

/** A text, or a text many times over. */
export type Text = string | { readonly text: string; readonly times: number }

function quoted(text: Text): string {
  if (typeof text !== 'string') return `*${text.times}:${quoted(text.text)}`
  const escaped = text.replace(/["\\]/g, '\\$&').replace(/[^ -~]/g, (unit) => {
    return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
  return `"${escaped}"`
}

type Value = Text | number | undefined

/** The keys that have a value; a key with `undefined` is left out, which for a text means NULL. */
function keys(values: Readonly<Record<string, Value>>): string {
  return Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}=${typeof value === 'number' ? value : quoted(value ?? '')}`)
    .join('')
}

export interface StartupKeys {
  readonly application?: Text | undefined
  readonly extra?: Text
  readonly extraUnreadable?: 1
  readonly noContext?: 1
  readonly flags?: number
  readonly expect?: number
}

/** Of the tenant with that name, unless the application says otherwise. */
export function startup(instance: string, tenant: string, values: StartupKeys = {}): string {
  return `startup ${instance}${keys({ application: `wsman/${tenant}`, ...values })}`
}

export interface AskKeys {
  readonly sender?: Text | undefined
  readonly mechanism?: Text | undefined
  readonly url?: Text | undefined
  readonly action?: Text | undefined
  readonly resource?: Text | undefined
  readonly certificate?: 'none' | 'full' | 'garbage'
  readonly certificateSubject?: Text
  readonly certificateIssuerName?: Text
  readonly certificateIssuerThumbprint?: Text
  readonly certificateSubjectName?: Text
  readonly token?: 0 | 1
  readonly flags?: number
  readonly operation?: number
  readonly release?: 'keep' | 'inside' | 'other-thread' | 'after' | 'late'
  readonly again?: 1
  readonly refuse?: 1
  readonly sleep?: 1
  readonly context?: 'null' | 'stale' | 'garbage'
  readonly noSender?: 1
  readonly threads?: number
  readonly confined?: 1
  /** How the context of the answer is called. */
  readonly as?: string
}

export const alice = 'CONTOSO\\alice'
export const get = 'http://schemas.xmlsoap.org/ws/2004/09/transfer/Get'
export const service = 'http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Win32_Service'

const userKeys = { sender: alice, mechanism: 'Negotiate', url: 'https://winrm.example/wsman' }

/** Alice's; contexts go back after the answer unless the keys say otherwise. */
export function askUser(instance: string, values: AskKeys = {}): string {
  return `ask ${instance} user${keys({ ...userKeys, release: 'after', ...values })}`
}

/** Alice's: to get a service. */
export function askOperation(instance: string, values: AskKeys = {}): string {
  const operation = { operation: 7, action: get, resource: service }
  return `ask ${instance} operation${keys({ ...userKeys, ...operation, release: 'after', ...values })}`
}

export function askQuota(instance: string, values: AskKeys = {}): string {
  return `ask ${instance} quota${keys({ ...userKeys, ...values })}`
}

/** One of each kind. */
export function askAll(instance: string, values: AskKeys = {}): string[] {
  return [askUser(instance, values), askOperation(instance, values), askQuota(instance, values)]
}

export function repeated(times: number, ...lines: string[]): string[] {
  return Array.from({ length: times }, () => lines).flat()
}
