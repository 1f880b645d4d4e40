// A resource URI taken apart, and the two questions that rules ask about one. WinRM itself matches resources
// by prefix, text against text, so nothing is normalised here: another case, a trailing slash or an encoded
// letter is another resource. The helpers only keep a rule from matching more than its author meant.

/**
 * A resource URI: a path, and after the first `?` a query. `request.resource` gives that of an operation.
 * Selectors that are written into a URI (`...Win32_Service?Name=Spooler`) are its query; those that a client
 * sends apart are not shown to policies.
 *
 * ```ts
 * export function authzOperation(request: OperationRequest): Decision {
 *   const services = 'http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Win32_Service'
 *   return request.resource.isBelow(services) ? Decision.allow() : Decision.deny('services only')
 * }
 * ```
 */
@final
export class Resource {
  /** The URI up to the first `?`; the whole of it when there is none. */
  readonly path: string
  /** What follows the first `?`; `null` when there is none, and `""` when nothing follows. */
  readonly query: string | null

  private readonly uri: string

  private constructor(uri: string) {
    const mark = uri.indexOf('?')
    this.uri = uri
    this.path = mark < 0 ? uri : uri.substring(0, mark)
    this.query = mark < 0 ? null : uri.substring(mark + 1)
  }

  /**
   * Takes a URI apart. Every text is taken.
   *
   * ```ts
   * const resource = Resource.of(request.resourceUri)
   * ```
   */
  static of(uri: string): Resource {
    return new Resource(uri)
  }

  /**
   * Whether the resource is `uri`, unit by unit, its query and a trailing slash included. To leave the query
   * out, compare `path`.
   *
   * ```ts
   * const shell = 'http://schemas.microsoft.com/powershell/Microsoft.PowerShell'
   * if (request.resource.isExactly(shell)) return Decision.allow()
   * ```
   */
  isExactly(uri: string): bool {
    return this.uri == uri
  }

  /**
   * Whether the path is `prefix` or goes on below it. Use it to *allow* a family of resources; to deny one in
   * every spelling, see `startsWithIgnoringCase`.
   *
   * `prefix` ends where a segment ends: `http://a.example/wmi` holds for `.../wmi`, `.../wmi/`,
   * `.../wmi/root` and `.../wmi?Name=x`, and not for `.../wmi-tools` or `.../WMI`. A prefix with a slash at
   * its end holds for what is below only: `http://a.example/wmi/` does not hold for `.../wmi`. A path that
   * goes on with a segment `.` or `..` is below nothing, also with `%2e`, between backslashes or encoded
   * slashes, or before `;` or `#`; nor is one that is encoded twice (`%252e`). A prefix that is empty or has a
   * `?` ends the question without an answer.
   *
   * ```ts
   * const wmi = 'http://schemas.microsoft.com/wbem/wsman/1/wmi'
   * if (request.isRead && request.resource.isBelow(wmi)) return Decision.allow()
   * ```
   */
  isBelow(prefix: string): bool {
    const length = prefix.length
    if (length == 0 || prefix.includes('?')) throw new Error('"' + prefix + '" does not begin a path')
    const path = this.path
    if (!path.startsWith(prefix)) return false
    if (path.length == length) return true
    const endsInSlash = prefix.charCodeAt(length - 1) == slash
    if (!endsInSlash && path.charCodeAt(length) != slash) return false
    return !hasDotSegment(path, endsInSlash ? length : length + 1)
  }

  /**
   * The namespace of a WMI resource, such as `root/cimv2`, as the client spelled it; `null` when the resource
   * is not one of WMI. To WMI the case does not matter: allow with `==`, deny with `equalsIgnoringCase`.
   *
   * ```ts
   * const namespace = request.resource.wmiNamespace
   * if (namespace == null || namespace != 'root/cimv2') return Decision.deny('only root/cimv2')
   * ```
   */
  get wmiNamespace(): string | null {
    const name = wmiNameOf(this.path)
    return name == null ? null : name.substring(0, name.lastIndexOf('/'))
  }

  /**
   * The class of a WMI resource, such as `Win32_Service`, as the client spelled it; `null` when the resource
   * is not one of WMI. It is `*` when the client searches the whole namespace with a filter that policies do
   * not see, so name the classes that are allowed rather than those that are not.
   *
   * ```ts
   * const wmiClass = request.resource.wmiClass
   * if (wmiClass != null && wmiClass == 'Win32_Service' && request.isRead) return Decision.allow()
   * ```
   */
  get wmiClass(): string | null {
    const name = wmiNameOf(this.path)
    return name == null ? null : name.substring(name.lastIndexOf('/') + 1)
  }
}

const slash = 0x2f
const dot = 0x2e
const percent = 0x25
const backslash = 0x5c
const semicolon = 0x3b
const hash = 0x23
const questionMark = 0x3f

/** The `namespace/Class` at the end of the path of a WMI resource, or `null`. No segment of it is empty. */
function wmiNameOf(path: string): string | null {
  // A constant of the function: a policy that does not ask for it then does not carry it.
  const prefix = 'http://schemas.microsoft.com/wbem/wsman/1/wmi/'
  if (!path.startsWith(prefix)) return null
  const name = path.substring(prefix.length)
  if (name.startsWith('/') || name.endsWith('/') || name.includes('//')) return null
  return name.includes('/') && !hasDotSegment(name, 0) ? name : null
}

/**
 * Whether a segment of `path` from `start` on is one or two dots. Whoever reads it next may take `%2e` for a dot, a
 * backslash, `%2f` and `%5c` for a slash, and `;`, `#` and `%3f` for the end of a segment; so it does here. A
 * percent sign that is left when that is done may be decoded once more, so it counts as dots.
 */
function hasDotSegment(path: string, start: i32): bool {
  let dots = 0
  let others = 0
  for (let index = start; index <= path.length; index++) {
    let unit = index < path.length ? path.charCodeAt(index) : slash
    if (unit == percent) {
      unit = decoded(path, index)
      if (unit == percent) return true
      index += 2
    }
    if (endsSegment(unit)) {
      if (others == 0 && (dots == 1 || dots == 2)) return true
      dots = 0
      others = 0
    } else if (unit == dot) {
      dots++
    } else {
      others++
    }
  }
  return false
}

function endsSegment(unit: i32): bool {
  return unit == slash || unit == backslash || unit == semicolon || unit == hash || unit == questionMark
}

/** The unit whose two digits follow a percent sign; the percent sign itself when they are none. */
function decoded(path: string, index: i32): i32 {
  if (index + 2 >= path.length) return percent
  const high = digitOf(path.charCodeAt(index + 1))
  const low = digitOf(path.charCodeAt(index + 2))
  return high < 0 || low < 0 ? percent : (high << 4) | low
}

function digitOf(unit: i32): i32 {
  if (unit >= 0x30 && unit <= 0x39) return unit - 0x30
  const letter = unit | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1
}
