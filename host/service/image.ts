/** The command line that a service of ours is registered with, read back: what it runs, and where its files are. */

export interface Image {
  readonly program: string
  readonly node: string
  readonly main: string
  readonly config: string
  readonly log: string
}

/** Every argument is quoted, none has a quote in it, and backslashes before the last quote are doubled. */
function argumentsOf(commandLine: string): string[] {
  return [...commandLine.matchAll(/"([^"]*)"/g)].map(([, text = '']) =>
    text.replace(/\\+$/, (backslashes) => backslashes.slice(backslashes.length / 2)),
  )
}

export function readImage(commandLine: string): Image {
  const [program = '', ...rest] = argumentsOf(commandLine)
  const after = (option: string) => rest.find((_, at) => rest[at - 1] === option) ?? ''
  return {
    program,
    node: after('--node'),
    main: after('--main'),
    config: after('--config'),
    log: after('--log'),
  }
}
