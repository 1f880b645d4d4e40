/** The command of who tests a host, as commander knows it. What it does is loaded when it runs. */

import { type Command, InvalidArgumentError, Option } from 'commander'

function countOf(value: string): number {
  const number = Number(value)
  if (/^\d+$/.test(value) && Number.isSafeInteger(number)) return number
  throw new InvalidArgumentError('It must be a whole number, from 0.')
}

/** "--no-" begins a word here; commander takes it for the opposite of "--answers-max". */
function noAnswersOption(): Option {
  const words = 'so many questions may come to no answer (default: 0)'
  const option = new Option('--no-answers-max <n>', words).argParser(countOf)
  option.negate = false
  return option
}

export function addHistoryCommands(top: Command): void {
  top
    .command('check-history')
    .description(
      'prove from a recorded history that no question was lost or mixed while versions were activated',
    )
    .argument('<file>', 'the history, JSON lines')
    .addOption(noAnswersOption())
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Status 0: the history holds; 1: it does not; 2: the file cannot be used. docs/reference/history.md describes the file and the model.`,
    )
    .action(async (file, options) => (await import('../check-history.ts')).checkHistoryFile(file, options))
}
