// A ledger that the real program wrote: calls to the practice model, two entries each.

import { Reeve } from '../upstream/reeve_process.mjs'
import { kAllowEverything } from '../upstream/upstream_process.mjs'

const kConfig = `
ledger: {segment_mib: 2, origin: reeve.example/verified}
workers: 1
providers: [{name: practice, dialect: practice}]
models: [{name: "practice-*", provider: practice}]
`
const kBody = JSON.stringify({ model: 'practice-small', messages: [{ role: 'user', content: 'Say hello.' }] })
const kAtOnce = 16

// A server that runs, and a key to call it with. `settings` goes into its reeve.yaml.
export async function startReeve(settings = kConfig) {
  const reeve = new Reeve({ config: settings, governance: { 'all.yaml': kAllowEverything } })
  await reeve.start()
  const { secret } = await reeve.createKey('dev@example.com')
  return { reeve, secret }
}

export async function makeCalls(reeve, secret, count) {
  let left = count
  const caller = async () => {
    while (left-- > 0) {
      const answer = await fetch(`http://127.0.0.1:${reeve.port}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
        body: kBody,
      })
      await answer.arrayBuffer()
    }
  }
  await Promise.all(Array.from({ length: kAtOnce }, caller))
}
