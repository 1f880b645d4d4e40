// Who asks, as an author sees it. The class is a view: it has no fields of its own and is laid over the
// request block that the host wrote, so the address of the block is the object, and a fact is read only when
// a policy asks for it.

import {
  addressOf,
  applicationField,
  attemptOffset,
  authenticationMechanismField,
  certificateIssuerNameField,
  certificateIssuerThumbprintField,
  certificateSubjectField,
  certificateSubjectNameField,
  denyOnlyGroupsField,
  enabledGroupsField,
  flagsOffset,
  hasTokenFlag,
  hexOf,
  httpUrlField,
  kindOffset,
  lengthOf,
  optionalTextOf,
  questionIdOffset,
  senderNameField,
  textOf,
  timeMsOffset,
  timeZoneOffsetMinutesOffset,
  userSidField,
} from './block'
import { Certificate, certificateOf } from './certificate'
import { LocalTime } from './local-time'
import { Principal } from './principal'
import { QuestionKind } from './question-kind'
import { formatSid, listHolds, listTexts, parseSid } from './sid'

/**
 * Who asks, and how they came in. Texts are UTF-16 exactly as WinRM gave them; nothing is normalised or
 * folded.
 *
 * A text that may be absent is `null` when WinRM did not give it and `""` when it gave an empty one. Copy it
 * to a constant before comparing with `null`: the compiler does not narrow properties.
 *
 * Each reading of a text makes a copy in the policy's memory; keep one that is needed often in a constant.
 *
 * ```ts
 * export function authzUser(user: UserRequest): Decision {
 *   return user.inGroup('S-1-5-32-580') ? Decision.allow() : Decision.deny('not a remote management user')
 * }
 * ```
 */
@unmanaged
export class UserRequest {
  private constructor() {}

  /**
   * What WinRM asked.
   *
   * ```ts
   * const isQuota = user.kind == QuestionKind.Quota
   * ```
   */
  get kind(): QuestionKind {
    return load<u16>(changetype<usize>(this), kindOffset)
  }

  /**
   * 1, or 2 when the plug-in asks once more because a connection broke. Decide the same for both.
   *
   * ```ts
   * const askedAgain = user.attempt > 1
   * ```
   */
  get attempt(): i32 {
    return load<u16>(changetype<usize>(this), attemptOffset)
  }

  /**
   * The id of this question in the audit log: 32 lower-case hexadecimal digits, random.
   *
   * ```ts
   * const id = user.questionId
   * ```
   */
  get questionId(): string {
    return hexOf(changetype<usize>(this) + questionIdOffset, 16)
  }

  /**
   * When the question was asked: milliseconds since 1970 in UTC.
   *
   * ```ts
   * if (user.timeMs >= contractEndMs) return Decision.deny('the contract has ended')
   * ```
   */
  get timeMs(): i64 {
    return load<i64>(changetype<usize>(this), timeMsOffset)
  }

  /**
   * The tenant's local time minus UTC at that moment, in minutes: 60 or 120 in Berlin, -300 or -240 in New
   * York.
   *
   * ```ts
   * const localMinutes = user.timeMs / 60000 + user.timeZoneOffsetMinutes
   * ```
   */
  get timeZoneOffsetMinutes(): i32 {
    return load<i32>(changetype<usize>(this), timeZoneOffsetMinutesOffset)
  }

  /**
   * When the question was asked, as the tenant's date and time. Worked out anew each time; keep it in a
   * constant.
   *
   * ```ts
   * if (!user.localTime.isBetween(7, 0, 19, 30)) return Decision.deny('come back during working hours')
   * ```
   */
  get localTime(): LocalTime {
    return new LocalTime(this.timeMs, this.timeZoneOffsetMinutes)
  }

  /**
   * WinRM's name of the hosted application, such as `wsman/contoso`. Never empty.
   *
   * ```ts
   * if (user.application != 'wsman/contoso') return Decision.deny('not this endpoint')
   * ```
   */
  get application(): string {
    return textOf(changetype<usize>(this), applicationField)
  }

  /**
   * The user's name as the mechanism gives it: `DOMAIN\user` for Windows authentication, the name as typed
   * for Basic, the subject for a client certificate. Never empty. A name can be reused and spelled in many
   * ways; prefer `isUser` and `inGroup` where there is a token.
   *
   * ```ts
   * const name = user.senderName
   * ```
   */
  get senderName(): string {
    return textOf(changetype<usize>(this), senderNameField)
  }

  /**
   * `senderName` taken apart. Worked out anew each time; keep it in a constant.
   *
   * ```ts
   * if (user.principal.kind == PrincipalKind.UserPrincipalName) return Decision.deny('DOMAIN\\user, please')
   * ```
   */
  get principal(): Principal {
    return Principal.parse(this.senderName)
  }

  /**
   * How the user was authenticated: `Basic`, `ClientCertificate`, or what the security package is called,
   * such as `Negotiate` or `Kerberos`. The spelling of the latter is not documented; see
   * `equalsIgnoringCase`. May be empty.
   *
   * ```ts
   * const isBasic = equalsIgnoringCase(user.authenticationMechanism, 'Basic')
   * ```
   */
  get authenticationMechanism(): string {
    return textOf(changetype<usize>(this), authenticationMechanismField)
  }

  /**
   * The client certificate with the four texts that follow, or `null` when WinRM gave none of them.
   *
   * ```ts
   * const certificate = user.certificate
   * if (certificate == null) return Decision.deny('a client certificate is needed')
   * ```
   */
  get certificate(): Certificate | null {
    return certificateOf(changetype<usize>(this))
  }

  /**
   * The subject of the client certificate, or `null` when there is none.
   *
   * ```ts
   * const subject = user.certificateSubject
   * if (subject != null && subject == 'CN=backup.contoso.example') return Decision.allow()
   * ```
   */
  get certificateSubject(): string | null {
    return optionalTextOf(changetype<usize>(this), certificateSubjectField)
  }

  /**
   * The issuer of the client certificate, or `null` when there is none.
   *
   * ```ts
   * const issuer = user.certificateIssuerName
   * ```
   */
  get certificateIssuerName(): string | null {
    return optionalTextOf(changetype<usize>(this), certificateIssuerNameField)
  }

  /**
   * The thumbprint of the issuer's certificate as WinRM spells it, or `null` when there is none. To compare
   * it, use `isIssuedBy` of `certificate`.
   *
   * ```ts
   * const thumbprint = user.certificateIssuerThumbprint
   * if (thumbprint == null) return Decision.deny('a client certificate is needed')
   * ```
   */
  get certificateIssuerThumbprint(): string | null {
    return optionalTextOf(changetype<usize>(this), certificateIssuerThumbprintField)
  }

  /**
   * The subject name of the client certificate, or `null` when there is none.
   *
   * ```ts
   * const name = user.certificateSubjectName
   * ```
   */
  get certificateSubjectName(): string | null {
    return optionalTextOf(changetype<usize>(this), certificateSubjectNameField)
  }

  /**
   * The URL that the client asked for, or `null` when WinRM did not say.
   *
   * ```ts
   * const url = user.httpUrl
   * if (url == null || !url.startsWith('https://')) return Decision.deny('https only')
   * ```
   */
  get httpUrl(): string | null {
    return optionalTextOf(changetype<usize>(this), httpUrlField)
  }

  /**
   * Whether the question carries a Windows token. Without one there is no SID and there are no groups.
   *
   * ```ts
   * if (!user.hasToken) return Decision.deny('a Windows account is needed')
   * ```
   */
  get hasToken(): bool {
    return (load<u32>(changetype<usize>(this), flagsOffset) & hasTokenFlag) != 0
  }

  /**
   * The user's SID as text, `S-1-...`, or `null` when the question carries no token.
   *
   * ```ts
   * const sid = user.userSid
   * if (sid != null && sid.endsWith('-500')) return Decision.deny('not the built-in Administrator')
   * ```
   */
  get userSid(): string | null {
    const block = changetype<usize>(this)
    return this.hasToken ? formatSid(addressOf(block, userSidField)) : null
  }

  /**
   * Whether the user's own SID is `sid`. A question without a token, or a text that is not a SID, ends
   * without an answer.
   *
   * ```ts
   * if (user.isUser('S-1-5-18')) return Decision.deny('not the machine itself')
   * ```
   */
  isUser(sid: string): bool {
    this.needToken()
    return this.holds(userSidField, parseSid(sid))
  }

  /**
   * Whether the user is a member of the group `sid`, and the membership is enabled. Use it to *allow*. A
   * question without a token, or a text that is not a SID, ends without an answer.
   *
   * ```ts
   * if (user.inGroup('S-1-5-32-544')) return Decision.allowAsAdministrator()
   * ```
   */
  inGroup(sid: string): bool {
    this.needToken()
    return this.holds(enabledGroupsField, parseSid(sid))
  }

  /**
   * Whether the token mentions the group `sid` at all, enabled or for denials only. Use it to *deny*. A
   * question without a token, or a text that is not a SID, ends without an answer.
   *
   * ```ts
   * if (user.mentionsGroup(suspended)) return Decision.deny('suspended')
   * ```
   */
  mentionsGroup(sid: string): bool {
    this.needToken()
    const wanted = parseSid(sid)
    return this.holds(enabledGroupsField, wanted) || this.holds(denyOnlyGroupsField, wanted)
  }

  /**
   * The groups that `inGroup` looks in, as text, in the order of the token. At most 1,024 together with
   * `denyOnlyGroupSids`. Spelling them out costs far more fuel and memory than `inGroup`, and joining a long
   * list costs more memory than a policy has. A question without a token ends without an answer.
   *
   * ```ts
   * const count = user.enabledGroupSids.length
   * ```
   */
  get enabledGroupSids(): string[] {
    this.needToken()
    const block = changetype<usize>(this)
    return listTexts(addressOf(block, enabledGroupsField), lengthOf(block, enabledGroupsField))
  }

  /**
   * The groups that count for denials only, as text, in the order of the token. A question without a token
   * ends without an answer.
   *
   * ```ts
   * const filtered = user.denyOnlyGroupSids.length > 0
   * ```
   */
  get denyOnlyGroupSids(): string[] {
    this.needToken()
    const block = changetype<usize>(this)
    return listTexts(addressOf(block, denyOnlyGroupsField), lengthOf(block, denyOnlyGroupsField))
  }

  // Not "no": a policy that would deny members must not let in someone whose groups nobody knows.
  private needToken(): void {
    if (!this.hasToken) throw new Error('the question carries no token, so SIDs and groups are not known')
  }

  private holds(field: usize, wanted: usize): bool {
    const block = changetype<usize>(this)
    return listHolds(addressOf(block, field), lengthOf(block, field), wanted)
  }
}
