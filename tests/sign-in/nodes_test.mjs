// Two nodes that share a PostgreSQL, behind one address: who signs in on one is signed in on the other, who signs out
// on one is out on the other, and what happens while the database is away.

import assert from 'node:assert/strict'
import test from 'node:test'
import { PostgresServer } from '../postgres/postgres_server.mjs'
import { call, post, signIn, startBoth, startReeve, tokenOf } from './signing_in.mjs'

async function until(what, holds) {
  for (let i = 0; i < 400; i++) {
    if (await holds()) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  assert.fail(`${what}: not within 20 s`)
}

test('nodes that share a database share who is signed in', async (t) => {
  const postgres = await new PostgresServer().start()
  const ends = []
  t.after(async () => {
    for (const end of ends) end()
    await postgres.remove()
  })
  const storage = `storage:\n  postgres:\n    url: "${postgres.url()}"\n`
  const { company, reeve: first, end } = await startBoth(storage)
  ends.push(end)
  const second = await startReeve(company, `  public_url: ${first.url}\n${storage}`, 'node-2')
  ends.push(() => second.end())

  // Each signs with a key of its own, and knows the other's.
  const { keys } = await (await fetch(`${second.url}/oauth/jwks`)).json()
  assert.equal(keys.length, 2)
  const tokens = await signIn(first)
  assert.equal((await call(first, tokens.access_token)).status, 200)
  await until('the first key is known', async () => (await call(second, tokens.access_token)).status === 200)
  const renewed = (await tokenOf(second, { grant_type: 'refresh_token', refresh_token: tokens.refresh_token })).body
  await until('the second key is known', async () => (await call(first, renewed.access_token)).status === 200)

  // A refresh token that was used on one is known to have been used on the other.
  const other = await signIn(first)
  const again = (node) => tokenOf(node, { grant_type: 'refresh_token', refresh_token: other.refresh_token })
  assert.equal((await again(second)).status, 200)
  assert.equal((await again(first)).body.error, 'invalid_grant')
  assert.equal((await call(first, other.access_token)).status, 401)
  await until('it ended there, too', async () => (await call(second, other.access_token)).status === 401)

  // Of many who renew with one token on both at once one is served at most, and then the sign-in ends on both: somebody
  // has a copy, and nobody knows who.
  const raced = await signIn(first)
  const races = await Promise.all([first, second, first, second, first, second].map((node) =>
    tokenOf(node, { grant_type: 'refresh_token', refresh_token: raced.refresh_token }),
  ))
  const served = races.filter(({ status }) => status === 200)
  assert.ok(served.length <= 1, JSON.stringify(races.map(({ body }) => body.error ?? 'served')))
  assert.ok(races.every(({ status, body }) => status === 200 || body.error === 'invalid_grant'))
  const all = [raced, ...served.map(({ body }) => body)]
  for (const node of [first, second]) {
    for (const { access_token: token } of all) {
      await until('it ended on both', async () => (await call(node, token)).status === 401)
    }
  }
  for (const { refresh_token: token } of all) {
    assert.equal((await tokenOf(second, { grant_type: 'refresh_token', refresh_token: token })).status, 400)
  }

  // While the database is away, tokens are good for their minutes, and nobody signs in or out.
  await postgres.stop()
  assert.equal((await call(second, renewed.access_token)).status, 200)
  const refused = await post(`${first.url}/oauth/device`, { client_id: 'reeve-cli' })
  assert.deepEqual([refused.status, refused.body.error], [503, 'temporarily_unavailable'])
  assert.equal((await post(`${first.url}/oauth/revoke`, { token: renewed.refresh_token })).status, 503)
  await postgres.start()
  const signOut = () => post(`${first.url}/oauth/revoke`, { token: renewed.refresh_token })
  await until('it signs out', async () => (await signOut()).status === 200)
  await until('out on both', async () => (await call(second, renewed.access_token)).status === 401)
  assert.equal((await call(first, renewed.access_token)).status, 401)
})
