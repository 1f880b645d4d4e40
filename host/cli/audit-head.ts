/** `portcullis audit head`: the end of a running host's audit log, to be kept where the host cannot write. */

import type { AuditStatus } from '../audit/audit.ts'
import { PortcullisError } from '../errors.ts'
import { type HostOptions, tell } from './which-host.ts'

interface HeadOptions extends HostOptions {
  readonly json?: boolean
}

/** Of what is safe on the disk. Throws ERR_AUDIT_OPEN if the host keeps no audit log. */
export async function head(options: HeadOptions): Promise<void> {
  const status = (await tell(options, { command: 'audit' })) as AuditStatus | null
  if (status === null) {
    throw new PortcullisError(
      'ERR_AUDIT_OPEN',
      'the configuration has no "audit"; add it, and start the host again',
    )
  }
  console.log(options.json ? JSON.stringify(status) : `${status.head}@${status.sequence}`)
}
