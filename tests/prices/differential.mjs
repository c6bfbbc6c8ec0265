// Compares our prices with those of the npm package they come from, computed by the package's own code.
//
//   node differential.mjs PROBE PACKAGE_DIR
//
// Every model of every provider is priced with several usages at several times, by PROBE (our catalogue and our integer
// sum) and by calcPrice (the package's search and its floating-point sum). Where we differ on purpose, the case says so
// and what must hold instead; docs/metering.md explains why.

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const [probe, packageDir] = process.argv.slice(2)
const manifest = JSON.parse(readFileSync(join(packageDir, 'package.json'), 'utf8'))
const { calcPrice, waitForUpdate } = await import(pathToFileURL(join(packageDir, manifest.module)))
const providers = await waitForUpdate()

let seed = 20261121
function random(limit) {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
  return seed % limit
}

const TIMES = [
  '2024-01-15T03:00:00Z',
  '2025-08-01T12:00:00Z',
  '2025-08-01T20:30:00Z',
  '2026-11-21T02:10:00Z',
  '2027-03-01T18:00:00Z',
]

function usages() {
  const small = { input: 1 + random(5000), cache_read: random(3000), output: 1 + random(2000) }
  const written = { ...small, cache_write_5m: random(4000), web_searches: random(4) }
  const thinking = { ...small, output: 1000 + random(5000), reasoning: random(1000) }
  const audio = {
    input: 1000 + random(1000),
    input_audio: random(1000),
    output: 1000 + random(1000),
    output_audio: random(1000),
  }
  const long = {
    input: 190_000 + random(120_000),
    cache_read: random(20_000),
    cache_write_5m: random(5000),
    output: random(9000),
  }
  const hour = {
    input: 1 + random(5000),
    cache_write_5m: random(3000),
    cache_write_1h: 1 + random(3000),
    output: random(900),
  }
  return [small, written, thinking, audio, long, hour, { input: 0, output: 0 }]
}

/** On either side of every threshold that the model's prices have. */
function edgeUsages(model) {
  const entries = Array.isArray(model.prices) ? model.prices : [{ prices: model.prices }]
  const prices = entries.flatMap((entry) => Object.values(entry.prices))
  const starts = new Set(prices.flatMap((price) => (price.tiers ?? []).map((tier) => tier.start)))
  return [...starts].flatMap((start) => [start, start + 1].map((input) => ({ input, output: 7 })))
}

/** The same usage in the package's terms, where the kinds are parts of a total. */
function packageUsage(usage) {
  const { input = 0, cache_read = 0, cache_write_5m = 0, cache_write_1h = 0 } = usage
  const result = { input_tokens: input + cache_read + cache_write_5m + cache_write_1h }
  result.output_tokens = usage.output ?? 0
  result.cache_read_tokens = cache_read
  result.cache_write_tokens = cache_write_5m + cache_write_1h
  result.cache_write_1h_tokens = cache_write_1h
  result.output_reasoning_tokens = usage.reasoning ?? 0
  result.input_audio_tokens = usage.input_audio ?? 0
  result.output_audio_tokens = usage.output_audio ?? 0
  result.web_searches = usage.web_searches ?? 0
  return result
}

const cases = []
for (const provider of providers) {
  for (const model of provider.models) {
    for (const usage of [...usages(), ...edgeUsages(model)]) {
      cases.push({ provider: provider.id, model: model.id, time: TIMES[random(TIMES.length)], usage })
    }
  }
}

const input = cases.map((test) => JSON.stringify(test)).join('\n')
const run = spawnSync(probe, [], { input, maxBuffer: 1 << 28, encoding: 'utf8' })
if (run.status !== 0) throw new Error(`${probe} failed: ${run.stderr}`)
const answers = run.stdout.trim().split('\n').map((line) => JSON.parse(line))
if (answers.length !== cases.length) throw new Error(`${cases.length} cases, ${answers.length} answers`)

/** Why a case may differ, or nothing. */
function deliberate(usage, price, model) {
  if (Object.keys(price).length === 0 && model.id.endsWith(':free')) return undefined
  if (price.input_mtok === undefined) return 'no token price'
  if (price.output_mtok === undefined && usage.output) return 'no output price'
  if (!model.id.includes('claude')) return undefined
  if (usage.cache_write_1h && price.cache_write_1h_mtok === undefined) return 'one-hour cache write'
  if (usage.cache_write_5m && price.cache_write_mtok === undefined) return 'five-minute cache write'
  return undefined
}

const counts = { compared: 0 }
let failures = 0
function fail(test, text) {
  if (++failures > 20) return
  console.error(`${test.provider} ${test.model} ${test.time} ${JSON.stringify(test.usage)}: ${text}`)
}

cases.forEach((test, i) => {
  const ours = answers[i]
  const options = { providerId: test.provider, timestamp: new Date(test.time) }
  const theirs = calcPrice(packageUsage(test.usage), test.model, options)
  if (theirs === null) {
    // The package does not find the id that it gives this model; we may do better, but never for nothing.
    counts['not found by the package'] = (counts['not found by the package'] ?? 0) + 1
    if (ours.nanos === 0 && test.usage.input + test.usage.output > 0) fail(test, 'an unknown model is free')
    return
  }
  const reason = deliberate(test.usage, theirs.model_price, theirs.model)
  const expected = theirs.total_price * 1e9
  const tolerance = 0.5 + Math.abs(expected) * 1e-12 + 1e-6
  if (reason) {
    counts[reason] = (counts[reason] ?? 0) + 1
    if (ours.nanos < expected - tolerance) fail(test, `${reason}: ours ${ours.nanos} is below theirs ${expected}`)
    if (reason === 'no token price' && ours.known) fail(test, 'a model without a token price counts as known')
    return
  }
  ++counts.compared
  if (!ours.known) fail(test, 'we do not know this price')
  if (Math.abs(ours.nanos - expected) > tolerance) fail(test, `ours ${ours.nanos}, theirs ${expected}`)
})

const summary = Object.entries(counts).map(([name, count]) => `${count} ${name}`)
console.log(`${cases.length} cases: ${summary.join(', ')}`)
if (counts.compared < 5000) fail(cases[0], `only ${counts.compared} cases were compared`)
if (failures > 0) {
  console.error(`${failures} differences`)
  process.exit(1)
}
