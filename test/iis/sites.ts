// Configuration files of IIS for tests, with a place for what the test is about.

export const dll = 'C:\\Program Files\\Portcullis\\1.0.0\\plugin\\portcullis.dll'

export const plugin =
  '<AuthorizationPlugin Name="Portcullis" Filename="C:\\old\\portcullis.dll" SDKVersion="1" SupportsQuota="true"/>'

export const operations =
  '<OperationsPlugins><Plugin Name="Shell" Filename="%windir%\\system32\\pwrshplugin.dll" SDKVersion="1"/></OperationsPlugins>'

/** What is inside the section begins in line 4. */
export function webConfig(inside: string): string {
  return `<configuration>
  <system.webServer>
    <system.management.wsmanagement.config>
      ${inside}
    </system.management.wsmanagement.config>
  </system.webServer>
</configuration>
`
}

interface HostParts {
  /** Attributes of the section's declaration; null: it is not declared. */
  readonly declaration?: string | null
  readonly locations?: string
}

/** ApplicationHost.config with these sites and pools. */
export function host(inside: string, { declaration = '', locations = '' }: HostParts = {}): string {
  const section =
    declaration === null ? '' : `<section name="system.management.wsmanagement.config" ${declaration}/>`
  return `<configuration>
  <configSections>
    <sectionGroup name="system.applicationHost"><section name="sites"/></sectionGroup>
    <sectionGroup name="system.webServer"><section name="asp"/></sectionGroup>
    <sectionGroup name="system.webServer">${section}</sectionGroup>
  </configSections>
  <system.applicationHost>${inside}</system.applicationHost>
  ${locations}
</configuration>
`
}
