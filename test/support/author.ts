// A policy author's project in a folder of its own, outside this repository: the SDK as it is packed, an asconfig.json of two
// lines, one source file. It is compiled with the compiler's own command line interface, in this process.

import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import asc from 'assemblyscript/asc'

import { sdkPackage } from '../../host/paths.ts'

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
    await mkdir(installed, { recursive: true })
    execFileSync('tar', ['-xzf', sdkPackage, '--strip-components=1', '-C', installed])
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
