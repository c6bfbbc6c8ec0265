// Down the ladder: a session that comes near its limit goes on with the cheaper model, and stays with it.

import assert from 'node:assert/strict'
import test from 'node:test'
import { call, settledCounters, startBoth } from './calls.mjs'

const kLadder = `kind: Ladder
name: claude
steps: [claude-opus-*, claude-sonnet-*, claude-haiku-*]
`
const kPrices = ['opus 5 25', 'sonnet 3 15', 'haiku 1 5']
  .map((line) => line.split(' '))
  .map(([name, ...rates]) => [`model: claude-${name}-*`, `input: $${rates[0]}`, `output: $${rates[1]}`])
  .map((lines) => ['kind: Price', 'provider: anthropic', ...lines, ''].join('\n'))
  .join('---\n')
const kBudget = `kind: Budget
name: each-person
title: A dollar a person
each: [person]
window: day
limit: {money: $1}
thresholds:
  - {at: 50%, do: notify}
  - {at: 70%, do: degrade, ladder: claude}
`
const kTurn = [
  { role: 'user', content: 'Begin.' },
  { role: 'assistant', content: 'Begun.' },
  { role: 'user', content: 'Go on.' },
]
const opus = (session, messages) => ({
  model: 'claude-opus-4-5',
  maxTokens: 8000,
  headers: { 'x-claude-code-session-id': session },
  messages,
})

test('past its threshold a session goes on with a cheaper model, says so, and keeps it', async (t) => {
  const governance = { 'prices.yaml': kPrices, 'ladder.yaml': kLadder }
  const { reeve, upstream } = await startBoth(kBudget, { governance })
  t.after(() => {
    reeve.end()
    upstream.stop()
  })
  const { secret } = await reeve.createKey('dev@example.com')
  // 21 cents each: three of them stand below the threshold, with what the next one may cost.
  for (let i = 0; i < 3; i++) {
    const { status, headers } = await call(reeve, secret, {
      ...opus('11111111-1111-4111-8111-111111111111'),
      script: { usage: { input: 40, output: 8000 } },
    })
    assert.equal(status, 200)
    assert.equal(headers.get('x-reeve-model'), 'claude-opus-4-5')
    assert.equal(headers.get('x-reeve-degraded-from'), null)
  }
  const later = await call(reeve, secret, {
    ...opus('11111111-1111-4111-8111-111111111111', kTurn),
    script: { usage: { input: 40, output: 8000 } },
  })
  assert.equal(later.status, 200, later.text)
  assert.match(later.headers.get('x-reeve-model'), /^claude-sonnet-/)
  assert.equal(later.headers.get('x-reeve-degraded-from'), 'claude-opus-4-5')
  assert.equal(later.headers.get('x-reeve-decision'), 'degrade')
  const listed = await fetch(`http://127.0.0.1:${reeve.port}/v1/models`, {
    headers: { 'x-api-key': secret, 'anthropic-version': '2023-06-01' },
  })
  const names = Object.fromEntries((await listed.json()).data.map((model) => [model.id, model.display_name]))
  assert.match(names['claude-opus-4-5'], /for now a cheaper model answers: budget each-person/)
  assert.doesNotMatch(Object.entries(names).find(([id]) => id.startsWith('claude-haiku-'))[1], /cheaper/)
  const entries = await reeve.entries()
  const intent = entries.findLast((entry) => entry.kind === 'model.intent')
  assert.equal(intent.model.asked, 'claude-opus-4-5')
  assert.match(intent.model.sent, /^claude-sonnet-/)
  assert.equal(intent.budget.degraded_by, 'each-person')
  assert.ok(intent.budget.reached.includes('each-person 70'))
  await settledCounters(reeve)
  assert.equal(await reeve.stop(), 0)
})
