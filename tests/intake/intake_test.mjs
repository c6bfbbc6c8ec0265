// From a question to an item that is in use, by the API, on the storage that the argument names.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { apiClient, assertProblem } from '../api/api_client.mjs'
import { call } from '../budgets/calls.mjs'
import { answersOf, startServer, yesTo } from './intake_api.mjs'

const kReviewer = { security: 'security', legal: 'legal', privacy: 'privacy' }
let server, people

before(async () => {
  server = await startServer(process.argv[2])
  people = server.people
})
after(() => server?.end())

async function until(what, holds, milliseconds = 30_000) {
  const from = performance.now()
  for (;;) {
    const found = await holds()
    if (found) return found
    if (performance.now() - from > milliseconds) throw new Error(`${what}: not within ${milliseconds} ms`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

async function asked(tier, title = `a tier ${tier}`) {
  const started = await people.dev('POST', '/intake', { kind: 'model', title, owner: 'owner@example.com' })
  assert.equal(started.status, 201, JSON.stringify(started.body))
  assert.equal(started.body.form.questions.length, 10)
  assert.equal(started.body.intake.state, 'open')
  const { id } = started.body.intake
  const answered = await people.dev('POST', `/intake/${id}/answers`, { answers: answersOf(tier) })
  assert.equal(answered.status, 200, JSON.stringify(answered.body))
  assert.deepEqual(answered.body.intake.missing, [])
  assert.equal(answered.body.intake.tier.tier, tier, JSON.stringify(answered.body.intake.tier))
  assert.equal(answered.body.item.status, 'in_review')
  return answered.body.intake
}

const decision = (intake, more = {}) => ({
  decision: 'approve',
  reason: 'as discussed',
  digest: intake.digest,
  ...more,
})
const decide = (person, intake, more) => person('POST', `/intake/${intake.id}/decision`, decision(intake, more))

async function reviewed(intake) {
  for (const checklist of intake.checklists ?? []) {
    const reviewer = people[kReviewer[checklist.name]]
    const body = { checklist: checklist.name, verdict: 'pass', answers: yesTo(checklist), digest: intake.digest }
    const answer = await reviewer('POST', `/intake/${intake.id}/reviews`, body)
    assert.equal(answer.status, 200, JSON.stringify(answer.body))
    intake = answer.body.intake
  }
  return intake
}

for (const tier of [1, 2, 3]) {
  test(`tier ${tier}: asked, looked at, decided; never by who asked or owns it`, async () => {
    let intake = await asked(tier)
    const wanted = tier === 1 ? [] : ['security', 'legal', 'privacy']
    assert.deepEqual((intake.checklists ?? []).map(({ name }) => name), wanted)
    for (const own of ['dev', 'owner']) {
      assertProblem(await decide(people[own], intake), 403)
      assertProblem(await decide(people[own], intake, { decision: 'deny' }), 403)
      for (const checklist of intake.checklists ?? []) {
        const body = { checklist: checklist.name, verdict: 'pass', answers: yesTo(checklist) }
        assertProblem(await people[own]('POST', `/intake/${intake.id}/reviews`, body), 403)
      }
      const may = (await people[own]('GET', `/intake/${intake.id}`)).body.may
      assert.ok(!may.includes('decide') && !may.some((one) => one.startsWith('review')), String(may))
    }
    if (tier > 1) assertProblem(await decide(people.lead, intake), 409)
    const stale = intake
    intake = await reviewed(intake)
    if (tier > 1) assertProblem(await decide(people.lead, stale), 409)
    if (tier === 2) assertProblem(await decide(people.security, intake), 403)
    assertProblem(await decide(people.lead, intake, { reason: '' }), 400)
    let answer = await decide(people.lead, intake)
    assert.equal(answer.status, 200, JSON.stringify(answer.body))
    if (tier === 3) {
      assert.equal(answer.body.intake.state, 'in_review')
      assertProblem(await decide(people.lead, intake), 403)
      answer = await decide(people.chair, intake)
    }
    assert.equal(answer.body.intake.state, 'approved', JSON.stringify(answer.body))
    const shown = await people.lead('GET', `/inventory/${intake.item}`)
    const { item } = shown.body
    const hosting = tier === 3 ? 'provider' : 'workstation'
    assert.deepEqual([item.status, item.risk_tier, item.hosting], ['approved', tier, hosting])
    assert.deepEqual(item.users, ['payments', 'platform'])
    assert.ok(item.next_review < item.expires)
    assert.deepEqual(shown.body.intakes.map(({ id, state }) => [id, state]), [[intake.id, 'approved']])
    const { history } = (await people.lead('GET', `/inventory/${item.id}/history`)).body
    const versions = history.map(({ version }) => version)
    assert.deepEqual(versions, versions.map((_, i) => item.version - i), 'every change is there, the newest first')
    assert.ok(history[0].changes.some(({ member, to }) => member === 'status' && to === 'approved'))
    assertProblem(await decide(people.chair, intake), 409)
  })
}

test('the inbox shows each what waits for them, and nobody their own', async () => {
  const intake = await asked(2, 'in the inbox')
  const inbox = async (name) =>
    (await people[name]('GET', '/approvals')).body.approvals.filter(({ id }) => id === intake.id)
  assert.deepEqual((await inbox('security')).map((one) => one.do), ['review:security'])
  assert.deepEqual((await inbox('legal')).map((one) => one.do), ['review:legal'])
  assert.deepEqual((await inbox('privacy')).map((one) => one.do), ['review:privacy'])
  for (const name of ['dev', 'owner', 'lead']) assert.deepEqual(await inbox(name), [], name)
  await reviewed(intake)
  const [waiting] = await inbox('lead')
  assert.deepEqual([waiting.kind, waiting.do, waiting.overdue], ['intake_decision', 'decide', false])
  const open = await people.dev('POST', '/intake', { kind: 'tool', title: 'an MCP server' })
  const mine = (await people.dev('GET', '/approvals')).body.approvals.find(({ id }) => id === open.body.intake.id)
  assert.deepEqual([mine.kind, mine.do], ['intake_answers', 'answer'])
  const more = { budget: 'none', add: '$5', until: '7d', reason: 'x' }
  assertProblem(await people.dev('POST', '/exceptions', more), 400)
})

test('conditions, exceptions, denials and withdrawals end as they say', async () => {
  const conditional = await asked(1, 'conditional')
  assertProblem(await decide(people.lead, conditional, { decision: 'approve_with_conditions' }), 400)
  const more = { decision: 'approve_with_conditions', conditions: ['only in tests'] }
  const decided = await decide(people.lead, conditional, more)
  assert.deepEqual(decided.body.item.conditions, ['only in tests'])
  assert.equal(decided.body.item.status, 'approved_with_conditions')
  const excepted = await asked(1, 'excepted')
  const until = { decision: 'approve_with_exception', conditions: ['logged'], until: '10d' }
  assertProblem(await decide(people.lead, excepted, { ...until, until: '400d' }), 400)
  assertProblem(await decide(people.lead, excepted, { ...until, exception: 'ex-none' }), 400)
  assert.equal((await decide(people.lead, excepted, until)).body.intake.state, 'approved_with_exception')
  const denied = await asked(2, 'denied')
  assert.equal((await decide(people.lead, denied, { decision: 'deny' })).body.item.status, 'denied')
  const back = await asked(1, 'withdrawn')
  assertProblem(await people.lead('DELETE', `/intake/${back.id}`, { reason: 'x' }), 403)
  const withdrawn = await people.dev('DELETE', `/intake/${back.id}`, { reason: 'not needed' })
  assert.equal(withdrawn.body.intake.state, 'withdrawn')
  assert.equal(withdrawn.body.item.status, 'decommissioned')
})

test('requests may be sent again, and what somebody changed meanwhile is not overwritten', async () => {
  const body = { kind: 'copilot', title: 'Once', owner: 'ada@example.com', guardrails: ['dlp'] }
  const again = { 'idempotency-key': 'once-1' }
  const first = await people.lead('POST', '/inventory', body, again)
  const second = await people.lead('POST', '/inventory', body, again)
  assert.equal(first.status, 201, JSON.stringify(first.body))
  assert.deepEqual(second.body, first.body)
  assertProblem(await people.lead('POST', '/inventory', { ...body, title: 'Twice' }, again), 422)
  const { id } = first.body.item
  const change = { ...body, notes: 'a note' }
  assertProblem(await people.lead('PUT', `/inventory/${id}`, change), 428)
  const changed = await people.lead('PUT', `/inventory/${id}`, change, { 'if-match': first.etag })
  assert.equal(changed.body.item.notes, 'a note')
  assertProblem(await people.lead('PUT', `/inventory/${id}`, body, { 'if-match': first.etag }), 412)
  assertProblem(await people.lead('POST', '/inventory', { ...body, kind: 'toaster' }), 400, '#/kind')
  assertProblem(await people.lead('POST', '/inventory', { kind: 'model', title: 'x' }), 400, '#/owner')
  assertProblem(await people.lead('POST', '/inventory', '{'), 400)
  assertProblem(await people.lead('GET', '/inventory/it-none'), 404)
  assertProblem(await people.lead('GET', '/inventory?status=odd'), 400)
  assertProblem(await people.lead('POST', `/inventory/${id}`, { action: 'use' }), 409)
  assertProblem(await people.lead('POST', `/inventory/${id}`, { action: 'decommission' }), 400)
  const retired = await people.lead('POST', `/inventory/${id}`, { action: 'decommission', reason: 'replaced' })
  assert.deepEqual([retired.body.item.status, retired.body.item.ended.reason], ['decommissioned', 'replaced'])
})

test('lists are walked by cursors and narrowed', async () => {
  const seen = new Set()
  for (let cursor = ''; ; ) {
    const { body } = await people.lead('GET', `/inventory?limit=2${cursor && `&cursor=${cursor}`}`)
    for (const { item } of body.items) {
      assert.ok(!seen.has(item.id))
      seen.add(item.id)
    }
    if (!body.next) break
    cursor = body.next
  }
  const all = (await people.lead('GET', '/inventory?limit=200')).body.items
  assert.deepEqual([...seen], all.map(({ item }) => item.id))
  const denied = (await people.lead('GET', '/inventory?status=denied')).body.items
  assert.deepEqual(denied.map(({ item }) => item.title), ['denied'])
  const { intakes } = (await people.dev('GET', '/intake?mine=1&state=approved')).body
  assert.ok(intakes.length >= 3 && intakes.every(({ state }) => state === 'approved'))
  assert.deepEqual((await people.dev('GET', '/intake?overdue=1')).body.intakes, [])
})

test('what calls really had appears by itself, and what is approved and seen is in use', async () => {
  const { secret } = await server.reeve.createKey('ada@example.com')
  const short = { script: { events: 2, delay_ms: 1 } }
  assert.equal((await call(server.reeve, secret, short)).status, 200)
  const unregistered = await until('the model', async () => {
    const { body } = await people.lead('GET', '/inventory?status=seen_not_registered')
    return body.items.find(({ item }) => item.kind === 'model')
  })
  assert.equal(unregistered.item.model, 'claude-sonnet-4-5')
  assert.deepEqual([unregistered.seen.calls, unregistered.seen.people], [1, 1])
  assert.ok(unregistered.seen.cost_nanos > 0 && unregistered.seen.first <= unregistered.seen.last)
  const drift = (await people.lead('GET', '/inventory/drift')).body
  const kinds = drift.traffic.map(({ what }) => what.split(':')[0])
  assert.ok(kinds.includes('model') && kinds.includes('provider'), String(kinds))
  assert.ok(drift.unregistered.some(({ item }) => item.id === unregistered.item.id))

  // Registered by an intake in one step, and denied: that it is called on shows.
  const started = await people.dev('POST', '/intake', { item: unregistered.item.id, owner: 'owner@example.com' })
  assert.equal(started.status, 201, JSON.stringify(started.body))
  assertProblem(await people.dev('POST', '/intake', { item: unregistered.item.id }), 409)
  const { id } = started.body.intake
  const { body } = await people.dev('POST', `/intake/${id}/answers`, { answers: answersOf(1) })
  assert.equal((await decide(people.lead, body.intake)).body.item.status, 'approved')
  assert.equal((await call(server.reeve, secret, short)).status, 200)
  await until('in use', async () => {
    const { item, seen } = (await people.lead('GET', `/inventory/${unregistered.item.id}`)).body
    return item.status === 'in_use' && seen.calls === 2
  })
})

test('tools and MCP servers that answers call appear by themselves, each once', async () => {
  const { secret } = await server.reeve.createKey('ada@example.com')
  for (const name of ['Bash', 'mcp__tickets__open', 'mcp__tickets__close', 'Bash']) {
    const script = { tool: { name, input: { text: 'x' } }, delay_ms: 1 }
    assert.equal((await call(server.reeve, secret, { script })).status, 200)
  }
  const wanted = ['mcp_server:tickets', 'tool:Bash']
  const found = await until('the tools', async () => {
    const { unregistered } = (await people.lead('GET', '/inventory/drift')).body
    const tools = unregistered.filter(({ item, seen }) => item.kind === 'tool' && seen.calls === 2)
    return tools.length === wanted.length && tools
  })
  assert.deepEqual(found.map(({ item }) => item.seen_as[0]).sort(), wanted)
  assert.ok(found.every(({ seen }) => seen.people === 1 && seen.cost_nanos === 0))
  const outcomes = (await server.reeve.entries()).filter(({ kind }) => kind === 'model.outcome')
  assert.ok(outcomes.some(({ outcome }) => outcome.tools?.includes('mcp__tickets__close')))

  // An item that names the server is what is seen from now on.
  const tickets = { kind: 'tool', title: 'Tickets', owner: 'owner@example.com', seen_as: ['mcp_server:tick*'] }
  assert.equal((await people.lead('POST', '/inventory', tickets)).status, 201)
  assertProblem(await people.lead('POST', '/inventory', { ...tickets, seen_as: ['server:tickets'] }), 400)
  const { items } = (await people.lead('GET', '/inventory?text=Tickets')).body
  assert.equal(items.find(({ item }) => item.title === 'Tickets').seen.calls, 2)
})

test('what the inventory suspends is refused within seconds, and what it resumes goes on', async () => {
  const { secret } = await server.reeve.createKey('ada@example.com')
  const short = { script: { events: 2, delay_ms: 1 } }
  const { items } = (await people.lead('GET', '/inventory?status=in_use')).body
  const { item } = items.find((one) => one.item.model === 'claude-sonnet-4-5')
  assert.equal((await call(server.reeve, secret, short)).status, 200)
  const act = (person, action) => person('POST', `/inventory/${item.id}`, { action, reason: 'it answers in riddles' })
  assert.equal((await act(people.lead, 'suspend')).body.item.status, 'suspended')
  const refused = await until('refused', async () => {
    const answer = await call(server.reeve, secret, short)
    return answer.status !== 200 && answer
  })
  assert.match(JSON.stringify(refused), /reeve inventory list/)
  const entry = await until('the entry', async () =>
    (await server.reeve.entries()).findLast(({ outcome }) => outcome?.status === 'refused'),
  )
  assert.equal(entry.decision.rule, 'what-was-refused-is-not-used')
  assert.equal(entry.decision.inventory.model, 'suspended')
  assert.equal((await act(people.chair, 'resume')).status, 200)
  await until('let in again', async () => (await call(server.reeve, secret, short)).status === 200)
})

test('who asked for it, owns it or suspended it does not resume it', async () => {
  const item = { kind: 'tool', title: 'Suspended', owner: 'owner@example.com' }
  const made = await people.lead('POST', '/inventory', item)
  const started = await people.dev('POST', '/intake', { item: made.body.item.id })
  assert.equal(started.status, 201, JSON.stringify(started.body))
  const { id } = started.body.intake
  const { body } = await people.dev('POST', `/intake/${id}/answers`, { answers: answersOf(1) })
  assert.equal((await decide(people.lead, body.intake)).status, 200)
  const act = (person, action) => person('POST', `/inventory/${made.body.item.id}`, { action, reason: 'a test' })
  assert.equal((await act(people.security, 'suspend')).status, 200)
  for (const name of ['dev', 'owner', 'security', 'lead']) {
    assertProblem(await act(people[name], 'resume'), 403)
  }
  assert.equal((await act(people.chair, 'resume')).body.item.status, 'approved')
})

test('of two who decide at once one does, and of many who change an item one', async () => {
  for (let i = 0; i < 6; i++) {
    const intake = await asked(1, `at once ${i}`)
    const both = await Promise.all([
      decide(people.lead, intake),
      decide(people.chair, intake, { decision: 'deny', reason: 'no' }),
    ])
    const statuses = both.map(({ status }) => status).toSorted()
    assert.deepEqual(statuses, [200, 409], JSON.stringify(both.map(({ body }) => body)))
  }
  const item = { kind: 'tool', title: 'Contended', owner: 'owner@example.com' }
  const { etag, body } = await people.lead('POST', '/inventory', item)
  const put = (title) => people.lead('PUT', `/inventory/${body.item.id}`, { ...item, title }, { 'if-match': etag })
  const puts = await Promise.all(['a', 'b', 'c', 'd'].map(put))
  assert.equal(puts.filter(({ status }) => status === 200).length, 1)
  assert.ok(puts.every(({ status }) => [200, 409, 412].includes(status)))
})

test('a reviewer who leaves the group meanwhile does not decide', async () => {
  const groups = ['--group', 'governance-council', '--scope', 'control:read', '--scope', 'control:write']
  const { id, secret } = await server.reeve.createKey('leaver@example.com', ...groups)
  const plain = await server.reeve.createKey('leaver@example.com', '--scope', 'control:*')
  const leaver = apiClient(server.reeve, plain.secret)
  const intake = await asked(1, 'left meanwhile')
  await until('the key is known', async () => (await apiClient(server.reeve, secret)('GET', '/me')).status === 200)
  const may = async () => (await leaver('GET', `/intake/${intake.id}`)).body.may
  assert.deepEqual(await may(), ['decide'], 'by the groups of the other key')
  await server.reeve.command('key', 'revoke', id)
  await until('the key is gone', async () => (await may()).length === 0)
  assertProblem(await decide(leaver, intake), 403)
})

test('every step is in the ledger', async () => {
  const entries = await until('the ledger', async () => {
    const found = (await server.reeve.entries()).filter(({ kind }) => kind.startsWith('register.'))
    return found.some(({ kind, detail }) => kind === 'register.item_status' && detail.status === 'in_use') && found
  })
  const kinds = new Set(entries.map(({ kind }) => kind))
  for (const kind of ['intake_started', 'intake_submitted', 'intake_reviewed', 'intake_decided', 'intake_withdrawn',
    'item_registered', 'item_changed', 'item_status', 'item_seen']) {
    assert.ok(kinds.has(`register.${kind}`), `${kind} of ${[...kinds]}`)
  }
  const decided = entries.find(({ kind }) => kind === 'register.intake_decided')
  assert.match(decided.detail.digest, /^sha256:[0-9a-f]{64}$/)
  assert.equal(decided.detail.decision.reason, 'as discussed')
})
