/** Lines that compile, are admitted and are still a mistake in nearly every policy that has them, by their look. */

export interface Rule {
  readonly pattern: RegExp
  readonly advice: string
}

const name = String.raw`\b(?:senderName|principal\.name)\b`
const comparison = String.raw`\s*(?:[!=]==?|\.(?:startsWith|endsWith|includes|indexOf|replace|toLowerCase|toUpperCase)\()`
const search = String.raw`(?:\.(?:includes|indexOf|contains)|IgnoringCase)\([^)]*`

/** Of what must be called: an example of it being called. */
const calls = {
  inGroup: 'user.inGroup(sid)',
  mentionsGroup: 'user.mentionsGroup(sid)',
  isUser: 'user.isUser(sid)',
  isBelow: 'request.resource.isBelow(uri)',
  isExactly: 'request.resource.isExactly(uri)',
  isIssuedBy: 'certificate.isIssuedBy(thumbprint)',
  isSame: 'user.principal.isSame(other)',
  isBetween: 'user.localTime.isBetween(8, 0, 18, 0)',
  isWeekday: 'user.localTime.isWeekday(Weekday.Monday, Weekday.Friday)',
}

export const rules: readonly Rule[] = [
  {
    pattern: new RegExp(String.raw`${name}${comparison}|[!=]==?\s*\S*${name}|${search}${name}`),
    advice:
      'this decides by a name, and one account has many names (another case, CONTOSO\\ada, ada@contoso.example) ' +
      'while a name can pass to another account; use user.isUser(sid) or groups',
  },
  {
    pattern: /\bresourceUri\.startsWith\(['"`]/,
    advice:
      'this also holds for a resource that only begins alike, or that leads out again (/../); ' +
      'allow by request.resource.isBelow(...)',
  },
  {
    pattern: /\bresourceUri\.(?:includes|indexOf)\(/,
    advice:
      'this also holds for a resource that has the text anywhere, such as in its query; ' +
      'allow by request.resource.isBelow(...) or isExactly(...)',
  },
  {
    pattern: /\bmentionsGroup\(.*\)\s*(?:\?|\)\s*(?:return\s+)?)\s*Decision\.allow/,
    advice:
      'this allows by mentionsGroup, which also sees memberships that are for denials only; allow by inGroup',
  },
  ...Object.entries(calls).map(([method, call]) => ({
    pattern: new RegExp(String.raw`\.${method}\b(?!\s*\()`),
    advice: `${method} is never called here; write ${call}`,
  })),
]
