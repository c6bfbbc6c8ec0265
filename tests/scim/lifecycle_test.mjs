// A person's way: provisioned, works, is deactivated, is refused with the next request on every node; what the ledger
// tells of it.

import assert from 'node:assert/strict'
import test from 'node:test'
import { call, kPrices } from '../budgets/calls.mjs'
import { PostgresServer } from '../postgres/postgres_server.mjs'
import { Reeve } from '../upstream/reeve_process.mjs'
import { kAllowEverything, UpstreamProcess } from '../upstream/upstream_process.mjs'
import { assertError, group, kEnterprise, patch, scimClient, until, user } from './scim_client.mjs'

const kDeactivate = patch({ op: 'replace', path: 'active', value: false })
const kActivate = patch({ op: 'replace', path: 'active', value: true })

// Rules that look at a group of the directory.
const kNoInterns = `kind: Policy
name: no-interns
owner: security
on: model.call
match: {groups: [interns]}
effect: deny
message: Interns may not call models.
tests:
  - {given: {principal: {groups: [interns]}}, expect: deny}
`

async function startNode(t, upstream, identity, more = '') {
  const reeve = new Reeve({
    config: `${upstream.reeveConfig()}identity:\n  directory: ${identity}\n${more}`,
    governance: { 'rules.yaml': kAllowEverything, 'prices.yaml': kPrices, 'interns.yaml': kNoInterns },
  })
  t.after(() => reeve.end())
  await reeve.start()
  const { secret } = await reeve.createKey('idp', '--type', 'service', '--scope', 'scim:*')
  const status = async (key) => (await call(reeve, key)).status
  return { reeve, scim: scimClient(reeve, secret), status }
}

async function startUpstream(t) {
  const upstream = await new UpstreamProcess().start()
  t.after(() => upstream.stop())
  return upstream
}

const kinds = async (reeve) => {
  const all = (await reeve.entries()).map(({ kind }) => kind)
  return all.filter((kind) => kind.startsWith('identity.'))
}

test('a required directory: who is not in it, or not active, is refused with the next request', async (t) => {
  const { reeve, scim, status } = await startNode(t, await startUpstream(t), 'required')
  const ada = (await reeve.createKey('Ada@example.com', '--group', 'interns')).secret
  assert.equal(await status(ada), 401, 'not in the directory yet')

  const made = await scim('POST', '/Users', user('ada@example.com', { [kEnterprise]: { department: 'engines' } }))
  assert.equal(made.status, 201, JSON.stringify(made.body))
  assert.equal(made.headers.get('location'), made.body.meta.location)
  assert.equal(await status(ada), 200, 'the groups of the key do not count here')

  const interns = await scim('POST', '/Groups', group('interns', [made.body.id]))
  assert.equal(interns.status, 201, JSON.stringify(interns.body))
  assert.equal(await status(ada), 400, 'a rule sees the group')
  const outer = await scim('POST', '/Groups', group('everybody', [interns.body.id]))
  assert.equal(outer.status, 201)
  const without = patch({ op: 'remove', path: `members[value eq "${made.body.id}"]` })
  assert.equal((await scim('PATCH', `/Groups/${interns.body.id}`, without)).status, 200)
  assert.equal(await status(ada), 200)

  assert.equal((await scim('PATCH', `/Users/${made.body.id}`, kDeactivate)).status, 200)
  assert.equal(await status(ada), 401)
  const gone = await call(reeve, ada)
  assert.match(gone.text, /deactivated/)

  // What was issued before stays void; a new credential of the same person is good.
  assert.equal((await scim('PATCH', `/Users/${made.body.id}`, kActivate)).status, 200)
  assert.equal(await status(ada), 401)
  const fresh = (await reeve.createKey('ada@example.com')).secret
  assert.equal(await status(fresh), 200)
  assert.equal((await scim('DELETE', `/Users/${made.body.id}`)).status, 204)
  assert.equal(await status(fresh), 401)
  // Neither does a namesake inherit it.
  assert.equal((await scim('POST', '/Users', user('ADA@example.com'))).status, 201)
  assert.equal(await status(fresh), 401)

  await until('the ledger tells it', async () => (await kinds(reeve)).includes('identity.removed'))
  const told = (await kinds(reeve)).filter((kind) => !kind.endsWith('key_created'))
  for (const kind of ['provisioned', 'group_provisioned', 'group_changed', 'deactivated', 'reactivated', 'removed']) {
    assert.ok(told.includes(`identity.${kind}`), `${kind} in ${told}`)
  }
  const entry = (await reeve.entries()).find(({ kind }) => kind === 'identity.deactivated')
  assert.match(JSON.stringify(entry), /ada@example\.com/)
  assert.doesNotMatch(JSON.stringify(entry), /rv_/)
})

test('an optional directory: strangers pass, who is in it must be active', async (t) => {
  const { reeve, scim, status } = await startNode(t, await startUpstream(t), 'optional')
  const stranger = (await reeve.createKey('stranger@example.com')).secret
  const intern = (await reeve.createKey('intern@example.com', '--group', 'interns')).secret
  const alias = (await reeve.createKey('b.alias@example.com')).secret
  assert.equal(await status(stranger), 200)
  assert.equal(await status(intern), 400, 'groups of the credential count besides')
  const bob = await scim('POST', '/Users', user('bob@example.com', { emails: [{ value: 'B.Alias@example.com' }] }))
  assert.equal(await status(alias), 200)
  assert.equal((await scim('PATCH', `/Users/${bob.body.id}`, kDeactivate)).status, 200)
  assert.equal(await status(alias), 401, 'an address of theirs is theirs')
  assert.equal(await status(stranger), 200)
})

test('what was provisioned is there after a restart, and a command sees it', async (t) => {
  const { reeve, scim, status } = await startNode(t, await startUpstream(t), 'required')
  const { secret } = await reeve.createKey('ada@example.com')
  const made = await scim('POST', '/Users', user('ada@example.com'))
  assert.equal(await status(secret), 200)
  assert.equal(await reeve.stop(), 0)
  await reeve.start()
  assert.equal(await status(secret), 200)
  const reader = (await reeve.createKey('idp', '--type', 'service', '--scope', 'scim:read')).secret
  const again = await scimClient(reeve, reader)('GET', `/Users/${made.body.id}`)
  assert.deepEqual([again.status, again.body.meta.version], [200, made.body.meta.version])
})

test('three nodes that share a database: cut off on one, refused on all within a second', async (t) => {
  const postgres = await new PostgresServer().start()
  t.after(() => postgres.remove())
  const upstream = await startUpstream(t)
  const nodes = []
  for (const name of ['node-1', 'node-2', 'node-3']) {
    const shared = `ledger:\n  node: ${name}\nstorage:\n  postgres:\n    url: "${postgres.url()}"\n`
    const node = await startNode(t, upstream, 'required', shared)
    nodes.push({ ...node, ada: (await node.reeve.createKey('ada@example.com')).secret })
  }
  const [first, second, third] = nodes
  const made = await first.scim('POST', '/Users', user('ada@example.com'))
  assert.equal(made.status, 201, JSON.stringify(made.body))
  for (const node of nodes) await until('provisioned everywhere', async () => (await node.status(node.ada)) === 200)
  const same = await third.scim('GET', `/Users?filter=${encodeURIComponent('userName eq "ADA@example.com"')}`)
  assert.equal(same.body.totalResults, 1)
  assertError(await second.scim('POST', '/Users', user('Ada@Example.com')), 409, 'uniqueness')

  const waits = []
  for (let round = 0; round < 3; round++) {
    const begun = Date.now()
    assert.equal((await second.scim('PATCH', `/Users/${made.body.id}`, kDeactivate)).status, 200)
    for (const node of nodes) await until('refused everywhere', async () => (await node.status(node.ada)) === 401)
    waits.push(Date.now() - begun)
    assert.equal((await third.scim('PATCH', `/Users/${made.body.id}`, kActivate)).status, 200)
    for (const node of nodes) {
      node.ada = (await node.reeve.createKey('ada@example.com')).secret
      await until('back everywhere', async () => (await node.status(node.ada)) === 200)
    }
  }
  t.diagnostic(`milliseconds until refused on all three nodes: ${waits.join(', ')}`)

  await until('one ledger tells it', async () => (await kinds(second.reeve)).includes('identity.deactivated'))
  assert.ok(!(await kinds(first.reeve)).includes('identity.deactivated'))
})
