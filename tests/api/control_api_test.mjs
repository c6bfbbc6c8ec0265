// The control API: who is let in, what is served, and that its figures are those of the commands.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { call, settledCounters, startBoth } from '../budgets/calls.mjs'
import { eventually } from '../faults/server.mjs'
import { assertProblem } from './api_client.mjs'
import { contractOf } from './contract.mjs'

const kBudget = `kind: Budget
name: each-person
title: Three calls a person
each: [person]
window: month
limit: {requests: 3, money: $5}
`
const kPaths = [
  '/api/v1/budgets',
  '/api/v1/budgets/{name}',
  '/api/v1/spend',
  '/api/v1/reservations',
  '/api/v1/spend/changes',
  '/api/v1/spend/forecast',
  '/api/v1/spend/advice',
  '/api/v1/content/flows',
  '/api/v1/exceptions',
  '/api/v1/exceptions/{id}',
  '/api/v1/ledger/entries',
  '/api/v1/ledger/entries/{seq}',
  '/api/v1/sessions',
  '/api/v1/sessions/{session}',
  '/api/v1/sign-ins',
  '/api/v1/kill-switch',
  '/api/v1/kill-switch/{id}',
  '/api/v1/openapi.json',
]
let upstream, reeve, reader

const get = async (path, secret = reader, options = {}) => {
  const headers = secret ? { authorization: `Bearer ${secret}` } : {}
  const response = await fetch(`http://127.0.0.1:${reeve.port}${path}`, { headers, ...options })
  const type = response.headers.get('content-type')
  const answer = { status: response.status, type, headers: response.headers, body: await response.json() }
  ;(await contractOf(reeve)).check(options.method ?? 'GET', path, answer)
  return answer
}
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))
const real = (path) =>
  path.replace('{name}', 'each-person').replace('{seq}', '0').replace('{session}', 'nobodys').replace('{id}', 'nobodys')

before(async () => {
  ;({ upstream, reeve } = await startBoth(kBudget))
  reader = (await reeve.createKey('lead@example.com', '--scope', 'control:read')).secret
})
after(() => {
  reeve?.end()
  upstream?.stop()
})

test('every path of the description is served to a key that names the API, and to no other', async () => {
  const { body } = await get('/api/v1/openapi.json')
  // That all are described and asked by everybody is the business of contract_test.mjs and matrix_test.mjs.
  for (const path of kPaths) assert.ok(body.paths[path], path)
  assert.deepEqual(Object.keys(body.paths['/api/v1/budgets/{name}']), ['get', 'put', 'delete'])
  assert.deepEqual(body.components.schemas.Budget.required, ['window', 'limit'])
  const ordinary = (await reeve.createKey('dev@example.com')).secret
  const narrow = (await reeve.createKey('dev@example.com', '--scope', 'models:claude-*')).secret
  const writer = (await reeve.createKey('dev@example.com', '--scope', 'control:write')).secret
  // The index is opened beside everything else.
  for (let i = 0; i < 300 && (await get('/api/v1/sessions')).status === 503; i++) await sleep(100)
  for (const path of kPaths.map(real)) {
    assert.equal((await get(path)).status, path.endsWith('/nobodys') ? 404 : 200, path)
    assertProblem(await get(path, null), 401)
    assertProblem(await get(path, 'rv_' + 'x'.repeat(43)), 401)
    for (const secret of [ordinary, narrow, writer]) assertProblem(await get(path, secret), 403)
    const headers = { authorization: `Bearer ${reader}` }
    const posted = await get(path, reader, { headers, method: 'POST' })
    const isWritten = path === '/api/v1/kill-switch' || path.startsWith('/api/v1/exceptions')
    assertProblem(posted, isWritten ? 403 : 405)
  }
  assertProblem(await get('/api/v1/nothing', null), 401)
  assertProblem(await get('/api/v1/nothing'), 404)
  assertProblem(await get('/api/v1/budgets/nothing'), 404)
  assertProblem(await get(`/api/v1/budgets?key=${reader}`, null), 401)
})

test('whoever is known is told who they are, and what is theirs', async () => {
  const { body: told } = await get('/api/v1/me')
  assert.deepEqual([told.person, told.decided_by, told.roles], ['lead@example.com', 'scopes', []])
  assert.ok(told.permissions.includes('ledger.read') && !told.permissions.includes('kill.switch'))
  const ordinary = (await reeve.createKey('dev@example.com')).secret
  assert.deepEqual((await get('/api/v1/me', ordinary)).body.permissions, [])
  assertProblem(await get('/api/v1/me', null), 401)
  const headers = { authorization: `Bearer ${reader}` }
  assertProblem(await get('/api/v1/me', reader, { headers, method: 'POST' }), 405)
})

test('exceptions are asked for by the principal, and nobody decides about their own', async () => {
  const { secret } = await reeve.createKey('dev@example.com', '--scope', 'control:write')
  const post = (path, told, key = secret) =>
    get(path, key, { method: 'POST', headers: { authorization: `Bearer ${key}` }, body: JSON.stringify(told) })
  const asked = { budget: 'each-person', add: '$5', until: '7d', reason: 'a test' }
  assertProblem(await post('/api/v1/exceptions', { ...asked, requested_by: 'somebody@example.com' }), 400)
  assertProblem(await post('/api/v1/exceptions', { ...asked, rule: 'x' }), 400)
  assertProblem(await post('/api/v1/exceptions', { ...asked, add: 'much' }), 400)
  assertProblem(await post('/api/v1/exceptions', []), 400)
  assertProblem(await post('/api/v1/exceptions', asked, reader), 403)
  // No ApprovalPolicy is about it, so nobody could ever say yes.
  assertProblem(await post('/api/v1/exceptions', asked), 403)
  assertProblem(await post('/api/v1/exceptions/exc_none', { decision: 'perhaps' }), 400)
  assertProblem(await post('/api/v1/exceptions/exc_none', { decision: 'approve' }), 400)
  assertProblem(await post('/api/v1/exceptions/exc_none', { decision: 'deny', reason: 'no' }), 404)
})

test('a key that is revoked is let in no more', async () => {
  const key = await reeve.createKey('gone@example.com', '--scope', 'control:*')
  assert.equal((await get('/api/v1/budgets', key.secret)).status, 200)
  await reeve.command('key', 'revoke', key.id)
  assertProblem(await get('/api/v1/budgets', key.secret), 401)
})

test('figures are those of the commands', async () => {
  const { secret } = await reeve.createKey('dev@example.com')
  for (let i = 0; i < 2; i++) assert.equal((await call(reeve, secret)).status, 200)
  const counters = await settledCounters(reeve)
  const { body } = await get('/api/v1/budgets')
  assert.equal(body.budgets.length, 1)
  assert.deepEqual(body.budgets[0].counters, counters)
  assert.equal(counters[0].limits.requests.spent, 2)
  assert.deepEqual((await get('/api/v1/budgets/each-person')).body, body.budgets[0])
  const until = new Date(Date.now() + 1000).toISOString()
  const report = JSON.parse(await reeve.command('spend', 'report', '--by', 'person', '--json'))
  // The index follows the ledger five times a second, and more slowly on a machine that is busy.
  const spend = async () => (await get(`/api/v1/spend?by=person&until=${encodeURIComponent(until)}`)).body
  await eventually(async () => isDeepStrictEqual(await spend(), report))
  assert.deepEqual(await spend(), report)
  assert.deepEqual((await get('/api/v1/reservations')).body, { reservations: [] })
})

test('exceptions are listed as the command lists them', async () => {
  assert.deepEqual((await get('/api/v1/exceptions')).body, { exceptions: [], waiting: 0 })
  assertProblem(await get('/api/v1/exceptions?cursor=x'), 400)
})

test('parameters that make no sense are refused by name', async () => {
  for (const query of ['by=colour', 'since=yesterday', 'colour=red', 'by=person&by=model']) {
    assertProblem(await get(`/api/v1/spend?${query}`), 400)
  }
})
