/**
 * Bounds the process that it is loaded into, before it has read a byte of what a tenant sent: Node imports this first in every
 * process that replays or sweeps.
 */

import { limitProcess } from '../admission/limit-process.ts'
import { replayDataBytesMax, replayProcessorSMax } from '../limits.ts'

limitProcess(replayProcessorSMax, replayDataBytesMax)
