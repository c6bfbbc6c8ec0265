// What must not work. Each attack gets a clear error, in the words of SCIM, and leaves nothing behind; the server is
// well afterwards.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Reeve } from '../upstream/reeve_process.mjs'
import { kAllowEverything, UpstreamProcess } from '../upstream/upstream_process.mjs'
import { bulk, operation, scimAttacks } from './attack_table.mjs'
import { assertError, group, patch, scimClient, user } from './scim_client.mjs'

let upstream, reeve, scim
const house = {}

before(async () => {
  upstream = await new UpstreamProcess().start()
  reeve = new Reeve({
    config: `${upstream.reeveConfig()}identity:\n  directory: optional\n`,
    governance: { 'rules.yaml': kAllowEverything },
  })
  await reeve.start()
  scim = scimClient(reeve, (await reeve.createKey('idp', '--type', 'service', '--scope', 'scim:*')).secret)
  house.ada = (await scim('POST', '/Users', user('ada@example.com'))).body
  house.bob = (await scim('POST', '/Users', user('bob@example.com'))).body
  house.team = (await scim('POST', '/Groups', group('team', [house.ada.id]))).body
  house.outer = (await scim('POST', '/Groups', group('outer', [house.team.id]))).body
})
after(() => {
  reeve?.end()
  upstream?.stop()
})

for (const [name, attack] of Object.entries(scimAttacks(house))) {
  test(`refused: ${name}`, async () => {
    const [request, status, type] = attack()
    assertError(await scim(...request), status, type)
  })
}

test('operations of a bulk are held to the same', async () => {
  const answer = await scim(
    'POST',
    '/Bulk',
    bulk(
      operation('POST', '/Bulk', bulk(), 'a'),
      operation('POST', '/Users', user('аda@example.com'), 'b'),
      operation('POST', `/Users/${house.ada.id}`, user('x'), 'c'),
      operation('DELETE', '/Users'),
      operation('GET', `/Users/${house.ada.id}`),
      operation('POST', '/Users', user('nobulk')),
      operation('POST', '/Groups', group('one', ['bulkId:e']), 'd'),
      operation('POST', '/Groups', group('two', ['bulkId:d']), 'e'),
      operation('DELETE', `/Groups/${house.ada.id}`),
    ),
  )
  assert.equal(answer.status, 200)
  for (const { status, response } of answer.body.Operations) {
    assert.ok(Number(status) >= 400, JSON.stringify(response))
    assert.ok(response.detail)
  }
})

test('no other credential opens it', async () => {
  const keys = {
    none: null,
    unknown: 'rv_' + 'x'.repeat(43),
    'without scopes': (await reeve.createKey('dev@example.com')).secret,
    'of the control API': (await reeve.createKey('dev@example.com', '--scope', 'control:*')).secret,
    'of models': (await reeve.createKey('dev@example.com', '--scope', 'models:*')).secret,
  }
  for (const [name, secret] of Object.entries(keys)) {
    const foreign = scimClient(reeve, secret)
    for (const [method, path, body] of [
      ['GET', '/Users'],
      ['POST', '/Users', user('mallory@example.com')],
      ['GET', '/ServiceProviderConfig'],
      ['GET', '/nothing'],
    ]) {
      assertError(await foreign(method, path, body), secret === null || name === 'unknown' ? 401 : 403)
    }
  }
  const reader = scimClient(reeve, (await reeve.createKey('idp', '--type', 'service', '--scope', 'scim:read')).secret)
  assert.equal((await reader('GET', '/Users')).status, 200)
  assert.equal((await reader('POST', '/Users/.search', {})).status, 200)
  assertError(await reader('POST', '/Users', user('mallory@example.com')), 403)
  const off = patch({ op: 'replace', path: 'active', value: false })
  assertError(await reader('PATCH', `/Users/${house.ada.id}`, off), 403)
  assertError(await reader('DELETE', `/Users/${house.ada.id}`), 403)
  assertError(await reader('POST', '/Bulk', bulk()), 403)
})

test('a key of SCIM opens nothing else', async () => {
  const { secret } = await reeve.createKey('idp2', '--type', 'service', '--scope', 'scim:*')
  const response = await fetch(`http://127.0.0.1:${reeve.port}/api/v1/budgets`, {
    headers: { authorization: `Bearer ${secret}` },
  })
  assert.equal(response.status, 403)
})

test('nothing of all this is left, and the server is well', async () => {
  const { body } = await scim('GET', '/Users?sortBy=userName')
  assert.deepEqual(body.Resources.map(({ userName }) => userName), ['ada@example.com', 'bob@example.com'])
  const groups = await scim('GET', '/Groups')
  assert.deepEqual(groups.body.Resources.map(({ displayName }) => displayName), ['team', 'outer'])
  assert.deepEqual(groups.body.Resources[0].members.map(({ value }) => value), [house.ada.id])
  assert.equal((await fetch(`http://127.0.0.1:${reeve.port}/readyz`)).status, 200)
  assert.doesNotMatch(reeve.log(), /rv_[A-Za-z0-9_-]{20}/)
})
