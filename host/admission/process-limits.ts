/**
 * Bounds the process that it is loaded into, before a step of admission has read a byte of what a tenant
 * sent. A module of its own, so that no step can begin without it: whoever starts a step has Node import this
 * first.
 */

import { admissionDataBytesMax, admissionProcessorSMax } from '../limits.ts'
import { limitProcess } from './limit-process.ts'

limitProcess(admissionProcessorSMax, admissionDataBytesMax)
