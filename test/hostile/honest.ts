// The honest policy beside the hostile ones: test/policies/mirror.ts, whose answers are a hash of the question. The hash is
// computed a second time here, so that an answer that belongs to another question, or to nobody, is seen at once.

import type { PolicyAnswer } from '../../host/engine/policy-answer.ts'

function mixed(hash: number, text: string): number {
  let value = hash
  for (let index = 0; index < text.length; index++)
    value = Math.imul(value ^ text.charCodeAt(index), 16777619)
  return Math.imul(value ^ 0xffff, 16777619)
}

/** What `mirror` answers to a user question. */
export function mirrored(application: string, senderName: string): PolicyAnswer {
  const hash = mixed(mixed(2166136261, application), senderName)
  if ((hash & 7) !== 0) return { kind: 'allow', administrator: false }
  return { kind: 'deny', reason: 'the hash of the user ends in 0' }
}

/** The quota that it gives: every byte of the hash of the user, and one. */
export function mirroredQuota(application: string, senderName: string): number[] {
  const hash = mixed(mixed(2166136261, application), senderName)
  return [0, 8, 16, 24].map((shift) => 1 + ((hash >>> shift) & 0xff))
}
