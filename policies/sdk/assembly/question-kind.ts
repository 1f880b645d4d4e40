// Which of WinRM's three questions a request block carries.

/**
 * What WinRM asked. The host puts the user question before every operation too, so `authzUser` sees both
 * `User` and `Operation`.
 *
 * ```ts
 * if (user.kind == QuestionKind.Quota) return Decision.allow()
 * ```
 */
export enum QuestionKind {
  /** May this user do anything here? */
  User = 1,
  /** May they do this operation on this resource? */
  Operation = 2,
  /** Which quota applies to them? */
  Quota = 3,
}
