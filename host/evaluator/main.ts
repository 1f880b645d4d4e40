/**
 * An evaluator process. Started by the supervisor only: descriptor 3 is its control connection, and when that closes
 * the process ends; descriptor 4 is the file of the page that says what runs. Signals are the supervisor's business: a
 * Ctrl+C in a terminal, or its end, reaches both, and the supervisor decides what is finished first.
 */

import { processorMsMax, wallMsMax } from '../limits.ts'
import { Channel } from './channel.ts'
import { Evaluator } from './evaluator.ts'
import { inheritedHandle } from './inherited.ts'

const CONTROL_DESCRIPTOR = 3
const PAGE_DESCRIPTOR = 4

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})

const channel = new Channel(inheritedHandle(CONTROL_DESCRIPTOR), inheritedHandle(PAGE_DESCRIPTOR))
channel.watch(processorMsMax, wallMsMax)
new Evaluator(channel).run()
process.exit(0)
