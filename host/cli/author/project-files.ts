/**
 * The files that every policy project has beside its template: what npm, the compiler and an editor need to know.
 * The SDK is not published, so a project has it packed; the command is named by where this installation is.
 */

import { existsSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'

import { PortcullisError } from '../../errors.ts'
import { commandMain, projectVersion, repair, sdkPackage } from '../../paths.ts'

/** Where a project has the SDK. */
const sdkPath = 'vendor/portcullis.tgz'

const command = `node ${JSON.stringify(commandMain)}`

function json(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`
}

/** npm takes no capitals, no spaces and no dot at the beginning. */
function packageName(folder: string): string {
  const name = basename(folder)
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[._-]+/, '')
  // A package may not depend on one of its own name.
  return ['', 'portcullis', 'assemblyscript', 'node_modules'].includes(name) ? 'policy' : name
}

function packageJson(folder: string): object {
  const thenDo = (name: string) => `npm run -s build && ${command} ${name}`
  return {
    name: packageName(folder),
    version: '0.1.0',
    private: true,
    type: 'module',
    scripts: {
      build: `${command} build`,
      test: `${thenDo('test')} && vitest run`,
      check: thenDo('check'),
      watch: `${command} test --watch`,
      bench: thenDo('bench'),
      explain: `${command} explain`,
    },
    devDependencies: {
      assemblyscript: projectVersion('assemblyscript'),
      portcullis: `file:${sdkPath}`,
      vitest: projectVersion('vitest'),
    },
  }
}

/** What follows the template's own words on what the policy does. */
export const workingOnIt = `
## Working on it

\`\`\`
npm install      # once
npm run build    # compile assembly/index.ts to build/policy.wasm
npm test         # compile, ask the questions of vectors.jsonl, and run the tests in test/
npm run check    # compile, and put it through what a host puts it through
\`\`\`

\`npm run watch\` asks the vectors anew at every change, \`npm run bench\` shows what each question costs, and
\`npm run explain -- --question FILE\` which lines decide a question.

\`vectors.jsonl\` has one question with its expected answer in a line. Add one for every sentence that you would say
about your policy, the denials first; \`test/\` is for what needs a loop or a calculation. The SDK is in \`vendor/\`, so keep
that with the project. \`package.json\` names the folder in which Portcullis is installed; change that where it is in another.
`

/** Of the tests, so that an editor knows what they import. */
const testsConfig = {
  compilerOptions: { target: 'es2022', module: 'nodenext', strict: true, noEmit: true, skipLibCheck: true },
  include: ['./**/*.ts'],
}

function packedSdk(): Buffer {
  if (!existsSync(sdkPackage)) throw new PortcullisError('ERR_SDK_MISSING', `${sdkPackage}; ${repair}`)
  return readFileSync(sdkPackage)
}

/** Path in the project to content. Throws ERR_SDK_MISSING. */
export function projectFiles(folder: string): Map<string, string | Buffer> {
  return new Map<string, string | Buffer>([
    ['package.json', json(packageJson(folder))],
    ['asconfig.json', json({ extends: 'portcullis/asconfig.json', entries: ['./assembly/index.ts'] })],
    ['assembly/tsconfig.json', json({ extends: 'assemblyscript/std/assembly.json', include: ['./**/*.ts'] })],
    ['test/tsconfig.json', json(testsConfig)],
    [sdkPath, packedSdk()],
    ['.gitignore', 'build/\nnode_modules/\n'],
  ])
}
