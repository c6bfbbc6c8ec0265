// Two nodes that share a PostgreSQL: a request repeated on the other one, or after a restart, is done once and answered
// alike; of what happens on both at the same moment one holds.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { apiClient } from '../api/api_client.mjs'
import { startNodes, until } from '../registers/nodes.mjs'
import { answersOf, kDocuments } from './intake_api.mjs'

const kScopes = ['--scope', 'control:read', '--scope', 'control:write']
const outcome = ({ status, etag, body }) => ({ status, etag, body })

async function start(t) {
  const { nodes } = await startNodes(t, 2, { governance: kDocuments })
  // A client on both nodes, for one person.
  const person = async (name, ...groups) => {
    const words = groups.flatMap((group) => ['--group', group])
    const { secret } = await nodes[0].createKey(name, ...words, ...kScopes)
    const clients = nodes.map((reeve) => apiClient(reeve, secret))
    for (const client of clients)
      await until('the key is known', async () => (await client('GET', '/me')).status === 200)
    return clients
  }
  const dev = await person('dev@example.com')
  const asked = async (title) => {
    const { body } = await dev[0]('POST', '/intake', { kind: 'tool', title })
    const answered = await dev[1]('POST', `/intake/${body.intake.id}/answers`, { answers: answersOf(1) })
    assert.equal(answered.body.intake.state, 'in_review', JSON.stringify(answered.body))
    return answered.body.intake
  }
  return { nodes, person, dev, asked }
}

test('the same key gets the same answer on the other node, and after a restart', async (t) => {
  const { nodes, dev, person } = await start(t)
  const once = { 'idempotency-key': 'once' }
  const wanted = { kind: 'tool', title: 'Search' }
  const first = await dev[0]('POST', '/intake', wanted, once)
  assert.equal(first.status, 201, JSON.stringify(first.body))
  assert.deepEqual(outcome(await dev[1]('POST', '/intake', wanted, once)), outcome(first))
  const { id } = first.body.intake
  const answers = { answers: answersOf(1) }
  const twice = { 'idempotency-key': 'twice' }
  const answered = await dev[1]('POST', `/intake/${id}/answers`, answers, twice)
  assert.deepEqual(outcome(await dev[0]('POST', `/intake/${id}/answers`, answers, twice)), outcome(answered))
  await nodes[0].stop()
  await nodes[0].start()
  const again = apiClient(nodes[0], (await nodes[0].createKey('dev@example.com', ...kScopes)).secret)
  assert.deepEqual(outcome(await again('POST', '/intake', wanted, once)), outcome(first))
  for (const client of [again, dev[1]]) {
    assert.equal((await client('POST', '/intake', { ...wanted, title: 'Another' }, once)).status, 422)
    assert.equal((await client('GET', '/intake')).body.intakes.length, 1)
    assert.equal((await client('GET', `/intake/${id}`)).etag, answered.etag)
  }
  // A key is of whoever sent it: somebody else's is another.
  const eve = await person('eve@example.com')
  const hers = await eve[1]('POST', '/intake', wanted, once)
  assert.equal(hers.status, 201)
  assert.equal(hers.body.intake.requested_by, 'eve@example.com')
})

test('the same key on both at the same moment is done once', async (t) => {
  const { dev } = await start(t)
  for (let i = 0; i < 10; i++) {
    const send = (client) =>
      client('POST', '/intake', { kind: 'tool', title: `tool ${i}` }, { 'idempotency-key': `k${i}` })
    const both = await Promise.all(dev.map(send))
    // Whoever comes while the other one is under way is told so, and may send it again.
    const made = both.filter(({ status }) => status === 201)
    assert.ok(made.length >= 1, JSON.stringify(both.map(({ body }) => body)))
    for (const { status } of both) assert.ok([201, 409].includes(status), status)
    for (const client of dev) assert.deepEqual(outcome(await send(client)), outcome(made[0]))
  }
  assert.equal((await dev[1]('GET', '/intake')).body.intakes.length, 10)
})

test('of two who decide on two nodes at once, one decides', async (t) => {
  const { person, asked } = await start(t)
  const lead = await person('lead@example.com', 'governance-council')
  const chair = await person('chair@example.com', 'governance-council')
  for (let i = 0; i < 8; i++) {
    const intake = await asked(`tool ${i}`)
    const path = `/intake/${intake.id}/decision`
    const [yes, no] = await Promise.all([
      lead[0]('POST', path, { decision: 'approve', reason: 'fine', digest: intake.digest }),
      chair[1]('POST', path, { decision: 'deny', reason: 'no', digest: intake.digest }),
    ])
    assert.deepEqual([yes.status, no.status].toSorted(), [200, 409], JSON.stringify([yes.body, no.body]))
    const { body } = await lead[1]('GET', `/intake/${intake.id}`)
    assert.equal(body.intake.state, yes.status === 200 ? 'approved' : 'denied')
    assert.equal(body.item.status, body.intake.state)
    assert.equal(body.intake.decisions.length, 1)
  }
})

test('what was changed on one node is not overwritten on the other', async (t) => {
  const { person, dev, asked } = await start(t)
  const lead = await person('lead@example.com', 'governance-council')
  const intake = await asked('Search')
  // Who asks changes the form while somebody decides: either the decision was about the form, or there is none.
  const [answered, decided] = await Promise.all([
    dev[0]('POST', `/intake/${intake.id}/answers`, { answers: { ...answersOf(3), purpose: 'Something else' } }),
    lead[1]('POST', `/intake/${intake.id}/decision`, {
      decision: 'approve',
      reason: 'fine',
      digest: intake.digest,
    }),
  ])
  assert.deepEqual(
    [answered.status, decided.status].toSorted(),
    [200, 409],
    JSON.stringify([answered.body, decided.body]),
  )
  const { body } = await lead[0]('GET', `/intake/${intake.id}`)
  const tier = decided.status === 200 ? 1 : 3
  assert.equal(body.intake.tier.tier, tier)
  assert.equal(body.intake.state, tier === 1 ? 'approved' : 'in_review')
  const item = { kind: 'model', title: 'Claude', owner: 'dev@example.com' }
  const made = await lead[0]('POST', '/inventory', item)
  const path = `/inventory/${made.body.item.id}`
  const puts = await Promise.all(
    [0, 1, 0, 1].map((node, i) =>
      lead[node]('PUT', path, { ...item, title: `Claude ${i}` }, { 'if-match': made.etag }),
    ),
  )
  const won = puts.filter(({ status }) => status === 200)
  assert.equal(won.length, 1, JSON.stringify(puts.map(({ body }) => body)))
  for (const { status } of puts) assert.ok([200, 409, 412].includes(status), status)
  const shown = await lead[1]('GET', path)
  assert.equal(shown.body.item.title, won[0].body.item.title)
  assert.equal(shown.etag, won[0].etag)
})
