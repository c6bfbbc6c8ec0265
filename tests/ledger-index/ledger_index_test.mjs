// The index of the ledger: the same answers with and without it, deleted, broken and killed; SQL that tries to get out
// of its tables; the ledger's part of the control API.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { call, startBoth } from '../budgets/calls.mjs'
import { kProgram } from '../upstream/reeve_process.mjs'

const run = promisify(execFile)
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))
const kBudget = `kind: Budget
name: each-person
each: [person]
window: month
limit: {requests: 12, money: $5}
`
const kConditions = [
  'true',
  'kind == "model.outcome" && cost.nanos > 0',
  'kind == "model.intent" || has(detail.by)',
  'decision.effect != "allow"',
  '!(principal.id == "dev@example.com")',
  'session_id == "session-1" && outcome.status in ["ok", "refused"]',
  'has(usage.output) && usage.output >= 1000',
  'model.served.startsWith("claude-") && !(kind == "model.intent")',
  'seq > 3 && seq < 9',
]
let upstream, reeve, key, reader

const data = () => path.join(reeve.folder, 'data')
const lines = (text) => text.split('\n').filter(Boolean)
const query = async (...args) =>
  lines(await reeve.command('ledger', 'query', '--json', ...args)).map((line) => JSON.parse(line))
const sql = async (statement, ...args) => JSON.parse(await reeve.command('ledger', 'sql', statement, '--json', ...args))
const get = async (way, secret = reader) => {
  const headers = { authorization: `Bearer ${secret}` }
  const response = await fetch(`http://127.0.0.1:${reeve.port}${way}`, { headers })
  return { status: response.status, body: await response.json() }
}
// The server opens the index beside what it does for callers.
async function fresh(way, fits = () => true) {
  for (let i = 0; i < 300; i++) {
    const answer = await get(way)
    if (answer.status === 200 && fits(answer.body)) return answer.body
    assert.ok([200, 503].includes(answer.status), JSON.stringify(answer))
    await sleep(100)
  }
  assert.fail(`${way} did not come`)
}
const make = (count, session = 'session-1') =>
  Promise.all([...Array(count)].map(() => call(reeve, key, { headers: { 'x-reeve-session': session } })))

before(async () => {
  ;({ upstream, reeve } = await startBoth(kBudget))
  key = (await reeve.createKey('dev@example.com', '--team', 'payments')).secret
  reader = (await reeve.createKey('auditor@example.com', '--scope', 'control:read')).secret
  await make(8)
  await make(6, 'session-2')
})
after(() => {
  reeve?.end()
  upstream?.stop()
})

const has_the_library = () => fs.readFileSync(`/proc/${reeve.process.pid}/maps`, 'utf8').includes('libduckdb')

test('a server that nobody asked has no database open, and opens it for who asks', async () => {
  assert.ok(!has_the_library())
  const end = (await query('true', '--scan')).at(-1).seq
  const { body, status } = await get(`/api/v1/ledger/entries/${end}`)
  assert.ok(status === 503 || body.seq === end, JSON.stringify(body))
  await fresh(`/api/v1/ledger/entries/${end}`)
  assert.ok(has_the_library())
})

// Readings add entries of their own, so both are held to the entries that were there before.
async function sameWithAndWithout(conditions = kConditions.slice(0, 3)) {
  const end = (await query('true', '--scan')).at(-1).seq
  for (const condition of conditions) {
    const narrowed = `(${condition}) && seq <= ${end}`
    assert.deepEqual(await query(narrowed, '--index'), await query(narrowed, '--scan'), condition)
  }
}

test('conditions find the same with the index and without, beside the server', () => sameWithAndWithout(kConditions))

test('sums are those of the entries', async () => {
  const outcomes = await query('kind == "model.outcome"', '--scan')
  const sums = 'SELECT count(*) AS calls, sum(cost_nanos)::BIGINT AS nanos FROM calls'
  const { rows } = await sql(`${sums} WHERE status IS NOT NULL`)
  const nanos = outcomes.reduce((sum, entry) => sum + (entry.cost?.nanos ?? 0), 0)
  assert.deepEqual(rows, [{ calls: outcomes.length, nanos }])
  const one = outcomes.find((entry) => entry.outcome.status === 'ok')
  const found = await sql(`SELECT seq, person, team, status FROM calls WHERE request = '${one.request_id}'`)
  assert.deepEqual(found.rows, [{ seq: one.seq, person: 'dev@example.com', team: 'payments', status: 'ok' }])
})

test('sessions and their calls, in the terminal and by HTTP', async () => {
  const { sessions } = JSON.parse(await reeve.command('ledger', 'sessions', '--json'))
  assert.deepEqual(sessions.map((one) => [one.session, one.calls]), [['session-2', 6], ['session-1', 8]])
  const trace = JSON.parse(await reeve.command('ledger', 'trace', 'session-1', '--json'))
  assert.equal(trace.calls.length, 8)
  assert.deepEqual((await fresh('/api/v1/sessions/session-1')).calls, trace.calls)
  assert.match(await reeve.command('ledger', 'trace', 'session-1'), /session-1.*8 calls/)
  assert.equal((await get('/api/v1/sessions/nobody')).status, 404)
  const first = await fresh('/api/v1/sessions?limit=1')
  const second = await fresh(`/api/v1/sessions?limit=1&cursor=${first.next}`)
  assert.deepEqual([...first.sessions, ...second.sessions].map((one) => one.session), ['session-2', 'session-1'])
})

const kAttacks = [
  "SELECT * FROM read_text('/etc/passwd')",
  "SELECT * FROM read_blob('/etc/passwd')",
  "SELECT * FROM read_csv('/etc/passwd')",
  "SELECT * FROM read_csv_auto('/etc/passwd')",
  "SELECT * FROM read_json('/etc/passwd')",
  "SELECT * FROM read_parquet('/etc/passwd')",
  "SELECT * FROM parquet_scan('/etc/passwd')",
  "SELECT * FROM parquet_metadata('/etc/passwd')",
  "SELECT * FROM sniff_csv('/etc/passwd')",
  "SELECT * FROM '/etc/passwd'",
  "SELECT * FROM '/etc/passwd.csv'",
  'SELECT * FROM "/etc/passwd"',
  "SELECT * FROM glob('/etc/*')",
  "SELECT * FROM 'https://127.0.0.1/x.csv'",
  "SELECT * FROM read_duckdb('/etc/passwd')",
  "FROM read_text('/etc/passwd')",
  "WITH a AS (SELECT * FROM read_text('/etc/passwd')) SELECT * FROM a",
  "SELECT (SELECT content FROM read_text('/etc/passwd'))",
  "SELECT * FROM query('SELECT * FROM read_text(''/etc/passwd'')')",
  "SELECT * FROM query_table('/etc/passwd')",
  "COPY calls TO 'FOLDER/out.csv'",
  "COPY (SELECT 1) TO 'FOLDER/out.csv'",
  "COPY new_calls FROM '/etc/passwd'",
  "EXPORT DATABASE 'FOLDER/out'",
  "IMPORT DATABASE 'FOLDER/out'",
  "ATTACH 'FOLDER/x.duckdb' AS x",
  "ATTACH ':memory:' AS x",
  'DETACH stored',
  'INSTALL httpfs',
  'LOAD httpfs',
  "LOAD 'FOLDER/x.duckdb_extension'",
  'PRAGMA database_list',
  'PRAGMA enable_external_access=true',
  'SET enable_external_access = true',
  'SET lock_configuration = false',
  "SET temp_directory = 'FOLDER'",
  'RESET enable_external_access',
  'CREATE TABLE t (a INT)',
  'CREATE TABLE t AS SELECT 1',
  'CREATE MACRO f() AS 1',
  "CREATE SECRET s (TYPE s3, KEY_ID 'a', SECRET 'b')",
  'DELETE FROM stored.main.calls',
  'DELETE FROM new_calls',
  'UPDATE stored.main.meta SET indexed = 0',
  'INSERT INTO new_calls SELECT * FROM new_calls',
  'DROP TABLE stored.main.calls',
  'DROP VIEW calls',
  'ALTER TABLE new_calls ADD COLUMN x INT',
  'TRUNCATE new_calls',
  'BEGIN',
  'CHECKPOINT stored',
  'VACUUM',
  'CALL pragma_version()',
  'EXPLAIN ANALYZE SELECT 1',
  'PREPARE p AS SELECT 1',
  'SELECT 1; DROP VIEW calls',
  "SELECT 1; COPY calls TO 'FOLDER/out.csv'",
  'SELECT 1) AS t; DROP VIEW calls; --',
  'SELECT 1) UNION ALL (SELECT 2',
  "SELECT getenv('HOME')",
  "SELECT * FROM sqlite_scan('FOLDER/x', 't')",
  "SELECT * FROM postgres_scan('', '', '')",
  "SELECT * FROM read_ndjson_objects('/etc/passwd')",
  '',
  '-- nothing',
]

test('SQL does not get out of its tables', async () => {
  const before = await sql('SELECT count(*) AS n FROM calls')
  for (const text of kAttacks) {
    const attack = text.replaceAll('FOLDER', reeve.folder)
    await assert.rejects(
      () => sql(attack),
      (error) => {
        const answer = JSON.parse(error.stdout)
        return error.code === 2 && answer.error.exit_code === 2 && !error.stdout.includes('root:')
      },
      attack,
    )
  }
  assert.ok(!fs.existsSync(path.join(reeve.folder, 'out.csv')) && !fs.existsSync(path.join(reeve.folder, 'out')))
  assert.deepEqual((await sql('SELECT count(*) AS n FROM calls')).rows, before.rows)
  await assert.rejects(() => sql('SELECT count(*) FROM range(10000000) a, range(10000000) b', '--timeout', '1'))
  assert.equal((await sql('SELECT * FROM range(5000)', '--limit', '7')).rows.length, 7)
})

test('pages of entries have no gap and nothing twice while entries come in', async () => {
  for (const order of ['newest', 'oldest']) {
    const end = (await query('true', '--scan')).at(-1).seq
    await fresh('/api/v1/ledger/entries?limit=1', (body) => body.entries[0].seq >= end)
    const seen = []
    let cursor = ''
    do {
      const { body, status } = await get(`/api/v1/ledger/entries?limit=7&order=${order}${cursor}`)
      assert.equal(status, 200, JSON.stringify(body))
      seen.push(...body.entries.map((entry) => entry.seq))
      cursor = body.next && `&cursor=${body.next}`
    } while (cursor && !(order === 'oldest' && seen.at(-1) >= end))
    const first = order === 'newest' ? seen[0] : seen.at(-1)
    const wanted = [...Array(first + 1).keys()]
    assert.deepEqual(seen, order === 'newest' ? wanted.reverse() : wanted)
    assert.ok(first >= end)
  }
})

test('entries by HTTP are the entries; what makes no sense is said', async () => {
  const filter = encodeURIComponent('kind == "model.outcome" && outcome.status == "ok"')
  const wanted = await query('kind == "model.outcome" && outcome.status == "ok"', '--scan')
  const { entries } = await fresh(`/api/v1/ledger/entries?limit=200&order=oldest&filter=${filter}`)
  assert.deepEqual(entries, wanted)
  assert.deepEqual((await get(`/api/v1/ledger/entries/${wanted[0].seq}`)).body, wanted[0])
  assert.equal((await get('/api/v1/ledger/entries/99999999')).status, 404)
  const wrong = ['?filter=kind==', '?filter=nothing==1', '?limit=0', '?limit=x', '?cursor=-1', '?since=maybe', '/x']
  for (const way of [...wrong, '?order=up']) {
    assert.equal((await get(`/api/v1/ledger/entries${way}`)).status, 400, way)
  }
})

test('entries come with proofs that hold without the ledger', async () => {
  const vkey = (await reeve.command('ledger', 'key')).trim()
  const check = (proof) => {
    const file = path.join(reeve.folder, 'one.tlog-proof')
    fs.writeFileSync(file, proof)
    return run(kProgram, ['ledger', 'check-proof', file, '--key', vkey, '--json']).then(
      ({ stdout }) => JSON.parse(stdout),
      (error) => JSON.parse(error.stdout),
    )
  }
  const condition = 'kind == "model.outcome" && outcome.status == "ok"'
  const wanted = await query(condition, '--scan')
  const shown = await query(condition, '--scan', '--proof')
  const filter = encodeURIComponent(condition)
  const { entries } = await fresh(`/api/v1/ledger/entries?limit=200&order=oldest&proof=1&filter=${filter}`)
  for (const proven of [shown, entries, await query(condition, '--index', '--proof')]) {
    assert.deepEqual(proven.map((one) => one.entry), wanted)
    assert.deepEqual(proven.map((one) => one.index), wanted.map((entry) => entry.seq))
  }
  const one = await fresh(`/api/v1/ledger/entries/${wanted[1].seq}?proof=1`)
  for (const { index, proof } of [one, shown[0], shown.at(-1), entries.at(-1)]) {
    const verdict = await check(proof)
    assert.deepEqual([verdict.ok, verdict.index], [true, index], JSON.stringify(verdict))
  }
  // Of another entry it holds nothing.
  const extra = (proof) => proof.split('\n')[1]
  const forged = shown[0].proof.replace(extra(shown[0].proof), extra(shown[1].proof))
  assert.notEqual(forged, shown[0].proof)
  assert.equal((await check(forged)).ok, false)
  assert.match(await reeve.command('ledger', 'query', condition, '--proof'), /c2sp\.org\/tlog-proof@v1/)
  assert.equal((await get('/api/v1/ledger/entries?proof=yes')).status, 400)
})

test('Parquet has the entries that the lines have', async () => {
  const file = path.join(reeve.folder, 'entries.parquet')
  const condition = 'kind == "model.outcome"'
  const jsonl = lines(await reeve.command('ledger', 'export', '--format', 'jsonl', condition))
  const parquet = ['--format', 'parquet', '-o', file]
  const told = JSON.parse(await reeve.command('ledger', 'export', ...parquet, condition, '--json'))
  assert.equal(told.records, jsonl.length)
  const bytes = fs.readFileSync(file)
  assert.deepEqual([bytes.subarray(0, 4).toString(), bytes.subarray(-4).toString()], ['PAR1', 'PAR1'])
  await assert.rejects(() => reeve.command('ledger', 'export', '--format', 'parquet'), (error) => error.code === 2)
})

test('who reads is recorded', async () => {
  await get('/api/v1/ledger/entries?limit=3&filter=' + encodeURIComponent('attempt == 1'))
  await reeve.command('ledger', 'query', 'attempt == 1', '--limit', '2')
  for (let i = 0; i < 100; i++) {
    const entries = await query('kind == "ledger.read" && detail.filter == "attempt == 1"', '--scan')
    const reads = entries.map((entry) => entry.detail)
    const api = reads.find((detail) => detail.through === 'GET /api/v1/ledger/entries')
    const command = reads.find((detail) => detail.through === 'reeve ledger query')
    if (api && command) {
      assert.deepEqual([api.by, api.count, command.count], ['auditor@example.com', 3, 2])
      return
    }
    await sleep(100)
  }
  assert.fail('not recorded')
})

test('the index is made again when it is deleted or broken, while no server runs', async () => {
  await reeve.stop()
  const file = path.join(data(), 'index/ledger.duckdb')
  await sameWithAndWithout()
  assert.ok(fs.existsSync(file))
  fs.rmSync(path.join(data(), 'index'), { recursive: true })
  await sameWithAndWithout()
  fs.truncateSync(file, 5000)
  await sameWithAndWithout()
  fs.writeFileSync(file, 'nothing of the kind'.repeat(1000))
  await sameWithAndWithout()
  fs.writeFileSync(`${file}.wal`, 'nothing of the kind'.repeat(1000))
  await sameWithAndWithout()
})

test('the server goes on from whatever a killed one left, and serves without the library', async () => {
  for (let i = 0; i < 4; i++) {
    await reeve.start()
    await make(1, `killed-${i}`)
    await sleep(200 * i)
    reeve.process.kill('SIGKILL')
    await reeve.exited
  }
  await sameWithAndWithout()
  await reeve.start()
  const { calls } = await fresh('/api/v1/sessions/killed-3')
  assert.equal(calls.length, 1)
  await reeve.stop()

  // A copy of the program where no library lies.
  const alone = path.join(reeve.folder, 'alone')
  fs.mkdirSync(alone)
  fs.copyFileSync(kProgram, path.join(alone, 'reeve'))
  const files = ['--config', path.join(reeve.folder, 'reeve.yaml'), '--data', data()]
  const failed = await run(path.join(alone, 'reeve'), ['ledger', 'sql', 'SELECT 1', ...files]).catch((error) => error)
  assert.equal(failed.code, 3)
  assert.match(failed.stderr, /libduckdb\.so/)
  const { stdout } = await run(path.join(alone, 'reeve'), ['ledger', 'query', 'seq == 0', '--json', ...files])
  assert.equal(JSON.parse(stdout).seq, 0)
})
