// The database that nodes share is away: keys serve for a stated time, changes fail aloud, and no revocation is lost.

import assert from 'node:assert/strict'
import test from 'node:test'
import { call } from '../kill/streams.mjs'
import { run, short, startNodes, statusOf, until } from './nodes.mjs'

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))

test('keys serve for refuse_after without the database, then nobody, and again when it is back', async (t) => {
  const { postgres, nodes } = await startNodes(t, 1, { storage: '    refuse_after: 3s\n    end_after: 30s\n' })
  const [reeve] = nodes
  const { id, secret } = await reeve.createKey('ada@example.com')
  const { secret: api } = await reeve.createKey('ops@example.com', '--scope', 'control:read')
  const ask = (key) =>
    fetch(`http://127.0.0.1:${reeve.port}/api/v1/whoami`, { headers: { authorization: `Bearer ${key}` } })
  assert.equal(await statusOf(reeve, secret), 200)
  const known = (await ask(api)).status
  await postgres.kill()
  const began = performance.now()
  assert.equal(await statusOf(reeve, secret), 200, 'a short outage is survived')
  const revoked = run(reeve, '', 'key', 'revoke', id)
  assert.equal(revoked.code, 3, revoked.text)
  assert.match(revoked.text, /cannot be reached/)
  await until('it refuses', async () => (await statusOf(reeve, secret)) === 503)
  assert.ok(performance.now() - began > 1_500, 'not at once')
  await until('the API refuses, too', async () => (await ask(api)).status === 503)
  assert.match((await call(reeve, secret, short).ended).text, /cannot read (its keys|what is switched off)/)
  await postgres.start()
  await until('it serves again', async () => (await statusOf(reeve, secret)) === 200)
  assert.equal((await ask(api)).status, known)
  const said = reeve.log().match(/keys and exceptions of all nodes cannot be followed/g)
  assert.equal(said.length, 1, 'it is said once')
})

test('a node that stood still while a key was revoked refuses it when it goes on', async (t) => {
  const { nodes } = await startNodes(t, 2)
  const { id, secret } = await nodes[0].createKey('ada@example.com')
  for (const reeve of nodes) await until('the key is good', async () => (await statusOf(reeve, secret)) === 200)
  nodes[1].process.kill('SIGSTOP')
  assert.equal(run(nodes[0], '', 'key', 'revoke', id).code, 0)
  await sleep(300)
  nodes[1].process.kill('SIGCONT')
  await until('it is refused', async () => (await statusOf(nodes[1], secret)) === 401, 5_000)
})
