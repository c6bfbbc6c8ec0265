// Killed while calls are under way: after each start the counters are what the ledger adds up to, nothing stays held,
// and no cap was passed.

import assert from 'node:assert/strict'
import test from 'node:test'
import { call, settledCounters, spentOf, startBoth } from './calls.mjs'

const kRounds = Number(process.argv.find((word) => word.startsWith('--rounds='))?.slice('--rounds='.length) ?? 5)
const kCap = 400_000_000 // nano-dollars
const kBudgets = `kind: Budget
name: house
title: The house
window: day
limit: {money: $0.40, requests: 1000}
reserve: maximum
---
kind: Budget
name: person
title: Each person
each: [person]
window: week
limit: {money: $0.30, tokens: 1M}
reserve: learned
`
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))

test(`${kRounds} kills in the middle of calls`, async (t) => {
  const { reeve, upstream } = await startBoth(kBudgets)
  t.after(() => {
    reeve.end()
    upstream.stop()
  })
  const people = ['ada@example.com', 'grace@example.com', 'edsger@example.com']
  const keys = []
  for (const person of people) keys.push((await reeve.createKey(person)).secret)
  for (let round = 0; round < kRounds; round++) {
    const calls = Array.from({ length: 24 }, (_, i) => {
      const usage = { input: 40, output: 50 + 40 * (i % 5) }
      const script = { usage, delay_ms: 3 * (i % 7), first_delay_ms: 10 * (i % 4) }
      return call(reeve, keys[i % keys.length], { maxTokens: 400, script }).catch(() => null)
    })
    await sleep(20 + 37 * (round % 5))
    reeve.process.kill('SIGKILL')
    await reeve.exited
    await Promise.all(calls)
    await reeve.start()
    const entries = await reeve.entries()
    const intents = new Set(entries.filter((e) => e.kind === 'model.intent').map((e) => `${e.request_id} ${e.attempt}`))
    for (const entry of entries) {
      if (entry.kind === 'model.outcome') intents.delete(`${entry.request_id} ${entry.attempt}`)
    }
    assert.equal(intents.size, 0, 'an attempt has no end')
    const all = await settledCounters(reeve)
    const house = all.find(({ budget }) => budget === 'house')
    assert.equal(house.limits.money_nanos.spent, spentOf(entries))
    assert.ok(house.limits.money_nanos.spent <= kCap, `${house.limits.money_nanos.spent} of ${kCap}`)
    for (const person of people) {
      const counter = all.find(({ budget, scope }) => budget === 'person' && scope.person === person)
      assert.equal(counter?.limits.money_nanos.spent ?? 0, spentOf(entries, (entry) => entry.principal?.id === person))
      assert.equal(counter?.limits.money_nanos.reserved ?? 0, 0)
    }
    assert.deepEqual(JSON.parse(await reeve.command('spend', 'reservations', '--json')).reservations, [])
  }
  assert.equal(await reeve.stop(), 0)
})
