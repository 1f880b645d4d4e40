// What the Windows service decides without Windows: when a host is started again, how often something is reported, when a log
// begins anew, what a line of the host's log says, how a command line is quoted.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { readImage } from '../../host/service/image.ts'
import {
  commandLine,
  cut,
  deniedIn,
  isEvent,
  reportsAt,
  restartDelays,
  rotationIsDue,
  rotationName,
  runs,
} from '../support/service-units.ts'

describe('a host that was lost', () => {
  it('is started again at once, then after 100 ms, doubling up to 30 s', () => {
    expect(restartDelays(Array(13).fill(0))).toEqual([
      0, 100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000, 30_000,
    ])
  })

  it('is started at once again if it had served for a minute, and not if for less', () => {
    expect(restartDelays([0, 0, 59_999, 60_000, 0])).toEqual([0, 100, 200, 0, 100])
  })
})

describe('reports of one kind', () => {
  it('come at most every ten seconds, and the next says how many were left out', () => {
    expect(reportsAt([5, 6, 10_004, 10_005, 20_004, 20_005])).toEqual([
      0,
      undefined,
      undefined,
      2,
      undefined,
      1,
    ])
  })

  it('come at most sixty times an hour', () => {
    const everyTenSeconds = Array.from({ length: 400 }, (_, index) => index * 10_000)
    const told = reportsAt(everyTenSeconds)
    expect(told.slice(0, 60)).toEqual(Array(60).fill(0))
    expect(told.slice(60, 360)).toEqual(Array(300).fill(undefined))
    expect(told[360]).toBe(300)
    expect(told[361]).toBe(0)
  })

  it('are each told or counted, whenever they come', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(60_000), { maxLength: 300 }), (pauses) => {
        let now = 0
        const times = pauses.map((pause) => {
          now += pause
          return now
        })
        const told = reportsAt(times)
        const last = told.findLastIndex((count) => count !== undefined)
        const counted = told.reduce((sum: number, count) => sum + (count ?? 0), 0)
        expect(counted).toBe(told.slice(0, last).filter((count) => count === undefined).length)
      }),
    )
  })
})

describe('a log', () => {
  const full = 16 * 1024 * 1024

  it('begins anew when what comes would not fit into 16 MiB', () => {
    expect(rotationIsDue(full - 10, 10)).toBe(false)
    expect(rotationIsDue(full - 10, 11)).toBe(true)
  })

  it('takes what is larger than a file into an empty one', () => {
    expect(rotationIsDue(0, full + 1)).toBe(false)
  })

  it('has names that say what is older', () => {
    expect([0, 1, 7].map((index) => rotationName('host', index))).toEqual([
      'host.log',
      'host.1.log',
      'host.7.log',
    ])
    expect(rotationName('x'.repeat(64), 0)).toBeUndefined()
  })
})

describe('the lines of a log', () => {
  it('come out whole, however they came in', () => {
    expect(cut('one\ntwo\nthree', 5)).toEqual([['one'], ['two'], []])
    expect(cut('one\n\ntwo\n', 100)).toEqual([['one', '', 'two']])
    expect(cut('\n', 1)).toEqual([['']])
  })

  it('come in pieces when they are longer than 64 KiB', () => {
    const [first, ...rest] = cut(`${'x'.repeat(65_536)}tail\nnext\n`, 65_536)
    expect(first?.map(({ length }) => length)).toEqual([65_536])
    expect(rest.flat()).toEqual(['tail', 'next'])
  })

  it('are the same lines for pieces of any size', () => {
    const line = fc.string({ maxLength: 50 }).map((text) => text.replaceAll(/[\n/|]/g, '-'))
    fc.assert(
      fc.property(fc.array(line), fc.integer({ min: 1, max: 60 }), (lines, piece) => {
        expect(cut(lines.map((text) => `${text}\n`).join(''), piece).flat()).toEqual(lines)
      }),
    )
  })
})

describe("a line of the host's log", () => {
  const connection = (denied: object) =>
    JSON.stringify({ level: 30, account: 'S-1-5-18', application: 'wsman/a', denied, event: 'connection' })

  it('has an event if the member says so', () => {
    expect(isEvent('{"level":30,"event":"serving","msg":"x"}', 'serving')).toBe(true)
    expect(isEvent('{"level":30,"event":"serving"}', 'servin')).toBe(false)
    expect(isEvent(connection({}), 'connection')).toBe(true)
    expect(isEvent('{"event":"connection-refused"}', 'connection')).toBe(false)
    expect(isEvent('{"event":"connection', 'connection')).toBe(false)
    expect(isEvent('', 'serving')).toBe(false)
  })

  it('has no event and no count by what a caller or a policy has said in it', () => {
    const texts = ['"event":"serving"', '","event":"serving","x":"', '\\"event":"serving"', '"UNREACHABLE":7']
    fc.assert(
      fc.property(fc.string(), fc.constantFrom(...texts), fc.string(), (before, text, after) => {
        const line = JSON.stringify({ event: 'decision', sender: before + text + after, [text]: text })
        expect(isEvent(line, 'serving')).toBe(false)
        expect(deniedIn(line)).toBe(0)
      }),
    )
  })

  it('tells how many questions were denied without a host, and no others', () => {
    expect(deniedIn(connection({ UNREACHABLE: 12, LATE: 5 }))).toBe(12)
    expect(deniedIn(connection({ LATE: 5 }))).toBe(0)
    expect(deniedIn(connection({}))).toBe(0)
    expect(deniedIn(connection({ UNREACHABLE: 4_294_967_295 }))).toBe(4_294_967_295)
    expect(deniedIn('{"UNREACHABLE":')).toBe(0)
    expect(deniedIn('{"UNREACHABLE":4')).toBe(4)
    expect(deniedIn('{"UNREACHABLE":12345678901}')).toBe(1_234_567_890)
  })
})

describe('a command line', () => {
  /** As Microsoft's C runtime takes one apart. */
  function takenApart(text: string): string[] {
    const found: string[] = []
    for (let at = 0; at < text.length; at++) {
      let argument = ''
      let quoted = false
      for (; at < text.length && (quoted || text[at] !== ' '); at++) {
        const backslashes = /^\\*/.exec(text.slice(at))?.[0].length ?? 0
        at += backslashes
        if (text[at] !== '"') {
          argument += '\\'.repeat(backslashes) + (text[at] ?? '')
          if (text[at] === ' ' && !quoted) throw new Error('a blank outside quotes')
          continue
        }
        argument += '\\'.repeat(backslashes >> 1)
        if (backslashes % 2 === 1) argument += '"'
        else quoted = !quoted
      }
      found.push(argument)
    }
    return found
  }

  it('has quotes around everything, and backslashes doubled before the last', () => {
    expect(commandLine(['C:\\Program Files\\x.exe', 'run', 'C:\\'])).toBe(
      '"C:\\Program Files\\x.exe" "run" "C:\\\\"',
    )
    expect(commandLine(['', 'a"b', 'c\\"d'])).toBe('"" "a\\"b" "c\\\\\\"d"')
  })

  it('gives every argument back as it was', () => {
    const argument = fc
      .array(fc.constantFrom('\\', '"', ' ', 'a', 'ö', '\t'), { maxLength: 12 })
      .map((parts) => parts.join(''))
    fc.assert(
      fc.property(fc.array(argument, { minLength: 1, maxLength: 5 }), (given) => {
        expect(takenApart(commandLine(given) ?? '')).toEqual(given)
      }),
    )
  })

  it('is refused when it does not fit with its terminator', () => {
    expect(commandLine(['abcd', 'e'], 11)).toBe('"abcd" "e"')
    expect(commandLine(['abcd', 'e'], 10)).toBeUndefined()
    expect(commandLine(['x'.repeat(40_000)])).toBeUndefined()
  })

  it('runs our program in any folder, and nothing that is only named like it', () => {
    const is = (text: string) => runs(text, 'portcullis_service.exe')
    expect(is('"C:\\Program Files\\Portcullis\\bin\\PORTCULLIS_service.EXE" "run"')).toBe(true)
    expect(is('C:\\bin\\portcullis_service.exe run')).toBe(true)
    expect(is('portcullis_service.exe')).toBe(true)
    expect(is('"C:\\x\\notepad.exe" "C:\\portcullis_service.exe"')).toBe(false)
    expect(is('C:\\Program Files\\portcullis_service.exe')).toBe(false)
    expect(is('"C:\\not_portcullis_service.exe"')).toBe(false)
    expect(is('"C:\\portcullis_service.exe.bak"')).toBe(false)
    expect(is('')).toBe(false)
  })

  it('of a service is read back', () => {
    const given = {
      program: 'C:\\a b\\s.exe',
      node: 'C:\\n.exe',
      main: 'D:\\m.js',
      config: 'C:\\c.json',
      log: 'E:\\',
    }
    const { program, node, main, config, log } = given
    const options = ['run', '--name', 'x', '--node', node, '--main', main, '--config', config, '--log', log]
    expect(readImage(commandLine([program, ...options]) ?? '')).toEqual(given)
    expect(readImage('C:\\windows\\notepad.exe')).toMatchObject({ config: '', log: '' })
  })
})
