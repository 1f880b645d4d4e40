/**
 * The key under which a pair of account and application is looked up. IIS names applications without regard to
 * case, so the comparison is ordinal after folding each UTF-16 unit by itself, as Windows compares such names: no
 * folding that changes the length, no normalisation, and unpaired surrogates stay what they are.
 */

function foldUnit(unit: string): string {
  const upper = unit.toUpperCase()
  const leavesAscii = unit > '\x7f' && upper <= '\x7f' // dotless i, long s: other letters to Windows
  return upper.length === 1 && !leavesAscii ? upper : unit
}

export function applicationKey(account: string, application: string): string {
  return `${account}\0${application.split('').map(foldUnit).join('')}`
}
