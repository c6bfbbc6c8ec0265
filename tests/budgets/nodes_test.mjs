// Three nodes that share budgets through a real PostgreSQL: a node is killed and comes back, the database is stopped
// and crashes, and all the while no more is spent under the budgets than they say.

import assert from 'node:assert/strict'
import test from 'node:test'
import { PostgresServer } from '../postgres/postgres_server.mjs'
import { kAllowEverything, UpstreamProcess } from '../upstream/upstream_process.mjs'
import { Reeve } from '../upstream/reeve_process.mjs'
import { call, kOutputTokens, kPrices, spentOf } from './calls.mjs'

const kNodes = 3
const kCap = 1_000_000_000 // nano-dollars
const kBudgets = `kind: Budget
name: house
title: The house
window: month
limit: {money: $1}
reserve: maximum
---
kind: Budget
name: person
title: Each person
each: [person]
window: day
limit: {money: $0.60, requests: 200}
`
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))

test('no more is spent by all nodes than the budgets say, whatever dies', async (t) => {
  const postgres = await new PostgresServer().start()
  const upstream = await new UpstreamProcess().start()
  const nodes = []
  t.after(async () => {
    for (const { reeve } of nodes) reeve.end()
    upstream.stop()
    await postgres.remove()
  })
  for (let i = 0; i < kNodes; i++) {
    const shared = `ledger:\n  node: node-${i}\nstorage:\n  postgres:\n    url: "${postgres.url()}"\n`
    const reeve = new Reeve({
      config: upstream.reeveConfig() + shared,
      governance: { 'rules.yaml': kAllowEverything, 'prices.yaml': kPrices, 'budgets.yaml': kBudgets },
    })
    await reeve.start()
    const keys = []
    for (const person of ['ada@example.com', 'grace@example.com']) keys.push((await reeve.createKey(person)).secret)
    nodes.push({ reeve, keys })
  }
  let going = true
  const counts = { admitted: 0, refused: 0, lost: 0 }
  // 100 calls of 1.7 cents would be 70 % over the cap.
  const worker = async (node, index) => {
    for (let i = 0; going; i++) {
      const script = { usage: { input: 40, output: 200 + ((i * 37 + index) % 900) }, first_delay_ms: 20 * (index % 3) }
      const answer = await call(node.reeve, node.keys[i % 2], { script, stream: i % 2 === 0 }).catch(() => null)
      if (answer?.status === 200) counts.admitted++
      else if (answer) counts.refused++
      else counts.lost++
      if (answer?.status !== 200) await sleep(50)
    }
  }
  const workers = nodes.flatMap((node) => Array.from({ length: 4 }, (_, index) => worker(node, index)))
  await sleep(800)
  nodes[1].reeve.process.kill('SIGKILL')
  await nodes[1].reeve.exited
  await postgres.kill()
  await sleep(400)
  await postgres.start()
  await nodes[1].reeve.start()
  await sleep(1500)
  going = false
  await Promise.all(workers)
  await sleep(500)
  let spent = 0
  const byPerson = {}
  for (const { reeve } of nodes) {
    assert.equal(await reeve.stop(), 0)
    const entries = await reeve.entries()
    spent += spentOf(entries)
    for (const entry of entries) {
      if (entry.kind === 'model.outcome' && entry.cost) {
        byPerson[entry.principal.id] = (byPerson[entry.principal.id] ?? 0) + entry.cost.nanos
      }
    }
  }
  t.diagnostic(`${JSON.stringify(counts)}, ${spent / 1e9} of ${kCap / 1e9} dollars, ${JSON.stringify(byPerson)}`)
  assert.ok(spent <= kCap, `${spent} of ${kCap} nano-dollars`)
  for (const [person, nanos] of Object.entries(byPerson)) assert.ok(nanos <= 600_000_000, `${person}: ${nanos}`)
  assert.ok(spent >= kCap / 2, `only ${spent} of ${kCap} could be used`)
  assert.ok(counts.refused > 0)
})
