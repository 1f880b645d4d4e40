// The page docs/reference/conformance.md, made of the list of cases.

import { type Case, type System, systems } from './case.ts'

/** The systems by the names of people, and whether their cases are run in the tests. */
const columns: Readonly<Record<System, { readonly title: string; readonly hasRunner: boolean }>> = {
  linux: { title: 'Linux', hasRunner: true },
  windows: { title: 'Windows', hasRunner: true },
}

function cellOf({ skip }: Case, system: System): string {
  const reason = skip?.[system]
  if (reason !== undefined) return `cannot be run: ${reason}`
  return columns[system].hasRunner ? 'passes' : 'not run yet'
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}

function summaryOf(cases: readonly Case[], system: System): string {
  const cells = cases.map((one) => cellOf(one, system))
  const count = (begin: string) => cells.filter((cell) => cell.startsWith(begin)).length
  const { title, hasRunner } = columns[system]
  const run = hasRunner ? `${count('passes')} pass` : `${count('not run yet')} are not run yet`
  return `- ${title}: ${run}, ${count('cannot')} cannot be run.`
}

/** A bar ends a cell, and a `<` would begin an element. */
function cellText(text: string): string {
  return text.replace(/[|<]/g, '\\$&')
}

export function pageOf(cases: readonly Case[]): string {
  const head = ['Case', 'What must happen', 'Basis', ...systems.map((system) => columns[system].title)]
  const rows = cases.map((one) => {
    const cells = [one.id, one.what, one.basis, ...systems.map((system) => cellOf(one, system))]
    return row(cells.map(cellText))
  })
  return `# Conformance with WinRM's contract

What WinRM demands of an authorization plug-in, and what Portcullis demands of itself where WinRM's documentation is silent, as ${cases.length}
cases. The list is in [\`test/contract\`](../../test/contract/cases/list.ts); this page is written from it by \`npm run conformance\`. Every case that
can be run on a system is run with every run of the tests, on the built plug-in, through a [double](../../native/double/README.md) that plays
WinRM: *passes* means that the tests would fail otherwise. Whatever a case is about, it also fails if the plug-in breaks any rule that the
double checks: a question completed twice, late, by the wrong completion or not at all, anything granted beside a failure, a foreign
token, a changed thread.

${systems.map((system) => summaryOf(cases, system)).join('\n')}

Basis: **D** Microsoft's documentation, **H** the header of the ABI, **S** Microsoft's sample of 2009, **R** a rule of our own. Nothing here has been
seen on a live Windows host.

${row(head)}
${row(head.map(() => '---'))}
${rows.join('\n')}
`
}
