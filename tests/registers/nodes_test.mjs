// What one node changes of keys, exceptions, checks and the sealed code holds on all nodes, and one ledger tells of it.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import test from 'node:test'
import { streaming } from '../kill/streams.mjs'
import { kDocuments } from '../intake/intake_api.mjs'
import { run, startNodes, statusOf, until } from './nodes.mjs'

// With room for a busy machine; half a second is what is promised of a quiet one.
const kSoon = 5_000

async function kindsTold(nodes, fits) {
  const told = []
  for (const reeve of nodes) {
    for (const entry of await reeve.entries()) if (fits(entry)) told.push([entry.node, entry.kind])
  }
  return told
}

test('a key made on one node is good on all, and revoked on another is refused on all', async (t) => {
  const { nodes } = await startNodes(t, 3)
  const { id, secret } = await nodes[0].createKey('ada@example.com', '--scope', 'models:claude-*')
  const { secret: other } = await nodes[2].createKey('bob@example.com')
  for (const reeve of nodes) {
    await until('the key is good', async () => (await statusOf(reeve, secret)) === 200, kSoon)
  }
  for (const reeve of nodes) {
    const owners = run(reeve, '', 'key', 'list').body.map(({ owner }) => owner)
    assert.deepEqual(owners, ['ada@example.com', 'bob@example.com'])
  }
  const streams = await Promise.all(nodes.map((reeve) => streaming(reeve, secret)))
  const from = performance.now()
  assert.equal(run(nodes[1], '', 'key', 'revoke', id).code, 0)
  for (const stream of streams) {
    const { lastAt, text } = await stream.ended
    assert.ok(lastAt - from < kSoon, `${lastAt - from} ms`)
    assert.match(text, /the key was revoked/)
  }
  for (const reeve of nodes) {
    assert.equal(await statusOf(reeve, secret), 401)
    assert.equal(await statusOf(reeve, other), 200)
  }
  assert.equal(run(nodes[0], '', 'key', 'revoke', 'key_none').code, 1)
  assert.equal(run(nodes[0], '', 'key', 'revoke', id).code, 0, 'a second time does no harm')
  const ofKey = ({ detail }) => detail?.key_id === id
  await until('the ledgers tell it', async () => (await kindsTold(nodes, ofKey)).length >= 2)
  assert.deepEqual(await kindsTold(nodes, ofKey), [
    ['node-0', 'identity.key_created'],
    ['node-1', 'identity.revoked'],
  ])
})

const kDenying = 'kind: Policy\nname: everyone\nowner: tests\non: model.call\neffect: deny\nmessage: No.\n'
const kBudget = 'kind: Budget\nname: all\ntitle: All\nwindow: day\nlimit: {money: $100}\n'
const kApprovals = 'kind: ApprovalPolicy\nname: leads\nreviewers: {people: [lead@example.com]}\n'

test('an exception asked on one node and approved on another is in force on a third', async (t) => {
  const { nodes } = await startNodes(t, 3, {
    governance: { 'approvals.yaml': kApprovals, 'rules.yaml': kDenying },
  })
  const more = ['--rule', 'everyone', '--until', '1d', '--reason', 'a test', '--by', 'dev@example.com']
  const asked = run(nodes[0], '', 'exception', 'request', ...more)
  assert.equal(asked.code, 0, asked.text)
  const { id } = asked.body
  const approved = run(nodes[1], '', 'exception', 'approve', id, '--by', 'lead@example.com')
  assert.equal(approved.code, 0, approved.text)
  assert.notEqual(run(nodes[0], '', 'exception', 'approve', id, '--by', 'lead@example.com').code, 0, 'it is decided')
  const list = run(nodes[2], '', 'exception', 'list').body
  assert.deepEqual(list.map((one) => [one.id, one.state, one.in_effect]), [[id, 'approved', true]])
  const ofIt = ({ kind, detail }) => kind.startsWith('exception.') && detail?.id === id
  await until('the ledgers tell it', async () => (await kindsTold(nodes, ofIt)).length >= 2)
  assert.deepEqual(await kindsTold(nodes, ofIt), [
    ['node-0', 'exception.requested'],
    ['node-1', 'exception.approved'],
  ])
})

test('a code sealed on one node opens on another, once, and every node says so', async (t) => {
  const { nodes } = await startNodes(t, 2)
  const { code } = run(nodes[0], '', 'break-glass', 'seal').body
  assert.equal(run(nodes[1], '', 'break-glass', 'status').body.state, 'sealed')
  const open = (reeve) => run(reeve, `${code}\n`, 'break-glass', 'open', '--reason', 'nobody is there', '--ttl', '60s')
  const opened = open(nodes[1])
  assert.equal(opened.code, 0, opened.text)
  assert.equal(open(nodes[0]).code, 1, 'once')
  for (const reeve of nodes) {
    const health = async () => (await fetch(`http://127.0.0.1:${reeve.port}/healthz`)).text()
    await until('the banner', async () => /BREAK-GLASS IS OPEN/.test(await health()))
    const budgets = await fetch(`http://127.0.0.1:${reeve.port}/api/v1/budgets`, {
      headers: { authorization: `Bearer ${opened.body.secret}` },
    })
    assert.equal(budgets.status, 200)
  }
})

test('what a node had for itself is taken over once, when it first shares a database', async (t) => {
  const { postgres, nodes, make } = await startNodes(t, 1, {
    governance: {
      'approvals.yaml': kApprovals,
      'budgets.yaml': kBudget,
      'questions.yaml': kDocuments['questions.yaml'],
    },
  })
  const alone = make(1, false)
  await alone.start()
  const good = await alone.createKey('ada@example.com')
  const ended = await alone.createKey('eve@example.com')
  run(alone, '', 'key', 'revoke', ended.id)
  const more = ['--budget', 'all', '--add', '$5', '--until', '1d', '--reason', 'before', '--by', 'dev']
  const asked = run(alone, '', 'exception', 'request', ...more)
  assert.equal(asked.code, 0, asked.text)
  const { code } = run(alone, '', 'break-glass', 'seal').body
  const started = run(alone, '', 'intake', 'start', '--kind', 'tool', '--title', 'Search', '--by', 'dev')
  assert.equal(started.code, 0, started.text)
  const known = (reeve) => [
    run(reeve, '', 'inventory', 'show', started.body.item).body,
    run(reeve, '', 'intake', 'show', started.body.id).body,
  ]
  const before = known(alone)
  assert.equal(before[0].item.title, 'Search')
  assert.equal(run(alone, '', 'storage', 'move').code, 2, 'there is nowhere to move to')
  assert.equal(await statusOf(nodes[0], good.secret), 401)
  await alone.stop()

  const file = path.join(alone.folder, 'reeve.yaml')
  fs.appendFileSync(file, `storage:\n  postgres:\n    url: "${postgres.url()}"\n`)
  await alone.start()
  assert.match(alone.log(), /shared database now.*2 keys, 1 exception, 1 item of the inventory, 1 intake and 1 seal/)
  for (const reeve of nodes) {
    await until('the key is good', async () => (await statusOf(reeve, good.secret)) === 200, kSoon)
    assert.equal(await statusOf(reeve, ended.secret), 401)
    assert.equal(run(reeve, '', 'exception', 'list').body.length, 1)
    assert.deepEqual(known(reeve), before)
  }
  const again = run(alone, '', 'storage', 'move')
  assert.deepEqual(again.body, { exceptions: 0, intakes: 0, items: 0, keys: 0, sealed_codes: 0 })
  assert.equal(run(nodes[0], `${code}\n`, 'break-glass', 'open', '--reason', 'x', '--ttl', '10s').code, 0)

  // Revoked for all, it does not come back with the next start, nor with another copy of the same directory.
  run(nodes[0], '', 'key', 'revoke', good.id)
  await alone.stop()
  fs.rmSync(path.join(alone.folder, 'data', 'registers.shared'))
  await alone.start()
  for (const reeve of nodes) assert.equal(await statusOf(reeve, good.secret), 401)
})
