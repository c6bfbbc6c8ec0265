// "At most so many uses" of an exception holds over all nodes that share a database: none takes the last one twice,
// however many ask at once, and what was used is known after a restart.

import assert from 'node:assert/strict'
import test from 'node:test'
import { run, short, startNodes, until } from './nodes.mjs'
import { call } from '../kill/streams.mjs'

const kDenied = `kind: Policy
name: nobody
owner: tests
on: model.call
effect: deny
message: Nobody may.
`
const exception = (uses) => `kind: Exception
name: a-few
rules: [nobody]
match: {people: [dev@example.com]}
uses: ${uses}
reason: a test
requested_by: dev@example.com
approved_by: lead@example.com
ends: ${new Date(Date.now() + 86_400_000).toISOString()}
`
const governance = (uses) => ({ 'denied.yaml': kDenied, 'exceptions.yaml': exception(uses) })

async function keyOn(nodes) {
  const { secret } = await nodes[0].createKey('dev@example.com')
  for (const reeve of nodes) {
    await until('the key is good', async () => {
      const listed = run(reeve, '', 'key', 'list').body
      const models = await fetch(`http://127.0.0.1:${reeve.port}/v1/models`, {
        headers: { authorization: `Bearer ${secret}` },
      })
      return listed.length === 1 && models.status === 200
    })
  }
  return secret
}
const ask = async (reeve, secret) => (await call(reeve, secret, short).ended).status

test('no use is taken twice, however many ask at once', async (t) => {
  const { nodes } = await startNodes(t, 3, { governance: governance(7) })
  const secret = await keyOn(nodes)
  const asked = Array.from({ length: 60 }, (_, i) => ask(nodes[i % 3], secret))
  const statuses = await Promise.all(asked)
  const count = (wanted) => statuses.filter((status) => status === wanted).length
  assert.deepEqual([count(200), count(400)], [7, 53], String(statuses))
  for (const reeve of nodes) assert.equal(await ask(reeve, secret), 400)
  await nodes[1].stop()
  await nodes[1].start()
  assert.equal(await ask(nodes[1], secret), 400)
})

test('the last use is there for whichever node is asked, and a repeated start counts nothing twice', async (t) => {
  const { nodes, make } = await startNodes(t, 2, { governance: governance(3) })
  const secret = await keyOn(nodes)
  assert.equal(await ask(nodes[0], secret), 200)
  await nodes[0].stop()
  await nodes[0].start()
  assert.equal(await ask(nodes[1], secret), 200)
  const third = make(2)
  await third.start()
  await until('the key is good', async () => (await ask(third, 'rv_none')) === 401)
  assert.equal(await ask(third, secret), 200)
  for (const reeve of [...nodes, third]) assert.equal(await ask(reeve, secret), 400)
})

test('while it cannot be counted, nothing passes that hangs on it', async (t) => {
  const { nodes, postgres } = await startNodes(t, 2, {
    governance: governance(5),
    storage: '    refuse_after: 60s\n    end_after: 120s\n',
  })
  const secret = await keyOn(nodes)
  assert.equal(await ask(nodes[0], secret), 200)
  await postgres.stop()
  const { status, text, headers } = await call(nodes[0], secret, short).ended
  assert.equal(status, 503, text)
  assert.match(text, /cannot be counted at the moment/)
  assert.ok(Number(headers.get('retry-after')) > 0)
  await postgres.start()
  await until('it is counted again', async () => (await ask(nodes[0], secret)) === 200)
  let passed = 2
  for (let i = 0; i < 10; i++) if ((await ask(nodes[i % 2], secret)) === 200) passed++
  assert.equal(passed, 5)
})
