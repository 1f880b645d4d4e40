/**
 * What a completion means, as far as WinRM can tell: code 0 is a grant, a redirect has a code of its own, and the text
 * beside a failure says whether somebody denied or nobody answered, and under which id the host has recorded it.
 */

import type { Completion } from '../double/double.ts'
import { win32 } from '../winrm/codes.ts'

export interface Outcome {
  readonly outcome: 'allow' | 'deny' | 'no-answer'
  readonly code: number
  /** The question's id; undefined for a grant, which has no text beside it. */
  readonly id: string | undefined
}

export function outcomeOf({ code, extended = '' }: Completion): Outcome {
  const [, wording, id] =
    /^<portcullis outcome="(denied|no answer)" id="([0-9a-f]{32})">/.exec(extended) ?? []
  if (code === win32.NO_ERROR) return { outcome: 'allow', code, id: undefined }
  const denied = wording === 'denied' || code === win32.REDIRECT_REQUESTED
  return { outcome: denied ? 'deny' : 'no-answer', code, id }
}
