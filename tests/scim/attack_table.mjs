// What an identity provider's key must not achieve: filters and bodies as bombs, names that look like others, rings of
// groups, what only the server writes.

import { group, kBulk, kGroup, kUser, patch, user } from './scim_client.mjs'

const filtered = (filter) => ['GET', `/Users?filter=${encodeURIComponent(filter)}`]
export const many = (count, text) => Array(count).fill(text)
export const operation = (method, path, data, bulkId) => ({ method, path, data, ...(bulkId ? { bulkId } : {}) })
export const bulk = (...Operations) => ({ schemas: [kBulk], Operations })

// Each by its name: [method, path, body, headers], the status, the scimType. `house`: the people ada and bob and the
// groups team (with ada) and outer (with team), which are there by the time an attack is made.
export const scimAttacks = (house) => ({
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
  'the same name, put': () => [['PUT', `/Users/${house.bob.id}`, user('Ada@example.com')], 409, 'uniqueness'],
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
    ['PATCH', `/Groups/${house.team.id}`, patch({ op: 'add', path: 'members', value: [{ value: house.team.id }] })],
    400,
    'invalidValue',
  ],
  'a ring of two': () => [
    ['PATCH', `/Groups/${house.team.id}`, patch({ op: 'add', path: 'members', value: [{ value: house.outer.id }] })],
    400,
    'invalidValue',
  ],
  'a ring, put': () => [['PUT', `/Groups/${house.team.id}`, group('team', [house.outer.id])], 400, 'invalidValue'],
  'a member that is none': () => [['POST', '/Groups', group('x', ['usr_0000'])], 400, 'invalidValue'],
  'too many members': () => [['POST', '/Groups', group('x', many(100_001, 'u'))], 400, 'invalidValue'],
  "a member's id, changed": () => [
    [
      'PATCH',
      `/Groups/${house.team.id}`,
      patch({ op: 'replace', path: `members[value eq "${house.ada.id}"].value`, value: house.bob.id }),
    ],
    400,
    'mutability',
  ],
  // Ids.
  "a group's id as a user's": () => [['GET', `/Users/${house.team.id}`], 404],
  "a user's id as a group's": () => [['DELETE', `/Groups/${house.ada.id}`], 404],
  'a path in an id': () => [['GET', '/Users/..%2FGroups%2Fx'], 404],
  'a NUL in an id': () => [['GET', `/Users/${encodeURIComponent('usr\u0000')}`], 404],
  'another id in the body': () => [
    ['PUT', `/Users/${house.bob.id}`, user('bob@example.com', { id: house.ada.id })],
    400,
    'mutability',
  ],
  'an id, patched': () => [
    ['PATCH', `/Users/${house.bob.id}`, patch({ op: 'replace', path: 'id', value: house.ada.id })],
    400,
    'mutability',
  ],
  'groups of a user, patched': () => [
    ['PATCH', `/Users/${house.bob.id}`, patch({ op: 'add', path: 'groups', value: [{ value: house.team.id }] })],
    400,
    'mutability',
  ],
  'a name removed': () => [
    ['PATCH', `/Users/${house.bob.id}`, patch({ op: 'remove', path: 'userName' })],
    400,
    'mutability',
  ],
  'everything removed': () => [['PATCH', `/Users/${house.bob.id}`, patch({ op: 'remove' })], 400, 'noTarget'],
  'a bomb as a path': () => [
    ['PATCH', `/Users/${house.bob.id}`, patch({ op: 'remove', path: `emails[${'('.repeat(3000)}type pr` })],
    400,
    'invalidPath',
  ],
  'too many operations': () => [
    ['PATCH', `/Users/${house.bob.id}`, patch(...many(1001, { op: 'add', path: 'title', value: 'x' }))],
    400,
    'tooMany',
  ],
  'a prototype as a path': () => [
    ['PATCH', `/Users/${house.bob.id}`, patch({ op: 'add', path: '__proto__.admin', value: true })],
    400,
    'invalidPath',
  ],
  'another message': () => [
    ['PATCH', `/Users/${house.bob.id}`, { schemas: [kBulk], Operations: [] }],
    400,
    'invalidSyntax',
  ],
  'a stale tag': () => [['PUT', `/Users/${house.bob.id}`, user('bob@example.com'), { 'if-match': 'W/"99"' }], 412],
  'a stale tag, deleted': () => [['DELETE', `/Users/${house.bob.id}`, undefined, { 'if-match': 'W/"99"' }], 412],
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
})
