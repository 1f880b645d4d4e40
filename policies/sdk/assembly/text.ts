// Comparing names whose case does not matter. Only the 26 ASCII letters are folded: full Unicode folding
// would add kilobytes of tables to a policy, and its surprises (one letter becoming two) have no place in an
// access rule.

/**
 * Whether two texts are equal when `A` to `Z` count as `a` to `z`. Every other unit must be the same.
 *
 * Meant for names that Windows spells in more than one way, such as authentication mechanisms, and for
 * denials. To *allow* by a URI or by a name, compare with `==`.
 *
 * ```ts
 * if (equalsIgnoringCase(user.authenticationMechanism, 'basic')) return Decision.deny('no Basic')
 * ```
 */
export function equalsIgnoringCase(text: string, other: string): bool {
  return text.length == other.length && startsWithIgnoringCase(text, other)
}

/**
 * Whether `text` begins with `prefix` when `A` to `Z` count as `a` to `z`. The empty prefix begins every
 * text.
 *
 * Meant for denials, which should cover every spelling of a URI: take a prefix without a slash at its end, as
 * `http://provider.example?x` has none. To *allow* a family of URIs use `request.resource.isBelow`.
 *
 * ```ts
 * if (startsWithIgnoringCase(request.resourceUri, 'http://provider.example')) return Decision.deny('no')
 * ```
 */
export function startsWithIgnoringCase(text: string, prefix: string): bool {
  if (text.length < prefix.length) return false
  for (let index = 0; index < prefix.length; index++) {
    if (folded(text.charCodeAt(index)) != folded(prefix.charCodeAt(index))) return false
  }
  return true
}

function folded(unit: i32): i32 {
  return unit >= 65 && unit <= 90 ? unit + 32 : unit
}
