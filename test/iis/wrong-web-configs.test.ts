// Files that apply does not touch: each is refused with a message that names the cause, its place, and what to do.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, describe, expect, it } from 'vitest'

import type { ErrorCode } from '../../host/errors.ts'
import { runProgram } from '../support/command.ts'
import { dll, host, plugin, webConfig } from './sites.ts'

const folder = mkdtempSync(join(tmpdir(), 'portcullis-iis-'))
afterAll(() => rmSync(folder, { recursive: true }))

const modules = (inside: string) => webConfig(`<PluginModules>${inside}</PluginModules>`)
const section = (attributes: string, inside = '') =>
  `<configuration><system.webServer><system.management.wsmanagement.config${attributes}>${inside}</system.management.wsmanagement.config></system.webServer></configuration>`

/** The documentation's own, shortened: "-" for "=", and an end tag that closes nothing. */
const documented = `<?xml version="1.0" encoding="UTF-8"?>
<configuration>
  <system.webServer>
    <system.management.wsmanagement.config>
      <OperationsConfiguration QuotaSystemWindowSeconds="2" QuotaSystemWindowOperations-"1000"/>
      </OperationsConfiguration>
    </system.management.wsmanagement.config>
  </system.webServer>
</configuration>
`

interface Wrong {
  readonly what: string
  readonly file: string | Buffer
  readonly code: ErrorCode
  readonly cause: RegExp
  readonly cure: RegExp
}

const wrong: readonly Wrong[] = [
  {
    what: "the documentation's own example",
    file: documented,
    code: 'ERR_IIS_XML',
    cause: /web\.config, line 5, column 89: Attribute value expected/,
    cure: /write name="value"; .* a "-" stands where "=" belongs/,
  },
  {
    what: 'the same with that mended',
    file: documented.replace('-"1000"', '="1000"'),
    code: 'ERR_IIS_XML',
    cause: /line 6, column 7: .*"<\/OperationsConfiguration>" stands where/,
    cure: /remove it, or close "system\.management\.wsmanagement\.config" before it/,
  },
  {
    what: 'an element that is never closed, after characters that take two units',
    file: '<configuration>\r\n<!-- 🔑🔑 --><a b="🔑">\r\n</configuration>',
    code: 'ERR_IIS_XML',
    cause: /line 3, column 1: .*"<\/configuration>" stands where "a" is still open/,
    cure: /remove it, or close "a" before it/,
  },
  {
    what: 'a character that XML does not know',
    file: '<configuration>\n  <a>\u0001</a></configuration>',
    code: 'ERR_IIS_XML',
    cause: /line 2, column 6: Invalid character/,
    cure: /mend it in an editor that checks XML/,
  },
  {
    what: 'an entity that nobody has defined',
    file: '<configuration>&plugin;</configuration>',
    code: 'ERR_IIS_XML',
    cause: /line 1, column 16: Named entity isn't defined: &plugin;/,
    cure: /mend it/,
  },
  {
    what: 'a document type',
    file: '<?xml version="1.0"?>\n<!DOCTYPE configuration [<!ENTITY a "b">]>\n<configuration/>',
    code: 'ERR_IIS_XML',
    cause: /line 2, column 1: it has a DOCTYPE/,
    cure: /remove it/,
  },
  {
    what: 'elements inside one another without an end',
    file: `<configuration>${'<a>'.repeat(100_000)}${'</a>'.repeat(100_000)}</configuration>`,
    code: 'ERR_IIS_XML',
    cause: /nested too deeply/,
    cure: /to be a web\.config/,
  },
  {
    what: 'bytes that are not UTF-8',
    file: Buffer.from('<configuration><!-- Zo\xeb --></configuration>', 'latin1'),
    code: 'ERR_IIS_ENCODING',
    cause: /is not UTF-8, and no byte-order mark/,
    cure: /save it as UTF-8/,
  },
  {
    what: 'UTF-8 that says it is UTF-16',
    file: '<?xml version="1.0" encoding="utf-16"?><configuration/>',
    code: 'ERR_IIS_ENCODING',
    cause: /says in its first line that it is "utf-16", and its bytes are taken for UTF-8/,
    cure: /with encoding="utf-8" in its first line/,
  },
  {
    what: 'UTF-16 that says it is UTF-8',
    file: Buffer.from('\ufeff<?xml version="1.0" encoding="utf-8"?><configuration/>', 'utf16le'),
    code: 'ERR_IIS_ENCODING',
    cause: /says in its first line that it is "utf-8", .* taken for UTF-16, little-endian/,
    cure: /save it as UTF-8/,
  },
  {
    what: 'an encoding of one byte a character',
    file: '<?xml version="1.0" encoding="iso-8859-1"?><configuration/>',
    code: 'ERR_IIS_ENCODING',
    cause: /"iso-8859-1"/,
    cure: /save it as UTF-8/,
  },
  {
    what: 'UTF-16 without a mark',
    file: Buffer.from('<configuration/>', 'utf16le'),
    code: 'ERR_IIS_ENCODING',
    cause: /looks like UTF-16, but has no byte-order mark/,
    cure: /save it as UTF-8/,
  },
  {
    what: 'half a character of UTF-16',
    file: Buffer.concat([Buffer.from('\ufeff<configuration/>', 'utf16le'), Buffer.from([0x20])]),
    code: 'ERR_IIS_ENCODING',
    cause: /ends in the middle of a character/,
    cure: /save it as UTF-8/,
  },
  {
    what: 'UTF-32',
    file: Buffer.from([0xff, 0xfe, 0, 0, 0x3c, 0, 0, 0]),
    code: 'ERR_IIS_ENCODING',
    cause: /is UTF-32/,
    cure: /save it as UTF-8/,
  },
  {
    what: 'an empty file',
    file: '',
    code: 'ERR_IIS_UNREADABLE',
    cause: /is empty/,
    cure: /restore it from a backup/,
  },
  {
    what: 'a file that is too large',
    file: `<configuration>${' '.repeat(1024 * 1024)}</configuration>`,
    code: 'ERR_IIS_UNREADABLE',
    cause: /has 1048607 bytes/,
    cure: /at most 1048576 are read/,
  },
  {
    what: 'another XML file',
    file: '<Project Sdk="Microsoft.NET.Sdk.Web"/>',
    code: 'ERR_IIS_SECTION',
    cause: /it is no web\.config: its root is "Project"/,
    cure: /name the web\.config/,
  },
  {
    what: 'ApplicationHost.config',
    file: host(''),
    code: 'ERR_IIS_SECTION',
    cause: /it is ApplicationHost\.config/,
    cure: /name the web\.config of one/,
  },
  {
    what: 'a transformation',
    file: '<configuration xmlns:xdt="http://schemas.microsoft.com/XML-Document-Transform"/>',
    code: 'ERR_IIS_SECTION',
    cause: /it is a transformation, which IIS does not read/,
    cure: /name the web\.config itself/,
  },
  {
    what: 'another plug-in',
    file: modules(
      '<AuthorizationPlugin Name="Exchange" Filename="%ExchangeInstallPath%Bin\\a.dll" SDKVersion="1"/>',
    ),
    code: 'ERR_IIS_OTHER_PLUGIN',
    cause: /line 4: "Exchange" \(%ExchangeInstallPath%Bin\\a\.dll\)/,
    cure: /remove that element, if it is no longer wanted, and apply again/,
  },
  {
    what: 'another plug-in of our name',
    file: modules(plugin.replace('portcullis.dll', 'other.dll')),
    code: 'ERR_IIS_OTHER_PLUGIN',
    cause: /"Portcullis" \(C:\\old\\other\.dll\)/,
    cure: /remove that element/,
  },
  {
    what: 'another plug-in beside ours',
    file: modules(`${plugin}<AuthorizationPlugin Name="B" Filename="C:\\b.dll" SDKVersion="1"/>`),
    code: 'ERR_IIS_OTHER_PLUGIN',
    cause: /"B" \(C:\\b\.dll\)/,
    cure: /WinRM asks one for each virtual directory/,
  },
  {
    what: 'ours twice',
    file: modules(`\n${plugin}\n${plugin}`),
    code: 'ERR_IIS_SECTION',
    cause: /line 6: "AuthorizationPlugin" is there twice/,
    cure: /remove one of them/,
  },
  {
    what: 'the section twice',
    file: webConfig('</system.management.wsmanagement.config>\n<system.management.wsmanagement.config>'),
    code: 'ERR_IIS_SECTION',
    cause: /line 5: "system\.management\.wsmanagement\.config" is there twice, first in line 3/,
    cure: /join the two/,
  },
  {
    what: 'the section twice, in two groups',
    file: section('').replace('</configuration>', section('').replace('<configuration>', '')),
    code: 'ERR_IIS_SECTION',
    cause: /"system\.management\.wsmanagement\.config" is there twice/,
    cure: /join the two/,
  },
  {
    what: 'PluginModules twice',
    file: webConfig('<PluginModules/><PluginModules/>'),
    code: 'ERR_IIS_SECTION',
    cause: /"PluginModules" is there twice/,
    cure: /join the two/,
  },
  {
    what: 'the section in a location',
    file: `<configuration>\n<location path="wsman">${section('').replace(/<\/?configuration>/g, '')}</location></configuration>`,
    code: 'ERR_IIS_SECTION',
    cause: /line 2: .* is inside <location path="wsman">/,
    cure: /move it out of the location, into the web\.config of the folder that it is for/,
  },
  {
    what: 'a section in another file',
    file: section(' configSource="wsman.config"'),
    code: 'ERR_IIS_SECTION',
    cause: /is kept in another file \(configSource="wsman\.config"\)/,
    cure: /move it into this one/,
  },
  {
    what: 'an encrypted section',
    file: section(' configProtectionProvider="AesProvider"', '<EncryptedData/>'),
    code: 'ERR_IIS_SECTION',
    cause: /is encrypted/,
    cure: /decrypt it first/,
  },
  {
    what: 'a section with a namespace',
    file: section(' xmlns="urn:x"'),
    code: 'ERR_IIS_SECTION',
    cause: /has a namespace/,
    cure: /remove xmlns/,
  },
  {
    what: "the documentation's spelling of PluginModules",
    file: webConfig('<PlugInModules/>'),
    code: 'ERR_IIS_SECTION',
    cause: /line 4: "PlugInModules" is "PluginModules" in IIS's schema/,
    cure: /write it like that/,
  },
  {
    what: 'an element with a prefix',
    file: '<configuration xmlns:x="urn:x">\n<x:system.webServer/></configuration>',
    code: 'ERR_IIS_SECTION',
    cause: /line 2: "x:system\.webServer" is "system\.webServer"/,
    cure: /write it like that/,
  },
  {
    what: "the documentation's spelling of Filename",
    file: modules(plugin.replace('Filename', 'FileName')),
    code: 'ERR_IIS_SECTION',
    cause: /"AuthorizationPlugin" has no attribute "FileName"/,
    cure: /write "Filename"/,
  },
  {
    what: 'an attribute that only other plug-ins have',
    file: modules(plugin.replace('SDKVersion', 'XmlRenderingType="text" SDKVersion')),
    code: 'ERR_IIS_SECTION',
    cause: /has no attribute "XmlRenderingType"/,
    cure: /remove it/,
  },
  {
    what: 'parameters inside the plug-in',
    file: modules(plugin.replace('/>', '><InitializationParameters/></AuthorizationPlugin>')),
    code: 'ERR_IIS_SECTION',
    cause: /has nothing inside in IIS's schema, here "InitializationParameters"/,
    cure: /remove that/,
  },
  {
    what: 'the plug-in in the wrong place',
    file: webConfig(plugin),
    code: 'ERR_IIS_SECTION',
    cause: /"AuthorizationPlugin" belongs directly into "PluginModules"/,
    cure: /move it there, or remove it/,
  },
]

describe('apply refuses, and leaves the file as it is:', () => {
  it.each(wrong)('$what', ({ file, code, cause, cure }) => {
    const path = join(folder, 'web.config')
    writeFileSync(path, file)
    const before = readFileSync(path)
    const { status, stdout, stderr } = runProgram(
      'main',
      folder,
      'iis',
      'apply',
      '--web-config',
      path,
      '--plugin',
      dll,
    )
    expect(stderr).toMatch(cause)
    expect(stderr).toMatch(cure)
    expect(stderr).toContain(`[${code}]`)
    expect(stderr).not.toMatch(/ at .*\.[jt]s:\d+/) // no stack trace
    expect([status, stdout]).toEqual([2, ''])
    expect(readFileSync(path).equals(before)).toBe(true)
  })

  it.each([
    ['a file that is not there', 'gone.config', /gone\.config is not there/],
    ['a folder', 'site', /site is a folder; name the file in it/],
  ])('%s', (_, name, message) => {
    mkdirSync(join(folder, 'site'), { recursive: true })
    const { status, stderr } = runProgram(
      'main',
      folder,
      'iis',
      'apply',
      '--web-config',
      name,
      '--plugin',
      dll,
    )
    expect(stderr).toMatch(message)
    expect(stderr).toContain('[ERR_IIS_UNREADABLE]')
    expect(status).toBe(2)
  })

  it.each<[string, string, RegExp]>([
    ['a relative path', 'plugin\\portcullis.dll', /it is relative/],
    ['no path', '', /it is empty/],
    ['a path of this system', '/opt/portcullis.dll', /it has a forward slash; write backslashes/],
    ['a path with forward slashes', 'C:/Portcullis/portcullis.dll', /it has a forward slash/],
    [
      'an environment variable',
      '%ProgramFiles%\\portcullis.dll',
      /it has an environment variable, .* application pool/,
    ],
    ['a share', '\\\\server\\share\\portcullis.dll', /it is on another machine/],
    ['a device', '\\\\?\\C:\\portcullis.dll', /it begins with a device prefix/],
    ['a drive without a folder', 'C:portcullis.dll', /it has a drive and no folder/],
    ['a folder without a drive', '\\Portcullis\\portcullis.dll', /it is relative/],
    ['a stream', 'C:\\a:b\\portcullis.dll', /a character that Windows allows in no name/],
    ['two backslashes', 'C:\\a\\\\portcullis.dll', /one of its names is empty/],
    ['a way back', 'C:\\a\\..\\portcullis.dll', /ends with a full stop/],
    ['a long path', `C:\\${'a'.repeat(250)}\\portcullis.dll`, /it has 268 characters; at most 259/],
    [
      "the host's library",
      'C:\\Portcullis\\portcullis_io.dll',
      /the plug-in's file is called portcullis\.dll/,
    ],
  ])('%s for the plug-in', (_, path, message) => {
    writeFileSync(join(folder, 'good.config'), webConfig(''))
    const args = ['iis', 'apply', '--web-config', 'good.config', '--plugin', path]
    const { status, stdout, stderr } = runProgram('main', folder, ...args)
    expect(stderr).toMatch(message)
    expect(stderr).toMatch(/give a path such as C:\\.* \[ERR_IIS_PLUGIN_PATH\]/)
    expect([status, stdout]).toEqual([2, ''])
  })

  it.each(['', ' a', 'a\u202eb', 'a\nb'])('"%s" for a name', (name) => {
    const args = ['iis', 'apply', '--web-config', 'good.config', '--plugin', dll, '--name', name]
    const { status, stderr } = runProgram('main', folder, ...args)
    expect(stderr).toMatch(/It must not be empty/)
    expect(status).toBe(2)
  })
})
