// What ApplicationHost.config says about a folder: its applications, their pools, and whether the section may be set there.

import { describe, expect, it } from 'vitest'

import { applicationsAt, sectionLock } from '../../host/iis/application-host.ts'
import { decodeConfig } from '../../host/iis/config-text.ts'
import { parseConfig } from '../../host/iis/config-xml.ts'
import { host } from './sites.ts'

const rootOf = (text: string) => parseConfig(decodeConfig('applicationHost.config', Buffer.from(text)))

const sites = rootOf(
  host(`
  <applicationPools>
    <add name="modern" enable32BitAppOnWin64="false"/>
    <add name="plain"/>
    <applicationPoolDefaults enable32BitAppOnWin64="true"/>
  </applicationPools>
  <sites>
    <site name="contoso">
      <application path="/" applicationPool="Modern">
        <virtualDirectory path="/" physicalPath="C:\\inetpub\\contoso"/>
        <virtualDirectory path="/shared" physicalPath="C:\\inetpub\\shared\\"/>
      </application>
      <application path="/wsman">
        <virtualDirectory path="/" physicalPath="c:/inetpub/Shared"/>
      </application>
      <applicationDefaults applicationPool="plain"/>
    </site>
    <site name="fabrikam">
      <application path="/"><virtualDirectory path="/" physicalPath="%PORTCULLIS_TEST%\\shared"/></application>
    </site>
    <applicationDefaults applicationPool="modern"/>
  </sites>`),
)

describe('the applications of a folder', () => {
  it('are all that lead to it, each with its pool, or the nearest default', () => {
    process.env.PORTCULLIS_TEST = 'C:\\inetpub'
    expect(applicationsAt(sites, 'C:\\inetpub\\shared')).toEqual([
      { path: 'contoso/shared', pool: 'Modern', is32Bit: false },
      { path: 'contoso/wsman', pool: 'plain', is32Bit: true },
      { path: 'fabrikam', pool: 'modern', is32Bit: false },
    ])
    delete process.env.PORTCULLIS_TEST
  })

  it('are none for a folder inside one of them', () => {
    expect(applicationsAt(sites, 'C:\\inetpub\\contoso\\bin')).toEqual([])
  })
})

const location = (attributes: string) =>
  `<location ${attributes}><system.webServer><system.management.wsmanagement.config/></system.webServer></location>`

const lock = (declaration: string | null, locations: string[], path?: string) =>
  sectionLock(rootOf(host('', { declaration, locations: locations.join('') })), path).isLocked

describe('the section', () => {
  it('is neither locked nor free where nobody has declared it', () => {
    expect(lock(null, [location('overrideMode="Allow"')])).toBe(undefined)
  })

  it.each<[boolean, string, string[], string?]>([
    [false, '', []],
    [false, 'overrideModeDefault="Allow"', []],
    [true, 'overrideModeDefault="Deny"', []],
    [true, 'allowDefinition="AppHostOnly"', [location('overrideMode="Allow"')]],
    [false, 'allowDefinition="MachineToApplication"', []],
    [false, 'overrideModeDefault="Deny"', [location('overrideMode="Allow"')]],
    [false, 'overrideModeDefault="Deny"', [location('path="." overrideMode="Allow"')]],
    [false, 'overrideModeDefault="Deny"', [location('path="Contoso" overrideMode="Allow"')], 'contoso/wsman'],
    [
      true,
      'overrideModeDefault="Deny"',
      [location('path="contoso/wsman/x" overrideMode="Allow"')],
      'contoso/wsman',
    ],
    [true, 'overrideModeDefault="Deny"', [location('path="cont" overrideMode="Allow"')], 'contoso'],
    [true, 'overrideModeDefault="Deny"', [location('path="contoso" overrideMode="Allow"')]],
    [true, '', [location('allowOverride="false"')]],
    [false, 'overrideModeDefault="Deny"', [location('allowOverride="true"')]],
    [true, 'overrideModeDefault="Deny"', [location('overrideMode="Inherit" allowOverride="true"')]],
    [true, '', ['<location overrideMode="Allow"/>', location('overrideMode="Deny"')]],
    [false, '', ['<location overrideMode="Deny"><system.webServer><asp/></system.webServer></location>']],
    [
      false,
      '',
      [location('path="contoso/wsman" overrideMode="Allow"'), location('path="contoso" overrideMode="Deny"')],
      'contoso/wsman',
    ],
  ])(
    'is locked: %s, declared with [%s], with the locations %j, for %s',
    (isLocked, declaration, locations, path) => {
      expect(lock(declaration, locations, path)).toBe(isLocked)
    },
  )
})
