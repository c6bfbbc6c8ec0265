// Three nodes on a real PostgreSQL: one switch holds on all of them, also when one is dead and comes back; and when the
// database is away, nodes go on for as long as they were told to, and then refuse.

import assert from 'node:assert/strict'
import test from 'node:test'
import { PostgresServer } from '../postgres/postgres_server.mjs'
import { kAllowEverything, UpstreamProcess } from '../upstream/upstream_process.mjs'
import { Reeve } from '../upstream/reeve_process.mjs'
import { call, entriesWith, failing, goesOn, streaming } from './streams.mjs'

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))

async function startNodes(t, count, { refuseAfter = '15s', endAfter = '60s' } = {}) {
  const postgres = await new PostgresServer().start()
  const upstream = await new UpstreamProcess().start()
  const nodes = []
  t.after(async () => {
    for (const { reeve } of nodes) reeve.end()
    upstream.stop()
    await postgres.remove()
  })
  for (let i = 0; i < count; i++) {
    const shared =
      `ledger:\n  node: node-${i}\nstorage:\n  postgres:\n    url: "${postgres.url()}"\n` +
      `    refuse_after: ${refuseAfter}\n    end_after: ${endAfter}\n`
    const reeve = new Reeve({ config: upstream.reeveConfig() + shared, governance: { 'rules.yaml': kAllowEverything } })
    await reeve.start()
    nodes.push({ reeve, secret: (await reeve.createKey('ada@example.com')).secret })
  }
  return { postgres, nodes }
}

test('a switch on one node holds on all, also on one that was dead', async (t) => {
  const { nodes } = await startNodes(t, 3)
  const streams = await Promise.all(nodes.map(({ reeve, secret }) => streaming(reeve, secret)))
  const dead = nodes[2].reeve
  dead.process.kill('SIGKILL')
  await dead.exited
  await streams[2].ended
  await nodes[1].reeve.command('kill', 'on', '--scope', 'all', '--reason', 'from node one')
  for (const stream of streams.slice(0, 2)) assert.match((await stream.ended).text, /from node one/)
  await dead.start()
  for (const { reeve, secret } of nodes) {
    const { status, text } = await call(reeve, secret).ended
    assert.equal(status, 400)
    assert.match(text, /from node one/)
  }
  // One node tells it; each that was there tells what it did.
  const told = []
  const applied = []
  for (const { reeve } of nodes) {
    const entries = await entriesWith(reeve, ({ kind }) => kind === 'kill.applied')
    told.push(...entries.filter(({ kind }) => kind === 'kill.switched'))
    applied.push(...entries.filter(({ kind }) => kind === 'kill.applied'))
  }
  assert.equal(told.length, 1)
  assert.equal(told[0].node, 'node-1')
  assert.deepEqual(applied.map(({ detail }) => [detail.node, detail.calls]).slice(0, 2), [
    ['node-0', 1],
    ['node-1', 1],
  ])
  await nodes[0].reeve.command('kill', 'off', '--scope', 'all', '--reason', 'it was mended')
  await sleep(500)
  for (const { reeve, secret } of nodes) {
    assert.equal((await call(reeve, secret, { script: { events: 2 } }).ended).status, 200)
  }
  const played = await failing(nodes[0].reeve, 'kill', 'drill', '--scope', 'all', '--streams', '20', '--json')
  const drill = JSON.parse(played.text)
  assert.deepEqual(drill.nodes.map(({ node, calls, done }) => [node, calls, done]), [
    ['node-0', 20, true],
    ['node-1', 20, true],
    ['node-2', 20, true],
  ])
})

test('amid a cutoff the database goes away and a node is killed, and nobody slips through', async (t) => {
  const { postgres, nodes } = await startNodes(t, 3, { refuseAfter: '10m', endAfter: '20m' })
  for (const node of nodes) node.other = (await node.reeve.createKey('bob@example.com')).secret
  const refuses = async ({ reeve, secret }) => {
    const { status, text } = await call(reeve, secret).ended
    assert.equal(status, 400)
    assert.match(text, /amid it all/)
  }
  const serves = async ({ reeve }, secret) =>
    (await call(reeve, secret, { script: { events: 2 } }).ended).status === 200
  const streams = await Promise.all(nodes.map(({ reeve, secret }) => streaming(reeve, secret)))
  await nodes[0].reeve.command('kill', 'on', '--scope', 'person:ada@example.com', '--reason', 'amid it all')
  for (const stream of streams) assert.match((await stream.ended).text, /amid it all/)

  await postgres.kill()
  for (const node of nodes) await refuses(node)
  for (const node of nodes) assert.ok(await serves(node, node.other), 'others go on')
  const dead = nodes[2].reeve
  dead.process.kill('SIGKILL')
  await dead.exited
  await assert.rejects(dead.start(), /did not become ready/, 'it started without knowing what is switched off')
  for (const node of nodes.slice(0, 2)) await refuses(node)

  await postgres.start()
  await dead.start()
  for (const node of nodes) await refuses(node)
  for (const node of nodes) assert.ok(await serves(node, node.other))
  await nodes[2].reeve.command('kill', 'off', '--scope', 'person:ada@example.com', '--reason', 'she is back')
  for (const node of nodes) {
    for (let i = 0; !(await serves(node, node.secret)); i++) {
      assert.ok(i < 300, 'it is not let on again')
      await sleep(100)
    }
  }
})

test('without the database a node refuses after a while, and ends what is under way after a longer one', async (t) => {
  const { postgres, nodes } = await startNodes(t, 2, { refuseAfter: '2s', endAfter: '6s' })
  const [{ reeve, secret }, other] = nodes
  const stream = await streaming(reeve, secret)
  await postgres.kill()
  const began = performance.now()
  assert.equal((await call(reeve, secret, { script: { events: 2 } }).ended).status, 200, 'a short outage is survived')
  let refused
  while (!refused) {
    const answer = await call(reeve, secret, { script: { events: 2 } }).ended
    if (answer.status !== 200) refused = answer
    assert.ok(performance.now() - began < 60_000, 'it goes on without knowing')
    await sleep(100)
  }
  assert.equal(refused.status, 503)
  assert.match(refused.text, /cannot read (what is switched off|its keys)/)
  assert.ok(refused.headers.get('retry-after'))
  assert.ok(await goesOn(stream, 200), 'streams go on for longer')
  const { text, lastAt } = await stream.ended
  assert.match(text, /cannot be read what is switched off/)
  assert.ok(lastAt - began >= 4000, `${lastAt - began} ms`)

  const failed = await failing(reeve, 'kill', 'on', '--scope', 'all', '--reason', 'x')
  assert.equal(failed.code, 3)
  assert.match(failed.text, /--here/)
  await reeve.command('kill', 'on', '--here', '--scope', 'all', '--reason', 'on this node')
  await postgres.start()
  for (let i = 0; ; i++) {
    const { status } = await call(other.reeve, other.secret, { script: { events: 2 } }).ended
    if (status === 200) break
    assert.ok(i < 300, 'it does not come back')
    await sleep(100)
  }
  for (let i = 0; ; i++) {
    const { text } = await call(reeve, secret).ended
    if (/on this node/.test(text)) break
    assert.ok(i < 300 && /cannot read/.test(text), text)
    await sleep(100)
  }
  await reeve.command('kill', 'off', '--scope', 'all', '--reason', 'it was mended')
  await sleep(200)
  assert.equal((await call(reeve, secret, { script: { events: 2 } }).ended).status, 200)
})
