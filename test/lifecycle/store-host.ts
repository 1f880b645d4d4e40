// A host whose policies are the store's, and what an operator tells it.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { tellHost } from '../../host/cli/operator-client.ts'
import type { ServeProcess } from '../../host/cli/serve-process.ts'
import type { StoredVersion, Subject } from '../../host/store/store.ts'
import type { Activated } from '../../host/supervisor/activations.ts'
import type { Settings } from '../../host/wire/settings-block.ts'
import { policyPath, type TenantSpec, Testbed } from '../support/testbed.ts'

export const who = 'test'
export const tenant = { tenant: 'a' } as const

const stored: TenantSpec = { name: 'a', showReasons: true }

export class StoreHost {
  readonly bed = new Testbed()
  host: ServeProcess | undefined

  /** `more`: members of the configuration. A tenant without a policy is the store's. */
  async serve(more: object = {}, tenants: readonly TenantSpec[] = [stored]): Promise<ServeProcess> {
    const config = { store: 'store', activationsPerMinute: 1_000_000, ...more }
    this.host = await this.bed.host(tenants, config)
    return this.host
  }

  push(subject: Subject, policy: string, settings?: Settings, vectors?: string): Promise<StoredVersion> {
    return tellHost(this.bed.endpoint, {
      command: 'push',
      subject,
      module: readFileSync(policyPath(policy)).toString('base64'),
      ...(settings && { settings }),
      ...(vectors !== undefined && { vectors }),
      who,
    }) as Promise<StoredVersion>
  }

  activate(subject: Subject, version: number, confirmWithinMs?: number): Promise<Activated> {
    return tellHost(this.bed.endpoint, {
      command: 'activate',
      subject,
      version: String(version),
      ...(confirmWithinMs !== undefined && { confirmWithinMs }),
      who,
    }) as Promise<Activated>
  }

  tell(command: 'rollback' | 'confirm', subject: Subject = tenant): Promise<Activated> {
    return tellHost(this.bed.endpoint, { command, subject, who }) as Promise<Activated>
  }

  get journal(): string {
    return readFileSync(join(this.bed.folder, 'store', 'tenants', 't-a', 'journal.jsonl'), 'utf8')
  }

  close(): Promise<void> {
    return this.bed.close()
  }
}
