/**
 * Errors as the API tells them: problem+json (RFC 9457) with the code of host/errors.ts in it. One table says which HTTP status a code
 * has and what to do about it; a code that is not in it is the policy's fault (422) or the host's (500).
 *
 * A tenant hears details only of what is its own. Of everything else it hears the code: a detail may name a path, another tenant, or
 * what the provider's guard says.
 */

import { type ErrorCode, errorTable, PortcullisError } from '../errors.ts'

export interface Problem {
  /** `urn:portcullis:error:ERR_X`. */
  readonly type: string
  readonly title: string
  readonly status: number
  readonly code: ErrorCode
  readonly detail?: string
  readonly remedy: string
}

interface Answer {
  readonly status: number
  readonly remedy: string
}

const again = 'Try again after the time that Retry-After says.'
const look = 'Look at the active version again and decide anew.'
const mend = 'Mend what the detail names and send it again.'
const grow = 'Send less; the reference page of the API has the bounds.'

/** In the order of the error table. */
export const answers: Readonly<Partial<Record<ErrorCode, Answer>>> = {
  ERR_MODULE_SIZE: { status: 413, remedy: 'Compile the policy with optimisation, or make it smaller.' },
  ERR_POLICY_QUARANTINED: {
    status: 409,
    remedy: 'Upload and activate a newer version, or have an operator lift the quarantine.',
  },
  ERR_CONFIG_UNREADABLE: { status: 422, remedy: mend },
  ERR_CONFIG_JSON: { status: 422, remedy: mend },
  ERR_CONFIG_SCHEMA: { status: 422, remedy: mend },
  ERR_CONFIG_COLLISION: { status: 422, remedy: mend },
  ERR_CONFIG_VALUE: { status: 422, remedy: mend },
  ERR_CONFIG_POLICY: { status: 422, remedy: mend },
  ERR_VERSION_SUBJECT: {
    status: 404,
    remedy: 'Name a tenant of the configuration that leaves its policy to the store.',
  },
  ERR_VERSION_REFUSED: {
    status: 422,
    remedy: "Mend the policy as the detail says; the version's report says more.",
  },
  ERR_ACTIVATION_PENDING: {
    status: 409,
    remedy: 'Confirm or roll back the provisional activation first; without one there is nothing to confirm.',
  },

  ERR_ACTIVATION_CONFLICT: { status: 412, remedy: look },
  ERR_ACTIVATION_RATE: { status: 429, remedy: again },
  ERR_ACTIVATION_BREAK_GLASS: {
    status: 409,
    remedy: "Upload a version that allows what the operator's break-glass file lists.",
  },
  ERR_RELOAD: { status: 409, remedy: 'Restart the host, or take this change back.' },
  ERR_COMMAND: { status: 400, remedy: mend },
  ERR_API_TOKEN: {
    status: 401,
    remedy:
      'Send "Authorization: Bearer" with a token that an operator has made, and that is neither expired nor revoked.',
  },
  ERR_API_ROLE: { status: 403, remedy: 'Ask with a token of a role that may do this.' },
  ERR_API_UNKNOWN: { status: 404, remedy: 'Check the path and the method against /openapi.json.' },
  ERR_API_REQUEST: { status: 400, remedy: mend },
  ERR_API_MEDIA: { status: 415, remedy: 'Send a body of a type that /openapi.json names for this route.' },
  ERR_API_SIZE: { status: 413, remedy: grow },
  ERR_API_PRECONDITION: {
    status: 428,
    remedy: 'Get the active version, and send its ETag as If-Match.',
  },
  ERR_API_RATE: { status: 429, remedy: again },
  ERR_API_BUSY: { status: 503, remedy: again },
  ERR_JOB_LINE: { status: 429, remedy: 'Wait until a job has ended, or cancel one.' },
  ERR_JOB_TIME: { status: 422, remedy: 'Ask for less: fewer principals or resources.' },
  ERR_HOST_UNREACHABLE: { status: 503, remedy: again },
  ERR_QUESTION_FILE: { status: 422, remedy: mend },
  ERR_SETTINGS_FILE: { status: 422, remedy: mend },
  ERR_VECTORS_FILE: { status: 422, remedy: mend },
  ERR_RECORDING_FILE: {
    status: 409,
    remedy:
      'Have an operator name a "recording" in the configuration; it holds what is decided from then on.',
  },
  ERR_STORE_VALUE: { status: 422, remedy: mend },
  ERR_VERSION_UNKNOWN: { status: 404, remedy: 'List the versions and name one of them.' },
  ERR_VERSION_STATE: {
    status: 409,
    remedy: 'Look at the state of the version; the detail says what it lacks.',
  },
}

/** For codes that have no row of their own. */
const byFault: Readonly<Record<'policy' | 'operator' | 'plug-in' | 'host', Answer>> = {
  policy: { status: 422, remedy: 'Mend the policy and upload it again.' },
  operator: { status: 500, remedy: 'Have an operator of the host look at its log.' },
  'plug-in': { status: 500, remedy: 'Have an operator of the host look at its log.' },
  host: { status: 500, remedy: 'Have an operator of the host report it.' },
}

/** Codes beside those of a policy's fault whose details are about what the tenant itself sent or has. */
const ownDetails: ReadonlySet<ErrorCode> = new Set([
  'ERR_VERSION_SUBJECT',
  'ERR_VERSION_REFUSED',
  'ERR_VERSION_UNKNOWN',
  'ERR_VERSION_STATE',
  'ERR_ACTIVATION_PENDING',
  'ERR_ACTIVATION_CONFLICT',
  'ERR_ACTIVATION_RATE',
  'ERR_QUESTION_FILE',
  'ERR_SETTINGS_FILE',
  'ERR_VECTORS_FILE',
  'ERR_STORE_VALUE',
  'ERR_API_REQUEST',
  'ERR_API_MEDIA',
  'ERR_API_SIZE',
  'ERR_API_PRECONDITION',
  'ERR_API_RATE',
  'ERR_API_BUSY',
  'ERR_JOB_LINE',
  'ERR_JOB_TIME',
])

/** Whether a tenant may read the details of an error with this code. */
export function isOwnDetail(code: ErrorCode): boolean {
  return ownDetails.has(code) || errorTable[code].fault === 'policy'
}

export function statusOf(code: ErrorCode): number {
  return (answers[code] ?? byFault[errorTable[code].fault]).status
}

/** `isOperator`: who asks may read everything. */
export function problemOf({ code, detail }: PortcullisError, isOperator: boolean): Problem {
  const { text, fault } = errorTable[code]
  const { status, remedy } = answers[code] ?? byFault[fault]
  return {
    type: `urn:portcullis:error:${code}`,
    title: text,
    status,
    code,
    ...(detail !== '' && (isOperator || isOwnDetail(code)) && { detail }),
    remedy,
  }
}

/** A request that waits so long is taken again; absent for an error that time does not heal. */
export class RetryLater extends PortcullisError {
  readonly seconds: number

  constructor(code: 'ERR_API_RATE' | 'ERR_API_BUSY', detail: string, seconds: number) {
    super(code, detail)
    this.seconds = seconds
  }
}

/** What Retry-After says with a status that promises it. */
export function retryAfterOf(error: PortcullisError): number | undefined {
  if (error instanceof RetryLater) return error.seconds
  const { status } = answers[error.code] ?? { status: 0 }
  if (status === 503) return 1
  return status === 429 ? Number(/try again in (\d+) s/.exec(error.detail)?.[1] ?? 10) : undefined
}

/** What Fastify says of a body that is larger than its route takes. */
export const bodyTooLarge = 'FST_ERR_CTP_BODY_TOO_LARGE'

/** Errors of Fastify and its plug-ins that are the request's, by their codes. */
const ofRequest: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'ERR_API_MEDIA',
  [bodyTooLarge]: 'ERR_API_SIZE',
  FST_REQ_FILE_TOO_LARGE: 'ERR_API_SIZE',
  FST_PARTS_LIMIT: 'ERR_API_SIZE',
  FST_FILES_LIMIT: 'ERR_API_SIZE',
  FST_FIELDS_LIMIT: 'ERR_API_SIZE',
}

/** Whatever was thrown, as an error of the table. What nobody foresaw is the host's. */
export function errorOf(error: Error): PortcullisError {
  if (error instanceof PortcullisError) return error
  const { code = '', statusCode = 500 } = error as { code?: string; statusCode?: number }
  const known = ofRequest[code] ?? (statusCode < 500 ? 'ERR_API_REQUEST' : 'ERR_HOST_FAULT')
  return new PortcullisError(known, error.message)
}
