// Answers that grow past what their calls may cost: they are ended before the cap is passed, and say so.

import assert from 'node:assert/strict'
import test from 'node:test'
import { call, settledCounters, startBoth } from './calls.mjs'

const kBudget = `kind: Budget
name: small
title: Two cents a person
each: [person]
window: day
limit: {money: $0.02}
reserve: learned
`

test('an answer that outgrows its budget is ended, with the reason, and costs no more than the cap', async (t) => {
  const { reeve, upstream } = await startBoth(kBudget)
  t.after(() => {
    reeve.end()
    upstream.stop()
  })
  const teach = (await reeve.createKey('teacher@example.com')).secret
  // Short answers, so that little is held for the next one. Each is of a person of its own, for the cap is small.
  for (let i = 0; i < 60; i++) {
    const { secret } = i === 0 ? { secret: teach } : await reeve.createKey(`teacher${i}@example.com`)
    const { status } = await call(reeve, secret, { maxTokens: 1200, script: { usage: { input: 40, output: 20 } } })
    assert.equal(status, 200)
  }
  const { secret } = await reeve.createKey('writer@example.com')
  // 8,000 tokens would be 12 cents; it comes in 400 pieces.
  const long = { events: 400, usage: { input: 40, output: 8000 }, delay_ms: 2 }
  const { status, text } = await call(reeve, secret, { maxTokens: 8000, script: long })
  assert.equal(status, 200)
  assert.match(text, /message_start/)
  assert.match(text, /small/)
  assert.doesNotMatch(text, /"stop_reason":"end_turn"[^]*event: message_stop[^]*event: message_stop/)
  const [counter] = (await settledCounters(reeve, 'small')).filter(({ scope }) => scope.person === 'writer@example.com')
  assert.ok(counter.limits.money_nanos.spent <= 20_000_000, `${counter.limits.money_nanos.spent} nano-dollars`)
  assert.ok(counter.limits.money_nanos.spent > 10_000_000, 'it was ended long before the cap')
  // What is left is not enough for much: such calls are refused, or ended where it is used up.
  for (let i = 0; i < 5; i++) await call(reeve, secret, { maxTokens: 8000, script: long })
  const [after] = (await settledCounters(reeve, 'small')).filter(({ scope }) => scope.person === 'writer@example.com')
  assert.ok(after.limits.money_nanos.spent <= 20_000_000, `${after.limits.money_nanos.spent} nano-dollars`)
  const last = (await reeve.entries()).findLast((entry) => entry.outcome?.status === 'answer_refused')
  assert.equal(last.budget.name, 'small')
  assert.equal(last.budget.quantity, 'money')
  assert.equal(await reeve.stop(), 0)
})

test('a provider that does not keep max_tokens is ended soon after it', async (t) => {
  const { reeve, upstream } = await startBoth(kBudget.replace('learned', 'maximum').replace('0.02', '0.03'))
  t.after(() => {
    reeve.end()
    upstream.stop()
  })
  const { secret } = await reeve.createKey('writer@example.com')
  // Slow enough that its pieces are read one by one.
  const long = { events: 400, usage: { input: 40, output: 8000 }, delay_ms: 15 }
  const { status, text } = await call(reeve, secret, { maxTokens: 1200, script: long })
  assert.equal(status, 200)
  assert.match(text, /reeve exception request --budget small/)
  const [counter] = await settledCounters(reeve, 'small')
  // Up to twice 1,200 tokens may be a wrong estimate; what is more is not. It is looked at every 64 tokens, and a piece
  // has near 25.
  const most = (1200 * 2 + 64 + 30) * 15_000 + 40 * 3_000
  assert.ok(counter.limits.money_nanos.spent <= most, `${counter.limits.money_nanos.spent} nano-dollars`)
  assert.equal(counter.limits.money_nanos.reserved, 0)
  assert.equal(await reeve.stop(), 0)
})
