// The control API: who may switch, what a repeated request does, and sessions.

import assert from 'node:assert/strict'
import test from 'node:test'
import { apiClient, assertProblem } from '../api/api_client.mjs'
import { call, entriesWith, goesOn, startBoth, streaming } from './streams.mjs'

async function stage(t) {
  const { reeve, upstream } = await startBoth()
  t.after(() => {
    reeve.end()
    upstream.stop()
  })
  const api = async (...scopes) => {
    const options = scopes.flatMap((scope) => ['--scope', scope])
    return apiClient(reeve, (await reeve.createKey('sec@example.com', ...options)).secret)
  }
  return { reeve, api }
}

test('the switch by the API: only with the right, with a reason, and once for each key', async (t) => {
  const { reeve, api } = await stage(t)
  const { secret } = await reeve.createKey('ada@example.com')
  const may = await api('control:read', 'control:kill')
  const writes = await api('control:read', 'control:write')
  const reads = await api('control:read')
  const body = { scope: 'person:ada@example.com', reason: 'leaver' }
  assertProblem(await writes('POST', '/kill-switch', body), 403)
  assertProblem(await reads('POST', '/kill-switch', body), 403)
  assertProblem(await apiClient(reeve, secret)('POST', '/kill-switch', body), 403)
  assertProblem(await apiClient(reeve)('POST', '/kill-switch', body), 401)
  const wrongs = [{ scope: 'all' }, { reason: 'x' }, { scope: 'nobody', reason: 'x' }, { ...body, more: 'x' }, '{']
  for (const wrong of wrongs) {
    assertProblem(await may('POST', '/kill-switch', wrong), 400)
  }
  assert.deepEqual((await reads('GET', '/kill-switch')).body, { cutoffs: [] })

  const stream = await streaming(reeve, secret)
  const key = { 'idempotency-key': 'leaver-1' }
  const made = await may('POST', '/kill-switch', body, key)
  assert.equal(made.status, 201)
  assert.equal((await call(reeve, secret).ended).status, 400, 'it holds when the answer is there')
  assert.match((await stream.ended).text, /leaver/)
  assert.deepEqual((await may('POST', '/kill-switch', body, key)).body, made.body)
  const until = new Date(Date.now() + 3_600_000).toISOString()
  for (const other of [{ reason: 'another' }, { scope: 'all' }, { until }]) {
    assert.equal((await may('POST', '/kill-switch', { ...body, ...other }, key)).status, 422, JSON.stringify(other))
  }
  assert.equal((await reads('GET', '/kill-switch')).body.cutoffs.length, 1)

  assertProblem(await writes('DELETE', `/kill-switch/${made.body.id}`, { reason: 'a mistake' }), 403)
  assertProblem(await may('DELETE', '/kill-switch/cut_none', { reason: 'a mistake' }), 404)
  for (const body of [undefined, {}, { reason: ' ' }, { reason: 'two\nlines' }]) {
    assertProblem(await may('DELETE', `/kill-switch/${made.body.id}`, body), 400)
  }
  const ended = await may('DELETE', `/kill-switch/${made.body.id}`, { reason: 'a mistake' })
  assert.deepEqual([ended.status, ended.body.on, ended.body.ended_by], [200, false, 'sec@example.com'])
  assert.equal((await call(reeve, secret, { script: { events: 2 } }).ended).status, 200)
  const repeated = await may('POST', '/kill-switch', body, key)
  assert.deepEqual([repeated.status, repeated.body.on], [201, false], 'a late repetition switches nothing on')
  assert.equal((await call(reeve, secret, { script: { events: 2 } }).ended).status, 200)
  assert.equal((await reads('GET', '/kill-switch?state=all')).body.cutoffs.length, 1)

  // One that holds for a moment, and is repeated once that is over.
  const soon = { scope: 'group:nobody', reason: 'short', until: new Date(Date.now() + 4_000).toISOString() }
  const short = { 'idempotency-key': 'short-1' }
  const first = await may('POST', '/kill-switch', soon, short)
  assert.equal(first.status, 201)
  assert.deepEqual((await may('POST', '/kill-switch', soon, short)).body, first.body)
  const on = async () => (await reads('GET', '/kill-switch')).body.cutoffs
  while ((await on()).length > 0) await new Promise((tick) => setTimeout(tick, 100))
  assert.deepEqual((await may('POST', '/kill-switch', soon, short)).body, first.body)
  const later = { ...soon, until: new Date(Date.now() + 3_600_000).toISOString() }
  assert.equal((await may('POST', '/kill-switch', later, short)).status, 422)
})

test('a hundred and fifty people are cut off at once, while others ask the API for more than it answers', async (t) => {
  const { reeve, api } = await stage(t)
  const may = await api('control:read', 'control:kill')
  const reads = await api('control:read')
  let going = true
  const busy = Array.from({ length: 60 }, async () => {
    while (going) await reads('GET', '/sessions?state=live')
  })
  const people = Array.from({ length: 150 }, (_, i) => `person-${i}@example.com`)
  const answers = await Promise.all(
    people.map((name) => may('POST', '/kill-switch', { scope: `person:${name}`, reason: 'the list of today' })),
  )
  assert.deepEqual([...new Set(answers.map(({ status }) => status))], [201], JSON.stringify(answers.at(-1).body))
  const ended = await Promise.all(
    answers.map(({ body }) => may('DELETE', `/kill-switch/${body.id}`, { reason: 'a wrong list' })),
  )
  going = false
  assert.deepEqual([...new Set(ended.map(({ status }) => status))], [200], JSON.stringify(ended.at(-1).body))
  await Promise.all(busy)
  const { cutoffs } = (await may('GET', '/kill-switch?state=all')).body
  assert.equal(new Set(cutoffs.map(({ scope }) => scope)).size, people.length)
  assert.ok(cutoffs.every(({ ended_reason: why }) => why === 'a wrong list'))
})

test('sessions: who is at work, and the end of one', async (t) => {
  const { reeve, api } = await stage(t)
  const { secret } = await reeve.createKey('ada@example.com')
  const may = await api('control:read', 'control:kill')
  const inSession = (id, agent) => ({
    headers: {
      'user-agent': 'claude-cli/2.1.329 (external, cli)',
      'x-claude-code-session-id': id,
      ...(agent ? { 'x-claude-code-agent-id': agent } : {}),
    },
  })
  const one = await streaming(reeve, secret, inSession('one'))
  const helper = await streaming(reeve, secret, inSession('one', 'helper-1'))
  const two = await streaming(reeve, secret, inSession('two'))
  await call(reeve, secret, { ...inSession('three'), script: { usage: { input: 40, output: 20 } } }).ended
  await entriesWith(reeve, ({ session_id, outcome }) => session_id === 'three' && outcome)
  const list = async () => {
    const { body } = await may('GET', '/sessions?state=live')
    return Object.fromEntries(body.sessions.map((session) => [session.session, session]))
  }
  const before = await list()
  assert.deepEqual(
    ['one', 'two', 'three'].map((id) => [before[id].state, before[id].under_way]),
    [
      ['live', 2],
      ['live', 1],
      ['idle', 0],
    ],
  )
  const { person, client, model, agents } = before.one
  assert.deepEqual([person, client, model], ['ada@example.com', 'claude-code', 'claude-sonnet-4-5'])
  assert.deepEqual(agents, ['helper-1'])
  assert.deepEqual([before.three.calls, before.three.input_tokens, before.three.output_tokens], [1, 40, 20])
  assert.ok(before.three.cost_nanos > 0)

  assertProblem(await may('DELETE', '/sessions/one'), 400)
  const once = { 'idempotency-key': 'one-1' }
  const ended = await may('DELETE', '/sessions/one', { reason: 'it runs wild' }, once)
  assert.equal(ended.status, 201)
  assert.deepEqual((await may('DELETE', '/sessions/one', { reason: 'it runs wild' }, once)).body, ended.body)
  for (const stream of [one, helper]) {
    assert.match((await stream.ended).text, /The session 'one' was ended .*it runs wild/)
  }
  assert.ok(await goesOn(two))
  assert.equal((await call(reeve, secret, inSession('one')).ended).status, 400)
  assert.equal((await list()).one.state, 'ended')

  const shown = JSON.parse(await reeve.command('session', 'list', '--json')).sessions
  assert.deepEqual(shown.find(({ session }) => session === 'one').state, 'ended')
  await reeve.command('session', 'end', 'two', '--reason', 'by the command')
  assert.match((await two.ended).text, /by the command/)
  assert.match(await reeve.command('session', 'show', 'three'), /three/)
})
