// The one page a policy author imports from: requests in, decisions and quotas out. The compiler resolves the
// bare package name to this file and to no other, so it must stay at the root of the package. What is not
// exported here (the block's offsets, the SID parser, the ABI) is the SDK's own business and may change
// between versions.

export { Decision } from './assembly/decision'
export { OperationKind } from './assembly/operation-kind'
export { QuestionKind } from './assembly/question-kind'
export { Quota } from './assembly/quota'
export { OperationRequest } from './assembly/operation-request'
export { Settings } from './assembly/settings'
export { equalsIgnoringCase, startsWithIgnoringCase } from './assembly/text'
export { UserRequest } from './assembly/user-request'
