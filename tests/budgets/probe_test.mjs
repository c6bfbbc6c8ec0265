// The probe that today's products fail: a cap of ten cents, 64 calls at once of 1.7 cents and a second each. At most
// five may be admitted, none may spend beyond ten cents, and each of the others hears why in its one attempt.

import assert from 'node:assert/strict'
import test from 'node:test'
import { call, kOutputTokens, settledCounters, spentOf, startBoth } from './calls.mjs'

const kRounds = Number(process.argv.find((word) => word.startsWith('--rounds='))?.slice('--rounds='.length) ?? 4)
const kCalls = 64
const kCap = 100_000_000 // nano-dollars
// Whole at the end of its second, or bit by bit: what is held for an answer that comes in pieces has to do until the
// last of them, and yet leave room for the others.
const kPaces = [{ first_delay_ms: 1000 }, { first_delay_ms: 1000 }, { first_delay_ms: 400, delay_ms: 50 }]
const kBudget = `kind: Budget
name: ten-cents
title: Ten cents for a work item
each: [work_item]
window: day
limit: {money: $0.10}
reserve: RESERVE
message: Ask the platform team.
`

for (const reserve of ['maximum', 'learned']) {
  test(`${kRounds} rounds with reserve: ${reserve}`, async (t) => {
    const { reeve, upstream } = await startBoth(kBudget.replace('RESERVE', reserve))
    t.after(() => {
      reeve.end()
      upstream.stop()
    })
    const key = (await reeve.createKey('dev@example.com')).secret
    for (let round = 0; round < kRounds; round++) {
      const item = `PROBE-${round}`
      const options = {
        headers: { 'x-reeve-work-item': item },
        script: { usage: { input: 40, output: kOutputTokens }, ...kPaces[round % kPaces.length] },
        stream: round % 2 === 0,
      }
      const answers = await Promise.all(Array.from({ length: kCalls }, () => call(reeve, key, options)))
      const admitted = answers.filter(({ status }) => status === 200)
      const refused = answers.filter(({ status }) => status !== 200)
      assert.ok(admitted.length <= 5, `round ${round}: ${admitted.length} were admitted`)
      assert.ok(admitted.length >= 4, `round ${round}: only ${admitted.length} were admitted`)
      for (const { status, headers, text } of refused) {
        assert.equal(status, 429, text)
        assert.equal(headers.get('x-should-retry'), 'false')
        assert.match(text, /\$0\.1/)
        assert.match(text, /Ask the platform team/)
        assert.match(text, /reeve exception request --budget ten-cents/)
      }
      const [counter] = (await settledCounters(reeve, 'ten-cents')).filter(({ scope }) => scope.work_item === item)
      const { spent, reserved } = counter.limits.money_nanos
      assert.ok(spent <= kCap, `round ${round}: ${spent} of ${kCap} nano-dollars`)
      assert.equal(reserved, 0, `round ${round}: ${reserved} nano-dollars are still held`)
      const cost = 40 * 3_000 + kOutputTokens * 15_000
      assert.equal(spent, admitted.length * cost, `round ${round}: of ${admitted.length} admitted calls`)
    }
    const entries = await reeve.entries()
    for (let round = 0; round < kRounds; round++) {
      assert.ok(spentOf(entries, (entry) => entry.work_item === `PROBE-${round}`) <= kCap)
    }
    const journal = await upstream.stats()
    assert.deepEqual(journal.violations ?? [], [])
    t.diagnostic(`${kRounds * kCalls} calls, none beyond the cap`)
    assert.equal(await reeve.stop(), 0)
  })
}
