// What an operator sees of `portcullis iis`: what is written, what is kept, what is said.

import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { errorTable } from '../../host/errors.ts'
import { carryOut } from '../../host/iis/change.ts'
import { decodeConfig } from '../../host/iis/config-text.ts'
import { lineDiff } from '../../host/iis/line-diff.ts'
import { planApply, planRemove } from '../../host/iis/plan.ts'
import { runProgram } from '../support/command.ts'
import { referencePage } from '../support/reference-page.ts'
import { refusal } from '../support/refusal.ts'
import { dll, host, operations, plugin, webConfig } from './sites.ts'

let folder: string
let path: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'portcullis-iis-'))
  path = join(folder, 'web.config')
})
afterEach(() => rmSync(folder, { recursive: true }))

const run = (command: string, ...args: string[]) =>
  runProgram('main', folder, 'iis', command, '--web-config', 'web.config', ...args)
const apply = (...args: string[]) => run('apply', '--plugin', dll, ...args)
const read = () => readFileSync(path, 'utf8')
const asText = (text: string) => decodeConfig('web.config', Buffer.from(text))
const applied = (text: string) => planApply(asText(text), { filename: dll }).text

const element = `<AuthorizationPlugin Name="Portcullis" Filename="${dll}" SDKVersion="1" SupportsQuota="true"/>`

describe('what apply writes', () => {
  it('comes first in PluginModules, indented as its neighbours are', () => {
    const lines = ['<PluginModules> <!-- ours -->', '\t\t\t\t<OperationsPlugins/>', '      </PluginModules>']
    expect(applied(webConfig(lines.join('\r\n')))).toBe(
      webConfig([lines[0], `\t\t\t\t${element}`, ...lines.slice(1)].join('\r\n')),
    )
  })

  it('opens what is self-closed', () => {
    const lines = ['<PluginModules>', `        ${element}`, '      </PluginModules>']
    expect(applied(webConfig('<PluginModules/>'))).toBe(webConfig(lines.join('\n')))
  })

  it('makes what is missing, at the end of what is there', () => {
    expect(applied('<configuration>\n\t<system.web />\n\t<system.webServer />\n</configuration>')).toBe(
      [
        '<configuration>',
        '\t<system.web />',
        '\t<system.webServer>',
        '\t\t<system.management.wsmanagement.config>',
        '\t\t\t<PluginModules>',
        `\t\t\t\t${element}`,
        '\t\t\t</PluginModules>',
        '\t\t</system.management.wsmanagement.config>',
        '\t</system.webServer>',
        '</configuration>',
      ].join('\n'),
    )
  })

  it('stays in one line where all of the file is in one', () => {
    const before = '<configuration><system.webServer><a/></system.webServer></configuration>'
    const section = `<system.management.wsmanagement.config><PluginModules>${element}</PluginModules></system.management.wsmanagement.config>`
    expect(applied(before)).toBe(before.replace('<a/>', `<a/>${section}`))
  })

  it('is not led astray by comments, CDATA and other elements of the same names', () => {
    const before = webConfig(
      '<!-- <PluginModules> --><a><![CDATA[<PluginModules>]]><PluginModules/></a><PluginModules></PluginModules>',
    )
    const pair = element.replace('/>', '></AuthorizationPlugin>')
    expect(applied(before)).toBe(before.replace('><PluginModules></', `><PluginModules>${pair}</`))
  })

  it('mends the attributes of what is there, and leaves its form and its name', () => {
    const old =
      '<AuthorizationPlugin\n Filename = \'C:\\O&apos;B\\PORTCULLIS.DLL\'\n  Name="Gate" SDKVersion="2" />'
    const mended = `<AuthorizationPlugin\n Filename = '${dll}'\n  Name="Gate" SDKVersion="1" SupportsQuota="true" />`
    const file = webConfig(`<PluginModules>${old}</PluginModules>`)
    expect(applied(file)).toBe(file.replace(old, mended))
  })
})

describe('apply', () => {
  it('says what it did, keeps the file before, and says that the site has to be restarted', () => {
    const before = webConfig(`<PluginModules>${operations}</PluginModules>`)
    writeFileSync(path, before)
    const { status, stdout, stderr } = apply('--application-host', 'host.config')
    expect([status, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/host\.config is not there \[ERR_IIS_UNREADABLE\]/)
    expect(readdirSync(folder)).toEqual(['web.config'])

    const done = apply()
    expect(done.stdout.replaceAll(folder, '')).toBe(
      [
        `/web.config: "Portcullis" was added: ${dll}`,
        'what was there before is in /web.config.portcullis-backup',
        'IIS takes this up only after a restart of the site, which ends what is open there',
        '',
      ].join('\n'),
    )
    expect(done.stderr).toMatch(
      /^warning: .*portcullis\.dll is on another machine, and cannot be checked here$/m,
    )
    expect(done.stderr).not.toMatch(/OperationsPlugins/)
    expect(done.status).toBe(0)
    expect(read()).toContain(element)
    expect(readFileSync(`${path}.portcullis-backup`, 'utf8')).toBe(before)
  })

  it('does nothing the second time, and says so', () => {
    writeFileSync(path, applied(webConfig('')))
    const before = statSync(path)
    const { status, stdout, stderr } = apply()
    expect(stdout).toMatch(/nothing to do; it names C:/)
    expect(stderr).toMatch(/warning: no plug-in is under OperationsPlugins, .* does not start/)
    expect(status).toBe(0)
    expect(statSync(path)).toMatchObject({ mtimeMs: before.mtimeMs, ino: before.ino })
    expect(readdirSync(folder)).toEqual(['web.config'])
  })

  it('never writes over a copy that it has made', () => {
    const files = ['', '<PluginModules/>', '<PluginModules />'].map(webConfig)
    const copies = ['', '-2', '-3'].map((number) => `${path}.portcullis-backup${number}`)
    for (const file of [...files, ...files]) {
      writeFileSync(path, file)
      expect(apply().status).toBe(0)
    }
    expect(copies.map((copy) => readFileSync(copy, 'utf8'))).toEqual(files)
    expect(readdirSync(folder)).toHaveLength(4)
  })

  it('keeps the mode of the file, for its copy too, and a link to it', () => {
    const real = join(folder, 'real.config')
    writeFileSync(real, webConfig(''))
    chmodSync(real, 0o640)
    symlinkSync('real.config', path)
    expect(apply().status).toBe(0)
    expect(lstatSync(path).isSymbolicLink()).toBe(true)
    expect(read()).toContain(element)
    for (const file of [real, `${real}.portcullis-backup`]) expect(statSync(file).mode & 0o777).toBe(0o640)
  })

  it('leaves a file alone that somebody changes meanwhile', () => {
    writeFileSync(path, webConfig(''))
    const plan = planApply(decodeConfig(path, readFileSync(path)), { filename: dll })
    writeFileSync(path, webConfig('<!-- mine -->'))
    expect(refusal(() => carryOut(plan))).toMatchObject({ code: 'ERR_IIS_CHANGED' })
    expect(read()).toBe(webConfig('<!-- mine -->'))
  })

  it('shows what it would do, and writes nothing', () => {
    writeFileSync(path, webConfig('<PluginModules>\n      </PluginModules>').replaceAll('\n', '\r\n'))
    const before = read()
    const { status, stdout } = apply('--dry-run')
    expect(stdout.split('\n').slice(2)).toEqual([
      '@@ -2,6 +2,7 @@',
      '   <system.webServer>',
      '     <system.management.wsmanagement.config>',
      '       <PluginModules>',
      `+        ${element.replace('/>', '></AuthorizationPlugin>')}`,
      '       </PluginModules>',
      '     </system.management.wsmanagement.config>',
      '   </system.webServer>',
      'nothing was written; IIS takes this up only after a restart of the site, which ends what is open there',
      '',
    ])
    expect([status, read(), readdirSync(folder)]).toEqual([0, before, ['web.config']])
  })

  it('does not configure an application whose pool is 32-bit', () => {
    writeFileSync(path, webConfig(''))
    const site = `<site name="contoso"><application path="/wsman" applicationPool="old"><virtualDirectory path="/" physicalPath="${folder}"/></application></site>`
    const pools = '<applicationPools><add name="Old" enable32BitAppOnWin64="true"/></applicationPools>'
    writeFileSync(join(folder, 'host.config'), host(`${pools}<sites>${site}</sites>`, { declaration: null }))
    const { status, stderr } = apply('--application-host', 'host.config')
    expect(stderr).toMatch(
      /the application pool "old" of "contoso\/wsman" is 32-bit, and the plug-in is for x64/,
    )
    expect(stderr).toMatch(/set its enable32BitAppOnWin64 to false, .* \[ERR_IIS_POOL\]/)
    expect([status, read()]).toEqual([2, webConfig('')])
  })
})

describe('remove', () => {
  it('brings back what was there, and does nothing the second time', () => {
    const before = webConfig('<PluginModules />')
    writeFileSync(path, before)
    apply()
    expect(run('remove', '--dry-run').stdout).toMatch(/^\+ {6}<PluginModules \/>$/m)
    expect(read()).not.toBe(before)
    const { status, stdout } = run('remove')
    expect(stdout).toMatch(
      /"Portcullis" \(C:\\.*portcullis\.dll\) was removed\nwhat was there .*\nIIS takes this up/,
    )
    expect([status, read()]).toEqual([0, before])
    expect(run('remove')).toMatchObject({ status: 0, stdout: expect.stringMatching(/nothing to do/) })
  })

  it('leaves another plug-in, and says so', () => {
    const other = '<AuthorizationPlugin Name="B" Filename="C:\\b.dll" SDKVersion="1"/>'
    writeFileSync(path, webConfig(`<PluginModules>${other}${plugin}</PluginModules>`))
    const { status, stderr } = run('remove')
    expect(stderr).toBe('warning: another authorization plug-in stays: "B" (C:\\b.dll)\n')
    expect([status, read()]).toEqual([0, webConfig(`<PluginModules>${other}</PluginModules>`)])
  })

  it('takes out what apply would refuse to mend: twice, misspelt, with something inside', () => {
    const lines = [
      plugin.replace('Filename', 'FileName'),
      plugin.replace('/>', '>\n<a/></AuthorizationPlugin>'),
    ]
    const file = webConfig(`<PluginModules>\n  ${lines.join('\n\t')}\n<a/></PluginModules>`)
    expect(planRemove(asText(file)).text).toBe(webConfig('<PluginModules>\n<a/></PluginModules>'))
  })

  it('leaves a comment beside it', () => {
    const file = webConfig(`<PluginModules>\n  ${plugin} <!-- why -->\n</PluginModules>`)
    expect(planRemove(asText(file)).text).toBe(file.replace(plugin, ''))
  })
})

describe('show', () => {
  it('shows what is configured and ends with status 0 if nothing is wrong', () => {
    writeFileSync(path, applied(webConfig(`<PluginModules>${operations}</PluginModules>`)))
    chmodSync(path, 0o666)
    writeFileSync(join(folder, 'host.config'), host(''))
    const { status, stdout } = run('show', '--application-host', 'host.config')
    expect(stdout.replaceAll(folder, '')).toMatch(
      /^web\.config +\/web\.config \(UTF-8\)\nplug-in +Portcullis\n {2}Filename +C:.*\n {2}SDKVersion +1\n {2}SupportsQuota +true\n/,
    )
    expect(stdout).toMatch(/^operations plug-in +Shell \(%windir%/m)
    expect(stdout).toMatch(/^section +may be set: its declaration says overrideModeDefault="Allow"$/m)
    expect(stdout).toMatch(/^not checked +C:\\.* on the machine that runs IIS$/m)
    expect(stdout).toMatch(
      /^warning +everyone through .* may change web\.config, and so take Portcullis out/m,
    )
    expect(status).toBe(0)
  })

  it('tells programs the same', () => {
    writeFileSync(path, applied(webConfig('')))
    const { status, stdout } = run('show', '--json')
    expect(JSON.parse(stdout)).toMatchObject({
      webConfig: path,
      encoding: 'UTF-8',
      plugin: {
        name: 'Portcullis',
        filename: dll,
        sdkVersion: '1',
        supportsQuota: 'true',
        hasSettings: null,
      },
      otherAuthorizationPlugins: [],
      operationsPlugins: [],
      surroundings: null,
      writers: { [path]: expect.any(Array) },
      problems: [{ what: expect.stringMatching(/OperationsPlugins/), cure: expect.any(String) }],
    })
    expect(status).toBe(1)
  })

  it.each<[string, string, RegExp]>([
    ['nothing of ours', '', /Portcullis is not configured in this file/],
    [
      'another plug-in',
      plugin.replaceAll(/portcullis/gi, 'b'),
      /another authorization plug-in is configured: "b" \(C:\\old\\b\.dll\)/,
    ],
    ['ours twice', plugin + plugin, /Portcullis is configured twice/],
    ['another version', plugin.replace('"1"', '"2"'), /SDKVersion is "2" and must be "1"; apply again/],
    ['no quotas', plugin.replace('"true"', '"false"'), /SupportsQuota is not "true"/],
    [
      'a variable',
      plugin.replace('C:', '%p%'),
      /Filename "%p%\\old\\portcullis\.dll": it has an environment variable/,
    ],
    [
      'a misspelt attribute',
      plugin.replace('Filename', 'FileName'),
      /has an attribute "FileName", which IIS does not know/,
    ],
    ['something inside', plugin.replace('/>', '><a/></AuthorizationPlugin>'), /has something inside/],
    [
      'PluginModules twice',
      '</PluginModules><PluginModules>',
      /"PluginModules" is there twice, .*ERR_IIS_SECTION/,
    ],
  ])('finds %s', (_, inside, problem) => {
    writeFileSync(path, webConfig(`<PluginModules>${inside}</PluginModules>`))
    const { status, stdout } = run('show')
    expect(
      stdout
        .split('\n')
        .filter((line) => line.startsWith('problem '))
        .join('\n'),
    ).toMatch(problem)
    expect(status).toBe(1)
  })

  it('finds a section that is locked, or that IIS does not know', () => {
    writeFileSync(path, applied(webConfig(operations)))
    const hostPath = join(folder, 'host.config')
    writeFileSync(hostPath, host('', { declaration: 'overrideModeDefault="Deny"' }))
    expect(run('show', '--application-host', hostPath).stdout).toMatch(
      /^problem +the section is locked: .*; unlock it/m,
    )
    writeFileSync(hostPath, host('', { declaration: null }))
    expect(run('show', '--application-host', hostPath).stdout).toMatch(
      /^problem +ApplicationHost\.config does not declare .* "WinRM IIS Extension"/m,
    )
  })

  it('refuses a file that cannot be read as XML', () => {
    writeFileSync(path, '<configuration>')
    expect(run('show')).toMatchObject({ status: 2, stdout: '', stderr: expect.stringMatching(/ERR_IIS_XML/) })
    expect(existsSync(`${path}.portcullis-backup`)).toBe(false)
  })
})

describe('the reference page', () => {
  it('has every code of apply, and every field of show', () => {
    const page = referencePage('iis')
    const codes = Object.keys(errorTable).filter((code) => code.startsWith('ERR_IIS_'))
    writeFileSync(path, applied(webConfig('')))
    const report: object = JSON.parse(run('show', '--json').stdout)
    for (const name of [...codes, ...Object.keys(report)])
      expect(page).toMatch(new RegExp(`\`${name}(\\[\\])?\``))
  })
})

describe('a diff', () => {
  it('says where a last line has no end', () => {
    expect(lineDiff('f', 'a\nb', 'a\nc\n')).toEqual([
      ...['--- f', '+++ f', '@@ -1,2 +1,2 @@', ' a', '-b', '\\ No newline at end of file', '+c'],
    ])
  })

  it('is empty for equal texts', () => {
    expect(lineDiff('f', 'a\n', 'a\n')).toEqual([])
  })
})
