// A process that writes an audit log until it is killed, and says after each step which head is safe.

import { Audit } from '../../build/host/audit/audit.js'

const [folder] = process.argv.slice(2)
const owner = { behind() {}, failed() {}, recovered() {}, gap() {} }
const audit = await Audit.open({ folder, whenBehind: 'deny', fileBytes: 100_000 }, owner)

let number = 0
let said = 0
setInterval(() => {
  for (let count = 0; count < 5; count++) {
    number++
    const id = number.toString(16).padStart(32, '0')
    audit.decision({ id, tenant: 'a', outcome: 'allow', timeMs: number, detail: 'x'.repeat(300) }, 1)
  }
  const { head, sequence } = audit.status()
  if (sequence === said) return
  said = sequence
  process.stdout.write(`${head}@${sequence}\n`)
}, 1)
