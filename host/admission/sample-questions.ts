/**
 * One plain question for each function of a policy. Compilers take a function that returns a truth value for one that
 * returns a record, so only asking it shows the mistake, and it should show before anybody depends on the policy.
 */

import { type PolicyFunction, policyFunctions } from '../engine/interface.ts'
import type { Policy } from '../engine/policy.ts'
import { questionBlock } from '../winrm/question-block.ts'

/** A function that returned what is no answer of its kind. */
export interface WrongResult {
  readonly name: string
  /** What it should have returned. */
  readonly type: 'Decision' | 'Quota'
  readonly detail: string
}

/** Somebody with a token and an ordinary group, at a fixed time: a policy does the same each time that it is admitted. */
const asker = {
  application: 'wsman/sample',
  senderName: 'SAMPLE\\user',
  authenticationMechanism: 'Negotiate',
  userSid: 'S-1-5-21-1004336348-1177238915-682003330-1001',
  groupSids: ['S-1-5-32-545'],
  time: '2026-01-05T12:00:00Z',
}

const operation = {
  action: 'http://schemas.xmlsoap.org/ws/2004/09/transfer/Get',
  resourceUri: 'http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Win32_Service',
}

/** Asks each function that the policy has, whatever the others answer. A policy may well have no answer for a stranger. */
export function askSamples(policy: Policy, fuel: number): WrongResult[] {
  const names: PolicyFunction[] = ['user', 'operation', ...(policy.hasQuota ? (['quota'] as const) : [])]
  return names.flatMap((name) => {
    const question = { kind: name, ...asker, ...(name === 'operation' && operation) }
    const { answer } = policy.call(name, questionBlock(question, 'the sample question'), fuel)
    const isWrong = answer.kind === 'no-answer' && answer.error === 'ERR_POLICY_RESULT'
    const type = name === 'quota' ? 'Quota' : 'Decision'
    return isWrong ? [{ name: policyFunctions[name], type, detail: answer.detail }] : []
  })
}
