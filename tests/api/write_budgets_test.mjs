// Budgets written by the control API and by `reeve budget`: they hold at once, through restarts, beside those of files;
// nobody undoes another's work unseen, and the ledger tells who wrote what.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { call, settledCounters, startBoth } from '../budgets/calls.mjs'
import { apiClient, assertProblem } from './api_client.mjs'

const kFileBudgets = `kind: Ladder
name: claude
steps: [claude-opus-*, claude-sonnet-*]
---
kind: Budget
name: of-a-file
window: month
limit: {requests: 1000}
`
const kApprovals = `kind: ApprovalPolicy
name: boss
reviewers: {people: [boss@example.com]}
`
const kOne = { window: 'day', each: ['person'], limit: { requests: 1 } }
const kPath = '/budgets/made'
let upstream, reeve, write, dev

before(async () => {
  ;({ upstream, reeve } = await startBoth(kFileBudgets, { governance: { 'approvals.yaml': kApprovals } }))
  dev = (await reeve.createKey('dev@example.com')).secret
  write = apiClient(reeve, (await reeve.createKey('lead@example.com', '--scope', 'control:*')).secret)
})
after(() => {
  reeve?.end()
  upstream?.stop()
})
// Each test finds no budget that another one wrote.
beforeEach(async () => {
  for (const { name, etag, file } of (await write('GET', '/budgets')).body.budgets) {
    if (!file) assert.equal((await write('DELETE', `/budgets/${name}`, undefined, { 'if-match': etag })).status, 200)
  }
})

async function entriesOf(kinds) {
  return (await reeve.entries()).filter((entry) => kinds.includes(entry.kind))
}
async function until(what, holds) {
  for (let i = 0; i < 200; i++) {
    if (await holds()) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  assert.fail(`${what}: not within 10 s`)
}

test('a call is refused by a budget that was made a moment ago', async () => {
  const made = await write('PUT', kPath, { ...kOne, title: 'Made by hand', message: 'Ask the lead.' })
  assert.equal(made.status, 201, JSON.stringify(made.body))
  assert.equal(made.body.name, 'made')
  assert.match(made.body.origin, /^API, by lead@example.com, \d{4}-/)
  assert.ok(made.etag)
  const { secret } = await reeve.createKey('fresh@example.com')
  assert.equal((await call(reeve, secret)).status, 200)
  const refused = await call(reeve, secret)
  assert.notEqual(refused.status, 200)
  assert.match(refused.text, /Ask the lead\./)
  const shown = await write('GET', kPath)
  assert.equal(shown.etag, made.etag)
  assert.deepEqual(shown.body.document.limit, { requests: '1' })
  const removed = await write('DELETE', kPath, undefined, { 'if-match': shown.etag })
  assert.equal(removed.status, 200)
  assert.equal((await call(reeve, secret)).status, 200)
  assertProblem(await write('GET', kPath), 404)
})

test('counters go on when a limit is changed, and a new budget counts what was spent before', async () => {
  const { secret } = await reeve.createKey('counted@example.com')
  assert.equal((await call(reeve, secret)).status, 200)
  await settledCounters(reeve)
  const made = await write('PUT', kPath, { ...kOne, limit: { requests: 2 } })
  const spent = (answer) => answer.body.counters.find((c) => c.scope.person === 'counted@example.com')?.limits.requests
  await until('what was spent before', async () => spent(await write('GET', kPath))?.spent === 1)
  assert.equal((await call(reeve, secret)).status, 200)
  assert.notEqual((await call(reeve, secret)).status, 200)
  const changed = await write('PUT', kPath, { ...kOne, limit: { requests: 3 } }, { 'if-match': made.etag })
  assert.equal(changed.status, 200)
  const { spent: now, reserved, limit } = spent(await write('GET', kPath))
  assert.deepEqual([now + reserved, limit], [2, 3])
  assert.equal((await call(reeve, secret)).status, 200)
  assert.notEqual((await call(reeve, secret)).status, 200)
})

test('an approved exception raises a written budget, as it does one of a file', async () => {
  await write('PUT', kPath, { ...kOne, limit: { requests: 0 } })
  const { secret } = await reeve.createKey('raised@example.com')
  assert.notEqual((await call(reeve, secret)).status, 200)
  const common = ['--until', '1h', '--reason', 'a test', '--by', 'raised@example.com', '--json']
  const asked = await reeve.command('exception', 'request', '--budget', 'made', '--requests', '1', ...common)
  await reeve.command('exception', 'approve', JSON.parse(asked).id, '--by', 'boss@example.com')
  await until('it is raised', async () => (await call(reeve, secret)).status === 200)
})

test('what another wrote is not overwritten unseen', async () => {
  const made = await write('PUT', kPath, kOne)
  const other = { ...kOne, limit: { requests: 2 } }
  assertProblem(await write('PUT', kPath, other), 428)
  assertProblem(await write('DELETE', kPath), 428)
  assertProblem(await write('PUT', kPath, other, { 'if-none-match': '*' }), 412)
  const changed = await write('PUT', kPath, other, { 'if-match': `"elsewhere", ${made.etag}` })
  assert.equal(changed.status, 200)
  assert.notEqual(changed.etag, made.etag)
  const stale = await write('PUT', kPath, kOne, { 'if-match': made.etag })
  assertProblem(stale, 412)
  assert.equal(stale.etag, changed.etag)
  assertProblem(await write('DELETE', kPath, undefined, { 'if-match': made.etag }), 412)
  assertProblem(await write('PUT', kPath, kOne, { 'if-match': `W/${changed.etag}` }), 412)
  assertProblem(await write('PUT', '/budgets/none', kOne, { 'if-match': made.etag }), 412)
  assertProblem(await write('PUT', kPath, kOne, { 'if-match': made.etag, 'if-none-match': '*' }), 400)
  assertProblem(await write('PUT', kPath, kOne, { 'if-none-match': made.etag }), 400)
  const back = await write('PUT', kPath, kOne, { 'if-match': changed.etag })
  assert.notEqual(back.etag, made.etag, 'the same text again is another version')
  const same = await write('PUT', kPath, { kind: 'Budget', name: 'made', ...kOne }, { 'if-match': back.etag })
  assert.equal(same.etag, back.etag, 'what changes nothing is no change')
  assertProblem(await write('DELETE', '/budgets/none', undefined, { 'if-match': '*' }), 404)
  assert.equal((await write('DELETE', kPath, undefined, { 'if-match': '*' })).status, 200)
})

test('of many who make or change it at once, one does', async () => {
  const all = await Promise.all(Array.from({ length: 8 }, () => write('PUT', kPath, kOne, { 'if-none-match': '*' })))
  assert.equal(all.filter((answer) => answer.status === 201).length, 1)
  const headers = { 'if-match': all.find((answer) => answer.status === 201).etag }
  const changes = Array.from({ length: 8 }, (_, i) =>
    write('PUT', kPath, { ...kOne, limit: { requests: i + 5 } }, headers),
  )
  assert.equal((await Promise.all(changes)).filter((answer) => answer.status === 200).length, 1)
})

test('a budget of a file is changed in its file only', async () => {
  const file = await write('GET', '/budgets/of-a-file')
  assert.ok(file.etag)
  for (const answer of [
    await write('PUT', '/budgets/of-a-file', kOne),
    await write('PUT', '/budgets/of-a-file', kOne, { 'if-match': file.etag }),
    await write('DELETE', '/budgets/of-a-file', undefined, { 'if-match': file.etag }),
  ]) {
    assertProblem(answer, 409)
    assert.match(answer.body.detail, /budgets\.yaml:5\b/)
  }
  assert.deepEqual((await write('GET', '/budgets/of-a-file')).body.limit, { requests: 1000 })
})

test('a file that comes to declare the name is stronger, and the written one comes back after it', async () => {
  await write('PUT', kPath, kOne)
  const file = path.join(reeve.folder, 'governance', 'later.yaml')
  fs.writeFileSync(file, 'kind: Budget\nname: made\nwindow: week\nlimit: {requests: 7}\n')
  await until('the file holds', async () => (await write('GET', kPath)).body.window === 'week')
  assertProblem(await write('DELETE', kPath, undefined, { 'if-match': '*' }), 409)
  assert.match(await reeve.command('check'), /later\.yaml:1 declares a budget of that name/)
  fs.rmSync(file)
  await until('the written one holds', async () => (await write('GET', kPath)).body.window === 'day')
})

test('files that a written budget no longer fits do not come in force', async () => {
  const body = { ...kOne, thresholds: [{ at: '80%', do: 'degrade', ladder: 'claude' }] }
  assert.equal((await write('PUT', kPath, body)).status, 201)
  const file = path.join(reeve.folder, 'governance', 'budgets.yaml')
  fs.writeFileSync(file, kFileBudgets.slice(kFileBudgets.indexOf('kind: Budget')))
  await until('it is refused', () => /budget made \(API, by [^]*there is no ladder 'claude'/.test(reeve.log()))
  const names = (await write('GET', '/budgets')).body.budgets.map(({ name }) => name)
  assert.deepEqual(names, ['made', 'of-a-file'])
  fs.writeFileSync(file, kFileBudgets)
})

test('a body that cannot hold is refused by its member, and nothing is written', async () => {
  const without = (key) => Object.fromEntries(Object.entries(kOne).filter(([name]) => name !== key))
  const cases = [
    ['', '#'],
    ['[]', '#'],
    ['{"window": "day",}', '#'],
    [`{"title": "${'x'.repeat(300)}", "window": "day", "limit": {"requests": 1}}`, '#/title'],
    ['{"window": "day", "window": "day", "limit": {"requests": 1}}', '#/window'],
    ['{"kind": "Budget", "kind": "Budget", "window": "day", "limit": {"requests": 1}}', '#/kind'],
    [{ ...kOne, kind: 'Policy' }, '#/kind'],
    [{ ...kOne, kind: null }, '#/kind'],
    [{ ...kOne, name: 'another' }, '#/name'],
    [{ ...kOne, limmit: 1 }, '#/limmit'],
    [without('window'), '#'],
    [without('limit'), '#'],
    [{ ...kOne, window: 'fortnight' }, '#/window'],
    [{ ...kOne, window: { rolling: '1s' } }, '#/window/rolling'],
    [{ ...kOne, window: { rolling: '1h', more: 1 } }, '#/window/more'],
    [{ ...kOne, window: null }, '#/window'],
    [{ ...kOne, time_zone: 'Mars/Olympus' }, '#/time_zone'],
    [{ ...kOne, limit: {} }, '#/limit'],
    [{ ...kOne, limit: 5 }, '#/limit'],
    [{ ...kOne, limit: { money: '2000 EUR' } }, '#/limit/money'],
    [{ ...kOne, limit: { money: -1 } }, '#/limit/money'],
    [{ ...kOne, limit: { requests: 1.5 } }, '#/limit/requests'],
    [{ ...kOne, limit: { requests: true } }, '#/limit/requests'],
    [{ ...kOne, limit: { 'to/ken~s': 1 } }, '#/limit/to~1ken~0s'],
    [{ ...kOne, each: ['person', 'person'] }, '#/each/1'],
    [{ ...kOne, each: ['group'] }, '#/each/0'],
    [{ ...kOne, for: { colour: 'red' } }, '#/for/colour'],
    [{ ...kOne, for: { model: ['a', ''] } }, '#/for/model/1'],
    [{ ...kOne, carry_over: '200%' }, '#/carry_over'],
    [{ ...kOne, thresholds: 80 }, '#/thresholds'],
    [{ ...kOne, thresholds: [{ at: '80%', do: 'notify' }, { at: 0, do: 'notify' }] }, '#/thresholds/1/at'],
    [{ ...kOne, thresholds: [{ at: 80, do: 'degrade', ladder: 'gone' }] }, '#/thresholds/0/ladder'],
    [{ ...kOne, reserve: 'some' }, '#/reserve'],
  ]
  for (const [body, pointer] of cases) assertProblem(await write('PUT', kPath, body), 400, pointer)
  assertProblem(await write('PUT', '/budgets/Not%20a%20name', kOne), 400, '#/name')
  assertProblem(await write('PUT', kPath, `"${'x'.repeat(70_000)}"`), 413)
  assert.equal((await write('GET', '/budgets')).body.budgets.length, 1)
  const ladder = { ...kOne, thresholds: [{ at: 80, do: 'degrade', ladder: 'claude' }], limit: { money: 2000.5 } }
  const made = await write('PUT', kPath, ladder)
  assert.equal(made.status, 201, JSON.stringify(made.body))
  assert.equal(made.body.limit.money_nanos, 2_000_500_000_000)
  const again = await write('PUT', kPath, made.body.document, { 'if-match': made.etag })
  assert.equal(again.etag, made.etag, 'what GET gives as the document is what PUT takes')
})

test('a request that is repeated under its key is done once', async () => {
  const headers = { 'idempotency-key': 'a-key-1' }
  const first = await write('PUT', kPath, kOne, headers)
  assert.equal(first.status, 201)
  const again = await write('PUT', kPath, kOne, headers)
  assert.deepEqual([again.status, again.etag, again.body], [201, first.etag, first.body])
  assertProblem(await write('PUT', kPath, { ...kOne, window: 'week' }, headers), 422)
  assertProblem(await write('PUT', '/budgets/another', kOne, headers), 422)
  assertProblem(await write('DELETE', kPath, undefined, { ...headers, 'if-match': first.etag }), 422)
  const other = apiClient(reeve, (await reeve.createKey('boss@example.com', '--scope', 'control:*')).secret)
  assertProblem(await other('PUT', kPath, kOne, headers), 428)
  const remove = { 'idempotency-key': 'a-key-2', 'if-match': first.etag }
  assert.equal((await write('DELETE', kPath, undefined, remove)).status, 200)
  assert.equal((await write('DELETE', kPath, undefined, remove)).status, 200)
  const refused = { 'idempotency-key': 'a-key-3' }
  assertProblem(await write('PUT', kPath, { ...kOne, window: 1 }, refused), 400)
  assert.equal((await write('PUT', kPath, kOne, refused)).status, 201, 'what was refused may be mended')
  for (const key of ['', 'x'.repeat(256), 'with a space']) {
    assertProblem(await write('PUT', '/budgets/keyed', kOne, { 'idempotency-key': key }), 400)
  }
})

test('only a key with control:write may write', async () => {
  const scoped = async (...scopes) => {
    const options = scopes.flatMap((scope) => ['--scope', scope])
    return apiClient(reeve, (await reeve.createKey('someone@example.com', ...options)).secret)
  }
  for (const client of [await scoped('control:read'), await scoped(), await scoped('models:*'), apiClient(reeve)]) {
    const put = await client('PUT', kPath, kOne)
    assertProblem(put, put.status === 401 ? 401 : 403)
    const removed = await client('DELETE', '/budgets/of-a-file')
    assertProblem(removed, removed.status === 401 ? 401 : 403)
  }
  assertProblem(await write('GET', kPath), 404)
  const writer = await scoped('control:write')
  assertProblem(await writer('GET', '/budgets'), 403)
  const made = await writer('PUT', kPath, kOne)
  assert.equal(made.status, 201)
  assert.equal((await writer('DELETE', kPath, undefined, { 'if-match': made.etag })).status, 200)
  for (const [method, where, allowed] of [
    ['PUT', '/budgets', 'GET'],
    ['DELETE', '/spend', 'GET'],
    ['POST', kPath, 'GET, PUT, DELETE'],
  ]) {
    const answer = await write(method, where, kOne)
    assertProblem(answer, 405)
    assert.equal(answer.headers.get('allow'), allowed)
  }
})

test('a written budget holds after a restart, and after a crash', async () => {
  const made = await write('PUT', kPath, kOne)
  const { secret } = await reeve.createKey('restarted@example.com')
  assert.equal((await call(reeve, secret)).status, 200)
  assert.equal(await reeve.stop(), 0)
  await reeve.start()
  assert.equal((await write('GET', kPath)).etag, made.etag)
  assert.notEqual((await call(reeve, secret)).status, 200)
  const changed = await write('PUT', kPath, { ...kOne, limit: { requests: 2 } }, { 'if-match': made.etag })
  reeve.process.kill('SIGKILL')
  await reeve.exited
  await reeve.start()
  assert.equal((await write('GET', kPath)).etag, changed.etag)
  assert.equal((await call(reeve, secret)).status, 200)
  assert.notEqual((await call(reeve, secret)).status, 200)
  await until('the entry is written after the crash', async () => {
    const entries = await entriesOf(['budget.changed'])
    return entries.some((entry) => entry.detail.etag === changed.etag)
  })
})

test('the command writes the same register, beside the server and without it', async () => {
  const file = path.join(reeve.folder, 'written.yaml')
  const text = (name, requests) => `kind: Budget\nname: ${name}\nwindow: day\nlimit: {requests: ${requests}}\n`
  const command = async (...args) => JSON.parse(await reeve.command('budget', ...args, '--json')).budgets
  fs.writeFileSync(file, text('made', 5) + '---\n' + text('second', 6))
  const set = await command('set', file, '--by', 'cli@example.com')
  assert.deepEqual(set.map(({ name, what }) => `${name} ${what}`), ['made made', 'second made'])
  await until('the server holds it', async () => (await write('GET', kPath)).etag === set[0].etag)
  assert.match((await write('GET', kPath)).body.origin, /^API, by cli@example.com, /)
  assert.equal((await command('set', file))[0].what, 'unchanged')
  fs.writeFileSync(file, text('made', 8))
  assert.equal((await command('set', file))[0].what, 'changed')
  const origins = (await command('list')).map(({ name, origin }) => `${name} ${origin.replace(/^.*\/|,.*/g, '')}`)
  assert.deepEqual(origins, ['made API', 'of-a-file budgets.yaml:5', 'second API'])
  assert.match(await reeve.command('check'), /3 budgets, [^]*budget made: API, by /)
  const sources = JSON.parse(await reeve.command('spend', 'budgets', '--json')).budgets
  assert.match(sources.find(({ name }) => name === 'of-a-file').origin, /budgets\.yaml:5$/)
  const fails = async (code, ...args) => {
    const error = await reeve.command('budget', ...args).then(() => assert.fail(`${args}`), (failed) => failed)
    assert.equal(error.code, code, error.stderr)
    return error.stderr + error.stdout
  }
  fs.writeFileSync(file, text('of-a-file', 1))
  assert.match(await fails(1, 'set', file), /budgets\.yaml:5/)
  assert.match(await fails(1, 'remove', 'of-a-file'), /budgets\.yaml:5/)
  fs.writeFileSync(file, text('made', 9) + 'limmit: 1\n')
  assert.match(await fails(2, 'set', file), /written\.yaml:5:1: .*limmit/)
  fs.writeFileSync(file, 'kind: Policy\nname: made\n')
  assert.match(await fails(2, 'set', file), /kind: Budget/)
  assert.equal(await reeve.stop(), 0)
  assert.equal((await command('remove', 'made'))[0].what, 'removed')
  await fails(1, 'remove', 'made')
  await reeve.start()
  assertProblem(await write('GET', kPath), 404)
  await until('the ledger tells it', async () => {
    const entries = await entriesOf(['budget.removed'])
    return entries.some((entry) => entry.detail.name === 'made' && entry.detail.by !== 'lead@example.com')
  })
})

test('the ledger tells each change: who, and from what to what', async () => {
  const made = await write('PUT', '/budgets/told', kOne)
  const changed = await write('PUT', '/budgets/told', { ...kOne, window: 'week' }, { 'if-match': made.etag })
  await write('DELETE', '/budgets/told', undefined, { 'if-match': changed.etag })
  const told = async () =>
    (await entriesOf(['budget.changed', 'budget.removed'])).filter((entry) => entry.detail.name === 'told')
  await until('three entries', async () => (await told()).length === 3)
  const [first, second, third] = await told()
  assert.deepEqual([first.kind, second.kind, third.kind], ['budget.changed', 'budget.changed', 'budget.removed'])
  for (const entry of [first, second, third]) assert.equal(entry.detail.by, 'lead@example.com')
  assert.equal(first.detail.previous, undefined)
  assert.equal(first.detail.etag, made.etag)
  assert.equal(second.detail.previous, first.detail.digest)
  assert.equal(second.detail.etag, changed.etag)
  assert.equal(second.detail.budget.window, 'week')
  assert.equal(third.detail.previous, second.detail.digest)
  assert.match(first.detail.digest, /^sha256:[0-9a-f]{64}$/)
})
