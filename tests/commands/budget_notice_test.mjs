// What budgets tell: a threshold that is reached and a limit that refuses, each once in a window, by webhook and in the
// ledger.

import assert from 'node:assert/strict'
import http from 'node:http'
import { after, before, test } from 'node:test'
import { call, startBoth } from '../budgets/calls.mjs'

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))
const events = []
const hook = http.createServer((request, response) => {
  let body = ''
  request.on('data', (bytes) => (body += bytes))
  request.on('end', () => {
    events.push(JSON.parse(body))
    response.writeHead(200).end()
  })
})
const kBudgets = `kind: Budget
name: each-person
title: Three calls a person
owner: finance@example.com
each: [person]
window: month
limit: {requests: 3}
thresholds: [{at: 60%, do: notify}]
---
kind: Budget
name: one-at-a-time
each: [session]
window: month
limit: {concurrent: 0}
for: {feature: none-of-it}
`
let upstream, reeve

before(async () => {
  await new Promise((resolve) => hook.listen(0, '127.0.0.1', resolve))
  const notifications = `kind: Notification
name: hook
on: [budget.threshold, budget.exhausted]
webhook: {url: "http://127.0.0.1:${hook.address().port}/"}
`
  ;({ upstream, reeve } = await startBoth(kBudgets, { governance: { 'notifications.yaml': notifications } }))
})
after(() => {
  reeve?.end()
  upstream?.stop()
  hook.close()
  hook.closeAllConnections()
})

async function eventually(holds) {
  for (let i = 0; i < 200 && !holds(); i++) await sleep(50)
}
const noticesIn = (entries) => entries.filter(({ kind }) => kind.startsWith('budget.'))
async function notices(count) {
  for (let i = 0; i < 100; i++) {
    const found = noticesIn(await reeve.entries())
    if (found.length >= count) return found
    await sleep(100)
  }
  return noticesIn(await reeve.entries())
}

test('a threshold and a refusal are told once for each counter, whoever calls how often', async () => {
  const { secret } = await reeve.createKey('dev@example.com')
  const other = await reeve.createKey('other@example.com')
  assert.equal((await call(reeve, secret)).status, 200)
  await sleep(500)
  assert.deepEqual(events, [], 'one of three calls is no threshold')
  for (let i = 0; i < 2; i++) assert.equal((await call(reeve, secret)).status, 200)
  for (let i = 0; i < 5; i++) assert.notEqual((await call(reeve, secret)).status, 200)
  await eventually(() => events.length >= 2)
  assert.deepEqual(events.map(({ kind }) => kind), ['budget.threshold', 'budget.exhausted'])
  const [threshold, exhausted] = events.map(({ detail }) => detail)
  assert.deepEqual([threshold.budget, threshold.scope, threshold.percent, threshold.do, threshold.owner],
    ['each-person', 'person dev@example.com', 60, 'notify', 'finance@example.com'])
  const { budget, quantity, limit, spent } = exhausted
  assert.deepEqual([budget, quantity, limit, spent], ['each-person', 'requests', 3, 3])
  assert.ok(exhausted.sentence.length > 0)
  // Another person has another counter.
  for (let i = 0; i < 2; i++) assert.equal((await call(reeve, other.secret)).status, 200)
  await eventually(() => events.length >= 3)
  assert.equal(events[2].detail.scope, 'person other@example.com')
  const entries = await notices(3)
  assert.deepEqual(entries.map(({ kind }) => kind), ['budget.threshold', 'budget.exhausted', 'budget.threshold'])
  assert.equal(new Set(events.map(({ key }) => key)).size, 3)
})

test('nothing is told of a limit that passes by itself', async () => {
  const { secret } = await reeve.createKey('third@example.com')
  const before = events.length
  const refused = await call(reeve, secret, { headers: { 'x-reeve-feature': 'none-of-it' } })
  assert.notEqual(refused.status, 200)
  await sleep(1000)
  assert.equal(events.length, before)
})

test('a server that starts again does not tell it again', async () => {
  const { secret } = await reeve.createKey('dev@example.com')
  const before = events.length
  await reeve.stop()
  await reeve.start()
  assert.notEqual((await call(reeve, secret)).status, 200)
  await sleep(1500)
  assert.equal(events.length, before)
  assert.equal((await notices(before)).length, before)
})
