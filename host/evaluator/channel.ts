/**
 * portcullis_io as TypeScript sees it. Pulling only: one thread calls `next` and gets one event; nothing ever calls
 * back into JavaScript. The event's bytes are valid until the next call.
 */

import koffi from 'koffi'
import type { FromEvaluator } from '../control/messages.ts'
import { PortcullisError } from '../errors.ts'
import { recordRoomBytes, recordRoomMsMax } from '../limits.ts'
import { nativeLibrary } from '../paths.ts'
import { controlBytesMax, frameType, runningPage, type WireVersions } from '../wire/layout.ts'

/** As in native/io/io.h. */
export const CONTROL_CONNECTION = 0
const EVENT_HEADER_BYTES = 16
const ACCOUNT_BYTES = 192
const E_IN_USE = -2
const NOT_TAKEN = 1
const NOT_RECORDED = 2
const closedReasons = [
  undefined, // by the peer, which is how connections end
  'ERR_CONNECTION_GARBAGE',
  'ERR_CONNECTION_SILENT',
  'ERR_CONNECTION_TOO_MANY',
] as const

export type ChannelEvent =
  | { readonly what: 'timeout' }
  | { readonly what: 'frame'; readonly connection: number; readonly type: number; readonly body: Buffer }
  | { readonly what: 'hello'; readonly connection: number; readonly account: string; readonly body: Buffer }
  | {
      readonly what: 'closed'
      readonly connection: number
      readonly error: (typeof closedReasons)[number]
      readonly account: string
    }

/** An account is ASCII, and ends with the text or with zeros. */
function textOf(bytes: Buffer): string {
  return bytes.toString('latin1').replace(/\0+$/, '')
}

export interface Welcome {
  readonly version: number
  readonly evaluatorCount: number
  readonly generation: number
  readonly switches: number
  readonly label: string
}

function encode(message: FromEvaluator): Buffer {
  return Buffer.from(JSON.stringify(message))
}

type Decision = FromEvaluator & { readonly type: 'decision' }

function bind() {
  const library = koffi.load(nativeLibrary('portcullis_io'))
  return {
    open: library.func('void *pcio_open(int64_t control_handle, int64_t page_handle)'),
    page: library.func('void *pcio_page(void *io)'),
    listen: library.func(
      'int pcio_listen(void *io, const char *endpoint, uint32_t index, const char *accounts)',
    ),
    admit: library.func('int pcio_admit(void *io, const char *accounts)'),
    unlisten: library.func('void pcio_unlisten(void *io)'),
    next: library.func('int pcio_next(void *io, uint8_t *event, int32_t timeout_ms)'),
    welcome: library.func(
      'int pcio_welcome(void *io, uint32_t connection, uint32_t version, uint32_t count, uint32_t generation, uint32_t switches, const char *label)',
    ),
    relabel: library.func('int pcio_relabel(void *io, uint32_t connection, const char *label)'),
    refuse: library.func('int pcio_refuse(void *io, uint32_t connection, uint32_t lowest, uint32_t highest)'),
    answer: library.func(
      'int pcio_answer(void *io, uint32_t connection, uint8_t *body, uint32_t size, uint8_t *record, uint32_t record_size)',
    ),
    hold: library.func('int pcio_hold(void *io, uint32_t connection)'),
    resume: library.func('int pcio_resume(void *io, uint32_t connection)'),
    hangUp: library.func('int pcio_hang_up(void *io, uint32_t connection)'),
    report: library.func('int pcio_report(void *io, uint8_t *body, uint32_t size)'),
    room: library.func('int pcio_room(void *io, uint32_t bytes, uint32_t timeout_ms)'),
    drain: library.func('void pcio_drain(void *io)'),
    watch: library.func('int pcio_watch(void *io, uint32_t processor_ms, uint32_t wall_ms)'),
  }
}

export class Channel {
  readonly #native = bind()
  readonly #io: unknown
  readonly #event = Buffer.alloc(EVENT_HEADER_BYTES + controlBytesMax)
  #hadRoom = true

  /** Of the page that the supervisor can read after this process has died; the rest of it is portcullis_io's. */
  readonly #page: DataView

  /** Inherited handles: the connection to the supervisor, and the file of the page that says what runs. */
  constructor(controlHandle: number, pageHandle: number) {
    const io: unknown = this.#native.open(controlHandle, pageHandle)
    if (io === null) throw new PortcullisError('ERR_CHANNEL', 'what was inherited cannot be used')
    this.#io = io
    this.#page = new DataView(koffi.view(this.#native.page(io), runningPage.bytes))
  }

  /** Says whose policy is about to run. Until the next question, or the next word. */
  runs(phase: keyof typeof runningPage.phase): void {
    this.#page.setUint32(runningPage.at.phase, runningPage.phase[phase], true)
  }

  /** `others`: accounts other than our own that may connect. */
  listen(endpoint: string, index: number, others: readonly string[]): void {
    const status: number = this.#native.listen(this.#io, endpoint, index, others.join(' '))
    if (status === 0) return
    throw new PortcullisError(
      status === E_IN_USE ? 'ERR_ENDPOINT_IN_USE' : 'ERR_ENDPOINT_LISTEN',
      `${endpoint} (${index})`,
    )
  }

  /** Other accounts than those that `listen` was given may connect from now on. */
  admit(others: readonly string[]): void {
    if (this.#native.admit(this.#io, others.join(' ')) === 0) return
    throw new PortcullisError('ERR_ENDPOINT_LISTEN', 'who may connect cannot be changed')
  }

  /** Accepts no further connections; those that exist go on. */
  unlisten(): void {
    this.#native.unlisten(this.#io)
  }

  /** Waits for the next event; without `timeoutMs` until there is one. */
  next(timeoutMs = -1): ChannelEvent {
    const event = this.#event
    this.#native.next(this.#io, event, timeoutMs)
    const what = event.readUInt32LE(0)
    const connection = event.readUInt32LE(4)
    const detail = event.readUInt32LE(8)
    const body = event.subarray(EVENT_HEADER_BYTES, EVENT_HEADER_BYTES + event.readUInt32LE(12))
    if (what === 2) return { what: 'closed', connection, error: closedReasons[detail], account: textOf(body) }
    if (what !== 1) return { what: 'timeout' }
    if (detail !== frameType.hello) return { what: 'frame', connection, type: detail, body }
    const account = textOf(body.subarray(0, ACCOUNT_BYTES))
    return { what: 'hello', connection, account, body: body.subarray(ACCOUNT_BYTES) }
  }

  welcome(connection: number, { version, evaluatorCount, generation, switches, label }: Welcome): void {
    this.#native.welcome(this.#io, connection, version, evaluatorCount, generation, switches, label)
  }

  /** Whom the next questions of an accepted connection are for. */
  relabel(connection: number, label: string): void {
    this.#native.relabel(this.#io, connection, label)
  }

  /** Closes a connection whose plug-in speaks none of our versions, and says which these are. */
  refuse(connection: number, { lowest, highest }: WireVersions): void {
    this.#native.refuse(this.#io, connection, lowest, highest)
  }

  /**
   * Counts the decision, hands its record over as `report` does, and answers: all of it, or the watchdog has decided instead.
   * `isTaken`: the other side took the answer; otherwise the connection is gone. `isRecorded`: there was room for the record.
   */
  answer(
    connection: number,
    body: Buffer,
    decision: Decision,
  ): { readonly isTaken: boolean; readonly isRecorded: boolean } {
    const record = encode(decision)
    const status: number = this.#native.answer(this.#io, connection, body, body.length, record, record.length)
    if (status < 0) throw new PortcullisError('ERR_HOST_FAULT', 'an answer to a question that was not asked')
    return { isTaken: (status & NOT_TAKEN) === 0, isRecorded: (status & NOT_RECORDED) === 0 }
  }

  /** Sets the question aside that was handed out last. Its bytes are the caller's to keep. */
  hold(connection: number): void {
    this.#native.hold(this.#io, connection)
  }

  /** Takes it up again. False if its connection has gone. */
  resume(connection: number): boolean {
    return this.#native.resume(this.#io, connection) === 0
  }

  hangUp(connection: number): void {
    this.#native.hangUp(this.#io, connection)
  }

  /**
   * Queues a message. It goes out before the evaluator waits for anything, or with others when there are many, or
   * before the watchdog kills. False if the supervisor is so far behind that it had to be dropped.
   */
  report(message: FromEvaluator): boolean {
    const body = encode(message)
    return this.#native.report(this.#io, body, body.length) === 0
  }

  /**
   * Whether the next decision's record will have room. Waits for it, but not again where it has just waited in vain: questions must
   * not queue up behind each other's waiting.
   */
  hasRoom(): boolean {
    const waitMs = this.#hadRoom ? recordRoomMsMax : 0
    this.#hadRoom = this.#native.room(this.#io, recordRoomBytes, waitMs) === 0
    return this.#hadRoom
  }

  /** Sends what is queued, for as long as the supervisor takes it. */
  drain(): void {
    this.#native.drain(this.#io)
  }

  watch(processorMs: number, wallMs: number): void {
    if (this.#native.watch(this.#io, processorMs, wallMs) !== 0) {
      throw new PortcullisError('ERR_CHANNEL', 'the watchdog cannot be started')
    }
  }
}
