/** One question through the compiled plug-in, which is loaded for it, started, shut down and unloaded again. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { PortcullisError } from '../errors.ts'
import type { PluginSettings } from '../tenant/plugin-settings.ts'
import type { Question } from '../winrm/question.ts'
import { type Completion, Double, installPlugin } from './double.ts'

export async function askOnce({ endpoint, owner }: PluginSettings, question: Question): Promise<Completion> {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-ask-'))
  try {
    const winrm = new Double()
    winrm.load(installPlugin(folder, endpoint, owner))
    const { code, instance } = winrm.startup(question.application)
    if (instance === 0) throw new PortcullisError('ERR_CHANNEL', `WSManPluginStartup returned ${code}`)
    const completion = await winrm.ask(instance, question)
    await winrm.shutdown(instance)
    winrm.unload()
    return completion
  } finally {
    rmSync(folder, { recursive: true })
  }
}
