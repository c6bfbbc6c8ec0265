// Whoever runs Reeve sees who is signed in and ends others' sign-ins, by command and by API: at once, and on record.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { call, entriesOf, signIn, startBoth, tokenOf } from './signing_in.mjs'

let both, reeve

before(async () => {
  both = await startBoth()
  reeve = both.reeve
})
after(() => both?.end())

const run = async (...words) => JSON.parse(await reeve.command('sign-in', ...words, '--json'))
const ended = async (id) => {
  const entries = await entriesOf(reeve, 'identity.sign_in_ended')
  return entries.map(({ detail }) => detail).find((detail) => detail.sign_in === id)
}
const eventually = async (what, holds) => {
  for (let i = 0; i < 200; i++) {
    const found = await holds()
    if (found) return found
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return assert.fail(what)
}

test('one sign-in is ended by its id, the others go on', async () => {
  const [one, two] = [await signIn(reeve), await signIn(reeve)]
  const list = await run('list', '--person', 'DEV@example.com')
  assert.deepEqual(list.map(({ id }) => id), [two.sign_in, one.sign_in])
  assert.deepEqual([list[0].person, list[0].client, list[0].state], ['dev@example.com', 'reeve-cli', 'open'])
  assert.deepEqual(await run('list', '--person', 'nobody@example.com'), [])
  const done = await run('end', one.sign_in, '--reason', 'lost laptop', '--by', 'ada')
  assert.deepEqual(done.ended, [one.sign_in])
  await eventually('its token is refused', async () => (await call(reeve, one.access_token)).status === 401)
  assert.equal((await call(reeve, two.access_token)).status, 200)
  const renew = { grant_type: 'refresh_token', refresh_token: one.refresh_token }
  assert.equal((await tokenOf(reeve, renew)).body.error, 'invalid_grant')
  const entry = await eventually('it is recorded', () => ended(one.sign_in))
  assert.deepEqual([entry.by, entry.person, entry.reason], ['ada', 'dev@example.com', 'lost laptop'])
  await assert.rejects(run('end', one.sign_in, '--reason', 'again'), { code: 1 })
  await assert.rejects(run('end', one.sign_in), { code: 2 })
  await assert.rejects(run('end', '--reason', 'whose?'), { code: 2 })
})

test('all of a person are ended, in whatever case of letters, by whoever may', async () => {
  const tokens = await signIn(reeve, 'contractor@example.com')
  const ask = async (scope, method, where, body) => {
    const { secret } = await reeve.createKey('robot', '--type', 'service', '--scope', scope)
    const response = await fetch(`${reeve.url}/api/v1/sign-ins${where}`, {
      method,
      headers: { authorization: `Bearer ${secret}` },
      body: body && JSON.stringify(body),
    })
    return { status: response.status, body: await response.json() }
  }
  const listed = await ask('control:read', 'GET', '?person=Contractor@example.com')
  assert.deepEqual(listed.body.sign_ins.map(({ id }) => id), [tokens.sign_in])
  const end = { person: 'Contractor@Example.com', reason: 'contract is over' }
  assert.equal((await ask('control:read', 'POST', '/end', end)).status, 403)
  assert.equal((await ask('control:write', 'DELETE', `/${tokens.sign_in}`, { reason: 'x' })).status, 403)
  assert.equal((await ask('control:kill', 'POST', '/end', { person: end.person })).status, 400)
  assert.equal((await ask('control:kill', 'DELETE', '/sgn_none', { reason: 'x' })).status, 404)
  const done = await ask('control:kill', 'POST', '/end', end)
  assert.deepEqual([done.status, done.body.ended], [200, [tokens.sign_in]])
  assert.equal((await call(reeve, tokens.access_token)).status, 401)
  const entry = await eventually('it is recorded', () => ended(tokens.sign_in))
  assert.deepEqual([entry.by, entry.reason], ['robot', 'contract is over'])
  const all = await ask('control:read', 'GET', '?person=contractor@example.com&state=all')
  assert.equal(all.body.sign_ins[0].state, 'ended')
})
