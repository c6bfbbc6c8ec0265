// Demonstration data: made, checked as any ledger is, and served; spend by the index against spend by every entry.

import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'

const run = promisify(execFile)
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))
const kProgram = process.env.REEVE_PROGRAM
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'reeve-demo-'))
const kSizes = ['--days', '45', '--people', '12', '--calls-per-day', '12']
const kDays = 24 * 3600 * 1000
let made, server, port, key
let told = ''

const reeve = async (...args) =>
  (await run(kProgram, args, { cwd: folder, maxBuffer: 1 << 28 }).catch((error) => assert.fail(error.stderr))).stdout
const json = async (...args) => JSON.parse(await reeve(...args, '--json', '--config', 'reeve.yaml'))
const time = (daysAgo) => new Date(Date.now() - daysAgo * kDays).toISOString()

async function get(way) {
  for (let i = 0; i < 600; i++) {
    const headers = { authorization: `Bearer ${key}` }
    const answer = await fetch(`http://127.0.0.1:${port}${way}`, { headers })
    if (answer.status === 200) return answer.json()
    assert.equal(answer.status, 503, await answer.text())
    await sleep(100)
  }
  return assert.fail(`${way} is not answered`)
}

before(async () => {
  made = JSON.parse(await reeve('demo-data', '--data', 'data', '--yes', '--json', ...kSizes))
  port = await new Promise((resolve) => {
    const one = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = one.address()
      one.close(() => resolve(port))
    })
  })
  fs.writeFileSync(
    path.join(folder, 'reeve.yaml'),
    `listen: 127.0.0.1:${port}\nproviders: [{name: practice, dialect: practice}]\n` +
      'models: [{name: practice-small, provider: practice, tier: small}]\n',
  )
  await reeve('init', '.')
  const arguments_ = ['--owner', 'lead@demonstration.example', '--scope', 'control:read']
  key = (await json('key', 'create', ...arguments_)).secret
  server = spawn(kProgram, ['serve', '--config', 'reeve.yaml'], { cwd: folder })
  server.stderr.on('data', (text) => (told += text))
  for (let i = 0; !told.includes('serving'); i++) {
    assert.ok(i < 600, told)
    await sleep(100)
  }
})
after(async () => {
  if (server) {
    const ended = new Promise((resolve) => server.once('exit', resolve))
    server.kill('SIGTERM')
    await ended
  }
  fs.rmSync(folder, { recursive: true, force: true })
})

test('it says what it is, and the server says so', async () => {
  assert.equal(made.demonstration, true)
  assert.ok(made.calls > 1000 && made.entries > 2 * (made.calls - made.refused))
  assert.match(told, /demonstration data/)
  const begun = await json('ledger', 'query', 'kind == "demonstration.begun"', '--limit', '1')
  assert.equal(begun.node, 'demonstration')
  const people = await json('ledger', 'sql', "SELECT DISTINCT person FROM calls WHERE person NOT LIKE '%.example'")
  assert.deepEqual(people.rows ?? people, [])
})

test('the ledger is sound, and every cost comes out again', async () => {
  assert.equal((await json('ledger', 'verify')).ok, true)
  const again = await json('spend', 'rerate', '--since', '60d')
  assert.equal(again.reproduced, again.rated)
})

test('a folder in use is refused', async () => {
  const again = run(kProgram, ['demo-data', '--data', 'data', '--yes'], { cwd: folder })
  await assert.rejects(again, ({ code, stderr }) => code === 2 && /already/.test(stderr))
  fs.mkdirSync(path.join(folder, 'real'))
  fs.writeFileSync(path.join(folder, 'real', 'ledger.origin'), 'reeve.example.com/real\n')
  const mixed = run(kProgram, ['demo-data', '--data', 'real', '--yes'], { cwd: folder })
  await assert.rejects(mixed, ({ code, stderr }) => code === 2 && /never mix/.test(stderr))
  assert.deepEqual(fs.readdirSync(path.join(folder, 'real')), ['ledger.origin'])
})

test('spend by the index is spend by every entry', async () => {
  const since = time(33.137)
  const until = time(1.391)
  const bys = ['person,model', 'day', 'hour', 'month,repo,work_item', 'session', 'team,client', 'agent,provider']
  for (const by of bys) {
    const expected = await json('spend', 'report', '--by', by, '--since', since, '--until', until)
    assert.deepEqual(await get(`/api/v1/spend?by=${by}&since=${since}&until=${until}`), expected, by)
  }
  const advice = await json('spend', 'advice', '--since', since, '--until', until)
  assert.deepEqual(await get(`/api/v1/spend/advice?since=${since}&until=${until}`), advice)
})

test('so is a month against the one before', async () => {
  const month = time(35).slice(0, 7)
  for (const by of ['', 'team', 'person', 'day', 'hour', 'session']) {
    const expected = await json('spend', 'explain', '--month', month, ...(by ? ['--by', by] : []))
    const { comparison } = await get(`/api/v1/spend/changes?month=${month}${by && `&by=${by}`}`)
    for (const one of [comparison, expected]) {
      delete one.before_end
      delete one.after_end
    }
    assert.deepEqual(comparison, expected, by)
  }
})

test('the same seed gives the same history, another one another, and its sums add up', async () => {
  const sizes = ['--days', '9', '--people', '6', '--calls-per-day', '10', '--yes', '--json']
  const make = async (name, seed) => {
    await reeve('demo-data', '--data', name, '--seed', seed, ...sizes)
    // Today is cut at the moment of making.
    const until = `${new Date().toISOString().slice(0, 10)}T00:00:00Z`
    const report = async (by) =>
      JSON.parse(
        await reeve('spend', 'report', '--by', by, '--since', '20d', '--until', until, '--json', '--data', name),
      )
    const calls = JSON.parse(
      await reeve(
        ...['ledger', 'sql', '--data', name, '--json', '--limit', '100000'],
        `SELECT request, person, model_served, cost_nanos FROM calls WHERE time < '${until}' ORDER BY request`,
      ),
    )
    const reports = await Promise.all(['person,model', 'day', 'team'].map(report))
    return { until, calls: calls.rows ?? calls, reports }
  }
  const first = await make('first', '7')
  const second = await make('second', '7')
  const other = await make('other', '8')
  assert.ok(first.calls.length > 100)
  // Made over midnight, the two are of different days.
  if (first.until === second.until) assert.deepEqual(second, first)
  assert.notDeepEqual(other.calls, first.calls)
  for (const { groups, total } of first.reports) {
    for (const name of ['calls', 'refused', 'cost_nanos']) {
      assert.equal(groups.reduce((sum, one) => sum + one[name], 0), total[name], name)
    }
    assert.equal(total.cost_nanos, first.reports[0].total.cost_nanos)
    const ended = first.calls.reduce((sum, one) => sum + (one.cost_nanos ?? one[3] ?? 0), 0)
    assert.equal(total.cost_nanos, ended)
  }
})
