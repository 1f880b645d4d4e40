// Writes to the store in the folder that it is given until it is killed, and says each operation after it has returned.

import { writeSync } from 'node:fs'

import { Store } from '../../build/host/store/store.js'

const store = Store.open(process.argv[2])
const by = { who: 'stream' }

/** @param {import('../../host/store/store.ts').Subject} subject */
function say(subject) {
  const { sequence, type } = store.journal(subject).at(-1)
  writeSync(1, `${JSON.stringify({ subject, sequence, type })}\n`)
}

for (let round = 0; ; round++) {
  for (const subject of ['guard', { tenant: 'a' }, { tenant: 'b' }]) {
    const module = Buffer.from(`${process.pid} ${round}`.repeat(1000))
    const { number } = store.upload(subject, { module, settings: { round: [`${round}`] } }, by, Date.now())
    say(subject)
    store.admitted(subject, number, { metered: module, rewriter: 'r', profile: 'p' }, Date.now())
    say(subject)
    store.activate(subject, number, by, Date.now(), Date.now() + 1000)
    say(subject)
    store.confirm(subject, by, Date.now())
    say(subject)
  }
}
