// The client certificate as WinRM tells of it: four texts, each of which may be absent. It is a view of the
// request block like the user it belongs to. The certificate itself never reaches a policy, so nothing here
// verifies anything; WinRM has done that before it asks.

import {
  certificateIssuerNameField,
  certificateIssuerThumbprintField,
  certificateSubjectField,
  certificateSubjectNameField,
  optionalTextOf,
} from './block'
import { digitOf } from './sid'

/**
 * The client certificate that a user came with. `user.certificate` is `null` when WinRM gave none of its
 * texts.
 *
 * A text is `null` when WinRM did not give it and `""` when it gave an empty one. Subjects can be issued by
 * anybody: test the issuer before the subject.
 *
 * ```ts
 * const certificate = user.certificate
 * if (certificate == null || !certificate.isIssuedBy(ourAuthority)) return Decision.deny('foreign')
 * const subject = certificate.subject
 * if (subject != null && subject == 'CN=backup.contoso.example') return Decision.allow()
 * ```
 */
@unmanaged
export class Certificate {
  private constructor() {}

  /**
   * The subject, or `null`.
   *
   * ```ts
   * const certificate = user.certificate
   * if (certificate == null) return Decision.deny('a client certificate is needed')
   * const subject = certificate.subject
   * ```
   */
  get subject(): string | null {
    return optionalTextOf(changetype<usize>(this), certificateSubjectField)
  }

  /**
   * The name of the issuer, or `null`. Another authority may have the same name; see `isIssuedBy`.
   *
   * ```ts
   * const certificate = user.certificate
   * if (certificate == null) return Decision.deny('a client certificate is needed')
   * const issuer = certificate.issuerName
   * ```
   */
  get issuerName(): string | null {
    return optionalTextOf(changetype<usize>(this), certificateIssuerNameField)
  }

  /**
   * The thumbprint of the issuer's certificate as WinRM spells it, or `null`. To compare it, use
   * `isIssuedBy`.
   *
   * ```ts
   * const certificate = user.certificate
   * if (certificate == null) return Decision.deny('a client certificate is needed')
   * const thumbprint = certificate.issuerThumbprint
   * ```
   */
  get issuerThumbprint(): string | null {
    return optionalTextOf(changetype<usize>(this), certificateIssuerThumbprintField)
  }

  /**
   * The subject name, or `null`.
   *
   * ```ts
   * const certificate = user.certificate
   * if (certificate == null) return Decision.deny('a client certificate is needed')
   * const name = certificate.subjectName
   * ```
   */
  get subjectName(): string | null {
    return optionalTextOf(changetype<usize>(this), certificateSubjectNameField)
  }

  /**
   * Whether the thumbprint of the issuer is `thumbprint`. Spaces, colons and the case of the letters do not
   * matter. What remains of both must be the same 40 hexadecimal digits (SHA-1) or 64 (SHA-256); with
   * anything else, such as the invisible mark that Windows' dialog puts before a copied thumbprint, the
   * answer is no.
   *
   * ```ts
   * const authority = '92:5a:8f:8d:2c:6d:04:e0:66:5f:59:6a:ff:22:d8:63:e8:25:6f:3f'
   * const certificate = user.certificate
   * if (certificate == null || !certificate.isIssuedBy(authority)) return Decision.deny('foreign')
   * ```
   */
  isIssuedBy(thumbprint: string): bool {
    const issuer = this.issuerThumbprint
    return issuer != null && sameThumbprint(issuer, thumbprint)
  }
}

/** The certificate in the block at `block`, or `null` when all four texts are absent. */
export function certificateOf(block: usize): Certificate | null {
  const present =
    load<u32>(block + certificateSubjectField) |
    load<u32>(block + certificateIssuerNameField) |
    load<u32>(block + certificateIssuerThumbprintField) |
    load<u32>(block + certificateSubjectNameField)
  return changetype<Certificate | null>(present == 0 ? <usize>0 : block)
}

function sameThumbprint(left: string, right: string): bool {
  let digits = 0
  let rightIndex = skipSeparators(right, 0)
  for (let index = skipSeparators(left, 0); index < left.length; index = skipSeparators(left, index + 1)) {
    if (rightIndex == right.length) return false
    const digit = digitOf(left.charCodeAt(index))
    if (digit > 15 || digit != digitOf(right.charCodeAt(rightIndex))) return false
    digits++
    rightIndex = skipSeparators(right, rightIndex + 1)
  }
  return rightIndex == right.length && (digits == 40 || digits == 64)
}

/** The first place from `index` on where neither a space nor a colon stands. */
function skipSeparators(text: string, index: i32): i32 {
  while (index < text.length) {
    const unit = text.charCodeAt(index)
    if (unit != 0x20 && unit != 0x3a) return index
    index++
  }
  return index
}
