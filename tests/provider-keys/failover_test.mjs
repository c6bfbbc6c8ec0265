// A key that the vendor refuses or limits: the next one takes the same call.

import assert from 'node:assert/strict'
import test from 'node:test'
import { call, settledCounters, spentOf } from '../budgets/calls.mjs'
import { readJournal } from '../upstream/journal.mjs'
import { Random } from '../upstream/random.mjs'
import { eventually, keyStates, kFirst, kSecond, kThird, session, startKeyed } from './keyed.mjs'

const kTwo = [
  { name: 'first', api_key: kFirst, priority: 1 },
  { name: 'second', api_key: kSecond, priority: 2 },
]
const text = async (reeve, path) => (await fetch(`http://127.0.0.1:${reeve.port}${path}`)).text()

test('a refused key: the caller notices nothing, the ledger has both attempts, people are told', async (t) => {
  const { upstream, reeve, keysSeen } = await startKeyed(t, kTwo)
  const { secret } = await reeve.createKey('dev@example.com')
  await upstream.answerKeys({ [kFirst]: { status: 401 } })
  const answer = await call(reeve, secret, { headers: session('s1') })
  assert.equal(answer.status, 200, answer.text)
  assert.deepEqual(keysSeen(), [0, 1])
  // From now on nobody tries the first one.
  for (let i = 0; i < 5; i++) assert.equal((await call(reeve, secret, { headers: session(`n${i}`) })).status, 200)
  assert.deepEqual(keysSeen(), [0, 1, 1, 1, 1, 1, 1])

  const request = answer.headers.get('x-reeve-request-id')
  const entries = await eventually(async () => {
    const all = await reeve.entries()
    return all.some(({ kind }) => kind === 'provider.key_set_aside') && all
  })
  assert.ok(entries, 'nobody was told')
  const own = entries.filter((entry) => entry.request_id === request)
  assert.deepEqual(
    own.map(({ kind, attempt, detail, outcome }) => [kind, attempt, detail.key, outcome?.status, outcome?.reason]),
    [
      ['model.intent', 1, 'first', undefined, undefined],
      ['model.outcome', 1, 'first', 'upstream_error', 'key_refused'],
      ['model.intent', 2, 'second', undefined, undefined],
      ['model.outcome', 2, 'second', 'ok', 'end_turn'],
    ],
  )
  assert.equal(own[1].cost, undefined)
  assert.equal(own[1].outcome.http_status, 401)
  const told = entries.filter(({ kind }) => kind === 'provider.key_set_aside')
  assert.equal(told.length, 1)
  assert.equal(told[0].detail.key, 'first')
  assert.equal(told[0].detail.status, 401)
  assert.match(told[0].detail.sentence, /other keys take its calls/)

  assert.match(await text(reeve, '/healthz'), /^ok\nPROVIDER KEYS ARE REFUSED: 1\n$/)
  const metrics = await text(reeve, '/metrics')
  assert.match(metrics, /reeve_provider_key_serves\{provider="anthropic",key="first"\} 0/)
  assert.match(metrics, /reeve_provider_key_refused_total\{provider="anthropic",key="first"\} 1/)
  assert.match(metrics, /reeve_provider_key_attempts_total\{provider="anthropic",key="second"\} 6/)
  assert.deepEqual(await eventually(async () => {
    const states = await keyStates(reeve)
    return states.first === 'set_aside' && states
  }), { first: 'set_aside', second: 'serves' })
  const shown = await reeve.command('provider', 'list')
  assert.match(shown, /first .*set aside.* \(401\)/)
  for (const key of [kFirst, kSecond]) {
    for (const where of [metrics, shown, reeve.log(), JSON.stringify(entries)]) assert.ok(!where.includes(key))
  }
})

test('a limited key rests as long as it is told, and serves again by itself', async (t) => {
  const { upstream, reeve, keysSeen } = await startKeyed(t, kTwo)
  const { secret } = await reeve.createKey('dev@example.com')
  await upstream.answerKeys({ [kFirst]: { status: 429, retry_after: 2 } })
  assert.equal((await call(reeve, secret)).status, 200)
  await upstream.answerKeys({})
  assert.equal((await call(reeve, secret)).status, 200)
  assert.deepEqual(keysSeen(), [0, 1, 1])
  const served = await eventually(async () => (await call(reeve, secret)).status === 200 && keysSeen().at(-1) === 0)
  assert.ok(served, 'the key does not serve again')
  const entries = await reeve.entries()
  assert.ok(entries.some(({ outcome }) => outcome?.reason === 'key_rate_limited' && outcome.http_status === 429))
  assert.ok(!entries.some(({ kind }) => kind.startsWith('provider.key')), 'a limit is nothing to be told of')
})

test('when no key is left, the last answer passes as it came, and one key is asked at a time', async (t) => {
  const { upstream, reeve, keysSeen } = await startKeyed(t, kTwo)
  const { secret } = await reeve.createKey('dev@example.com')
  await upstream.answerKeys({ [kFirst]: { status: 429, retry_after: 60 }, [kSecond]: { status: 429, retry_after: 50 } })
  const first = await call(reeve, secret)
  assert.equal(first.status, 429)
  assert.match(first.text, /this key is answered with 429/)
  assert.equal(first.headers.get('retry-after'), '50')
  assert.deepEqual(keysSeen(), [0, 1])
  assert.equal((await call(reeve, secret)).status, 429)
  assert.deepEqual(keysSeen(), [0, 1, 1], 'the one that is to serve next, and no other')
  await upstream.answerKeys({})
  assert.equal((await call(reeve, secret)).status, 200, 'a provider that takes the key again is believed at once')
})

test('a 401 that every key gets is about Reeve, and callers are told so', async (t) => {
  const { upstream, reeve, keysSeen } = await startKeyed(t, kTwo)
  const { secret } = await reeve.createKey('dev@example.com')
  await upstream.answerKeys({ [kFirst]: { status: 401 }, [kSecond]: { status: 401 } })
  const answer = await call(reeve, secret)
  assert.equal(answer.status, 502, answer.text)
  assert.match(answer.text, /does not take the key with which Reeve calls it/)
  assert.match(answer.text, /your own credential: tell whoever runs Reeve/)
  assert.deepEqual(keysSeen(), [0, 1])
  const own = (await eventually(async () => {
    const found = (await reeve.entries()).filter(({ kind, outcome }) => kind === 'model.outcome' && outcome)
    return found.length === 2 && found
  })).map(({ outcome, cost }) => [outcome.status, outcome.reason, outcome.http_status, cost])
  assert.deepEqual(own, Array(2).fill(['upstream_error', 'key_refused', 401, undefined]))
  await upstream.answerKeys({})
  assert.equal((await call(reeve, secret)).status, 200, 'a provider that takes the key again is believed at once')
})

test('a 403 that every key gets is about the call: no key is set aside', async (t) => {
  const { upstream, reeve } = await startKeyed(t, kTwo)
  const { secret } = await reeve.createKey('dev@example.com')
  await upstream.answerKeys({ [kFirst]: { status: 403 }, [kSecond]: { status: 403 } })
  assert.equal((await call(reeve, secret)).status, 403)
  assert.equal(await text(reeve, '/healthz'), 'ok\n')
  assert.match(await text(reeve, '/metrics'), /reeve_provider_key_serves\{provider="anthropic",key="first"\} 1/)
  await upstream.answerKeys({ [kFirst]: { status: 403 } })
  assert.equal((await call(reeve, secret)).status, 200)
  assert.match(await text(reeve, '/healthz'), /REFUSED: 1/)
})

test('a session stays with the key that took it over, also when the first one serves again', async (t) => {
  const { upstream, reeve, keysSeen } = await startKeyed(t, kTwo)
  const { secret } = await reeve.createKey('dev@example.com')
  const ask = async (id) => {
    assert.equal((await call(reeve, secret, { headers: session(id) })).status, 200)
    return keysSeen().at(-1)
  }
  assert.equal(await ask('before'), 0)
  await upstream.answerKeys({ [kFirst]: { status: 429, retry_after: 1 } })
  assert.equal(await ask('moved'), 1)
  await upstream.answerKeys({})
  assert.ok(await eventually(async () => (await ask(`new-${Math.random()}`)) === 0), 'the first key stays away')
  for (let i = 0; i < 4; i++) assert.equal(await ask('moved'), 1)
})

const kBudgets = `kind: Budget
name: house
window: month
limit: {money: $500, requests: 100k, concurrent: 400}
---
kind: Budget
name: person
each: [person]
window: week
limit: {money: $100}
`

test('keys come and go under load: hardly a caller notices, and money is exact', async (t) => {
  const keys = [kFirst, kSecond, kThird].map((api_key, i) => ({ name: `k${i}`, api_key }))
  const { upstream, reeve, journal, keysSeen } = await startKeyed(t, keys, { budgets: kBudgets })
  const { secret } = await reeve.createKey('dev@example.com')
  const random = new Random(7)
  const kCalls = 600
  let next = 0
  const statuses = {}
  // One of two keys is limited, now this one, now that one; in the middle the third is refused for good.
  const disturb = async (number) => {
    if (number % 10 !== 0) return
    const limited = number < kCalls / 2 ? random.pick([kSecond, kThird]) : kSecond
    const refused = number >= kCalls / 2 ? { [kFirst]: { status: 401 } } : {}
    await upstream.answerKeys({ [limited]: { status: 429, retry_after: 1 }, ...refused })
  }
  const worker = async () => {
    while (next < kCalls) {
      const number = next++
      await disturb(number)
      const { status } = await call(reeve, secret, {
        // New ones all the time: old ones keep away from a key that was limited.
        headers: session(`s${Math.floor(number / 5)}`),
        stream: random.between(0, 1) === 0,
        script: { usage: { input: 20, output: random.between(5, 60) }, delay_ms: random.between(20, 60), events: 6 },
      })
      statuses[status] = (statuses[status] ?? 0) + 1
    }
  }
  await Promise.all(Array.from({ length: 16 }, worker))
  // Only who met the last key that was left can have heard of it.
  assert.ok((statuses[200] ?? 0) >= kCalls * 0.8, JSON.stringify(statuses))
  for (const status of Object.keys(statuses)) assert.ok(['200', '429', '502'].includes(status), status)

  const counters = await settledCounters(reeve)
  const entries = await reeve.entries()
  const count = (kind) => entries.filter((entry) => entry.kind === kind && entry.attempt > 0).length
  assert.equal(count('model.intent'), count('model.outcome'), 'each attempt has its intent and its outcome')
  assert.equal(count('model.intent'), keysSeen().length, 'each attempt that the vendor saw is on record')
  const billed = readJournal(journal)
    .filter(({ event, status, usage }) => event === 'end' && status === 200 && usage)
    .reduce((sum, { usage }) => sum + usage.input * 3_000 + usage.output * 15_000, 0)
  assert.equal(spentOf(entries), billed, 'what was spent is what the vendor bills')
  for (const { budget, limits } of counters) {
    assert.equal(limits.money_nanos.spent, billed, budget)
    assert.equal(limits.money_nanos.reserved, 0, budget)
  }
  t.diagnostic(`${JSON.stringify(statuses)}; attempts ${keysSeen().length} for ${kCalls} calls`)
  assert.ok(keysSeen().length > kCalls + 10, 'hardly a call went to another key')
})
