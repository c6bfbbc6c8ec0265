// An agent whose owner left: it stands still, says who can take it over, and goes on under its next owner. On a node
// that is alone, and on two that share a database.

import assert from 'node:assert/strict'
import test from 'node:test'
import { streaming } from '../kill/streams.mjs'
import { startNodes } from '../registers/nodes.mjs'
import { patch, scimClient, until, user } from '../scim/scim_client.mjs'
import { Reeve } from '../upstream/reeve_process.mjs'
import { kAllowEverything, UpstreamProcess } from '../upstream/upstream_process.mjs'
import { AgentHouse, callModel, exchange, kDomain, signAgentIn } from './agent_house.mjs'

const kIdentity = 'identity: {directory: optional, agents: {unregistered: refuse}}\n'
const kSpiffe = ['--spiffe', `spiffe://${kDomain}/agent/review`]
const leaves = patch({ op: 'replace', path: 'active', value: false })
const returns = patch({ op: 'replace', path: 'active', value: true })

async function scimOf(reeve) {
  const { secret } = await reeve.createKey('idp', '--type', 'service', '--scope', 'scim:*')
  return scimClient(reeve, secret)
}
async function personIn(scim, name) {
  const made = await scim('POST', '/Users', user(name))
  assert.equal(made.status, 201, JSON.stringify(made.body))
  return made.body.id
}
async function register(reeve, id, owner, ...more) {
  const usual = ['--title', 'T', '--owner', owner, '--purpose', 'p', '--by', 'lead@example.com', '--model', '*']
  await reeve.command('agent', 'register', id, ...usual, ...more)
  await reeve.command('agent', 'approve', id, '--by', 'security@example.com')
  return (await reeve.createKey(`agent:${id}`, '--type', 'agent')).secret
}
const entriesOf = async (reeve, kind) => (await reeve.entries()).filter((entry) => entry.kind === kind)

// `nodes`: the last one is where the stream runs; the first one is told of everything.
async function playLeaving(nodes) {
  const [first, last] = [nodes[0], nodes.at(-1)]
  const scim = await scimOf(first)
  await until('the key of the provider is good', async () => (await scim('GET', '/Users')).status === 200)
  const ada = await personIn(scim, 'ada@example.com')
  await personIn(scim, 'grace@example.com')
  const secret = await register(first, 'review', 'ada@example.com', ...kSpiffe)
  const statusAt = async (reeve) => (await callModel(reeve, secret, { model: 'gpt-5' })).status
  await until('the agent acts', async () => (await statusAt(last)) === 200)
  const stream = await streaming(last, secret, { dialect: 'chat' })
  const from = performance.now()
  assert.equal((await scim('PATCH', `/Users/${ada}`, leaves)).status, 200)

  const { text, lastAt } = await stream.ended
  assert.ok(lastAt - from < 5_000, `${lastAt - from} ms`)
  // By the directory's word about her, or by the register's about her agent: whichever comes first.
  const either = /ada@example\.com, who answers for it, has left|ada@example\.com answers for an agent of this call/
  assert.match(text, either)
  assert.match(text, /reeve agent transfer/)
  for (const reeve of nodes) {
    await until('it is refused', async () => (await statusAt(reeve)) === 401)
    const refused = await callModel(reeve, secret, { model: 'gpt-5' })
    assert.match(refused.text, /reeve agent transfer review --to THEM/)
  }
  await until('the ledger tells it', async () => (await entriesOf(first, 'agent.stopped')).length > 0 ||
    (await entriesOf(last, 'agent.stopped')).length > 0)
  const told = (await Promise.all(nodes.map((reeve) => entriesOf(reeve, 'agent.stopped')))).flat()
  assert.deepEqual(told.map(({ detail }) => [detail.id, detail.owner]), [['review', 'ada@example.com']])
  const killed = (await entriesOf(last, 'model.outcome')).filter(({ outcome }) => outcome.status === 'killed')
  assert.equal(killed.length, 1)

  // That she is back gives her nothing that was approved before: somebody has to approve it anew.
  assert.equal((await scim('PATCH', `/Users/${ada}`, returns)).status, 200)
  assert.equal(await statusAt(first), 401)
  assert.equal((await scim('PATCH', `/Users/${ada}`, leaves)).status, 200)
  return { statusAt, first, last }
}

async function playTransfer({ statusAt, first, last }) {
  const transfer = (...words) => first.command('agent', 'transfer', 'review', ...words)
  await assert.rejects(transfer('--to', 'ADA@example.com', '--by', 'lead@example.com'), /answers for the agent/)
  assert.match(await transfer('--to', 'grace@example.com', '--by', 'lead@example.com'), /stands still until/)
  assert.equal(await statusAt(last), 401)
  for (const by of ['grace@example.com', 'lead@example.com']) {
    await assert.rejects(first.command('agent', 'approve', 'review', '--by', by), /Nobody approves an agent/)
  }
  const approved = await first.command('agent', 'approve', 'review', '--by', 'security@example.com', '--json')
  assert.deepEqual([JSON.parse(approved).owner, JSON.parse(approved).version], ['grace@example.com', 4])
  await until('it acts again', async () => (await statusAt(last)) === 200)
}

test('on a node that is alone', async (t) => {
  const upstream = await new UpstreamProcess().start()
  const reeve = new Reeve({
    config: `${upstream.reeveConfig()}${kIdentity}`,
    governance: { 'rules.yaml': kAllowEverything },
  })
  t.after(() => (reeve.end(), upstream.stop()))
  await reeve.start()
  await playTransfer(await playLeaving([reeve]))
})

test('on two nodes that share a database', async (t) => {
  const { nodes } = await startNodes(t, 2, { storage: kIdentity })
  await playTransfer(await playLeaving(nodes))
})

test('its credential gets no token any more, and nobody has it act', async (t) => {
  const house = await new AgentHouse().start()
  t.after(() => house.end())
  const { reeve } = house
  const scim = await scimOf(reeve)
  const owner = await personIn(scim, 'owner@example.com')
  const more = ['--owner', 'owner@example.com', '--model', '*', '--acts-for', 'dev@example.com']
  await house.agent('review', ...more, ...kSpiffe)
  const own = await house.own(house.svid())
  const person = await house.person()
  const chain = await exchange(reeve, person.access_token, own)
  assert.equal(chain.status, 200, chain.text)
  assert.equal((await scim('DELETE', `/Users/${owner}`)).status, 204)
  const words = /reeve agent transfer review/
  assert.match((await signAgentIn(reeve, house.svid())).text, words)
  assert.match((await exchange(reeve, person.access_token, own)).text, words)
  assert.match((await callModel(reeve, own)).text, words)
  assert.match((await callModel(reeve, chain.body.access_token)).text, words)
  assert.equal((await callModel(reeve, person.access_token)).status, 200, 'the person goes on')
})

test('the kill switch of a person covers the agents that they answer for', async (t) => {
  const upstream = await new UpstreamProcess().start()
  const reeve = new Reeve({
    config: `${upstream.reeveConfig()}${kIdentity}`,
    governance: { 'rules.yaml': kAllowEverything },
  })
  t.after(() => (reeve.end(), upstream.stop()))
  await reeve.start()
  const secret = await register(reeve, 'review', 'ada@example.com', ...kSpiffe)
  const stream = await streaming(reeve, secret, { dialect: 'chat' })
  await reeve.command('kill', 'on', '--scope', 'person:ada@example.com', '--reason', 'a leak is looked into')
  const { text } = await stream.ended
  assert.match(text, /a leak is looked into/)
  assert.match(text, /answers for an agent of this call; with 'reeve agent transfer' somebody else does/)
  const refused = await callModel(reeve, secret, { model: 'gpt-5' })
  assert.match(refused.text, /a leak is looked into.*reeve agent transfer/)
})
