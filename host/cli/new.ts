/**
 * `portcullis new`: a policy project that compiles and is tested before its author has written a line. Whoever
 * starts from something that works sees with each change what that change did.
 */

import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { PortcullisError } from '../errors.ts'
import { projectVersion } from '../paths.ts'
import { projectFiles, workingOnIt } from './author/project-files.ts'
import { templateFiles } from './author/templates.ts'
import { callersPath } from './callers-path.ts'
import { visible } from './table.ts'

/** Throws ERR_PROJECT_FOLDER. A repository that was made first is no content. */
function makeEmptyFolder(folder: string): void {
  let names: string[]
  try {
    mkdirSync(folder, { recursive: true })
    names = readdirSync(folder).filter((name) => name !== '.git')
  } catch (error) {
    throw new PortcullisError('ERR_PROJECT_FOLDER', `${folder} (${(error as NodeJS.ErrnoException).code})`)
  }
  if (names.length === 0) return
  const advice = 'nothing in it was changed; name a new folder or an empty one'
  throw new PortcullisError('ERR_PROJECT_FOLDER', `${folder} is not empty (it has ${names[0]}); ${advice}`)
}

/** As it can be copied into a shell. */
function shellWord(text: string): string {
  return /^[\w./~:\\-]+$/.test(text) ? text : `"${text}"`
}

export function newProject(directory: string, { template }: { template: string }): void {
  const folder = callersPath(directory)
  const files = new Map([...projectFiles(folder), ...templateFiles(template)])
  files.set('README.md', `${files.get('README.md') ?? ''}${workingOnIt}`)
  makeEmptyFolder(folder)
  for (const [name, content] of files) {
    const path = join(folder, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content)
  }
  const goThere = folder === callersPath('.') ? '' : `  cd ${shellWord(visible(directory))}\n`
  console.log(`${visible(directory)} is a policy project now, from the template "${template}". What to do next:

${goThere}  npm install      # the compiler, AssemblyScript ${projectVersion('assemblyscript')}, and vitest
  npm test         # compile, ask the questions of vectors.jsonl, and run the tests
  npm run check    # what a host would say of it

The policy is assembly/index.ts; README.md says what it does.`)
}
