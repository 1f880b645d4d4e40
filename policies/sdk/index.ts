// The one page a policy author imports from: requests in, decisions and quotas out. The compiler resolves the
// bare package name to this file and to no other, so it must stay at the root of the package. What is not
// exported here (the block's offsets, the SID parser, the ABI) is the SDK's own business and may change
// between versions.

export { Certificate } from './assembly/certificate'
export { Decision } from './assembly/decision'
export { LocalTime, Weekday } from './assembly/local-time'
export { OperationKind } from './assembly/operation-kind'
export { Principal, PrincipalKind } from './assembly/principal'
export { QuestionKind } from './assembly/question-kind'
export { Quota } from './assembly/quota'
export { OperationRequest } from './assembly/operation-request'
export { Resource } from './assembly/resource'
export { Settings } from './assembly/settings'
export { equalsIgnoringCase, startsWithIgnoringCase } from './assembly/text'
export { UserRequest } from './assembly/user-request'
