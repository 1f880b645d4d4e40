/** The commands of authors of policies, as commander knows them. What they do is loaded when one of them runs. */

import { type Command, InvalidArgumentError, Option } from 'commander'

import { settingsPath, vectorsPath } from '../author/project-paths.ts'
import { defaultTemplate, templateNames } from '../author/templates.ts'

const settingsHelp = `the policy's settings, JSON: key to list of texts (default: the project's ${settingsPath})`

function knownTemplate(name: string): string {
  const known = templateNames()
  if (known.includes(name)) return name
  throw new InvalidArgumentError(`Allowed choices are ${known.join(', ')}.`)
}

/** What an author of policies needs, in the order in which they need it. */
export function addAuthorsCommands(top: Command): void {
  top
    .command('new')
    .description('make a policy project in a new or empty folder: source, vectors, and what compiles them')
    .argument('<dir>', 'the folder')
    .addOption(
      new Option('--template <name>', 'what to begin with').argParser(knownTemplate).default(defaultTemplate),
    )
    // A function: only who asks for this help waits for a look into folders.
    .addHelpText('after', () => `\nTemplates: ${templateNames().join(', ')}`)
    .action(async (dir, options) => (await import('../new.ts')).newProject(dir, options))

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
    .action(async (dir) => (await import('../build.ts')).build(dir))

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
    .action(async (module, options) => (await import('../test.ts')).test(module, options))

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
    .action(async (module, options) => (await import('../bench.ts')).bench(module, options))

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
    .action(async (module, options) => (await import('../explain.ts')).explain(module, options))

  top
    .command('check')
    .description('say whether a compiled module would be admitted as a policy, and if not, why and where')
    .argument('[module]', "WebAssembly file (default: the project's, with its vectors and settings)")
    .option('--vectors <file>', 'questions with the answers that are expected (a line of JSON each)')
    .option('--settings <file>', settingsHelp)
    .option('--json', 'print JSON')
    .action(async (module, options) => (await import('../check.ts')).check(module, options))

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
    .action(async (module, options) => (await import('../run.ts')).run(module, options))
}
