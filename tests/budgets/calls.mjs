// What tests of budgets share: a vendor with a known price, budgets, and calls.

import { kAllowEverything, UpstreamProcess } from '../upstream/upstream_process.mjs'
import { Reeve } from '../upstream/reeve_process.mjs'
import { scriptHeader } from '../upstream/script.mjs'

// $3 and $15 per million tokens: 1,130 tokens out are 1.695 cents.
export const kPrices = `kind: Price
provider: anthropic
model: claude-*
input: $3
output: $15
---
kind: Price
provider: openai
model: gpt-*
input: $3
output: $15
`
export const kOutputTokens = 1130

export async function startBoth(budgets, { governance = {}, config = '' } = {}) {
  const upstream = await new UpstreamProcess().start()
  const reeve = new Reeve({
    config: `${upstream.reeveConfig()}${config}`,
    governance: { 'rules.yaml': kAllowEverything, 'prices.yaml': kPrices, 'budgets.yaml': budgets, ...governance },
  })
  await reeve.start()
  return { upstream, reeve }
}

// One call; resolves with its status and text. `script`: what the vendor does with it.
export async function call(reeve, key, options = {}) {
  const { headers = {}, script = {}, maxTokens = kOutputTokens, stream = true, model = 'claude-sonnet-4-5' } = options
  const { messages = [{ role: 'user', content: 'Say hello.' }], signal } = options
  const response = await fetch(`http://127.0.0.1:${reeve.port}/v1/messages`, {
    method: 'POST',
    signal,
    headers: {
      'x-api-key': key,
      'anthropic-version': '2023-06-01',
      'content-type': 'application/json',
      ...Object.fromEntries([scriptHeader(script)]),
      ...headers,
    },
    body: JSON.stringify({
      model,
      max_tokens: maxTokens,
      stream,
      messages,
    }),
  })
  const text = await response.text().catch((error) => `broken off: ${error.message}`)
  return { status: response.status, headers: response.headers, text }
}

// What the ledger says was spent, in nano-dollars, of the outcomes that fit.
export function spentOf(entries, fits = () => true) {
  return entries
    .filter((entry) => entry.kind === 'model.outcome' && fits(entry))
    .reduce((sum, entry) => sum + (entry.cost?.nanos ?? 0), 0)
}

// The counters once every attempt has its end: what commands read lags behind the server by a checkpoint.
export async function settledCounters(reeve, budget) {
  for (let i = 0; i < 400; i++) {
    const entries = await reeve.entries()
    const count = (kind) => entries.filter((entry) => entry.kind === kind && entry.attempt > 0).length
    const stats = await (await fetch(`http://127.0.0.1:${reeve.port}/metrics`)).text()
    const underWay = Number(/^reeve_calls_in_flight (\d+)/m.exec(stats)?.[1] ?? 0)
    if (underWay === 0 && count('model.intent') === count('model.outcome')) break
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return counters(reeve, budget)
}

async function counters(reeve, budget) {
  const arguments_ = budget === undefined ? [] : [budget]
  return JSON.parse(await reeve.command('spend', 'budgets', ...arguments_, '--json')).counters
}
