// Two nodes that share a PostgreSQL: what is good once is good on one of them, and what was decided about an agent on
// one holds for its tokens and chains on the other.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { PostgresServer } from '../postgres/postgres_server.mjs'
import { until } from '../scim/scim_client.mjs'
import { AgentHouse, callModel, exchange, kDomain, signAgentIn } from './agent_house.mjs'

const kRaces = 8
const spiffe = (name) => ['--model', '*', '--acts-for', '*', '--spiffe', `spiffe://${kDomain}/agent/${name}`]

let postgres, house, nodes
const svidOf = (name) => house.svid({ sub: `spiffe://${kDomain}/agent/${name}` })

before(async () => {
  postgres = await new PostgresServer().start()
  const storage = `storage:\n  postgres:\n    url: "${postgres.url()}"\n`
  house = await new AgentHouse().start({ storage })
  nodes = [house.reeve, await house.second()]
  const file = `${house.folder}/carded.card`
  writeFileSync(file, house.card('carded'))
  await house.agent('carded', '--model', '*', '--card', file)
  for (const name of ['review', 'planner']) await house.agent(name, ...spiffe(name))
  for (const node of nodes) {
    await until('the agents are known', async () => (await signAgentIn(node, house.assertion('carded'))).status === 200)
  }
})
after(async () => {
  house?.end()
  await postgres?.remove()
})

async function refusals(reeve, address) {
  for (let i = 0; i < 50; i++) {
    const found = (await reeve.entries()).filter(
      ({ kind, detail }) => kind === 'identity.refused' && detail.address === address,
    )
    if (found.length > 0) return found
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  return []
}

test('an assertion that was used on one node is used on the other, and that is on record there', async () => {
  const seen = house.assertion('carded')
  assert.equal((await signAgentIn(nodes[0], seen)).status, 200)
  const again = await signAgentIn(nodes[1], seen, '127.0.9.1')
  assert.ok(again.status >= 400 && again.status < 500, again.text)
  assert.match(again.body.error_description, /good once/)
  const [entry] = await refusals(nodes[1], '127.0.9.1')
  assert.match(JSON.stringify(entry?.detail), /good once/)
})

test('of many who show one assertion to both nodes at once, one gets a token', async () => {
  for (let race = 0; race < kRaces; race++) {
    const one = house.assertion('carded')
    const answers = await Promise.all([...nodes, ...nodes, ...nodes].map((node) => signAgentIn(node, one)))
    const tokens = answers.filter(({ text }) => text.includes('"access_token"'))
    assert.equal(tokens.length, 1, answers.map(({ status, text }) => `${status} ${text}`).join('\n'))
    assert.equal(answers.filter(({ status }) => status >= 500).length, 0)
  }
})

test('an agent that is suspended on one node ends its tokens and chains on the other within a second', async () => {
  const person = await house.person()
  const [review, planner] = [await house.own(svidOf('review')), await house.own(svidOf('planner'))]
  const one = (await exchange(nodes[0], person.access_token, review)).body.access_token
  const two = (await exchange(nodes[0], one, planner)).body.access_token
  const status = async (bearer) => (await callModel(nodes[1], bearer)).status
  for (const bearer of [review, planner, one, two]) {
    await until('it is known', async () => (await status(bearer)) === 200)
  }
  await house.decide('suspend', 'review')
  const from = performance.now()
  for (const bearer of [review, one, two]) await until('it is refused', async () => (await status(bearer)) === 401)
  assert.ok(performance.now() - from < 5_000, 'a quiet machine needs half a second')
  assert.equal(await status(planner), 200, 'who has nothing to do with it goes on')
  // Nobody makes of a chain with a suspended agent one without it.
  for (const node of nodes) {
    const more = await exchange(node, two, planner)
    assert.ok(more.status >= 400 && more.status < 500, more.text)
    assert.doesNotMatch(more.text, /"access_token"/)
  }
})

test('a chain that a stranger put together is refused by every node', async () => {
  const person = await house.person()
  const planner = await house.own(svidOf('planner'))
  const good = (await exchange(nodes[0], person.access_token, planner)).body.access_token
  const [head, body, signature] = good.split('.')
  const claims = JSON.parse(Buffer.from(body, 'base64url'))
  const encoded = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const forged = [
    { ...claims, act: undefined },
    { ...claims, act: { sub: 'agent:review' } },
    { ...claims, act: { ...claims.act, act: { sub: 'agent:review' } } },
    { ...claims, sub: 'boss@example.com' },
    { ...claims, exp: claims.exp + 3600 },
  ].map((changed) => [head, encoded(changed), signature].join('.'))
  const unsigned = [encoded({ alg: 'none', typ: 'at+jwt' }), body, ''].join('.')
  for (const node of nodes) {
    for (const bearer of [...forged, unsigned]) {
      const called = await callModel(node, bearer)
      assert.equal(called.status, 401, called.text)
      const exchanged = await exchange(node, bearer, planner)
      assert.ok(exchanged.status >= 400 && exchanged.status < 500, exchanged.text)
    }
  }
})
