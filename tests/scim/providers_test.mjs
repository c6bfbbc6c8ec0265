// What identity providers send: requests in the shapes that Entra ID and Okta document for their provisioning, and the
// rest of the protocol that a client may count on.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Reeve } from '../upstream/reeve_process.mjs'
import { kAllowEverything, UpstreamProcess } from '../upstream/upstream_process.mjs'
import {
  assertError,
  group,
  kBulk,
  kEnterprise,
  kGroup,
  kPatch,
  kUser,
  patch,
  scimClient,
  user,
} from './scim_client.mjs'

let upstream, reeve, scim

before(async () => {
  upstream = await new UpstreamProcess().start()
  reeve = new Reeve({
    config: `${upstream.reeveConfig()}identity:\n  directory: optional\n`,
    governance: { 'rules.yaml': kAllowEverything },
  })
  await reeve.start()
  scim = scimClient(reeve, (await reeve.createKey('idp', '--type', 'service', '--scope', 'scim:*')).secret)
})
after(() => {
  reeve?.end()
  upstream?.stop()
})

const find = (what, filter) => scim('GET', `/${what}?filter=${encodeURIComponent(filter)}`)

test('Entra ID: tests the connection, creates, updates, disables and removes', async () => {
  const probe = await find('Users', 'userName eq "1f7d2a36-9a0b-4f0e-8f2a-6d5b1e1d2c3b"')
  assert.deepEqual([probe.status, probe.body.totalResults, probe.body.Resources], [200, 0, []])

  const made = await scim('POST', '/Users', {
    schemas: [kUser, kEnterprise],
    externalId: 'jyoung',
    userName: 'Test_User_11bb11bb@example.com',
    active: true,
    displayName: 'Test User',
    emails: [{ primary: true, type: 'work', value: 'test.user@example.com' }],
    meta: { resourceType: 'User' },
    name: { formatted: 'Given Family', familyName: 'Family', givenName: 'Given' },
    roles: [],
    [kEnterprise]: { department: 'payments' },
  })
  assert.equal(made.status, 201, JSON.stringify(made.body))
  const { id } = made.body
  assert.equal((await find('Users', 'externalId eq "jyoung"')).body.Resources[0].id, id)
  assert.equal((await find('Users', 'userName eq "test_user_11BB11BB@example.com"')).body.Resources[0].id, id)

  const updated = await scim('PATCH', `/Users/${id}`, {
    schemas: [kPatch],
    Operations: [
      { op: 'Replace', path: 'emails[type eq "work"].value', value: 'updated@example.com' },
      { op: 'Replace', path: 'name.familyName', value: 'Updated' },
      { op: 'Add', path: 'phoneNumbers[type eq "mobile"].value', value: '+1 555 0100' },
      { op: 'Replace', path: `${kEnterprise}:department`, value: 'engines' },
      { op: 'Add', path: `${kEnterprise}:manager`, value: 'usr_boss' },
      { op: 'Add', path: `${kEnterprise}:employeeNumber`, value: '7' },
    ],
  })
  assert.equal(updated.status, 200, JSON.stringify(updated.body))
  const { body } = updated
  assert.equal(body.emails[0].value, 'updated@example.com')
  assert.equal(body.emails[0].primary, true)
  assert.equal(body.name.familyName, 'Updated')
  assert.deepEqual(body.phoneNumbers, [{ type: 'mobile', value: '+1 555 0100' }])
  assert.deepEqual(body[kEnterprise], { department: 'engines', manager: { value: 'usr_boss' }, employeeNumber: '7' })

  // A replace without a path, with dotted names.
  const flat = await scim('PATCH', `/Users/${id}`, {
    schemas: [kPatch],
    Operations: [
      { op: 'replace', value: { displayName: 'Flat', 'name.givenName': 'Flat', [`${kEnterprise}:division`]: 'north' } },
    ],
  })
  assert.deepEqual(
    [flat.body.displayName, flat.body.name.givenName, flat.body[kEnterprise].division],
    ['Flat', 'Flat', 'north'],
  )
  // Disabled with a flag that is a text.
  const disabled = await scim('PATCH', `/Users/${id}`, patch({ op: 'Replace', path: 'active', value: 'False' }))
  assert.equal(disabled.body.active, false)
  assert.equal((await find('Users', 'active eq "False"')).body.totalResults, 1)

  // Groups: made empty, filled, asked without members, emptied.
  const team = await scim('POST', '/Groups', {
    schemas: [kGroup, 'http://schemas.example.com/2006/11/ResourceManagement/ADSCIM/2.0/Group'],
    externalId: '8aa1a0c0',
    displayName: 'Entra team',
    meta: { resourceType: 'Group' },
  })
  assert.equal(team.status, 201, JSON.stringify(team.body))
  const add = patch({ op: 'Add', path: 'members', value: [{ value: id }] })
  const filled = await scim('PATCH', `/Groups/${team.body.id}`, add)
  assert.deepEqual(filled.body.members.map(({ value }) => value), [id])
  assert.equal((await scim('PATCH', `/Groups/${team.body.id}`, add)).etag, filled.etag, 'a second time changes nothing')
  const bare = await scim('GET', `/Groups/${team.body.id}?excludedAttributes=members`)
  assert.equal(bare.body.members, undefined)
  const member = encodeURIComponent(`id eq "${team.body.id}" and members eq "${id}"`)
  const isMember = await scim('GET', `/Groups?excludedAttributes=members&filter=${member}`)
  assert.equal(isMember.body.totalResults, 1)
  const rename = patch({ op: 'Replace', path: 'displayName', value: 'Renamed' })
  const renamed = await scim('PATCH', `/Groups/${team.body.id}`, rename)
  assert.equal(renamed.body.displayName, 'Renamed')
  const remove = patch({ op: 'Remove', path: 'members', value: [{ value: id }] })
  assert.equal((await scim('PATCH', `/Groups/${team.body.id}`, remove)).body.members, undefined)
  assert.equal((await scim('DELETE', `/Groups/${team.body.id}`)).status, 204)
  assert.equal((await scim('DELETE', `/Users/${id}`)).status, 204)
})

test('Okta: creates, puts, deactivates, pushes groups', async () => {
  const filter = encodeURIComponent('userName eq "o@example.com"')
  const probe = await scim('GET', `/Users?startIndex=1&count=2&filter=${filter}`)
  assert.equal(probe.body.totalResults, 0)
  const made = await scim('POST', '/Users', {
    schemas: [kUser],
    userName: 'o@example.com',
    name: { givenName: 'Test', familyName: 'Okta' },
    emails: [{ primary: true, value: 'o@example.com', type: 'work' }],
    displayName: 'Test Okta',
    locale: 'en-US',
    externalId: '00ujl29u0le5T6Aj10h7',
    groups: [],
    password: '1mz050nq',
    active: true,
  })
  assert.equal(made.status, 201, JSON.stringify(made.body))
  assert.doesNotMatch(JSON.stringify(made.body), /1mz050nq/)
  const { id } = made.body
  const put = await scim('PUT', `/Users/${id}`, { ...made.body, title: 'Engineer' })
  assert.deepEqual([put.status, put.body.title], [200, 'Engineer'])
  const off = await scim('PATCH', `/Users/${id}`, patch({ op: 'replace', value: { active: false } }))
  assert.equal(off.body.active, false)
  const silent = await scim('PUT', `/Users/${id}`, user('o@example.com', { title: 'Engineer' }))
  assert.equal(silent.body.active, false, 'a request that does not mention it brings nobody back')

  const team = await scim('POST', '/Groups', { schemas: [kGroup], displayName: 'Okta team', members: [] })
  const replace = await scim('PATCH', `/Groups/${team.body.id}`, {
    schemas: [kPatch],
    Operations: [{ op: 'replace', value: { id: team.body.id, displayName: 'Okta renamed' } }],
  })
  assert.equal(replace.body.displayName, 'Okta renamed')
  const changed = await scim('PATCH', `/Groups/${team.body.id}`, {
    schemas: [kPatch],
    Operations: [
      { op: 'remove', path: `members[value eq "usr_gone"]` },
      { op: 'add', path: 'members', value: [{ value: id, display: 'o@example.com' }] },
    ],
  })
  assert.equal(changed.status, 200, JSON.stringify(changed.body))
  assert.equal(changed.body.members[0].display, 'o@example.com')
  assert.equal(changed.body.members[0].type, 'User')
})

test('tags: 304 for what is known, 412 for what was changed', async () => {
  const made = await scim('POST', '/Users', user('tags@example.com'))
  const known = await scim('GET', `/Users/${made.body.id}`, undefined, { 'if-none-match': made.etag })
  assert.deepEqual([known.status, known.body], [304, undefined])
  const titled = user('tags@example.com', { title: 'x' })
  const changed = await scim('PUT', `/Users/${made.body.id}`, titled, { 'if-match': made.etag })
  assert.notEqual(changed.etag, made.etag)
  const fresh = await scim('GET', `/Users/${made.body.id}`, undefined, { 'if-none-match': made.etag })
  assert.deepEqual([fresh.status, fresh.etag], [200, changed.etag])
})

test('of many who change one person by the same tag at once, one does', async () => {
  const made = await scim('POST', '/Users', user('race@example.com'))
  const titles = Array.from({ length: 12 }, (_, i) => `title ${i}`)
  const answers = await Promise.all(
    titles.map((value) => {
      const change = patch({ op: 'replace', path: 'title', value })
      return scim('PATCH', `/Users/${made.body.id}`, change, { 'if-match': made.etag })
    }),
  )
  const done = answers.filter(({ status }) => status === 200)
  assert.equal(done.length, 1, answers.map(({ status }) => status).join(' '))
  for (const answer of answers) if (answer !== done[0]) assertError(answer, 412)
  const now = await scim('GET', `/Users/${made.body.id}`)
  assert.deepEqual([now.etag, now.body.title], [done[0].etag, done[0].body.title])
})

test('many change one group at the same time, and every change is kept', async () => {
  const people = await Promise.all(
    Array.from({ length: 20 }, async (_, i) => (await scim('POST', '/Users', user(`many-${i}@example.com`))).body.id),
  )
  const team = (await scim('POST', '/Groups', group('many'))).body
  const answers = await Promise.all(
    people.map((value) => {
      const add = patch({ op: 'add', path: 'members', value: [{ value }] })
      return scim('PATCH', `/Groups/${team.id}`, add)
    }),
  )
  for (const { status, body } of answers) assert.equal(status, 200, JSON.stringify(body))
  const members = (await scim('GET', `/Groups/${team.id}`)).body.members.map(({ value }) => value)
  assert.deepEqual(members.toSorted(), people.toSorted())
})

test('bulk, search, and what the service says of itself', async () => {
  const answer = await scim('POST', '/Bulk', {
    schemas: [kBulk],
    failOnErrors: 1,
    Operations: [
      { method: 'POST', path: '/Users', bulkId: 'a', data: user('bulk-a@example.com') },
      { method: 'POST', path: '/Groups', bulkId: 'g', data: group('bulk', ['bulkId:a']) },
      { method: 'POST', path: '/Users', bulkId: 'b', data: user('bulk-a@example.com') },
      { method: 'POST', path: '/Users', bulkId: 'c', data: user('bulk-c@example.com') },
    ],
  })
  assert.deepEqual(answer.body.Operations.map(({ status }) => status), ['201', '201', '409'], 'it stops at an error')
  assert.equal((await find('Users', 'userName eq "bulk-c@example.com"')).body.totalResults, 0)
  const search = await scim('POST', '/.search', { filter: 'displayName eq "bulk"', attributes: ['displayName'] })
  assert.deepEqual(search.body.Resources.map(({ displayName }) => displayName), ['bulk'])
  const config = (await scim('GET', '/ServiceProviderConfig')).body
  for (const feature of ['patch', 'bulk', 'filter', 'sort', 'etag']) {
    assert.equal(config[feature].supported, true, feature)
  }
  const schemas = (await scim('GET', '/Schemas')).body.Resources.map(({ id }) => id)
  assert.deepEqual(schemas, [kUser, kGroup, kEnterprise])
  const types = (await scim('GET', '/ResourceTypes')).body.Resources.map(({ name }) => name)
  assert.deepEqual(types, ['User', 'Group'])
})
