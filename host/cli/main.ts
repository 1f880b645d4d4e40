#!/usr/bin/env node
/**
 * The command `portcullis`. Commands translate arguments and print; what they do is in the files they call.
 */

import { type Command, InvalidArgumentError, Option } from 'commander'

import { platform, version } from '../paths.ts'
import { ask } from './ask.ts'
import { settingsPath, vectorsPath } from './author/compile.ts'
import { defaultTemplate, templateNames } from './author/templates.ts'
import { bench } from './bench.ts'
import { build } from './build.ts'
import { check } from './check.ts'
import { demo } from './demo.ts'
import { doctor } from './doctor.ts'
import { explain } from './explain.ts'
import { addIisCommands } from './iis.ts'
import { newProject } from './new.ts'
import { quarantine } from './quarantine.ts'
import { run } from './run.ts'
import { runCommand, topCommand } from './run-command.ts'
import { logLevels, serve } from './serve.ts'
import { addServiceCommands } from './service.ts'
import { status } from './status.ts'
import { stop } from './stop.ts'
import { test } from './test.ts'

const settingsHelp = `the policy's settings, JSON: key to list of texts (default: the project's ${settingsPath})`

function collect(value: string, before: string[] = []): string[] {
  return [...before, value]
}

function knownTemplate(name: string): string {
  const known = templateNames()
  if (known.includes(name)) return name
  throw new InvalidArgumentError(`Allowed choices are ${known.join(', ')}.`)
}

/** What an author of policies needs, in the order in which they need it. */
function addAuthorsCommands(top: Command): void {
  top
    .command('new')
    .description('make a policy project in a new or empty folder: source, vectors, and what compiles them')
    .argument('<dir>', 'the folder')
    .addOption(
      new Option('--template <name>', 'what to begin with').argParser(knownTemplate).default(defaultTemplate),
    )
    // A function: only who asks for this help waits for a look into folders.
    .addHelpText('after', () => `\nTemplates: ${templateNames().join(', ')}`)
    .action(newProject)

  top
    .command('build')
    .description('compile a policy project to build/policy.wasm and say whether a host would take it')
    .argument('[dir]', "the project's folder", '.')
    .addHelpText(
      'after',
      `
Compiles with the project's own AssemblyScript ("npm install" brings it). Status 1: it does not compile, or a host would
refuse it.`,
    )
    .action(build)

  top
    .command('test')
    .description('ask a compiled policy the questions of its vectors and compare the answers')
    .argument('[module]', 'WebAssembly file (default: build/policy.wasm)')
    .option('--vectors <file>', `questions with the answers that are expected (default: ${vectorsPath})`)
    .option('--settings <file>', settingsHelp)
    .option('--watch', 'test again whenever a file changes, until Ctrl+C; without a module, compile first')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Limits and fuel are those of a host. Status 0: all answers are as expected; 1: one is not, or a host would refuse the
module; 2: a file cannot be used. docs/reference/vectors.md describes the vectors.`,
    )
    .action(test)

  top
    .command('bench')
    .description('show what each vector costs: fuel, and microseconds on this machine')
    .argument('[module]', 'WebAssembly file (default: build/policy.wasm)')
    .option('--vectors <file>', `questions with the answers that are expected (default: ${vectorsPath})`)
    .option('--settings <file>', settingsHelp)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Asks every question some hundred times, for two seconds in all. "99 %" is what 99 of 100 decisions stay under.`,
    )
    .action(bench)

  top
    .command('explain')
    .description('let a policy decide one question, and show which of its functions and lines ran')
    .argument('[module]', 'WebAssembly file (default: the project, compiled for reading)')
    .requiredOption('--question <file>', 'question file (JSON)')
    .option('--settings <file>', settingsHelp)
    .option('--all', 'show also what the SDK and the standard library did')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
The numbers before the lines say how often each ran. They need a source map, which "asc --debug --sourceMap" writes beside the
module; without a module the project in this folder is compiled that way, unoptimised. Status 0 whatever the decision is.`,
    )
    .action(explain)
}

function program(): Command {
  const top = topCommand('portcullis').description(
    'A WinRM authorization plug-in whose answers come from WebAssembly policies.',
  )

  top.version(`portcullis ${version} ${platform}`, '--version', 'show the version')

  addAuthorsCommands(top)

  top
    .command('serve')
    .description('run the policy host until it is told to end')
    .requiredOption('--config <file>', 'configuration file')
    .addOption(new Option('--log-level <level>', 'what to log').choices(logLevels).default('info'))
    .option('--supervised', 'end in order when standard input ends: for service managers, which hold it open')
    .action(serve)

  top
    .command('ask')
    .description('put one question to a running host, through the compiled plug-in and a double of WinRM')
    .requiredOption('--config <file>', "the running host's configuration file")
    .option('--question <file>', 'question file (JSON); the options below override its members')
    .option('--kind <kind>', 'user, operation or quota')
    .option('--application <name>', 'application identification, such as wsman/contoso')
    .option('--sender <name>', 'sender name, such as CONTOSO\\alice')
    .option('--mechanism <name>', 'authentication mechanism, such as Negotiate')
    .option('--url <url>', 'HTTP URL of the request')
    .option('--user-sid <sid>', 'SID of the user; without it the question carries no token')
    .option('--group <sid>', 'SID of an enabled group (repeatable)', collect)
    .option('--deny-only <sid>', 'SID of a deny-only group (repeatable)', collect)
    .option('--action <uri>', 'action URI of an operation')
    .option('--resource <uri>', 'resource URI of an operation')
    .option('--json', 'print JSON')
    .action(ask)

  top
    .command('check')
    .description('say whether a compiled module would be admitted as a policy, and if not, why and where')
    .argument('[module]', "WebAssembly file (default: the project's, with its vectors and settings)")
    .option('--vectors <file>', 'questions with the answers that are expected (a line of JSON each)')
    .option('--settings <file>', settingsHelp)
    .option('--json', 'print JSON')
    .action(check)

  top
    .command('run')
    .description('let a compiled policy decide one question, under the limits of a host and without one')
    .argument('[module]', 'WebAssembly file (default: build/policy.wasm)')
    .requiredOption('--question <file>', 'question file (JSON)')
    .option('--settings <file>', settingsHelp)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Status 0: the policy allows; 1: it denies, or there is no answer; 2: a file cannot be used.`,
    )
    .action(run)

  top
    .command('status')
    .description('show what a running host serves, and which plug-ins are connected to it or refused')
    .requiredOption('--config <file>', "the running host's configuration file")
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Status 0: a host answers; 1: none does. docs/reference/status.md describes every field.`,
    )
    .action(status)

  top
    .command('quarantine')
    .description('show which policies a running host does not ask any more, and why')
    .requiredOption('--config <file>', "the running host's configuration file")
    .option('--lift <tenant>', "let this tenant's policies be asked again")
    .option('--json', 'print JSON')
    .action(quarantine)

  top
    .command('stop')
    .description('have a running host finish what it has accepted, and end')
    .requiredOption('--config <file>', "the running host's configuration file")
    .action(stop)

  addIisCommands(top)

  top
    .command('doctor')
    .description('look at every part of an installation, and say what to do about what is not right')
    .requiredOption('--config <file>', "the host's configuration file")
    .option('--json', 'print JSON')
    .action(doctor)

  top
    .command('demo')
    .description('start a host with two tenants and ask it documented questions')
    .option('--stay', 'keep serving afterwards, until Ctrl+C')
    .action(demo)

  addServiceCommands(top)

  return top
}

await runCommand(program())
