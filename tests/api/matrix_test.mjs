// Who may do what: every route that the server describes, asked by every role and every kind of credential, against
// matrix.json, which was written by hand from docs/roles.md. Nothing is given that it does not grant, and nothing that
// it grants is refused. Requests are such that whoever may make them changes nothing: their bodies lack what is needed.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import test from 'node:test'
import { startBoth } from '../budgets/calls.mjs'
import { cookieOf } from './console_cookie.mjs'
import { contractOf } from './contract.mjs'

const kMatrix = JSON.parse(fs.readFileSync(new URL('matrix.json', import.meta.url), 'utf8'))
const kRoles = Object.keys(kMatrix.roles)
const kScopes = ['read', 'write', 'kill', 'agents']
const kBudget = 'kind: Budget\nname: each-person\neach: [person]\nwindow: month\nlimit: {requests: 3}\n'
const kLimits = ['per_second', 'burst', 'unknown_per_second', 'unknown_burst'].map(
  (name) => `api_${name}: 1000000`,
)
const bindings = kRoles.map(
  (role) => `kind: RoleBinding\nname: r-${role}\nrole: ${role}\npeople: [${role}@example.com]\n`,
)

const byRole = (role, route) => route.permission === null || kMatrix.roles[role].includes(route.permission)
const byScope = (scopes, route) => route.scope === null || scopes.includes(route.scope)
const bearer = (secret) => ({ authorization: `Bearer ${secret}` })

async function start(t, governance) {
  const config = `limits: {${kLimits.join(', ')}}\n`
  const { upstream, reeve } = await startBoth(kBudget, { config, governance })
  t.after(() => (reeve.end(), upstream.stop()))
  const contract = await contractOf(reeve)
  const described = contract.operations.map(({ method, path }) => `${method} ${path}`)
  assert.deepEqual(
    described.toSorted(),
    Object.keys(kMatrix.routes).toSorted(),
    'the matrix names every route',
  )
  const { secret } = await reeve.createKey('a-machine', '--type', 'service', '--scope', 'control:read')
  for (let i = 0; i < 300; i++) {
    const ready = await fetch(`http://127.0.0.1:${reeve.port}/api/v1/sessions`, { headers: bearer(secret) })
    if (ready.status === 200) break
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  return { reeve, contract }
}

// `may`: what the matrix says of a route; `refused`: the statuses of a no.
async function walk({ reeve, contract }, callers) {
  const wrong = []
  let asked = 0
  for (const { name, headers, may, refused = [403] } of callers) {
    for (const [route, rights] of Object.entries(kMatrix.routes)) {
      const [method, template] = route.split(' ')
      const where = template.replace(/\{[^}]*\}/, 'nobodys')
      const response = await fetch(`http://127.0.0.1:${reeve.port}${where}`, { method, headers })
      const type = response.headers.get('content-type')
      // A stream of events does not end by itself.
      const streams = type === 'text/event-stream'
      if (streams) await response.body.cancel()
      const answer = { status: response.status, type, body: streams ? {} : await response.json() }
      contract.check(method, where, answer)
      asked++
      const isRefused = refused.includes(answer.status)
      const isGiven = ![401, 403].includes(answer.status) && answer.status < 500
      if (may(rights) ? !isGiven : !isRefused)
        wrong.push(`${name}: ${route} ${answer.status} ${answer.body.detail ?? ''}`)
    }
  }
  assert.deepEqual(wrong, [])
  return asked
}

test('with roles: every role, every kind of credential, every route', async (t) => {
  const world = await start(t, { 'roles.yaml': bindings.join('---\n') })
  const { reeve } = world
  const key = async (owner, ...options) => (await reeve.createKey(owner, ...options)).secret
  const callers = []
  const add = (name, headers, may, refused) => callers.push({ name, headers, may, refused })
  const nothing = () => false
  const onlyOwn = (route) => route.permission === null
  for (const role of kRoles) {
    const person = `${role}@example.com`
    add(role, bearer(await key(person, '--scope', 'control:*')), (route) => byRole(role, route))
    add(`${role}, a key for a tool`, bearer(await key(person)), onlyOwn)
    const reads = (route) => byRole(role, route) && byScope(['read'], route)
    add(`${role}, a key that reads`, bearer(await key(person, '--scope', 'control:read')), reads)
    const cookie = await cookieOf(reeve, person)
    const own = { cookie, 'sec-fetch-site': 'same-origin' }
    add(`${role}, in the console`, own, (route) => byRole(role, route))
    add(`${role}, from another site's page`, { cookie, 'sec-fetch-site': 'cross-site' }, nothing)
    add(`${role}, from a page of the same domain`, { cookie, 'sec-fetch-site': 'same-site' }, nothing)
    add(`${role}, a form elsewhere`, { cookie, origin: 'https://evil.example' }, nothing)
  }
  add('somebody without a role', bearer(await key('eve@example.com', '--scope', 'control:*')), onlyOwn)
  add('nobody', {}, nothing, [401])
  add('a made-up key', bearer(`rv_${'x'.repeat(43)}`), nothing, [401])
  add('a made-up cookie', { cookie: 'reeve-session=x', 'sec-fetch-site': 'same-origin' }, nothing, [401])
  const gone = await reeve.createKey('administrator@example.com', '--scope', 'control:*')
  await reeve.command('key', 'revoke', gone.id)
  add('a revoked key', bearer(gone.secret), nothing, [401])
  for (const type of ['service', 'agent']) {
    for (const scope of kScopes) {
      const secret = await key(`a-${type}`, '--type', type, '--scope', `control:${scope}`)
      add(`${type} with control:${scope}`, bearer(secret), (route) => byScope([scope], route))
    }
    add(`${type} without a scope`, bearer(await key(`a-${type}`, '--type', type)), onlyOwn)
    const other = ['ledger:read', 'scim:*', 'models:*'].flatMap((scope) => ['--scope', scope])
    add(
      `${type} with scopes of other things`,
      bearer(await key(`a-${type}`, '--type', type, ...other)),
      onlyOwn,
    )
  }
  const asked = await walk(world, callers)
  console.log(`${Object.keys(kMatrix.routes).length} routes, ${callers.length} callers, ${asked} requests`)
})

test('without roles: the scopes of keys decide, also of people', async (t) => {
  const world = await start(t, {})
  const callers = []
  for (const type of ['person', 'service', 'agent']) {
    const owner = type === 'person' ? 'dev@example.com' : `a-${type}`
    for (const scopes of [[], ...kScopes.map((scope) => [scope]), ['read', 'write'], kScopes]) {
      const options = scopes.flatMap((scope) => ['--scope', `control:${scope}`])
      const { secret } = await world.reeve.createKey(owner, '--type', type, ...options)
      callers.push({
        name: `${type} [${scopes}]`,
        headers: bearer(secret),
        may: (route) => byScope(scopes, route),
      })
    }
  }
  const asked = await walk(world, callers)
  console.log(`${Object.keys(kMatrix.routes).length} routes, ${callers.length} callers, ${asked} requests`)
})
