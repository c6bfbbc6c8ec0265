// Server-sent events of the control API: who is shown what, what a client that comes back has missed, how many may
// listen, and that a server that ends does not wait for them.

import assert from 'node:assert/strict'
import http from 'node:http'
import test from 'node:test'
import { call, startBoth } from '../budgets/calls.mjs'
import { apiClient, assertProblem } from './api_client.mjs'

const kBudget = 'kind: Budget\nname: each-person\neach: [person]\nwindow: month\nlimit: {requests: 100}\n'
const kSeats = 4
const roles = { developer: 'ada@example.com', auditor: 'grace@example.com' }
const bindings = Object.entries(roles).map(
  ([role, person]) => `kind: RoleBinding\nname: r-${role}\nrole: ${role}\npeople: [${person}]\n`,
)

// A client as a browser is one: `events` grows, `last` is the id to come back with.
class Listener {
  events = []
  #told = []
  constructor(reeve, secret, { query = '', last } = {}) {
    const headers = { authorization: `Bearer ${secret}`, ...(last ? { 'last-event-id': last } : {}) }
    this.ended = new Promise((resolve) => (this.#end = resolve))
    this.request = http.get({ port: reeve.port, path: `/api/v1/events${query}`, headers }, (response) => {
      this.status = response.statusCode
      this.type = response.headers['content-type']
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (piece) => {
        text += piece
        for (let end; (end = text.indexOf('\n\n')) >= 0; text = text.slice(end + 2)) this.#take(text.slice(0, end))
      })
      response.on('end', () => this.#end('whole'))
      response.on('error', () => this.#end('cut'))
      this.#wake()
    })
    this.request.on('error', () => this.#end('cut'))
  }
  #end
  #take(block) {
    const fields = Object.fromEntries(block.split('\n').map((line) => line.split(/: (.*)/s)))
    if (fields.id) this.last = fields.id
    if (fields.event) this.events.push({ event: fields.event, id: fields.id, data: JSON.parse(fields.data) })
    this.#wake()
  }
  #wake() {
    for (const tell of this.#told.splice(0)) tell()
  }
  async until(found) {
    const until = Date.now() + 60_000
    while (!found(this)) {
      assert.ok(Date.now() < until, `did not come: ${JSON.stringify(this.events)}`)
      await Promise.race([
        new Promise((resolve) => this.#told.push(resolve)),
        new Promise((resolve) => setTimeout(resolve, 1_000)),
      ])
    }
    return this
  }
  opened() {
    return this.until(({ last, status }) => last !== undefined || (status && status !== 200))
  }
  of(event) {
    return this.events.filter((one) => one.event === event).map(({ data }) => data)
  }
  close() {
    this.request.destroy()
  }
}

async function start(t, governance = {}) {
  const { upstream, reeve } = await startBoth(kBudget, { governance })
  t.after(() => (reeve.end(), upstream.stop()))
  const key = async (owner, ...options) => (await reeve.createKey(owner, ...options)).secret
  const callAs = async (secret, session) => {
    assert.equal((await call(reeve, secret, { headers: { 'x-reeve-session': session } })).status, 200)
  }
  return { reeve, key, callAs }
}

test('everybody is shown their own calls and sessions, and who may read all, all', async (t) => {
  const { reeve, key, callAs } = await start(t, { 'roles.yaml': bindings.join('---\n') })
  const opened = async (person) =>
    new Listener(reeve, await key(person, '--scope', 'control:*')).opened()
  const developer = await opened(roles.developer)
  const auditor = await opened(roles.auditor)
  t.after(() => (developer.close(), auditor.close()))
  assert.equal(developer.type, 'text/event-stream')
  const [own, others] = [await key(roles.developer), await key('eve@example.com')]
  await callAs(others, 'session-of-eve')
  await callAs(own, 'session-of-ada')
  for (const one of [developer, auditor]) {
    await one.until((seen) => seen.of('sessions').some(({ session }) => session === 'session-of-ada'))
    await one.until((seen) => seen.of('calls').some(({ session }) => session === 'session-of-ada'))
  }
  await auditor.until((seen) => seen.of('sessions').some(({ session }) => session === 'session-of-eve'))
  await auditor.until((seen) => seen.of('ledger').length > 0)
  const people = (one, topic) => [...new Set(one.of(topic).map(({ person }) => person))]
  assert.deepEqual(people(developer, 'calls'), [roles.developer])
  assert.deepEqual(people(developer, 'sessions'), [roles.developer])
  assert.deepEqual(people(auditor, 'calls'), ['eve@example.com', roles.developer])
  const [told] = auditor.of('calls')
  const reader = apiClient(reeve, await key(roles.auditor, '--scope', 'control:read'))
  const { body } = await reader('GET', `/ledger/entries/${told.decision}`)
  assert.deepEqual([body.kind, body.principal.id, body.session_id], ['model.intent', told.person, told.session])
  // What a role does not open is in no stream.
  assert.deepEqual([developer.of('ledger'), developer.of('kill_switch')], [[], []])
  assert.doesNotMatch(JSON.stringify(developer.events), /eve@|of-eve/)
})

test('the kill switch, and what may wait for approval, are told', async (t) => {
  const { reeve, key } = await start(t)
  const secret = await key('a-machine', '--type', 'service', '--scope', 'control:*')
  const listener = await new Listener(reeve, secret, { query: '?topics=kill_switch,approvals' }).opened()
  t.after(() => listener.close())
  const ask = apiClient(reeve, secret)
  const { body, status } = await ask('POST', '/kill-switch', { scope: 'model:nothing-*', reason: 'a test' })
  assert.equal(status, 201)
  await listener.until((seen) => seen.of('kill_switch').some(({ on }) => on === 1))
  await ask('DELETE', `/kill-switch/${body.id}`, { reason: 'over' })
  await listener.until((seen) => seen.of('kill_switch').at(-1)?.on === 0)
  assert.deepEqual(listener.of('approvals'), [])
  const agent = { id: 'nightly', title: 'Nightly', purpose: 'tests', owner: 'ada@example.com' }
  assert.equal((await ask('POST', '/agents', { ...agent, spiffe: ['spiffe://example.com/nightly'] })).status, 201)
  await listener.until((seen) => seen.of('approvals').length > 0)
  assert.deepEqual([listener.of('calls'), listener.of('ledger')], [[], []])
  assertProblem(await ask('GET', '/events?topics=calls,everything'), 400)
})

test('who comes back gets what was missed, once; who was away for too long is told so', async (t) => {
  const { reeve, key, callAs } = await start(t)
  const caller = await key('ada@example.com')
  const secret = await key('a-machine', '--type', 'service', '--scope', 'control:read')
  const query = '?topics=calls'
  const first = await new Listener(reeve, secret, { query }).opened()
  await callAs(caller, 'before')
  await first.until((seen) => seen.of('calls').length === 1)
  first.close()
  const other = await new Listener(reeve, secret, { query }).opened()
  await callAs(caller, 'meanwhile')
  await other.until((seen) => seen.of('calls').length === 1)
  const again = await new Listener(reeve, secret, { query, last: first.last }).opened()
  t.after(() => (other.close(), again.close()))
  await again.until((seen) => seen.of('calls').length === 1)
  await callAs(caller, 'after')
  await again.until((seen) => seen.of('calls').length === 2)
  assert.deepEqual(
    again.of('calls').map(({ session }) => session),
    ['meanwhile', 'after'],
  )
  assert.deepEqual(again.of('reset'), [])
  for (const last of ['nothing-of-ours', 'ev_00000000000000000000000000-7', `${first.last}999`, '-', '-1']) {
    // Of another key, since those that were just closed may still have their places.
    const fresh = await key(`a-machine${last}`, '--type', 'service', '--scope', 'control:read')
    const lost = await new Listener(reeve, fresh, { query, last }).opened()
    assert.deepEqual([lost.status, lost.of('reset')], [200, [{}]], last)
    lost.close()
  }
})

test('so many may listen at once, and who goes makes room', async (t) => {
  const { reeve, key } = await start(t)
  const secret = await key('a-machine', '--type', 'service', '--scope', 'control:read')
  const open = () => new Listener(reeve, secret).opened()
  const listeners = []
  for (let i = 0; i < kSeats; i++) listeners.push(await open())
  t.after(() => listeners.forEach((one) => one.close()))
  assert.deepEqual(
    listeners.map(({ status }) => status),
    Array(kSeats).fill(200),
  )
  assert.equal((await open()).status, 429)
  const another = await key('another', '--type', 'service', '--scope', 'control:read')
  const elses = await new Listener(reeve, another).opened()
  assert.equal(elses.status, 200, 'nobody takes the places of others')
  elses.close()
  listeners.pop().close()
  for (let i = 0; ; i++) {
    const more = await open()
    listeners.push(more)
    if (more.status === 200) break
    assert.ok(i < 100, 'a place that was left is not given again')
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
})

test('a stream ends with the key that opened it, and with the server', async (t) => {
  const { reeve, key } = await start(t)
  const made = await reeve.createKey('a-machine', '--type', 'service', '--scope', 'control:read')
  const revoked = await new Listener(reeve, made.secret).opened()
  const stays = await new Listener(reeve, await key('b', '--type', 'service', '--scope', 'control:read')).opened()
  await reeve.command('key', 'revoke', made.id)
  assert.equal(await revoked.ended, 'whole')
  const began = Date.now()
  const gone = new Promise((resolve) => reeve.process.once('exit', resolve))
  reeve.process.kill('SIGTERM')
  assert.equal(await stays.ended, 'whole')
  await gone
  assert.ok(Date.now() - began < 25_000, 'the drain does not wait for streams')
})
