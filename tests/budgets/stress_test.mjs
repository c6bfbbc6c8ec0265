// Thousands of calls, 64 at a time, under nested budgets: costs at random, clients that leave, a provider that errs and
// resets, kills of the program and changes of the budgets in the middle. No limit is passed at any look, nothing stays
// held, and the ledger, the counters and the provider's own journal tell the same sums.
//
// node stress_test.mjs [--calls=N] [--seed=N]

import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test from 'node:test'
import { readJournal } from '../upstream/journal.mjs'
import { Random } from '../upstream/random.mjs'
import { Reeve } from '../upstream/reeve_process.mjs'
import { kAllowEverything, UpstreamProcess } from '../upstream/upstream_process.mjs'
import { call, kPrices, settledCounters, spentOf } from './calls.mjs'

const argument = (name, otherwise) =>
  Number(process.argv.find((word) => word.startsWith(`--${name}=`))?.split('=')[1] ?? otherwise)
const kCalls = argument('calls', 600)
const kSeed = argument('seed', 1)
const kAtOnce = 64
const kPeople = 12
const kModels = ['claude-sonnet-4-5', 'claude-haiku-4-5', 'claude-opus-4-5']
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))

// Calls cost half a cent to one, so that about a third of them is refused in the end. `house` counts something else in
// each text, so that its counters are made anew from the ledger and from what is under way.
const cents = (amount) => `$${(amount / 100).toFixed(2)}`
const budgets = (text) => `kind: Budget
name: house
title: ${text}
window: ${['week', 'month', 'quarter'][text % 3]}
limit: {money: ${cents(kCalls * 0.25)}, requests: ${kCalls}, concurrent: 48, requests_per_minute: 100k}
reserve: maximum
---
kind: Budget
name: team
each: [team]
window: month
limit: {money: ${cents(kCalls * 0.15)}, tokens: ${kCalls * 200}, tokens_per_minute: 100M}
---
kind: Budget
name: person
each: [person]
window: week
limit: {money: ${cents(kCalls * 0.03)}, concurrent: 10}
---
kind: Budget
name: session
each: [session]
window: session
limit: {money: ${cents(Math.max(2, kCalls * 0.01))}, requests: ${Math.max(6, kCalls / 50)}}
---
kind: Budget
name: model
each: [model]
window: month
limit: {money: ${cents(kCalls * 0.1)}}
`

function assertWithin(counters, moment) {
  for (const { budget, scope, limits } of counters) {
    for (const [quantity, { limit, allowed, carried, spent, reserved }] of Object.entries(limits)) {
      const used = spent + reserved
      const where = `${moment}: ${budget} ${JSON.stringify(scope)} ${quantity}`
      assert.ok(used <= limit + allowed + carried, `${where} ${used} of ${limit}`)
    }
  }
}

function scriptOf(random) {
  const usage = { input: 20, output: random.between(5, 200) }
  const script = { usage, delay_ms: random.between(0, 3), first_delay_ms: random.between(0, 40), events: 6 }
  switch (random.between(0, 19)) {
    case 0:
      return { ...script, status: 529 }
    case 1:
      return { ...script, end: 'reset', after_events: 3 }
    case 2:
      return { on_head: 'reset' }
    case 3:
      return { ...script, keep_alive: false }
    case 4:
      return { ...script, end: 'close', after_events: 4 }
    default:
      return script
  }
}

async function callOnce(reeve, keys, random, number) {
  const owner = random.between(0, kPeople - 1)
  const headers = {
    'user-agent': 'claude-cli/2.1.329 (external, sdk-cli)',
    'x-claude-code-session-id': `s${owner}-${random.between(0, 5)}`,
    'x-claude-code-agent-id': `c${number}`,
  }
  const options = {
    headers,
    script: scriptOf(random),
    maxTokens: 200,
    stream: random.between(0, 4) > 0,
    model: random.pick(kModels),
  }
  const leaves = random.between(0, 9) === 0 ? random.between(1, 60) : 0
  if (leaves > 0) options.signal = AbortSignal.timeout(leaves)
  try {
    return (await call(reeve, keys[owner], options)).status
  } catch {
    return leaves > 0 ? 'left' : 'broken'
  }
}

// What the provider bills for one call, by the id that the call bore.
function billedByCall(journal) {
  const callOf = new Map()
  const billed = new Map()
  for (const line of journal) {
    if (line.event === 'request') {
      callOf.set(line.number, line.headers.find(([name]) => name.toLowerCase() === 'x-claude-code-agent-id')?.[1])
    } else if (line.event === 'end' && line.status === 200 && line.usage && callOf.get(line.number)) {
      const nanos = (line.usage.input ?? 0) * 3_000 + (line.usage.output ?? 0) * 15_000
      const id = callOf.get(line.number)
      billed.set(id, (billed.get(id) ?? 0) + nanos)
    }
  }
  return billed
}

test(`${kCalls} calls`, async (t) => {
  const journalFile = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'reeve-stress-')), 'journal')
  const upstream = await new UpstreamProcess().start('--journal', journalFile)
  const governance = { 'rules.yaml': kAllowEverything, 'prices.yaml': kPrices, 'budgets.yaml': budgets(0) }
  const reeve = new Reeve({ config: upstream.reeveConfig(), governance })
  await reeve.start()
  t.after(() => {
    reeve.end()
    upstream.stop()
    fs.rmSync(path.dirname(journalFile), { recursive: true })
  })
  const keys = []
  for (let i = 0; i < kPeople; i++) {
    keys.push((await reeve.createKey(`p${i}@example.com`, '--team', `t${i % 3}`)).secret)
  }
  const random = new Random(kSeed)
  const statuses = {}
  let next = 0
  let looks = 0
  let looking = true
  let up = Promise.resolve()
  const look = async () => {
    while (looking) {
      await up
      const text = await reeve.command('spend', 'budgets', '--json').catch(() => null)
      if (text !== null) assertWithin(JSON.parse(text).counters, `look ${++looks}`)
      await sleep(300)
    }
  }
  const disturb = async (number) => {
    if (number % Math.ceil(kCalls / 4) === Math.ceil(kCalls / 8)) {
      reeve.process.kill('SIGKILL')
      await reeve.exited
      await reeve.start()
    } else if (number % Math.ceil(kCalls / 6) === Math.ceil(kCalls / 12)) {
      const text = budgets(Math.round((6 * number) / kCalls))
      fs.writeFileSync(path.join(reeve.folder, 'governance', 'budgets.yaml'), text)
      reeve.process.kill('SIGHUP')
    }
  }
  const worker = async () => {
    while (next < kCalls) {
      const number = next++
      await up
      up = up.then(() => disturb(number))
      const status = await callOnce(reeve, keys, random, number)
      statuses[status] = (statuses[status] ?? 0) + 1
    }
  }
  const looker = look()
  await Promise.all(Array.from({ length: kAtOnce }, worker))
  looking = false
  await looker
  await up

  const counters = await settledCounters(reeve)
  assertWithin(counters, 'at the end')
  for (const { budget, scope, limits } of counters) {
    for (const [quantity, { reserved }] of Object.entries(limits)) {
      assert.equal(reserved, 0, `${budget} ${JSON.stringify(scope)} ${quantity} is still held`)
    }
  }
  assert.deepEqual(JSON.parse(await reeve.command('spend', 'reservations', '--json')).reservations, [])
  const entries = await reeve.entries()
  const spent = spentOf(entries)
  const total = (name) =>
    counters.filter(({ budget }) => budget === name).reduce((sum, { limits }) => sum + limits.money_nanos.spent, 0)
  for (const name of ['house', 'team', 'person', 'session', 'model']) assert.equal(total(name), spent, name)

  // Where an answer was whole, our sum is the provider's to the nano-dollar; in all others the ledger says that it
  // estimated.
  const billed = billedByCall(readJournal(journalFile))
  let exact = 0
  let estimated = 0
  let estimatedBilled = 0
  const ids = new Set(entries.filter((entry) => entry.kind === 'model.outcome' && entry.cost).map((e) => e.agent.id))
  for (const id of ids) {
    const own = entries.filter((entry) => entry.kind === 'model.outcome' && entry.agent?.id === id && entry.cost)
    const nanos = spentOf(own)
    if (own.every((entry) => !entry.cost.estimated)) {
      assert.equal(nanos, billed.get(id), `call ${id}`)
      exact += 1
    } else {
      estimated += nanos
      estimatedBilled += billed.get(id) ?? 0
    }
  }
  const dollars = (nanos) => `$${(nanos / 1e9).toFixed(4)}`
  t.diagnostic(`statuses ${JSON.stringify(statuses)}, ${looks} looks within all limits`)
  t.diagnostic(`${exact} calls exactly as billed; spent ${dollars(spent)} in all`)
  t.diagnostic(`${ids.size - exact} calls estimated at ${dollars(estimated)}, billed ${dollars(estimatedBilled)}`)
  assert.ok((statuses[200] ?? 0) > kCalls / 10, 'hardly a call was answered')
  assert.equal(await reeve.stop(), 0)
})
