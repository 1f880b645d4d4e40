/**
 * The files that every policy project has beside its template: what npm, the compiler and an editor need to know.
 * Neither the command nor the SDK is published, so a project names both by where this installation is.
 */

import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'

import { root } from '../../paths.ts'

const command = `node ${JSON.stringify(join(root, 'build', 'host', 'cli', 'main.js'))}`

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

/** The version that this installation's own policies are compiled with. */
export function compilerVersion(): string {
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    devDependencies: { assemblyscript: string }
  }
  return devDependencies.assemblyscript
}

function packageJson(folder: string): object {
  return {
    name: packageName(folder),
    version: '0.1.0',
    private: true,
    type: 'module',
    scripts: {
      build: `${command} build`,
      test: `npm run -s build && ${command} test`,
      check: `npm run -s build && ${command} check build/policy.wasm --vectors vectors.jsonl`,
      watch: `${command} test --watch`,
      bench: `npm run -s build && ${command} bench`,
    },
    devDependencies: {
      assemblyscript: compilerVersion(),
      portcullis: `file:${join(root, 'policies', 'sdk')}`,
    },
  }
}

/** What follows the template's own words on what the policy does. */
export const workingOnIt = `
## Working on it

\`\`\`
npm install      # once
npm run build    # compile assembly/index.ts to build/policy.wasm
npm test         # compile, and ask the questions of vectors.jsonl
npm run check    # compile, and put it through what a host puts it through
\`\`\`

\`npm run watch\` tests anew at every change; \`npm run bench\` shows what each question costs.

\`vectors.jsonl\` has one question with its expected answer in a line. Add one for every sentence that you would say
about your policy, the denials first. \`package.json\` names the folder in which Portcullis is installed; change that
where it is in another.
`

/** Path in the project to content. */
export function projectFiles(folder: string): Map<string, string> {
  return new Map([
    ['package.json', json(packageJson(folder))],
    ['asconfig.json', json({ extends: 'portcullis/asconfig.json', entries: ['./assembly/index.ts'] })],
    ['assembly/tsconfig.json', json({ extends: 'assemblyscript/std/assembly.json', include: ['./**/*.ts'] })],
    ['.gitignore', 'build/\nnode_modules/\n'],
  ])
}
