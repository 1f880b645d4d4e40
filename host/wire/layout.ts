/**
 * Numbers that the plug-in, the evaluator and the policy agree on. The C side has the same in native/block;
 * a test compares the two. Meanings: docs/reference/request-block.md and docs/reference/wire.md.
 */

/** Versions of the wire, from the lowest to the highest. */
export interface WireVersions {
  readonly lowest: number
  readonly highest: number
}

/** Those that this host speaks. */
export const wireVersions: WireVersions = { lowest: 1, highest: 1 }

export const frameType = {
  hello: 1,
  welcome: 2,
  question: 3,
  answer: 4,
  refusal: 5,
  control: 16,
  overtime: 17,
} as const

export const FRAME_HEADER_BYTES = 8

/** As in native/block/block.h: a longer question is denied by the plug-in. */
export const blockBytesMax = 49_152

/** As in native/io/io.h: a control frame carries at most one compiled policy, in base64. */
export const controlBytesMax = 1 << 20

export const block = {
  magic: 0x42524350,
  version: 1,
  headerBytes: 160,
  /** What a 64 KiB page of a policy can take and still leave room to think. */
  bytesMax: 49_152,
  /** A Windows token holds at most 1,024 groups. */
  groupsMax: 1024,
  idBytes: 16,
  subAuthoritiesMax: 15,
  flagToken: 1,
} as const

/** Kinds of question, as numbers on the wire. */
export const kindNumber = { user: 1, operation: 2, quota: 3 } as const
export type Kind = keyof typeof kindNumber

export function kindOf(number: number): Kind | undefined {
  return number === 1 ? 'user' : number === 2 ? 'operation' : number === 3 ? 'quota' : undefined
}

/** Offsets in a request block. */
export const at = {
  magic: 0,
  version: 4,
  headerSize: 6,
  totalSize: 8,
  kind: 12,
  attempt: 14,
  questionId: 16,
  timeMs: 32,
  timeZoneOffsetMinutes: 40,
  flags: 44,
  operation: 48,
  reserved: 52,
  userSid: 56,
  enabledGroups: 64,
  denyOnlyGroups: 72,
  texts: 80,
} as const

/** The ten texts, in the order of their pairs and of the payload. */
export const textFields = [
  'application',
  'senderName',
  'authenticationMechanism',
  'certificateSubject',
  'certificateIssuerName',
  'certificateIssuerThumbprint',
  'certificateSubjectName',
  'httpUrl',
  'action',
  'resourceUri',
] as const
export type TextField = (typeof textFields)[number]

export const hello = {
  magic: 0x49484350,
  /** The beginning of every hello, in every version for ever. */
  prefixBytes: 32,
  at: { lowest: 4, highest: 6, product: 8, processId: 16, application: 20, units: 22, counters: 24 },
  /** An application identification is a path below "wsman/"; IIS paths have at most 260 characters. */
  applicationUnitsMax: 1024,
} as const

/** What the plug-in denies by itself, in the order of a hello's counters. */
export const pluginDenials = [
  'UNREACHABLE',
  'NOT_CONFIGURED',
  'BUSY',
  'LATE',
  'GARBAGE',
  'TOO_LARGE',
  'BAD_QUESTION',
  'BAD_FLAGS',
  'NO_TOKEN',
  'STALE_INSTANCE',
  'SHUTTING_DOWN',
  'NO_MEMORY',
  'NO_SENDER',
  'NOT_ACCEPTED',
  'STALE_CONTEXT',
  'WRONG_OWNER',
  'VERSION',
] as const

/** What a newer plug-in counts beyond those, as one sum. */
export const OTHER_DENIALS = 'OTHER'

export const switches = { runAsPoolAccount: 1, administrator: 2 } as const

export const answer = {
  magic: 0x4e414350,
  headerBytes: 52,
  textUnitsMax: 512,
  outcome: { allow: 1, deny: 2, 'no-answer': 3 },
  flagAdministrator: 1,
} as const

export const resultRecord = {
  magic: 0x52524350,
  bytes: 32,
  /** A reason is a sentence for an audit log, and a redirect target a URL. */
  textUnitsMax: 512,
  kind: { allow: 1, deny: 2, redirect: 3, quota: 4 },
  flagAdministrator: 1,
} as const

export const overtimeHeaderBytes = 40

/** As in native/io/io.h: what an evaluator is working on, on a page that outlives it. */
export const runningPage = {
  bytes: 4096,
  magic: 0x4e524350,
  at: { sequence: 4, kind: 8, attempt: 10, phase: 12, id: 16, label: 32, overtime: 1056, decided: 1064 },
  phase: { host: 0, guard: 1, tenant: 2 },
  labelBytesMax: 1024,
} as const
