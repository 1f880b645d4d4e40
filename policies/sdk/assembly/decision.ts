// What authzUser and authzOperation answer. Every function here makes a new record and nothing changes one
// afterwards, so the answer is exactly the object that the policy returns, whatever else it made before or
// after.

import {
  administratorFlag,
  allowKind,
  denyKind,
  recordBytes,
  recordMagic,
  redirectKind,
  textUnitsMax,
} from './result-record'

/**
 * The answer to a question about a user or an operation. Made by one of the four functions below; it cannot
 * be changed.
 *
 * ```ts
 * return user.inGroup(helpdesk) ? Decision.allow() : Decision.deny('only the help desk works here')
 * ```
 */
@final
export class Decision {
  private readonly magic: u32 = recordMagic
  private readonly kind: u16
  private readonly flags: u16
  private readonly text: string | null
  private readonly textLength: i32
  private readonly quotaLow: u64 = 0
  private readonly quotaHigh: u64 = 0

  private constructor(kind: u16, flags: u16, text: string) {
    this.kind = kind
    this.flags = flags
    this.text = text.length == 0 ? null : text
    this.textLength = text.length
  }

  /**
   * Yes. In `authzUser`: the user may do something here. In `authzOperation`: they may do this.
   *
   * ```ts
   * return Decision.allow()
   * ```
   */
  static allow(): Decision {
    return new Decision(allowKind, 0, '')
  }

  /**
   * Yes, and WinRM shall treat the user as an administrator of this endpoint. Counts in `authzUser` only, and
   * only when the operator lets policies say so; otherwise it is a plain `allow`.
   *
   * ```ts
   * if (user.inGroup(administrators)) return Decision.allowAsAdministrator()
   * ```
   */
  static allowAsAdministrator(): Decision {
    return new Decision(allowKind, administratorFlag, '')
  }

  /**
   * No. The reason goes to the audit log; the client sees it only if the operator shows reasons. At most 512
   * UTF-16 units are kept: a longer reason is cut, never inside a surrogate pair, and the answer stays a
   * denial.
   *
   * ```ts
   * return Decision.deny('auditors may only read')
   * ```
   */
  static deny(reason: string): Decision {
    return new Decision(denyKind, 0, shortened(reason))
  }

  /**
   * Not here: the client is sent to `url`. Counts in `authzUser` only, and only for targets on the operator's
   * list. A URL that is empty or longer than 512 UTF-16 units ends the question without an answer.
   *
   * ```ts
   * return Decision.redirect('https://winrm-2.example/wsman')
   * ```
   */
  static redirect(url: string): Decision {
    if (url.length == 0) throw new Error('a redirect needs a URL')
    if (url.length > textUnitsMax) throw new Error('the URL of a redirect is longer than 512 UTF-16 units')
    return new Decision(redirectKind, 0, url)
  }
}

function shortened(reason: string): string {
  if (reason.length <= textUnitsMax) return reason
  const last = reason.charCodeAt(textUnitsMax - 1)
  const next = reason.charCodeAt(textUnitsMax)
  return reason.substring(0, isHighSurrogate(last) && isLowSurrogate(next) ? textUnitsMax - 1 : textUnitsMax)
}

function isHighSurrogate(unit: i32): bool {
  return (unit & 0xfc00) == 0xd800
}

function isLowSurrogate(unit: i32): bool {
  return (unit & 0xfc00) == 0xdc00
}

if (offsetof<Decision>() != recordBytes) ERROR('a Decision is not a result record')
