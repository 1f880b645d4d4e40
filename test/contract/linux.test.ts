// WinRM's contract, case by case, on Linux.

import { runCases } from './run-cases.ts'
import { linux } from './runner-linux.ts'

runCases(linux)
