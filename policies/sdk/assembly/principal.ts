// A sender's name taken apart. WinRM hands over one text whose form depends on how the user was
// authenticated, and the forms must not be mixed up: `CONTOSO\ada` and `ada@contoso.example` may be one
// person or two, and only a directory could tell. Whatever is not clearly one of the known forms is `Plain`,
// and nothing is read into it.

import { formatSid, readSid } from './sid'
import { equalsIgnoringCase } from './text'

/**
 * The form of a sender's name.
 *
 * ```ts
 * if (user.principal.kind == PrincipalKind.Plain) return Decision.deny('sign in as DOMAIN\\user')
 * ```
 */
export enum PrincipalKind {
  /** None of the other forms; a name typed for Basic, the subject of a certificate, or anything odd. */
  Plain,
  /** `DOMAIN\user`. */
  DomainUser,
  /** `user@domain`. */
  UserPrincipalName,
  /** A SID as Windows writes it. */
  Sid,
}

/**
 * A sender's name in its parts. `user.principal` gives that of the user who asks.
 *
 * Exactly one backslash between two parts that are not empty makes a `DomainUser`, exactly one `@` a
 * `UserPrincipalName`. A text with both, with several of one, with an empty part, or with `=` (the subject of
 * a certificate) is `Plain`.
 *
 * **To allow, use SIDs:** `user.inGroup` and `user.isUser`. A name can be given to somebody else, one person
 * has several, and Windows takes more spellings for the same name than the ASCII letters folded here. Names
 * are for messages and quotas, for users without a token, and for denials beside other denials.
 *
 * ```ts
 * const principal = user.principal
 * if (principal.kind == PrincipalKind.DomainUser && equalsIgnoringCase(principal.domain, 'guests')) {
 *   return Decision.deny('guests stay outside')
 * }
 * ```
 */
@final
export class Principal {
  /** The form of the name. */
  readonly kind: PrincipalKind
  /** What stands before the backslash or behind the `@`; `""` in the other two forms. */
  readonly domain: string
  /** The user's part of the name. A SID as Windows writes it; the whole text when it is `Plain`. */
  readonly name: string

  private constructor(kind: PrincipalKind, domain: string, name: string) {
    this.kind = kind
    this.domain = domain
    this.name = name
  }

  /**
   * Takes a name apart. Every text is taken, the empty one too.
   *
   * ```ts
   * const backup = Principal.parse('CONTOSO\\backup')
   * ```
   */
  static parse(text: string): Principal {
    const sid = readSid(text)
    if (sid != 0) return new Principal(PrincipalKind.Sid, '', formatSid(sid))
    const border = borderOf(text)
    if (border < 0) return new Principal(PrincipalKind.Plain, '', text)
    const before = text.substring(0, border)
    const behind = text.substring(border + 1)
    return text.charCodeAt(border) == backslash
      ? new Principal(PrincipalKind.DomainUser, before, behind)
      : new Principal(PrincipalKind.UserPrincipalName, behind, before)
  }

  /**
   * Whether both are the same name in the same form. The two forms with a domain are compared with `A` to `Z`
   * as `a` to `z`, in both parts; `Plain` names unit by unit. Two names of different forms are never the
   * same, even when they belong to one person, so a denial by name must name every form.
   *
   * ```ts
   * if (user.principal.isSame(Principal.parse('CONTOSO\\guest'))) return Decision.deny('no guests')
   * ```
   */
  isSame(other: Principal): bool {
    if (this.kind != other.kind) return false
    if (this.domain.length == 0) return this.name == other.name
    return equalsIgnoringCase(this.domain, other.domain) && equalsIgnoringCase(this.name, other.name)
  }
}

const backslash = 0x5c

/** Where the one backslash or `@` stands that divides `text` into two parts, or -1. */
function borderOf(text: string): i32 {
  let border = -1
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (unit == 0x3d) return -1 // =
    if (unit != backslash && unit != 0x40) continue
    if (border >= 0) return -1
    border = index
  }
  return border == 0 || border == text.length - 1 ? -1 : border
}
