// Attacks on who may see and do what: another's things by filters, cursors, ETags, keys of repetition, counts and the
// words of errors; roles that somebody lost while signed in; what is promised and then refused.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import test from 'node:test'
import { call, startBoth } from '../budgets/calls.mjs'
import { detectorFiles } from '../upstream/reeve_process.mjs'
import { answersOf, kDocuments } from '../intake/intake_api.mjs'
import { group, patch, scimClient, user } from '../scim/scim_client.mjs'
import { apiClient, assertProblem } from './api_client.mjs'
import { cookieOf } from './console_cookie.mjs'

const kBudget = 'kind: Budget\nname: each-person\neach: [person]\nwindow: month\nlimit: {requests: 3000}\n'
const binding = (role, ...people) =>
  `kind: RoleBinding\nname: r-${role}\nrole: ${role}\npeople: [${people.join(', ')}]\n`
const kRoles = {
  developer: ['ada@example.com', 'eve@example.com'],
  approver: ['lead@example.com'],
  auditor: ['aud@example.com'],
  administrator: ['root@example.com'],
}
const rolesText = (roles) =>
  Object.entries(roles)
    .map(([role, people]) => binding(role, ...people))
    .join('---\n')

async function until(what, holds) {
  for (let i = 0; i < 400; i++) {
    if (await holds()) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  assert.fail(`${what}: not within 20 s`)
}

async function start(t, config = '') {
  const governance = { ...kDocuments, 'roles.yaml': rolesText(kRoles), ...detectorFiles() }
  const { upstream, reeve } = await startBoth(kBudget, { governance, config })
  t.after(() => (reeve.end(), upstream.stop()))
  const person = async (name, ...options) =>
    apiClient(reeve, (await reeve.createKey(name, '--scope', 'control:*', ...options)).secret)
  return { reeve, person }
}

test("a developer sees nothing of another's, and cannot tell what is there", async (t) => {
  const { reeve, person } = await start(t)
  const ada = await person('ada@example.com')
  const eve = await person('eve@example.com')
  const caller = (await reeve.createKey('ada@example.com')).secret
  const content = 'AKIAZ7Q2X4PLM5NB3KDW'
  const headers = { 'x-reeve-session': 'ada-s' }
  assert.equal((await call(reeve, caller, { messages: [{ role: 'user', content }], headers })).status, 200)
  let decisions
  await until('the call is in the index', async () => {
    decisions = (await ada('GET', '/me/decisions')).body.decisions
    return decisions?.length === 1
  })
  const { request, decision } = decisions[0]
  assert.equal((await ada('GET', '/me/sessions/ada-s')).status, 200)
  for (const list of ['decisions', 'sessions']) {
    const { body } = await eve('GET', `/me/${list}`)
    assert.deepEqual(body[list], [])
    for (const cursor of [decision + 1, 9_000_000]) {
      assert.deepEqual((await eve('GET', `/me/${list}?cursor=${cursor}`)).body[list], [])
    }
  }
  assert.deepEqual((await eve('GET', '/me/spend')).body.days, [])
  // The same words for what is another's and for what is not there.
  const same = async (method, there, nowhere, body = [undefined, undefined]) => {
    const [one, other] = [await eve(method, there, body[0]), await eve(method, nowhere, body[1])]
    const words = ({ status, body: { detail } }) => [
      status,
      detail.replaceAll(/req_\w+|ada-s|nobody-s|\d+/g, '…'),
    ]
    assert.deepEqual(words(one), words(other), there)
    assert.ok(one.status >= 400, there)
  }
  await same('GET', '/me/sessions/ada-s', '/me/sessions/nobody-s')
  const appeal = (id) => ({ request_id: id, type: 'aws-access-key-id', reason: 'mine' })
  const other = `${request.slice(0, -1)}${request.endsWith('0') ? '1' : '0'}`
  await same('POST', '/content/appeals', '/content/appeals', [appeal(request), appeal(other)])
  assert.equal((await ada('POST', '/content/appeals', appeal(request))).status, 201)
  // Nothing narrows one's own lists to somebody else.
  for (const where of [
    '/me/decisions?person=ada@example.com',
    '/me/spend?by=person',
    '/me/exceptions?cursor=0',
  ]) {
    assertProblem(await eve('GET', where), 400)
  }
  const asked = await ada('POST', '/exceptions', {
    budget: 'each-person',
    add: '$5',
    until: '7d',
    reason: 'a test',
  })
  assert.equal(asked.status, 201, JSON.stringify(asked.body))
  const { id } = asked.body.exception
  assert.equal((await ada('GET', '/me/exceptions')).body.exceptions.length, 1)
  assert.deepEqual((await eve('GET', '/me/exceptions')).body.exceptions, [])
  await same('GET', `/exceptions/${id}`, '/exceptions/exc_none')
  for (const where of [
    '/decisions?person=ada@example.com',
    '/sessions/ada-s',
    `/decisions/${decision}`,
    '/ledger/entries',
    '/spend?by=person',
    '/people/ada@example.com',
    '/keys?person=ada@example.com',
    '/evidence',
    '/exceptions',
    '/content/findings?by=person',
    '/sign-ins?person=ada@example.com',
    '/reservations',
  ]) {
    const refused = await eve('GET', where)
    assertProblem(refused, 403)
    assert.equal(refused.etag, null)
    assert.ok(!refused.body.detail.includes('ada'), refused.body.detail)
  }
})

test('what is promised is what is given, and what calls cost is for those who may read spend', async (t) => {
  const { reeve, person } = await start(t)
  const ada = await person('ada@example.com')
  const forTool = apiClient(reeve, (await reeve.createKey('root@example.com')).secret)
  const { body: me } = await forTool('GET', '/me')
  assert.deepEqual(me.permissions, [], 'a key for a tool may do nothing here, and is not told otherwise')
  const caller = (await reeve.createKey('ada@example.com')).secret
  assert.equal((await call(reeve, caller)).status, 200)
  const lead = await person('lead@example.com', '--group', 'governance-council')
  const seen = async (client) => (await client('GET', '/inventory/drift')).body.traffic
  await until('the call is seen', async () => (await seen(lead)).length > 0)
  assert.ok((await seen(lead)).every(({ cost_nanos }) => cost_nanos !== undefined))
  assert.ok((await seen(ada)).every(({ cost_nanos, calls }) => cost_nanos === undefined && calls > 0))
  for (const where of ['/inventory', '/inventory/drift']) {
    assert.ok(!JSON.stringify((await ada('GET', where)).body).includes('cost_nanos'), where)
  }
  // In a group that decides, but without the role: it is neither promised nor waits for them.
  const auditor = await person('aud@example.com', '--group', 'governance-council')
  const { body } = await ada('POST', '/intake', { kind: 'tool', title: 'Search' })
  await ada('POST', `/intake/${body.intake.id}/answers`, { answers: answersOf(1) })
  const shown = async (client) => (await client('GET', `/intake/${body.intake.id}`)).body
  const forAuditor = await shown(auditor)
  assert.deepEqual(forAuditor.may, [])
  assert.match(forAuditor.why_not.decide, /role approver/)
  assert.deepEqual((await auditor('GET', '/approvals')).body.approvals, [])
  const forLead = await shown(lead)
  assert.deepEqual(forLead.may, ['decide'])
  const decision = { decision: 'approve', reason: 'fine', digest: forLead.intake.digest }
  assertProblem(await auditor('POST', `/intake/${body.intake.id}/decision`, decision), 403)
  assert.equal((await lead('POST', `/intake/${body.intake.id}/decision`, decision)).status, 200)
})

test('a key of repetition belongs to who sent it, and to what they may do', async (t) => {
  const { person } = await start(t)
  const ada = await person('ada@example.com')
  const eve = await person('eve@example.com')
  const lead = await person('lead@example.com')
  const once = { 'idempotency-key': 'once' }
  const wanted = { kind: 'tool', title: 'Search' }
  const first = await ada('POST', '/intake', wanted, once)
  const other = await eve('POST', '/intake', wanted, once)
  assert.equal(other.status, 201)
  assert.notEqual(other.body.intake.id, first.body.intake.id)
  assertProblem(await lead('POST', '/intake', wanted, once), 403)
  assertProblem(
    await eve('DELETE', `/intake/${first.body.intake.id}`, { reason: 'x' }, { 'if-match': first.etag }),
    403,
  )
})

test('a role that is lost is lost at once, also in a browser that is open', async (t) => {
  const { reeve, person } = await start(t)
  const cookie = await cookieOf(reeve, 'lead@example.com')
  const base = `http://127.0.0.1:${reeve.port}`
  const browser = (method, where, body) =>
    fetch(`${base}/api/v1${where}`, {
      method,
      headers: { cookie, 'sec-fetch-site': 'same-origin', origin: base },
      body: body && JSON.stringify(body),
    })
  const lead = await person('lead@example.com')
  for (const ask of [lead, browser]) assert.equal((await ask('GET', '/exceptions')).status, 200)
  const file = path.join(reeve.folder, 'governance', 'roles.yaml')
  const { approver, ...others } = kRoles
  assert.ok(approver)
  fs.writeFileSync(file, rolesText(others))
  reeve.process.kill('SIGHUP')
  await until('the role is lost', async () => (await lead('GET', '/exceptions')).status === 403)
  for (const where of ['/exceptions', '/intake', '/approvals'])
    assert.equal((await browser('GET', where)).status, 403)
  assert.equal((await browser('POST', '/exceptions/exc_none', { decision: 'deny', reason: 'x' })).status, 403)
  assert.deepEqual((await (await browser('GET', '/me')).json()).permissions, [])
  // A slip in a file takes nobody's role, and gives none: what was in force stays, also who decides.
  fs.writeFileSync(file, `${rolesText(kRoles)}---\nkind: Review\nname: broken\n`)
  reeve.process.kill('SIGHUP')
  await until('the slip is told', async () => /governance directory has errors/.test(reeve.log()))
  assert.equal((await lead('GET', '/exceptions')).status, 403)
  const ada = await person('ada@example.com')
  assert.equal((await ada('GET', '/intake/form')).status, 200)
})

test('where a directory is required, who left a group decides no more, whatever an older key says', async (t) => {
  const { reeve, person } = await start(t, 'identity:\n  directory: required\n')
  const idp = await reeve.createKey('idp', '--type', 'service', '--scope', 'scim:*')
  const scim = scimClient(reeve, idp.secret)
  const ids = {}
  for (const name of ['ada', 'lead']) {
    const made = await scim('POST', '/Users', user(`${name}@example.com`))
    assert.equal(made.status, 201, JSON.stringify(made.body))
    ids[name] = made.body.id
  }
  const council = await scim('POST', '/Groups', group('governance-council', [ids.lead]))
  assert.equal(council.status, 201, JSON.stringify(council.body))
  const ada = await person('ada@example.com')
  const lead = await person('lead@example.com', '--group', 'governance-council')
  const { body } = await ada('POST', '/intake', { kind: 'tool', title: 'Search' })
  const { id } = body.intake
  const answered = await ada('POST', `/intake/${id}/answers`, { answers: answersOf(1) })
  assert.equal(answered.body.intake.state, 'in_review', JSON.stringify(answered.body))
  const may = async () => (await lead('GET', `/intake/${id}`)).body.may
  assert.deepEqual(await may(), ['decide'])
  const left = patch({ op: 'remove', path: `members[value eq "${ids.lead}"]` })
  assert.equal((await scim('PATCH', `/Groups/${council.body.id}`, left)).status, 200)
  await until('the directory is followed', async () => (await may()).length === 0)
  const decision = { decision: 'approve', reason: 'fine', digest: answered.body.intake.digest }
  assertProblem(await lead('POST', `/intake/${id}/decision`, decision), 403)
  assert.deepEqual((await lead('GET', '/approvals')).body.approvals, [])
})
