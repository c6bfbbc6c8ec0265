// Merged changes: told by whatever way, recorded once, and costed by the calls that belong to them.

import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { call, startBoth } from '../budgets/calls.mjs'
import { kProgram } from '../upstream/reeve_process.mjs'

const kBudget = '{kind: Budget, name: roomy, window: month, limit: {money: $5000}}\n'
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))
let upstream, reeve, ann, bob

before(async () => {
  ;({ upstream, reeve } = await startBoth(kBudget))
  ann = (await reeve.createKey('ann@example.com')).secret
  bob = (await reeve.createKey('bob@example.com')).secret
})
after(() => {
  reeve?.end()
  upstream?.stop()
})

const json = async (...args) => JSON.parse(await reeve.command(...args, '--json'))
const merged = (...args) => json('change', 'merged', ...args)
const byChange = (...args) => json('spend', 'units', '--by', 'change', '--since', '2d', ...args)
async function recorded(count) {
  for (let i = 0; i < 200; i++) {
    const found = (await reeve.entries()).filter(({ kind }) => kind === 'change.merged')
    if (found.length >= count) return found
    await sleep(50)
  }
  assert.fail(`${count} changes were not recorded`)
}
async function calls(key, headers, count = 1) {
  for (let i = 0; i < count; i++) assert.equal((await call(reeve, key, { headers })).status, 200)
}
async function settled(count) {
  for (let i = 0; i < 200; i++) {
    const outcomes = (await reeve.entries()).filter(({ kind }) => kind === 'model.outcome')
    if (outcomes.length >= count) return outcomes
    await sleep(50)
  }
  assert.fail(`${count} calls did not end`)
}
const costOf = (outcomes, fits) => outcomes.filter(fits).reduce((sum, { cost }) => sum + cost.nanos, 0)
const find = ({ changes }, id) => changes.find((change) => change.id === id)
const kCore = 'git.example.com/pay/core'

test('a change costs the calls of its work item, or of its author since the merge before', async () => {
  await calls(ann, { 'x-reeve-work-item': 'PAY-1', 'x-reeve-repo': kCore }, 3)
  await calls(bob, { 'x-reeve-work-item': 'PAY-1' }, 1)
  await calls(bob, { 'x-reeve-repo': kCore }, 2)
  await calls(bob, { 'x-reeve-work-item': 'PAY-9', 'x-reeve-repo': 'git.example.com/pay/web' }, 1)
  await calls(ann, {}, 1)
  const outcomes = await settled(8)
  const item = ['--work-item', 'PAY-1', '--author', 'ann@example.com', '--lines', '120']
  assert.deepEqual(await merged('--repo', kCore, '--id', '1', ...item), { id: '1', repo: kCore, state: 'new' })
  await merged('--repo', kCore, '--id', '2', '--author', 'Bob@example.com', '--by', 'ci')
  await merged('--repo', kCore, '--id', '3')
  const entries = await recorded(3)
  assert.deepEqual(
    entries.map(({ detail: { id, repo, work_item, lines } }) => [id, repo, work_item, lines]),
    [['1', kCore, 'PAY-1', 120], ['2', kCore, undefined, undefined], ['3', kCore, undefined, undefined]],
  )
  assert.equal(entries[1].detail.by, 'ci')

  const told = await byChange('--trace')
  const [one, two, three] = ['1', '2', '3'].map((id) => find(told, id))
  assert.deepEqual([one.tied_by, one.calls], ['work item', 4])
  assert.equal(one.cost_nanos, costOf(outcomes, ({ work_item }) => work_item === 'PAY-1'))
  assert.ok(one.cost_nanos > 0)
  assert.deepEqual(one.rows, outcomes.filter(({ work_item }) => work_item === 'PAY-1').map(({ seq }) => seq))
  assert.deepEqual([two.tied_by, two.calls], ['repository and author', 2])
  assert.deepEqual([three.tied_by, three.calls], ['nothing to go by', 0])
  assert.deepEqual([told.changes_merged, told.with_calls, told.calls_in_window.calls], [3, 2, 8])
  assert.equal(told.total_nanos, one.cost_nanos + two.cost_nanos)
  assert.deepEqual([told.p90_nanos, told.median_nanos], [one.cost_nanos, two.cost_nanos])
  const { work_item_not_merged, names_nothing, no_merge_of_person } = told.not_tied_because
  assert.deepEqual([work_item_not_merged.calls, names_nothing.calls, no_merge_of_person.calls], [1, 1, 0])
  assert.equal(told.not_tied.cost_nanos + told.of_these_changes.cost_nanos, told.calls_in_window.cost_nanos)
})

test('it is told as a table, as CSV and as a page, too', async () => {
  const table = await reeve.command('spend', 'units', '--by', 'change', '--trace')
  assert.match(table, /3 merged changes, 2 with calls: \$0\.\d+ in all, mean .*median .*p90/)
  assert.match(table, /Not tied to any change: \$0\.\d+ of \$0\.\d+ \(\d+\.\d%\)/)
  assert.match(table, /git\.example\.com\/pay\/core 1: ledger rows \d+/)
  const lines = (await reeve.command('spend', 'units', '--by', 'change', '--csv')).trim().split('\r\n')
  assert.equal(lines.length, 4)
  assert.match(lines[0], /^repo,change,merged_at,work_item,author,/)
  const page = path.join(reeve.folder, 'changes.html')
  await reeve.command('spend', 'units', '--by', 'change', '--html', page)
  assert.match(fs.readFileSync(page, 'utf8'), /<h2>Changes<\/h2>[^]*PAY-1/)
  assert.match(await reeve.command('spend', 'units'), /spend units --by change/)
})

test('what is told again changes nothing, also after a restart', async () => {
  const again = await merged('--repo', kCore, '--id', '1', '--work-item', 'PAY-7')
  assert.equal(again.state, 'known')
  await reeve.stop()
  assert.equal((await merged('--repo', kCore, '--id', '2')).state, 'known')
  assert.equal((await merged('--repo', 'git.example.com/pay/web', '--id', '1')).state, 'new')
  await reeve.start()
  const entries = await recorded(4)
  await sleep(1500)
  assert.equal((await recorded(4)).length, 4)
  assert.deepEqual([entries[0].detail.work_item, entries[3].detail.repo], ['PAY-1', 'git.example.com/pay/web'])
})

test('many come as JSON lines, all or none', async () => {
  const file = path.join(reeve.folder, 'changes.jsonl')
  const line = (id, more = {}) => `${JSON.stringify({ repo: 'lines', id, at: '3h', ...more })}\n`
  fs.writeFileSync(file, line('a') + line('b', { lines: 'many' }))
  const { status, stderr } = spawnSync(kProgram, ['change', 'import', file, '--data', path.join(reeve.folder, 'data')])
  assert.equal(status, 2)
  assert.match(`${stderr}`, /line 2: 'lines' must be a whole number/)
  const many = Array.from({ length: 300 }, (_, i) => line(String(i), i % 2 ? { work_item: `L-${i}` } : {}))
  fs.writeFileSync(file, many.join('') + line('0'))
  assert.deepEqual(await json('change', 'import', file), {
    changes: 301,
    new: 300,
    known: 1,
    with_work_item: 150,
    without_work_item: 151,
  })
  const { known } = await json('change', 'import', file)
  assert.equal(known, 301)
})

test('the control API takes them from keys that may write, and says what is wrong', async () => {
  const writer = await reeve.createKey('ci@example.com', '--scope', 'control:write')
  const reader = await reeve.createKey('lead@example.com', '--scope', 'control:read')
  const post = async (body, secret = writer.secret, method = 'POST') => {
    const response = await fetch(`http://127.0.0.1:${reeve.port}/api/v1/changes`, {
      method,
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
      body: method === 'GET' ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
    })
    return { status: response.status, allow: response.headers.get('allow'), body: await response.json() }
  }
  const one = { repo: 'api', id: 7, work_item: 'API-7' }
  const state = (id, is) => ({ id, repo: 'api', state: is })
  assert.deepEqual((await post(one)).body, { changes: [state('7', 'new')] })
  assert.deepEqual([(await post(one)).status, (await post(one)).body.changes[0].state], [200, 'known'])
  const several = await post({ changes: [one, { repo: 'api', id: '8' }] })
  assert.deepEqual([several.status, several.body.changes], [201, [state('7', 'known'), state('8', 'new')]])
  for (const [body, what] of [
    ['{', /not JSON/],
    ['[]', /a change is an object/],
    [{ repo: 'api' }, /'id' is needed/],
    [{ changes: [one, { ...one, colour: 'red' }] }, /changes\[1\]: 'colour' is no member/],
    [{ ...one, id: 'x\ny' }, /'id' must be one line/],
    [{ changes: Array(1001).fill(one) }, /at most 1000/],
  ]) {
    const answer = await post(body)
    assert.equal(answer.status, 400, JSON.stringify(answer.body))
    assert.match(answer.body.detail, what)
  }
  assert.equal((await post(one, reader.secret)).status, 403)
  assert.equal((await post(one, ann)).status, 403)
  const { status, allow } = await post(one, writer.secret, 'GET')
  assert.deepEqual([status, allow], [405, 'POST'])
  assert.equal((await post('x'.repeat(1 << 21))).status, 413)
  const entries = await recorded(4 + 300 + 2)
  const mine = entries.filter(({ detail }) => detail.repo === 'api')
  assert.deepEqual(mine.map(({ detail }) => [detail.id, detail.by]), [['7', 'ci@example.com'], ['8', 'ci@example.com']])
})

test('a git repository tells of its merges and squashed commits', async () => {
  const folder = path.join(reeve.folder, 'repository')
  fs.mkdirSync(folder)
  const environment = { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' }
  const options = { env: environment, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }
  const git = (...args) => execFileSync('git', ['-C', folder, ...args], options)
  const as = (who) => ['-c', `user.name=${who}`, '-c', `user.email=${who}@example.com`]
  const commit = (who, file, message) => {
    fs.writeFileSync(path.join(folder, file), `${message}\n`.repeat(3))
    git('add', '.')
    git(...as(who), 'commit', '-q', '-m', message)
  }
  git('init', '-q', '-b', 'main')
  git('remote', 'add', 'origin', 'git@git.example.com:shop/cart.git')
  commit('lead', 'a', 'The beginning')
  // A merge commit whose work item stands in what was merged; its author did not merge it.
  git('checkout', '-q', '-b', 'refunds')
  commit('ann', 'b', 'SHOP-1: refunds in UTF-8')
  git('checkout', '-q', 'main')
  git(...as('lead'), 'merge', '-q', '--no-ff', '-m', 'Merge pull request #12 from shop/refunds', 'refunds')
  // Squashed, with a trailer that outranks the message.
  commit('bob', 'c', 'Carts remember (#13)\n\nAs SHOP-9 wanted.\n\nWork-Item: SHOP-2')
  // Squashed, without a work item.
  commit('Bob', 'd', 'Fewer words')
  const hash = git('rev-parse', 'HEAD').trim()

  await calls(ann, { 'x-reeve-work-item': 'SHOP-1' }, 2)
  await calls(bob, { 'x-reeve-work-item': 'SHOP-2' }, 1)
  await settled(11)
  const first = await json('change', 'import', '--git', folder, '--since', '1d')
  assert.deepEqual(first, { changes: 3, new: 3, known: 0, with_work_item: 2, without_work_item: 1 })
  assert.equal((await json('change', 'import', '--git', folder, '--since', '1d')).new, 0)
  const entries = (await recorded(4 + 302 + 3)).slice(-3).map(({ detail }) => detail)
  const facts = entries.map((one) => [one.repo, one.id, one.work_item, one.author, one.branch, one.lines])
  const kCart = 'git.example.com/shop/cart'
  assert.deepEqual(facts, [
    [kCart, '12', 'SHOP-1', 'ann@example.com', 'refunds', 3],
    [kCart, '13', 'SHOP-2', 'bob@example.com', undefined, 15],
    [kCart, hash, undefined, 'bob@example.com', undefined, 3],
  ])
  const { changes } = await byChange()
  const cart = changes.filter(({ repo }) => repo === kCart)
  assert.deepEqual(['12', '13', hash].map((id) => find({ changes: cart }, id).calls), [2, 1, 0])
  const other = await json('change', 'import', '--git', folder, '--since', '1d', '--repo', 'x', '--merges-only')
  assert.deepEqual([other.changes, other.new], [1, 1])
  for (const args of [['--branch', 'nowhere'], ['--branch=--output=x'], ['--pattern', '(']]) {
    const words = ['change', 'import', '--git', folder, ...args, '--data', path.join(reeve.folder, 'data')]
    const { status } = spawnSync(kProgram, words)
    assert.equal(status, 2, args.join(' '))
  }
})
