// What must not work. Each attack gets a clear error, in the words of SCIM, and leaves nothing behind; the server is
// well afterwards.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Reeve } from '../upstream/reeve_process.mjs'
import { kAllowEverything, UpstreamProcess } from '../upstream/upstream_process.mjs'
import { assertError, group, kBulk, kGroup, kUser, patch, scimClient, user } from './scim_client.mjs'

let upstream, reeve, scim, ada, bob, team, outer

before(async () => {
  upstream = await new UpstreamProcess().start()
  reeve = new Reeve({
    config: `${upstream.reeveConfig()}identity:\n  directory: optional\n`,
    governance: { 'rules.yaml': kAllowEverything },
  })
  await reeve.start()
  scim = scimClient(reeve, (await reeve.createKey('idp', '--type', 'service', '--scope', 'scim:*')).secret)
  ada = (await scim('POST', '/Users', user('ada@example.com'))).body
  bob = (await scim('POST', '/Users', user('bob@example.com'))).body
  team = (await scim('POST', '/Groups', group('team', [ada.id]))).body
  outer = (await scim('POST', '/Groups', group('outer', [team.id]))).body
})
after(() => {
  reeve?.end()
  upstream?.stop()
})

const filtered = (filter) => ['GET', `/Users?filter=${encodeURIComponent(filter)}`]
const many = (count, text) => Array(count).fill(text)
const operation = (method, path, data, bulkId) => ({ method, path, data, ...(bulkId ? { bulkId } : {}) })
const bulk = (...Operations) => ({ schemas: [kBulk], Operations })

// name: [method, path, body, headers], status, scimType
const kAttacks = {
  // Filters as bombs.
  'deep parentheses': () => [filtered('('.repeat(1500) + 'title pr' + ')'.repeat(1500)), 400, 'invalidFilter'],
  'deep nots': () => [filtered('not ('.repeat(700) + 'title pr' + ')'.repeat(700)), 400, 'invalidFilter'],
  'parentheses that never close': () => [filtered('('.repeat(4000)), 400, 'invalidFilter'],
  'too many terms': () => [filtered(many(120, 'title pr').join(' or ')), 400, 'invalidFilter'],
  'a long filter': () => [filtered(`title eq "${'x'.repeat(5000)}"`), 400, 'invalidFilter'],
  'an unfinished text': () => [filtered('title eq "x'), 400, 'invalidFilter'],
  'a bad escape': () => [filtered('title eq "\\q"'), 400, 'invalidFilter'],
  'half a surrogate': () => [filtered('title eq "\\ud800"'), 400, 'invalidFilter'],
  'an object as a value': () => [filtered('title eq {"a":1}'), 400, 'invalidFilter'],
  'brackets in brackets': () => [filtered('emails[emails[type eq "x"]]'), 400, 'invalidFilter'],
  'SQL in a filter': () => [filtered(`userName eq 'x' OR 1=1 --`), 400, 'invalidFilter'],
  'an unknown attribute': () => [filtered('password sw "a"'), 400, 'invalidFilter'],
  'another schema': () => [filtered('urn:x:y:userName eq "a"'), 400, 'invalidFilter'],
  'a filter that is no UTF-8': () => [['GET', '/Users?filter=%ff%fe'], 400, 'invalidValue'],
  'a parameter twice': () => [['GET', '/Users?count=1&count=2'], 400, 'invalidValue'],
  'a count that is none': () => [['GET', '/Users?count=many'], 400, 'invalidValue'],
  'an unknown order': () => [['GET', '/Users?sortBy=userName&sortOrder=random'], 400, 'invalidValue'],
  'an order by nothing': () => [['GET', '/Users?sortBy=emails%5B'], 400, 'invalidPath'],
  // Bodies.
  'a huge body': () => [['POST', '/Users', ' '.repeat(5 << 20)], 413],
  'a deep body': () => [['POST', '/Users', '{"a":'.repeat(3000) + '1' + '}'.repeat(3000)], 400, 'invalidSyntax'],
  'no JSON': () => [['POST', '/Users', '{"userName":'], 400, 'invalidSyntax'],
  'no object': () => [['POST', '/Users', '["userName"]'], 400, 'invalidSyntax'],
  'no body': () => [['POST', '/Users'], 400, 'invalidSyntax'],
  'a name twice': () => [
    ['POST', '/Users', `{"schemas":["${kUser}"],"userName":"x","userName":"y"}`],
    400,
    'invalidSyntax',
  ],
  'a name twice, in another case': () => [
    ['POST', '/Users', `{"schemas":["${kUser}"],"userName":"x","USERNAME":"y"}`],
    400,
    'invalidSyntax',
  ],
  'no schemas': () => [['POST', '/Users', { userName: 'x' }], 400, 'invalidSyntax'],
  'the schema of groups': () => [['POST', '/Users', { schemas: [kGroup], userName: 'x' }], 400, 'invalidSyntax'],
  'too many addresses': () => [
    ['POST', '/Users', user('x', { emails: many(200, { value: 'a@b.c' }) })],
    400,
    'invalidValue',
  ],
  'a long text': () => [['POST', '/Users', user('x', { title: 'x'.repeat(2000) })], 400, 'invalidValue'],
  'a control character': () => [['POST', '/Users', user('x', { title: 'a\u0000b' })], 400, 'invalidValue'],
  'an object for a text': () => [['POST', '/Users', user('x', { title: {} })], 400, 'invalidValue'],
  'active perhaps': () => [['POST', '/Users', user('x', { active: 'perhaps' })], 400, 'invalidValue'],
  'two that are primary': () => [
    ['POST', '/Users', user('x', { emails: many(2, { value: 'a', primary: true }) })],
    400,
    'invalidValue',
  ],
  // Names that look like others.
  'the same name in another case': () => [['POST', '/Users', user('ADA@EXAMPLE.COM')], 409, 'uniqueness'],
  'the same name, put': () => [['PUT', `/Users/${bob.id}`, user('Ada@example.com')], 409, 'uniqueness'],
  'a Cyrillic letter': () => [['POST', '/Users', user('аda@example.com')], 400, 'invalidValue'],
  'a Greek letter': () => [['POST', '/Users', user('αda@example.com')], 400, 'invalidValue'],
  'full width': () => [['POST', '/Users', user('ａda@example.com')], 400, 'invalidValue'],
  'mathematical letters': () => [['POST', '/Users', user('𝐚da@example.com')], 400, 'invalidValue'],
  'a space of no width': () => [['POST', '/Users', user('ada\u200b@example.com')], 400, 'invalidValue'],
  'text turned round': () => [['POST', '/Users', user('\u202emoc.elpmaxe@ada')], 400, 'invalidValue'],
  'a soft hyphen': () => [['POST', '/Users', user('ad\u00ada@example.com')], 400, 'invalidValue'],
  'a combining mark': () => [['POST', '/Users', user('a\u0301da@example.com')], 400, 'invalidValue'],
  'a tag character': () => [['POST', '/Users', user('ada\u{e0041}@example.com')], 400, 'invalidValue'],
  'a blank in front': () => [['POST', '/Users', user(' ada@example.com')], 400, 'invalidValue'],
  'a line break': () => [['POST', '/Users', user('ada\n@example.com')], 400, 'invalidValue'],
  'an empty name': () => [['POST', '/Users', user('')], 400, 'invalidValue'],
  'a look-alike address': () => [
    ['POST', '/Users', user('carol', { emails: [{ value: 'аda@example.com' }] })],
    400,
    'invalidValue',
  ],
  'a group in another case': () => [['POST', '/Groups', group('TEAM')], 409, 'uniqueness'],
  'a group with a Kelvin sign': () => [['POST', '/Groups', group('\u212aeys')], 400, 'invalidValue'],
  'a look-alike group': () => [['POST', '/Groups', group('teаm')], 400, 'invalidValue'],
  // Groups.
  'a group in itself': () => [
    ['PATCH', `/Groups/${team.id}`, patch({ op: 'add', path: 'members', value: [{ value: team.id }] })],
    400,
    'invalidValue',
  ],
  'a ring of two': () => [
    ['PATCH', `/Groups/${team.id}`, patch({ op: 'add', path: 'members', value: [{ value: outer.id }] })],
    400,
    'invalidValue',
  ],
  'a ring, put': () => [['PUT', `/Groups/${team.id}`, group('team', [outer.id])], 400, 'invalidValue'],
  'a member that is none': () => [['POST', '/Groups', group('x', ['usr_0000'])], 400, 'invalidValue'],
  'too many members': () => [['POST', '/Groups', group('x', many(100_001, 'u'))], 400, 'invalidValue'],
  "a member's id, changed": () => [
    [
      'PATCH',
      `/Groups/${team.id}`,
      patch({ op: 'replace', path: `members[value eq "${ada.id}"].value`, value: bob.id }),
    ],
    400,
    'mutability',
  ],
  // Ids.
  "a group's id as a user's": () => [['GET', `/Users/${team.id}`], 404],
  "a user's id as a group's": () => [['DELETE', `/Groups/${ada.id}`], 404],
  'a path in an id': () => [['GET', '/Users/..%2FGroups%2Fx'], 404],
  'a NUL in an id': () => [['GET', `/Users/${encodeURIComponent('usr\u0000')}`], 404],
  'another id in the body': () => [
    ['PUT', `/Users/${bob.id}`, user('bob@example.com', { id: ada.id })],
    400,
    'mutability',
  ],
  'an id, patched': () => [
    ['PATCH', `/Users/${bob.id}`, patch({ op: 'replace', path: 'id', value: ada.id })],
    400,
    'mutability',
  ],
  'groups of a user, patched': () => [
    ['PATCH', `/Users/${bob.id}`, patch({ op: 'add', path: 'groups', value: [{ value: team.id }] })],
    400,
    'mutability',
  ],
  'a name removed': () => [['PATCH', `/Users/${bob.id}`, patch({ op: 'remove', path: 'userName' })], 400, 'mutability'],
  'everything removed': () => [['PATCH', `/Users/${bob.id}`, patch({ op: 'remove' })], 400, 'noTarget'],
  'a bomb as a path': () => [
    ['PATCH', `/Users/${bob.id}`, patch({ op: 'remove', path: `emails[${'('.repeat(3000)}type pr` })],
    400,
    'invalidPath',
  ],
  'too many operations': () => [
    ['PATCH', `/Users/${bob.id}`, patch(...many(1001, { op: 'add', path: 'title', value: 'x' }))],
    400,
    'tooMany',
  ],
  'a prototype as a path': () => [
    ['PATCH', `/Users/${bob.id}`, patch({ op: 'add', path: '__proto__.admin', value: true })],
    400,
    'invalidPath',
  ],
  'another message': () => [['PATCH', `/Users/${bob.id}`, { schemas: [kBulk], Operations: [] }], 400, 'invalidSyntax'],
  'a stale tag': () => [['PUT', `/Users/${bob.id}`, user('bob@example.com'), { 'if-match': 'W/"99"' }], 412],
  'a stale tag, deleted': () => [['DELETE', `/Users/${bob.id}`, undefined, { 'if-match': 'W/"99"' }], 412],
  // Bulk.
  'a bulk of too many': () => [
    ['POST', '/Bulk', bulk(...many(1001, operation('DELETE', '/Users/x')))],
    413,
    'tooMany',
  ],
  'a bulk that is too large': () => [['POST', '/Bulk', JSON.stringify(bulk()) + ' '.repeat(1 << 20)], 413],
  'a bulkId twice': () => [
    ['POST', '/Bulk', bulk(operation('POST', '/Users', {}, 'a'), operation('POST', '/Users', {}, 'a'))],
    400,
    'invalidSyntax',
  ],
  'a bulk, read': () => [['GET', '/Bulk'], 405],
  // Methods and places.
  'a collection deleted': () => [['DELETE', '/Users'], 405],
  'a search read': () => [['GET', '/Users/.search'], 405],
  'the configuration written': () => [['PUT', '/ServiceProviderConfig', {}], 405],
  'nobody at all': () => [['GET', '/Me'], 501],
  'nothing there': () => [['GET', '/Roles'], 404],
}

for (const [name, attack] of Object.entries(kAttacks)) {
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
      operation('POST', `/Users/${ada.id}`, user('x'), 'c'),
      operation('DELETE', '/Users'),
      operation('GET', `/Users/${ada.id}`),
      operation('POST', '/Users', user('nobulk')),
      operation('POST', '/Groups', group('one', ['bulkId:e']), 'd'),
      operation('POST', '/Groups', group('two', ['bulkId:d']), 'e'),
      operation('DELETE', `/Groups/${ada.id}`),
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
  assertError(await reader('PATCH', `/Users/${ada.id}`, patch({ op: 'replace', path: 'active', value: false })), 403)
  assertError(await reader('DELETE', `/Users/${ada.id}`), 403)
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
  assert.deepEqual(groups.body.Resources[0].members.map(({ value }) => value), [ada.id])
  assert.equal((await fetch(`http://127.0.0.1:${reeve.port}/readyz`)).status, 200)
  assert.doesNotMatch(reeve.log(), /rv_[A-Za-z0-9_-]{20}/)
})
