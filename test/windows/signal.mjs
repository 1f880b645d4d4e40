// Ends, stops or continues a process by its number on Windows: node signal.mjs PID SIGKILL|SIGSTOP|SIGCONT. Windows has
// no signals, so this calls what does the same.

import koffi from 'koffi'

const [pid, signal] = process.argv.slice(2)
const PROCESS_ALL_ACCESS = 0x1fffff

if (signal === 'SIGKILL') {
  process.kill(Number(pid), signal)
} else {
  const open = koffi
    .load('kernel32.dll')
    .func('void *OpenProcess(uint32_t access, int inherit, uint32_t pid)')
  const system = koffi.load('ntdll.dll')
  const name = signal === 'SIGSTOP' ? 'NtSuspendProcess' : 'NtResumeProcess'
  const target = open(PROCESS_ALL_ACCESS, 0, Number(pid))
  const status = system.func(`int32_t ${name}(void *process)`)(target)
  if (status !== 0) throw new Error(`${name} gave 0x${(status >>> 0).toString(16)}`)
}
