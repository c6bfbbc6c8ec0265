// Two nodes that share a PostgreSQL: a budget that one of them is told holds on both, one ledger tells of it, and what
// happens while the database is away.

import assert from 'node:assert/strict'
import test from 'node:test'
import { call, kPrices } from '../budgets/calls.mjs'
import { PostgresServer } from '../postgres/postgres_server.mjs'
import { Reeve } from '../upstream/reeve_process.mjs'
import { kAllowEverything, UpstreamProcess } from '../upstream/upstream_process.mjs'
import { apiClient, assertProblem } from './api_client.mjs'

const kPath = '/budgets/shared'
const kNone = { window: 'month', limit: { requests: 0 } }

async function until(what, holds) {
  for (let i = 0; i < 400; i++) {
    if (await holds()) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  assert.fail(`${what}: not within 20 s`)
}

test('nodes that share a database share the budgets that the API writes', async (t) => {
  const postgres = await new PostgresServer().start()
  const upstream = await new UpstreamProcess().start()
  const nodes = []
  t.after(async () => {
    for (const { reeve } of nodes) reeve.end()
    upstream.stop()
    await postgres.remove()
  })
  for (const name of ['node-1', 'node-2']) {
    const shared = `ledger:\n  node: ${name}\nstorage:\n  postgres:\n    url: "${postgres.url()}"\n`
    const reeve = new Reeve({
      config: upstream.reeveConfig() + shared,
      governance: { 'rules.yaml': kAllowEverything, 'prices.yaml': kPrices },
    })
    await reeve.start()
    const { secret } = await reeve.createKey('lead@example.com', '--scope', 'control:*')
    nodes.push({ reeve, write: apiClient(reeve, secret), dev: (await reeve.createKey('dev@example.com')).secret })
  }
  const [first, second] = nodes
  const passes = async ({ reeve, dev }) => (await call(reeve, dev)).status === 200
  const toldBy = async ({ reeve }, kind) => {
    const entries = await reeve.entries()
    return entries.filter((entry) => entry.kind === kind).length
  }

  // Written on one, in force on both.
  assert.ok(await passes(second))
  const made = await first.write('PUT', kPath, kNone, { 'idempotency-key': 'once' })
  assert.equal(made.status, 201, JSON.stringify(made.body))
  assert.ok(!(await passes(first)))
  await until('the other node follows', async () => !(await passes(second)))
  assert.equal((await second.write('GET', kPath)).etag, made.etag)
  const again = await second.write('PUT', kPath, kNone, { 'idempotency-key': 'once' })
  assert.deepEqual([again.status, again.etag], [201, made.etag], 'a request may be repeated on another node')

  // Who has not seen the newest is told so, whatever node it asks.
  const open = { ...kNone, limit: { requests: 1000 } }
  const changed = await second.write('PUT', kPath, open, { 'if-match': made.etag })
  assert.equal(changed.status, 200, JSON.stringify(changed.body))
  assertProblem(await first.write('PUT', kPath, kNone, { 'if-match': made.etag }), 412)
  await until('the first node follows', async () => passes(first))

  // The command beside one node writes for all.
  const list = JSON.parse(await second.reeve.command('budget', 'list', '--json')).budgets
  assert.deepEqual(list.map(({ name, etag }) => [name, etag]), [['shared', changed.etag]])

  // While the database is away nothing can be written, and what was written holds.
  await postgres.kill()
  assertProblem(await first.write('PUT', '/budgets/other', kNone), 503)
  assert.equal((await first.write('GET', kPath)).etag, changed.etag)
  await postgres.start()
  await until('it can be written again', async () => {
    const answer = await first.write('PUT', '/budgets/other', { ...kNone, for: { team: 'nobody' } })
    return answer.status === 201
  })

  // A node that was down meanwhile has it when it comes up.
  assert.equal(await second.reeve.stop(), 0)
  const closed = await first.write('PUT', kPath, kNone, { 'if-match': changed.etag })
  assert.equal(closed.status, 200)
  await second.reeve.start()
  assert.ok(!(await passes(second)))

  // Each change is in one ledger: of the node that made it.
  await until('the ledgers tell it', async () => (await toldBy(first, 'budget.changed')) === 3)
  assert.equal(await toldBy(second, 'budget.changed'), 1)
  const removed = await second.write('DELETE', kPath, undefined, { 'if-match': closed.etag })
  assert.equal(removed.status, 200)
  assert.ok(await passes(second))
  await until('the first follows', async () => passes(first))
  await until('the ledger tells it', async () => (await toldBy(second, 'budget.removed')) === 1)
  assert.equal(await toldBy(first, 'budget.removed'), 0)
})
