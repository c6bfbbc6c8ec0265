// Keys that must open nothing, or not that: unknown, ended, used for what they are not for, or for somebody else.

import crypto from 'node:crypto'

export function keyAttacks(world) {
  const ask = (secret, method, where, body, more = {}) => async (from) => {
    const credential = typeof secret === 'function' ? secret() : secret
    const response = await fetch(`${world.reeve.url}${where}`, {
      method,
      headers: { ...(credential === null ? {} : { authorization: `Bearer ${credential}` }), ...more, ...from },
      body: body && JSON.stringify(body),
    })
    return { status: response.status, text: await response.text() }
  }
  const read = (secret, more) => ask(secret, 'GET', '/api/v1/budgets', undefined, more)
  const key = (name) => () => world.keys[name].secret
  const budget = { window: 'month', limit: { requests: 1_000_000 } }
  const kill = { scope: 'all', reason: 'an attack' }
  const random = () => `rv_${crypto.randomBytes(32).toString('base64url')}`
  const flip = (text) => text.slice(0, -1) + (text.endsWith('A') ? 'E' : 'A')
  const unknown = [
    ['no credential', 401, read(null)],
    ['a key that nobody made', 401, read(random)],
    ['a key of zeroes', 401, read(`rv_${'A'.repeat(43)}`)],
    ['only the beginning of a key', 401, read('rv_')],
    ['a key, one letter short', 401, read(() => key('admin')().slice(0, -1))],
    ['a key, one letter longer', 401, read(() => `${key('admin')()}A`)],
    ['a key, its last letter changed', 401, read(() => flip(key('admin')()))],
    ['a key in capitals', 401, read(() => key('admin')().toUpperCase())],
    ['a key in other letters of base64', 401, read(() => `rv_${'+/'.repeat(21)}A`)],
    ['the id of a key', 401, read(() => world.keys.admin.id)],
    ['the hash of a key', 401, read(() => crypto.createHash('sha256').update(key('admin')()).digest('hex'))],
    ['a revoked key', 401, read(key('revoked'))],
    ['a key whose time is over', 401, read(key('over'))],
    ['a vendor\'s key', 401, read('sk-ant-api03-abcdefghijklmnopqrstuvwxyz')],
    ['another scheme', 401, read(null, { authorization: 'Basic YWRtaW46YWRtaW4=' })],
    ['a scheme without a credential', 401, read(null, { authorization: 'Bearer' })],
    ['two credentials in one', 401, read(() => `${key('admin')()}, Bearer ${key('admin')()}`)],
    ['a key in a cookie', 401, read(null, { cookie: `authorization=Bearer%20x; token=${random()}` })],
    ['a key in the query', [400, 401], ask(null, 'GET', `/api/v1/budgets?key=${random()}`)],
    ['a key in another header', 401, read(null, { 'x-forwarded-user': 'boss@example.com' })],
    ['a name in place of a key', 401, read(null, { 'x-reeve-person': 'boss@example.com' })],
    ['SQL as a key', 401, read("' OR '1'='1")],
    ['a very long key', [401, 431], read(`rv_${'x'.repeat(15_000)}`)],
  ]
  const narrow = [
    ['a key for models, at the control API', 403, read(key('models'))],
    ['a key without scopes, whose owner is an administrator', 403, read(key('bare'))],
    ['a key to read, used to write', 403, ask(key('reader'), 'PUT', '/api/v1/budgets/x', budget)],
    ['a key to read, used to delete', 403, ask(key('reader'), 'DELETE', '/api/v1/budgets/x')],
    ['a key to read, used to switch off', 403, ask(key('reader'), 'POST', '/api/v1/kill-switch', kill)],
    ['a key to write, used to switch off', 403, ask(key('writer'), 'POST', '/api/v1/kill-switch', kill)],
    ['a key to write, used to end a session', 403,
      ask(key('writer'), 'DELETE', '/api/v1/sessions/s1', { reason: 'x' })],
    ['a key to write, used to end sign-ins', 403,
      ask(key('writer'), 'POST', '/api/v1/sign-ins/end', { person: 'boss@example.com', reason: 'x' })],
    ['a key of the ledger, at the control API', 403, read(key('ledger'))],
    ['a key of SCIM, at the control API', 403, read(key('idp'))],
    ['a key of the control API, at SCIM', 403, ask(key('machine'), 'GET', '/scim/v2/Users')],
    ['a key of the control API, at the ledger', 403, ask(key('machine'), 'GET', '/log/tile/entries/000')],
    ['a person\'s key with a scope of SCIM', 403, ask(key('person-scim'), 'GET', '/scim/v2/Users')],
    ['a key to read SCIM, used to write', 403, ask(key('scim-reader'), 'POST', '/scim/v2/Users', {})],
    ['a key to read SCIM, used in bulk', 403, ask(key('scim-reader'), 'POST', '/scim/v2/Bulk', {})],
    ['a key to read SCIM, used to delete', 403, ask(key('scim-reader'), 'DELETE', '/scim/v2/Users/usr_1')],
    ['a key without scopes, at SCIM', 403, ask(key('bare'), 'GET', '/scim/v2/Users')],
  ]
  const roles = [
    ['a developer who writes a budget', 403, ask(key('developer'), 'PUT', '/api/v1/budgets/x', budget)],
    ['a developer who reads the ledger', 403, ask(key('developer'), 'GET', '/api/v1/ledger/entries')],
    ['a developer who lists sign-ins', 403, ask(key('developer'), 'GET', '/api/v1/sign-ins')],
    ['a developer who switches off', 403, ask(key('developer'), 'POST', '/api/v1/kill-switch', kill)],
    ['an administrator who reads the ledger', 403, ask(key('admin'), 'GET', '/api/v1/ledger/entries')],
    ['an administrator who switches off', 403, ask(key('admin'), 'POST', '/api/v1/kill-switch', kill)],
    ['an auditor who writes a budget', 403, ask(key('auditor'), 'PUT', '/api/v1/budgets/x', budget)],
    ['an auditor who ends a sign-in', 403, ask(key('auditor'), 'DELETE', '/api/v1/sign-ins/sgn_1', { reason: 'x' })],
    ['whoever has two roles that exclude each other', 403, ask(key('both'), 'GET', '/api/v1/ledger/entries')],
    ['whoever has no role', 403, read(key('nobody'))],
    ['a name that looks like the administrator\'s', 403, ask(key('look-alike'), 'PUT', '/api/v1/budgets/x', budget)],
    ['a key that was given the administrators\' name as a group', 403,
      ask(key('self-styled'), 'PUT', '/api/v1/budgets/x', budget)],
  ]
  const told = { unrecorded: 'a call that is refused has an entry of its own, model.outcome' }
  const said = { model: 'practice-small', messages: [{ role: 'user', content: 'Hello.' }] }
  const operations = [
    ['a key to chat, that embeds', 400,
      ask(key('chat'), 'POST', '/v1/embeddings', { model: 'practice-small', input: 'x' }), told],
    ['a key to chat, that counts tokens', 400, ask(key('chat'), 'POST', '/v1/messages/count_tokens', said), told],
    ['a key to chat, that lists models', 400, ask(key('chat'), 'GET', '/v1/models'), told],
    ['a key to embed, that chats', 400, ask(key('embed'), 'POST', '/v1/chat/completions', said), told],
    ['a key to embed, that chats in another dialect', 400, ask(key('embed'), 'POST', '/v1/messages', said), told],
  ]
  return [...unknown, ...narrow, ...operations, ...roles]
}

// What the keys are for; made beside the server.
export async function makeKeys(reeve) {
  const keys = {}
  const make = async (name, owner, ...options) => (keys[name] = await reeve.createKey(owner, ...options))
  const all = ['--scope', 'control:*', '--scope', 'ledger:*']
  const service = ['--type', 'service']
  await make('admin', 'boss@example.com', ...all)
  await make('bare', 'boss@example.com')
  await make('models', 'boss@example.com', '--scope', 'models:*')
  await make('chat', 'robot', ...service, '--scope', 'operations:chat')
  await make('embed', 'robot', ...service, '--scope', 'operations:embeddings')
  await make('reader', 'boss@example.com', '--scope', 'control:read')
  await make('writer', 'robot', ...service, '--scope', 'control:read', '--scope', 'control:write')
  await make('machine', 'robot', ...service, '--scope', 'control:*')
  await make('ledger', 'robot', ...service, '--scope', 'ledger:read')
  await make('idp', 'idp', ...service, '--scope', 'scim:*')
  await make('scim-reader', 'idp', ...service, '--scope', 'scim:read')
  await make('person-scim', 'dev@example.com', '--scope', 'scim:*')
  await make('developer', 'dev@example.com', ...all)
  await make('auditor', 'audit@example.com', ...all)
  await make('both', 'both@example.com', ...all)
  await make('nobody', 'nobody@example.com', ...all)
  await make('look-alike', 'bo\u017f\u017f@example.com', ...all)
  await make('self-styled', 'eve@example.com', ...all, '--group', 'boss@example.com')
  await make('revoked', 'boss@example.com', ...all)
  await reeve.command('key', 'revoke', keys.revoked.id)
  await make('over', 'boss@example.com', ...all, '--ttl', '1s')
  await new Promise((resolve) => setTimeout(resolve, 1100))
  return keys
}
