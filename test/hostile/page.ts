// The page of the corpus, docs/reference/hostile-corpus.md: what stands above its table, and the table. report.ts writes it
// from one run; a test holds the columns that are ours against the corpus.

import { type Hostile, wordsOf } from './hostile.ts'
import { MEMORY_MIB_MAX, type OtherHost, otherHosts, TIME_MS_MAX } from './others.ts'

export type Elsewhere = Readonly<Record<OtherHost, string>>

export interface Run {
  readonly member: Hostile
  readonly elsewhere: Elsewhere
}

function byName(a: Hostile, b: Hostile): number {
  return a.name < b.name ? -1 : 1
}

export function sorted(members: readonly Hostile[]): Hostile[] {
  return [...members].sort(byName)
}

/** The cells of a member that do not depend on a run. */
export function ownCells(member: Hostile): [name: string, cheats: string, portcullis: string] {
  return [member.name, member.cheats, wordsOf(member.must)]
}

/** What is counted: the words without what is particular. */
function classOf(words: string): string {
  return words.replace(/[:(].*$/, '').trim()
}

/** Such as "3 harmless, 2 refused", the most frequent first. */
export function countsOf(words: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const one of words.map(classOf)) counts.set(one, (counts.get(one) ?? 0) + 1)
  const ordered = [...counts].sort(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1))
  return ordered.map(([what, count]) => `${count} ${what}`).join(', ')
}

export function portcullisCounts(members: readonly Hostile[]): string {
  return countsOf(members.map(({ must }) => wordsOf(must)))
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}

/** Names and codes as code; two underscores would be strong text. */
function quoted([name, cheats, portcullis]: ReturnType<typeof ownCells>): string[] {
  return [`\`${name}\``, cheats.replace(/__\w+__(\.\w+)?/, '`$&`'), portcullis.replace(/ERR_\w+/, '`$&`')]
}

export function pageOf(runs: readonly Run[], versions: Elsewhere, node: string): string {
  const ordered = [...runs].sort((a, b) => byName(a.member, b.member))
  const counts = (host: OtherHost) => countsOf(ordered.map(({ elsewhere }) => elsewhere[host]))
  return `# Hostile modules

${ordered.length} modules that try to harm whoever runs them, what Portcullis makes of each, and what becomes of a process in which two other
hosts load the same module. This page is written by \`npm run hostile\`; the sources of the modules are in
[\`test/hostile\`](../../test/hostile/corpus.ts). The column of Portcullis is held by tests in every run of them; those of the others are what
one run showed, with Node ${node}.

- Portcullis: ${portcullisCounts(ordered.map(({ member }) => member))}
- Extism: ${counts('extism')}
- opa-wasm: ${counts('opa-wasm')}

## What Portcullis does

- **refused**: admission does not take the module, for the reason that the [code](errors.md) gives. Nothing of it runs.
- **stopped**: the module begins, or is asked, and ends with that code and with no answer, in the question that is named: twice around,
  for everything that is asked. \`start\` is before the first question.
- **harmless**: it is answered like any other policy. What it tried had no effect.

After every call its guest is what it was before, to the last byte, and a policy beside it in the same process gives its right answers.

## What was done with the others

Both have other aims. Extism makes plug-ins of many languages easy to write and to call; opa-wasm evaluates policies that OPA's compiler
made of Rego. Neither meters: nothing counts instructions or frames. The manifest of this SDK of Extism knows neither a timeout nor a limit of
memory; others of its SDKs have a timeout, and the release candidates of version 2 of this one add both, for plug-ins in a worker. With
\`runInWorker\` a plug-in has a thread that its host can end. opa-wasm's memory can be given a maximum, but a module may bring its own.
So the comparison asks one thing only: **what happens to the hosting process** when the module is loaded and one of its exported functions is called.

| Host | Version | How |
|---|---|---|
| Extism, SDK for JavaScript | \`@extism/extism\` ${versions.extism} | \`createPlugin\` with \`useWasi: false\`, \`runInWorker: false\`, both the defaults; \`plugin.call\`. It calls exports without arguments, so a policy function gets 0 for the address of its block |
| opa-wasm | \`@open-policy-agent/opa-wasm\` ${versions['opa-wasm']} | \`loadPolicy\` with its default memory. The package instantiates the module with its own imports and then misses OPA's functions, which no policy of ours has; the export is called on that instance, with 0 |

Each module has a child process of its own, ${TIME_MS_MAX / 1000} s from when the module is handed over, and ${MEMORY_MIB_MAX} MiB of resident memory. Both hosts are
given an \`env.abort\` that throws. The function that is called is the one in which the module cheats, \`authzUser\` for most. No block is
written and no record is read, so lies in results cannot show.

- **answered**: the function returned. For a module whose cheat is in its result, in what it keeps or in what it imports, that says nothing
  more than that the process lives.
- **refused**, **error**, **error while loading**: the host, or the engine under it, threw an error of the class in brackets. The process goes on.
- **hung**: it had not come back when its time was over, and nothing in the process could have ended it. It was killed.
- **took more than ${MEMORY_MIB_MAX} MiB**: it was killed for that.
- **crashed**: the process ended by itself.

## The modules

| Module | How it cheats | Portcullis | Extism | opa-wasm |
|---|---|---|---|---|
${ordered.map(({ member, elsewhere }) => row([...quoted(ownCells(member)), ...otherHosts.map((host) => elsewhere[host])])).join('\n')}
`
}
