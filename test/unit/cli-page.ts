// The reference page of the command line, made of the commands themselves: every command, argument and option with what its help says.

import type { Argument, Command, Option } from 'commander'

const intro = `# The command line

Every command and every option, as \`portcullis COMMAND --help\` shows them. This page is made of the commands: \`npm run cli-page\` writes it, and a test holds it against them.

## Which host

Commands for a running host take one of two:

- \`--config FILE\`: the host of this configuration. It is found by the configuration's \`endpoint\`, on its own machine, and asked as the account that it runs as.
- \`--server URL\`: a host anywhere whose configuration has [\`admin\`](configuration.md), with a [token](tokens.md). The address is \`https://NAME:PORT\`, without a path; \`http\` only to this machine itself
  (\`http://127.0.0.1:PORT\`, \`http://[::1]:PORT\`; no names), because the token would be read on the way. \`--token-file FILE\` has the token, \`--ca FILE\` the authorities (PEM) that are believed in place of those that Node knows.

\`PORTCULLIS_SERVER\` and \`PORTCULLIS_TOKEN\` stand for \`--server\` and the token where no option says otherwise. With \`--config\` they do not count. A redirect is not followed, and the token is sent to nobody but the server that was named.

Answers and errors are the same both ways, but that [a tenant's token](tokens.md#roles) is told of that tenant only. Through a server, \`activate\` without \`--if-active\` looks first which version is active, and is refused with
\`ERR_ACTIVATION_CONFLICT\` if that changes in between; who did something is \`token NAME\`, the token's name. \`stop\`, \`ask\`, \`token\`, \`store\` and \`doctor\` are for the host's own machine.

## What a script may rely on

Status 0: done, and the answer is yes. 1: the answer is no, or something failed; the message ends with [a code](errors.md) in brackets. 2: wrong usage, or a file or an option cannot be used. \`--json\` prints what programs read, on standard output; messages go to standard
error. Paths are relative to the folder in which the command is called.
`

/** In a cell of a table, or in running text. */
function text(words: string): string {
  return words
    .replace(/\s*\n\s*/g, ' ')
    .replaceAll('|', '\\|')
    .replaceAll('<', '\\<')
    .trim()
}

function defaultOf(value: unknown): string {
  return value === undefined ? '' : ` Default: \`${JSON.stringify(value)}\`.`
}

function choicesOf(choices: readonly string[] | undefined): string {
  return choices === undefined ? '' : ` One of ${choices.map((choice) => `\`${choice}\``).join(', ')}.`
}

/** A sentence; some descriptions end with one in brackets. */
function sentence(words: string): string {
  const { length } = words
  return length === 0 || /[.!?]$/.test(words) ? words : `${words}.`
}

function optionRow({ flags, description, mandatory, defaultValue, argChoices }: Option): string {
  const must = mandatory ? ' **Required.**' : ''
  return `| \`${flags}\` | ${sentence(text(description))}${choicesOf(argChoices)}${defaultOf(defaultValue)}${must} |`
}

function argumentRow(argument: Argument): string {
  const name = argument.required ? `<${argument.name()}>` : `[${argument.name()}]`
  return `| \`${name}\` | ${sentence(text(argument.description))}${defaultOf(argument.defaultValue)} |`
}

/** What its help says after the lists. */
function remarks(command: Command): string {
  let shown = ''
  const before = command.configureOutput()
  command.configureOutput({
    ...before,
    writeOut: (words) => {
      shown += words
    },
  })
  command.outputHelp()
  command.configureOutput(before)
  const after = shown.slice(command.helpInformation().length)
  const lines = after.split('\n').map((line) => line.trim())
  return lines
    .join('\n')
    .split(/\n{2,}/)
    .map(text)
    .filter((paragraph) => paragraph !== '')
    .join('\n\n')
}

/** Those that do something, each with the words that name it. */
export function leaves(command: Command, words: readonly string[] = []): [words: string, Command][] {
  if (command.commands.length === 0) return [[words.join(' '), command]]
  return command.commands.flatMap((one) => leaves(one, [...words, one.name()]))
}

function section(words: string, command: Command): string {
  const rows = [
    ...command.registeredArguments.map(argumentRow),
    ...command.options.filter(({ hidden }) => !hidden).map(optionRow),
  ]
  const table = rows.length === 0 ? [] : ['| Argument or option | Meaning |\n|---|---|', ...rows].join('\n')
  const said = remarks(command)
  const parts = [`## portcullis ${words}`, sentence(capital(text(command.description()))), table, said]
  return parts.filter((part) => part.length > 0).join('\n\n')
}

function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1)
}

export function pageOf(top: Command): string {
  const all = leaves(top)
  const rows = all.map(([words, command]) => {
    const anchor = `portcullis-${words}`.replaceAll(' ', '-')
    return `| [\`${words}\`](#${anchor}) | ${text(command.description())} |`
  })
  const list = ['## Commands', ['| Command | Does |\n|---|---|', ...rows].join('\n')].join('\n\n')
  return `${[intro.trimEnd(), list, ...all.map(([words, command]) => section(words, command))].join('\n\n')}\n`
}
