// A policy author's project in a folder of its own, outside this repository: the SDK as the package registry
// would deliver it, an asconfig.json of two lines, one source file. It is compiled with the compiler's own
// command line interface, in this process.

import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import asc from 'assemblyscript/asc'

const sdk = path.join(import.meta.dirname, '../../policies/sdk')

export interface Compiled {
  /** The module, or `undefined` after an error. */
  wasm: Uint8Array<ArrayBuffer> | undefined
  /** The names of the module's functions as the compiler gives them: the path of their file comes first. */
  functions: string[]
  /** What the compiler printed. */
  messages: string
}

export class AuthorProject {
  readonly folder: string

  private constructor(folder: string) {
    this.folder = folder
  }

  static async create(): Promise<AuthorProject> {
    const folder = await mkdtemp(path.join(tmpdir(), 'portcullis-author-'))
    const installed = path.join(folder, 'node_modules/portcullis')
    const { files } = JSON.parse(await readFile(path.join(sdk, 'package.json'), 'utf8')) as {
      files: string[]
    }
    await mkdir(installed, { recursive: true })
    for (const file of ['package.json', ...files]) {
      await cp(path.join(sdk, file), path.join(installed, file), { recursive: true })
    }
    await mkdir(path.join(folder, 'assembly'))
    const config = { extends: 'portcullis/asconfig.json', entries: ['./assembly/index.ts'] }
    await writeFile(path.join(folder, 'asconfig.json'), JSON.stringify(config))
    return new AuthorProject(folder)
  }

  async write(file: string, source: string): Promise<void> {
    await writeFile(path.join(this.folder, file), source)
  }

  async compile(): Promise<Compiled> {
    const outputs = new Map<string, string | Uint8Array>()
    const { error, stderr } = await asc.main(
      ['--baseDir', this.folder, '--outFile', 'policy.wasm', '--textFile', 'policy.wat'],
      {
        writeFile(name, contents) {
          outputs.set(path.basename(name), contents)
        },
      },
    )
    const wasm = outputs.get('policy.wasm')
    const wat = String(outputs.get('policy.wat') ?? '')
    return {
      wasm: error === null && wasm instanceof Uint8Array ? Uint8Array.from(wasm) : undefined,
      functions: [...wat.matchAll(/^ \(func \$(\S+)/gm)].map((match) => match[1] as string),
      messages: stderr.toString(),
    }
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true })
  }
}
