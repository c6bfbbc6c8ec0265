// What could pass unseen is counted: usage that stays out of answers, answers that nobody waits for, calls that were
// under way before their budget was there, answers that grew before a kill.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test from 'node:test'
import { readJournal } from '../upstream/journal.mjs'
import { Reeve } from '../upstream/reeve_process.mjs'
import { scriptHeader } from '../upstream/script.mjs'
import { kAllowEverything, UpstreamProcess } from '../upstream/upstream_process.mjs'
import { call, kPrices, settledCounters } from './calls.mjs'

const kBudget = `kind: Budget
name: person
each: [person]
window: day
limit: {money: $2, requests_per_minute: 100}
`
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))

async function stage(t, budgets = kBudget) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'reeve-journal-'))
  const journal = path.join(folder, 'journal')
  const upstream = await new UpstreamProcess().start('--journal', journal)
  const reeve = new Reeve({
    config: upstream.reeveConfig(),
    governance: { 'rules.yaml': kAllowEverything, 'prices.yaml': kPrices, 'budgets.yaml': budgets },
  })
  t.after(() => {
    reeve.end()
    upstream.stop()
    fs.rmSync(folder, { recursive: true, force: true })
  })
  await reeve.start()
  const { secret } = await reeve.createKey('ada@example.com')
  return { reeve, upstream, key: secret, requests: () => readJournal(journal).filter((e) => e.event === 'request') }
}

async function post(reeve, target, key, body, { script = {}, headers = {}, signal } = {}) {
  const response = await fetch(`http://127.0.0.1:${reeve.port}${target}`, {
    method: 'POST',
    signal,
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      ...Object.fromEntries([scriptHeader(script)]),
      ...headers,
    },
    body: JSON.stringify(body),
  })
  return { status: response.status, text: await response.text() }
}

async function outcomes(reeve) {
  await settledCounters(reeve)
  return (await reeve.entries()).filter((entry) => entry.kind === 'model.outcome')
}

test('a field mask does not keep usage out of an answer', async (t) => {
  const { reeve, key, requests } = await stage(t)
  const body = { contents: [{ role: 'user', parts: [{ text: 'Say hello.' }] }] }
  const script = { usage: { input: 4000, output: 20, reasoning: 10 } }
  for (const query of ['?fields=candidates', '?%24fields=responseId', '']) {
    const headers = query === '' ? { 'x-goog-fieldmask': 'candidates' } : {}
    const target = `/v1beta/models/gemini-2.5-pro:generateContent${query}`
    const { status, text } = await post(reeve, target, key, body, { script, headers })
    assert.equal(status, 200, text)
  }
  for (const outcome of await outcomes(reeve)) {
    assert.equal(outcome.usage.input, 4000)
    assert.equal(outcome.usage.input_reported, true)
  }
  for (const { target, headers } of requests()) {
    assert.doesNotMatch(target, /fields/)
    assert.ok(!headers.some(([name]) => name.toLowerCase() === 'x-goog-fieldmask'))
  }
})

test('a Chat Completions stream tells its usage to us and not to a client that did not ask', async (t) => {
  const { reeve, key } = await stage(t)
  const messages = [{ role: 'user', content: 'Say hello.' }]
  const script = { usage: { input: 4000, output: 900, reasoning: 800 }, events: 20 }
  for (const options of [{}, { stream_options: { include_usage: true } }, { stream_options: null }]) {
    const body = { model: 'gpt-5.4', messages, stream: true, ...options }
    const { status, text } = await post(reeve, '/v1/chat/completions', key, body, { script })
    assert.equal(status, 200, text)
    assert.match(text, /data: \[DONE\]/)
    assert.equal(/"choices":\[\]/.test(text), Boolean(options.stream_options), text)
  }
  for (const outcome of await outcomes(reeve)) {
    assert.equal(outcome.usage.output, 900)
    assert.equal(outcome.usage.output_reported, true)
  }
})

test('an answer that nobody waited for comes to what it held', async (t) => {
  const { reeve, key } = await stage(t)
  const left = new AbortController()
  setTimeout(() => left.abort(), 600)
  const options = { script: { first_delay_ms: 5000 }, signal: left.signal, stream: false, maxTokens: 700 }
  await call(reeve, key, options).catch(() => null)
  const [outcome] = await outcomes(reeve)
  assert.equal(outcome.outcome.status, 'client_gone')
  assert.ok(outcome.usage.output >= 700, `${outcome.usage.output} tokens`)
  assert.ok(!outcome.usage.output_reported)
})

test('a budget that comes in force counts calls under way that no budget counted', async (t) => {
  const { reeve, key } = await stage(t, '')
  const open = call(reeve, key, { script: { first_delay_ms: 3000, usage: { input: 40, output: 1000 } } })
  await call(reeve, key, { script: { usage: { input: 40, output: 500 } } })
  fs.writeFileSync(path.join(reeve.folder, 'governance', 'budgets.yaml'), kBudget)
  reeve.process.kill('SIGHUP')
  for (let i = 0; i < 100; i++) {
    if ((await reeve.entries()).some((entry) => entry.kind === 'budgets.in_force')) break
    await sleep(20)
  }
  assert.equal((await open).status, 200)
  const [counter] = await settledCounters(reeve, 'person')
  assert.equal(counter.limits.money_nanos.spent, 2 * 40 * 3000 + 1500 * 15000)
  // What the server itself counts, not what the ledger says to a command.
  const { status, text } = await call(reeve, key, { maxTokens: 200_000, stream: false })
  assert.notEqual(status, 200, text)
  assert.match(text, /\$0\.02/)
})

test('counting tokens is a request of its minute', async (t) => {
  const { reeve, key } = await stage(t, kBudget.replace('100}', '2}'))
  const body = { model: 'claude-sonnet-4-5', messages: [{ role: 'user', content: 'Say hello.' }] }
  const headers = { 'anthropic-version': '2023-06-01' }
  const statuses = []
  for (let i = 0; i < 3; i++) {
    statuses.push((await post(reeve, '/v1/messages/count_tokens', key, body, { headers })).status)
  }
  assert.deepEqual(statuses.slice(0, 2), [200, 200])
  assert.ok(statuses[2] >= 400, `${statuses}`)
})

test('an answer that grew before a kill comes to no less than it held', async (t) => {
  const { reeve, key } = await stage(t)
  for (let i = 0; i < 25; i++) await call(reeve, key, { script: { usage: { input: 40, output: 20 } } })
  const script = { events: 400, usage: { input: 40, output: 8000 }, delay_ms: 10 }
  const open = call(reeve, key, { maxTokens: 9000, script }).catch(() => null)
  for (let i = 0; i < 100; i++) {
    const now = await reeve.entries()
    const { request_id: latest } = now.findLast((entry) => entry.kind === 'model.intent')
    if (now.filter((entry) => entry.kind === 'model.held' && entry.request_id === latest).length > 1) break
    await sleep(50)
  }
  reeve.process.kill('SIGKILL')
  await reeve.exited
  await open
  await reeve.start()
  const entries = await reeve.entries()
  const held = entries.findLast((entry) => entry.kind === 'model.held')
  const last = entries.findLast((entry) => entry.kind === 'model.outcome')
  assert.equal(last.outcome.status, 'unrecorded_end')
  assert.equal(last.request_id, held.request_id)
  assert.ok(last.usage.output > 2000, `${last.usage.output} tokens`)
  const { input = 0, cache_write_5m: written = 0, cache_write_1h: kept = 0, output } = last.usage
  const tokens = input + written + kept + output
  assert.ok(tokens >= held.budget.held_tokens, `${tokens} of ${held.budget.held_tokens}`)
})

test('a call that was interrupted is priced at the tier that it asked for', async (t) => {
  const { reeve, key } = await stage(t)
  const messages = [{ role: 'user', content: 'Say hello.' }]
  const body = { model: 'gpt-5.4', messages, stream: true, service_tier: 'priority', max_tokens: 1000 }
  const open = post(reeve, '/v1/chat/completions', key, body, { script: { first_delay_ms: 5000 } }).catch(() => null)
  for (let i = 0; i < 100; i++) {
    if ((await reeve.entries()).some((entry) => entry.kind === 'model.intent')) break
    await sleep(20)
  }
  reeve.process.kill('SIGKILL')
  await reeve.exited
  await open
  await reeve.start()
  const entries = await reeve.entries()
  const intent = entries.find((entry) => entry.kind === 'model.intent')
  const outcome = entries.find((entry) => entry.kind === 'model.outcome')
  assert.equal(intent.request.service_tier, 'priority')
  assert.equal(outcome.cost.service_tier, 'priority')
  assert.ok(outcome.cost.nanos >= intent.budget.held_nanos, `${outcome.cost.nanos} of ${intent.budget.held_nanos}`)
})
