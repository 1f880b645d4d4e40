// The channel between supervisor and admin process, which reads what strangers send: neither end believes more than it must.

import { describe, expect, it } from 'vitest'
import { HostChannel } from '../../host/admin/host-channel.ts'
import { type FromAdmin, readFromAdmin } from '../../host/admin/messages.ts'
import type { AuditAct } from '../../host/audit/audit.ts'
import { PortcullisError } from '../../host/errors.ts'
import { apiCommandsMax, apiCommandsWaitingMax } from '../../host/limits.ts'
import { answerTo } from '../../host/supervisor/admin-process.ts'
import { type Obedient, obey } from '../../host/supervisor/operator.ts'
import type { OperatorCommand } from '../../host/supervisor/operator-command.ts'
import { loadedBy } from '../support/loaded-by.ts'

describe('what the admin process may have done', () => {
  const obeyed: OperatorCommand[] = []
  const owner = {
    obey: (command: OperatorCommand) => {
      obeyed.push(command)
      if (command.command === 'reload') throw new PortcullisError('ERR_RELOAD', 'why')
      if (command.command === 'config') throw new Error('unforeseen')
      return 'done'
    },
  }

  it('is what a token lets do', async () => {
    expect(await answerTo(1, { command: 'status' }, owner)).toEqual({ type: 'reply', id: 1, result: 'done' })
    expect(obeyed).toEqual([{ command: 'status' }])
  })

  it.each([{ command: 'status', more: 1 }, { command: 'nothing' }, {}])('is not %j', async (command) => {
    obeyed.length = 0
    expect(await answerTo(1, command, owner)).toMatchObject({ error: { code: 'ERR_COMMAND' } })
    expect(obeyed).toEqual([])
  })

  it.each<OperatorCommand>([
    { command: 'stop' },
    { command: 'token-create', name: 'x', role: 'operator', expiresInMs: 1, who: 'x' },
    { command: 'token-revoke', id: '0'.repeat(12), who: 'x' },
  ])('is not %j, and that it was tried is audited', async (command) => {
    const acts: AuditAct[] = []
    const host = { state: 'running', chronicle: { acted: (act: AuditAct) => void acts.push(act) } }
    const answer = await answerTo(1, command, {
      obey: (told) => obey(host as unknown as Obedient, told, 'api'),
    })
    expect(answer).toMatchObject({ error: { code: 'ERR_COMMAND' } })
    expect(acts).toMatchObject([
      { command: command.command, via: 'api', result: 'refused', code: 'ERR_COMMAND' },
    ])
  })

  it('is told with the code of what it is refused for', async () => {
    expect(await answerTo(2, { command: 'reload', who: 'x' }, owner)).toMatchObject({
      id: 2,
      error: { code: 'ERR_RELOAD', detail: 'why' },
    })
    expect(await answerTo(3, { command: 'config' }, owner)).toMatchObject({
      error: { code: 'ERR_HOST_FAULT' },
    })
  })
})

describe('a message of the admin process', () => {
  it.each<[FromAdmin]>([
    [{ type: 'listening', address: '127.0.0.1:1' }],
    [{ type: 'failed', code: 'ERR_ADMIN_LISTEN', detail: '' }],
    [{ type: 'command', id: 1, command: { command: 'status' } }],
    [{ type: 'log', level: 'warn', event: 'api-failed' }],
    [{ type: 'counts', requests: { '2xx': 1 }, unauthorized: 0, limited: 0 }],
  ])('is %j', (message) => {
    expect(readFromAdmin(message)).toEqual(message)
  })

  it.each([
    [undefined],
    ['text'],
    [{}],
    [{ type: 'closed' }],
    [{ type: 'listening', address: 'x'.repeat(1_000) }],
    [{ type: 'failed', code: 'ERR_NONE', detail: '' }],
    [{ type: 'command', id: -1, command: {} }],
    [{ type: 'command', id: 1, command: 'stop' }],
    [{ type: 'log', level: 'fatal', event: 'failed' }],
    [{ type: 'log', level: 'info', event: 'Decision' }],
    [{ type: 'log', level: 'info', event: 'decision', tenant: 'a' }],
    [{ type: 'counts', requests: { all: 1 }, unauthorized: 0, limited: 0 }],
    [{ type: 'counts', requests: { '2xx': -1 }, unauthorized: 0, limited: 0 }],
  ])('is not %j', (message) => {
    expect(() => readFromAdmin(message)).toThrow('ERR_CHANNEL')
  })
})

describe('the host as the admin process has it', () => {
  it('has a bounded number of commands under way, some that wait, and is busy beyond', async () => {
    const sent: number[] = []
    const channel = new HostChannel((message) => {
      if (message.type === 'command') sent.push(message.id)
    })
    const all = Array.from({ length: apiCommandsMax + apiCommandsWaitingMax }, () =>
      channel.tell({ command: 'status' }),
    )
    expect(sent).toHaveLength(apiCommandsMax)
    await expect(channel.tell({ command: 'status' })).rejects.toThrow('ERR_API_BUSY')
    for (let id = all.length; id > 0; id--) {
      const open = sent[sent.length - 1] as number
      sent.pop()
      channel.reply({ type: 'reply', id: open, result: open })
    }
    expect((await Promise.all(all)).sort((a, b) => Number(a) - Number(b))).toEqual(
      all.map((_, index) => index + 1),
    )
  })

  it('gives each reply to who has asked, whatever their order, and none twice', async () => {
    const channel = new HostChannel(() => {})
    const [first, second] = [channel.tell({ command: 'status' }), channel.tell({ command: 'status' })]
    channel.reply({ type: 'reply', id: 2, error: { code: 'ERR_RELOAD', detail: 'second' } })
    channel.reply({ type: 'reply', id: 1, result: 'first' })
    channel.reply({ type: 'reply', id: 1, result: 'again' })
    channel.reply({ type: 'reply', id: 7, result: 'of nobody' })
    expect(await first).toBe('first')
    await expect(second).rejects.toMatchObject({ code: 'ERR_RELOAD', detail: 'second' })
  })
})

describe.each(['main.js', 'job-main.js'])('what admin/%s loads', (name) => {
  it('has no part of the engine, of an evaluator, or of what the supervisor runs', () => {
    const loaded = loadedBy('admin', name)
    expect(loaded).toContain('limits.js')
    expect(loaded.filter((path) => /^(engine|evaluator|supervisor)\//.test(path))).toEqual([])
  })
})
