// Reading the ledger is itself recorded: every command and route that shows what it says, by the real program.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { eventually, Server } from '../faults/server.mjs'
import { kRoot } from '../upstream/reeve_process.mjs'
import { kAllowEverything } from '../upstream/upstream_process.mjs'

const kConfig = `
workers: 1
providers: [{name: practice, dialect: practice}]
models: [{name: "practice-*", provider: practice}]
`
const kCalls = 4
const user = os.userInfo().username
const server = new Server({ config: kConfig, governance: { 'all.yaml': kAllowEverything } })
let auditor, requestId, session

const readingsOf = async (through) => {
  const { stdout } = await server.run('ledger', 'query', 'kind == "ledger.read"', '--json', '--limit', '100000')
  const entries = stdout.split('\n').filter(Boolean)
  // Without those that this leaves itself.
  const isAsked = ({ detail }) => detail.through === through && !detail.filter?.startsWith('kind == ')
  return entries.map((line) => JSON.parse(line)).filter(isAsked)
}

before(async () => {
  await server.start()
  const { secret } = await server.createKey('dev@example.com')
  auditor = (await server.createKey('auditor@example.com', '--scope', 'ledger:read', '--scope', 'control:read')).secret
  session = 's-1'
  for (let i = 0; i < kCalls; i++) {
    const answer = await fetch(`http://127.0.0.1:${server.port}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json', 'x-reeve-session': session },
      body: JSON.stringify({ model: 'practice-small', messages: [{ role: 'user', content: 'Say hello.' }] }),
    })
    requestId = answer.headers.get('x-reeve-request-id')
    await answer.arrayBuffer()
    assert.equal(answer.status, 200)
  }
  const all = async () => (await server.run('ledger', 'query', 'kind == "model.outcome"', '--json')).stdout.split('\n')
  assert.ok(await eventually(async () => (await all()).length > kCalls))
})
after(async () => {
  if (server.alive) await server.stop()
  server.remove()
})

// {line, through, count, code}: `count` is how many entries or calls it has to say.
const commands = () => [
  { line: ['ledger', 'query', 'attempt == 1 && seq < 100'], filter: 'attempt == 1 && seq < 100' },
  { line: ['ledger', 'tail', '-n', '3'], count: 3 },
  { line: ['ledger', 'sql', 'SELECT count(*) FROM calls'], filter: 'SELECT count(*) FROM calls', count: 1 },
  { line: ['ledger', 'sessions'] },
  { line: ['ledger', 'trace', session], filter: `session_id == "${session}"`, count: kCalls },
  { line: ['session', 'list'], count: 1 },
  { line: ['session', 'show', session], filter: `session_id == "${session}"`, count: kCalls },
  { line: ['ledger', 'prove', '0'], filter: '0', count: 1 },
  { line: ['ledger', 'export', '--format', 'jsonl', 'attempt == 1'], filter: 'attempt == 1 --format jsonl' },
  { line: ['spend', 'report', '--by', 'team'], filter: '--by team', count: kCalls },
  { line: ['spend', 'rows', '--key', 'person=dev@example.com'], count: kCalls },
  { line: ['spend', 'rerate'], count: kCalls },
  { line: ['spend', 'explain'], count: kCalls },
  { line: ['spend', 'forecast'], code: 1, count: kCalls },
  { line: ['spend', 'anomalies'], count: kCalls },
  { line: ['spend', 'units'], count: kCalls },
  { line: ['spend', 'units', '--by', 'change'], filter: '--by change', count: kCalls },
  { line: ['spend', 'advice'], count: kCalls },
  { line: ['spend', 'commitments'], count: kCalls },
  { line: ['spend', 'export'], count: kCalls },
  { line: ['spend', 'budgets'], count: 0 },
  { line: ['spend', 'reservations'], count: 0 },
  { line: ['policy', 'explain', requestId], filter: requestId, count: 1 },
  { line: ['policy', 'replay', '--since', '1h'], filter: '--since 1h', count: kCalls },
  { line: ['policy', 'shadow', '--since', '1h'], filter: '--since 1h' },
  { line: ['policy', 'diff', path.join(server.folder, 'governance'), '--since', '1h'], count: kCalls },
  { line: ['detectors', 'appeals'] },
  {
    line: ['detectors', 'appeal', requestId, '--type', 'email', '--reason', 'x'],
    code: 1,
    count: 1,
  },
]
const throughOf = ({ line }) => `reeve ${line[0]} ${line[1]}`

describe('commands', () => {
  test('each leaves one entry, with who, what and how much', async () => {
    for (const { line, code = 0, ...wanted } of commands()) {
      const through = throughOf({ line })
      const earlier = (await readingsOf(through)).length
      const ran = await server.run(...line)
      assert.equal(ran.code, code, `${line.join(' ')}: ${ran.stdout}${ran.stderr}`)
      const found = await eventually(async () => {
        const now = await readingsOf(through)
        return now.length > earlier && now.slice(earlier)
      })
      assert.equal(found?.length, 1, `${line.join(' ')} left ${found?.length ?? 0} entries`)
      const [{ detail }] = found
      assert.equal(detail.by, user, line.join(' '))
      if (wanted.filter !== undefined) assert.equal(detail.filter, wanted.filter, line.join(' '))
      assert.ok(Number.isSafeInteger(detail.count), line.join(' '))
      if (wanted.count !== undefined) assert.equal(detail.count, wanted.count, line.join(' '))
    }
  })

  test('each that has --unrecorded is among them', async () => {
    const named = new Set(commands().map(throughOf))
    const kFamilies = 'ledger spend policy detectors session kill budget exception change key'.split(' ')
    for (const family of kFamilies) {
      const { stdout } = await server.run(family, '--help').catch(() => ({ stdout: '' }))
      const names = [...stdout.matchAll(/^ {2}([a-z-]+) {2,}/gm)].map(([, name]) => name)
      for (const name of names) {
        const help = (await server.run(family, name, '--help')).stdout
        if (help.includes('--unrecorded')) assert.ok(named.has(`reeve ${family} ${name}`), `${family} ${name}`)
      }
    }
  })

  test('show nothing where it cannot be recorded, unless asked to, and say so then', async () => {
    await server.stop()
    const store = path.join(server.dataDirectory, 'reeve.db')
    const away = `${store}.away`
    fs.renameSync(store, away)
    // Something that no store can be opened from, for root, too.
    fs.mkdirSync(store)
    try {
      for (const { line, code = 0 } of commands()) {
        // These want the store itself, for what they are about.
        if (['spend budgets', 'session list', 'session show'].includes(line.slice(0, 2).join(' '))) continue
        const refused = await server.run(...line)
        assert.equal(refused.code, 3, `${line.join(' ')}: ${refused.stdout}${refused.stderr}`)
        assert.equal(refused.stdout, '', line.join(' '))
        assert.match(refused.stderr, /cannot be recorded.*--unrecorded/, line.join(' '))
        const shown = await server.run(...line, '--unrecorded')
        assert.equal(shown.code, code, `${line.join(' ')}: ${shown.stderr}`)
        assert.match(shown.stderr, /this reading is not recorded/, line.join(' '))
      }
    } finally {
      fs.rmdirSync(store)
      fs.renameSync(away, store)
      await server.start()
    }
  })
})

describe('routes', () => {
  const get = async (target) => {
    const headers = { authorization: `Bearer ${auditor}` }
    const answer = await fetch(`http://127.0.0.1:${server.port}${target}`, { headers })
    return { status: answer.status, text: await answer.text() }
  }
  const kRoutes = [
    ['GET /api/v1/ledger/entries', '/api/v1/ledger/entries?limit=3&filter=seq%20%3C%2050', 'seq < 50', 3],
    ['GET /api/v1/ledger/entries/{seq}', '/api/v1/ledger/entries/2', 'seq == 2', 1],
    ['GET /api/v1/sessions', '/api/v1/sessions?limit=1', undefined, 1],
    ['GET /api/v1/sessions/{id}', '/api/v1/sessions/s-1', 'session_id == "s-1"', kCalls],
    ['GET /api/v1/sessions?state=live', '/api/v1/sessions?state=live', undefined, 1],
    ['GET /api/v1/spend', '/api/v1/spend?by=team', 'by=team', kCalls],
    ['GET /api/v1/spend/changes', '/api/v1/spend/changes?by=team', 'by=team', kCalls],
    ['GET /api/v1/spend/forecast', '/api/v1/spend/forecast', undefined, kCalls],
    ['GET /api/v1/spend/advice', '/api/v1/spend/advice?since=7d', 'since=7d', kCalls],
    ['GET /api/v1/content/flows', '/api/v1/content/flows?since=7d', 'since=7d', 0],
    ['GET /api/v1/reservations', '/api/v1/reservations', undefined, 0],
  ]

  test('each leaves one entry a minute, however often it is asked', async () => {
    for (const [through, target, filter, count] of kRoutes) {
      const first = await eventually(async () => {
        const answer = await get(target)
        return answer.status === 200 && answer
      })
      assert.ok(first, through)
      for (let i = 0; i < 20; i++) assert.equal((await get(target)).status, 200)
      const found = await eventually(async () => {
        const readings = await readingsOf(through)
        return readings.length > 0 && readings
      })
      // A minute may have ended in between.
      assert.ok(found?.length === 1 || found?.length === 2, `${through} left ${found?.length ?? 0} entries`)
      const { detail, producer } = found[0]
      assert.deepEqual([detail.by, detail.filter, detail.count], ['auditor@example.com', filter, count], through)
      assert.equal(producer.name, 'service-beside')
    }
    assert.equal((await get('/api/v1/ledger/entries?limit=3&filter=seq%20%3C%2051')).status, 200)
    const other = async () => (await readingsOf(kRoutes[0][0])).some(({ detail }) => detail.filter === 'seq < 51')
    assert.ok(await eventually(other), 'another filter is another reading')
  })

  test('all of the API are those, or show nothing of the ledger', async () => {
    const kOthers = {
      '/api/v1/agents': 'the store',
      '/api/v1/agents/{id}': 'the store',
      '/api/v1/approvals': 'the store',
      '/api/v1/budgets': 'counters in memory',
      '/api/v1/budgets/{name}': 'counters in memory',
      '/api/v1/evidence': 'which packs there are; getting one is recorded',
      '/api/v1/evidence/{id}': 'how far one is; getting it is recorded',
      '/api/v1/exceptions': 'the store',
      '/api/v1/exceptions/{id}': 'the store',
      '/api/v1/groups': 'the directory',
      '/api/v1/intake': 'the store',
      '/api/v1/intake/form': 'governance',
      '/api/v1/intake/{id}': 'the store',
      '/api/v1/inventory': 'the store',
      '/api/v1/inventory/drift': 'sums that the server keeps in the store',
      '/api/v1/inventory/{id}': 'the store',
      '/api/v1/inventory/{id}/history': 'the store',
      '/api/v1/keys': 'the store',
      '/api/v1/kill-switch': 'the store',
      '/api/v1/kill-switch/{id}': 'the store',
      '/api/v1/me': 'who asks',
      '/api/v1/me/exceptions': 'the store',
      '/api/v1/openapi.json': 'the program',
      '/api/v1/policy/bundles': 'files of bundles',
      '/api/v1/policy/rules': 'governance',
      '/api/v1/providers': 'counters in memory',
      '/api/v1/server': 'how it stands',
      '/api/v1/sign-ins': 'the store',
    }
    const { paths } = JSON.parse((await get('/api/v1/openapi.json')).text)
    const reads = Object.entries(paths).filter(([, item]) => item.get)
    const unrecorded = reads.filter(([, { get: one }]) => one['x-reeve-effect'] !== 'recorded-read')
    const hint = 'does it show what the ledger says? Then it is recorded, and says so'
    assert.deepEqual(unrecorded.map(([name]) => name).sort(), Object.keys(kOthers).sort(), hint)
    const plain = (name) => name.replace(/\{[a-z_]+\}/, '{}').replace(/\?.*/, '')
    const marked = new Set(reads.map(([name]) => plain(name)).filter((name) => !(name in kOthers)))
    for (const [through] of kRoutes) assert.ok(marked.has(plain(through.slice(4))), through)
  })

  test('a command that is run again and again is one entry a minute, too', async () => {
    const line = ['spend', 'units', '--since', '3h']
    for (let i = 0; i < 5; i++) assert.equal((await server.run(...line)).code, 0)
    const isMine = ({ detail }) => detail.filter === '--since 3h'
    const mine = async () => (await readingsOf('reeve spend units')).filter(isMine)
    assert.ok(await eventually(async () => (await mine()).length > 0))
    await new Promise((resolve) => setTimeout(resolve, 2_500))
    assert.ok((await mine()).length <= 2)
  })
})

test('whatever opens the ledger records who reads it, or has a reason not to', () => {
  const kReasons = {
    'anomaly_watch.cpp': 'the server looks for itself; what it finds is an entry',
    'budget_state.cpp': 'what its callers show they record',
    'call_stream.cpp': 'likewise',
    'command_base.cpp': 'opens it for commands',
    'command_completeness.cpp': 'counts numbers and heartbeats, shows no entry',
    'command_key_rotation.cpp': 'asks for the key and the name of the node',
    'command_spend_changes.cpp': 'what reads the calls for it records it',
    'inventory_watch.cpp': 'the server looks for itself; what it finds is an entry',
    'live_events.cpp': 'the server looks for itself; whoever opens a stream of it is recorded by its route',
    'live_sessions.cpp': 'what its callers show they record',
    'merged_changes.cpp': 'for spend units, which records it',
    'retention.cpp': 'counts, for how much room a year takes',
    'server_state_route.cpp': 'asks for the key, to know whose export positions those are',
    'spending.cpp': 'the server keeps its books',
    'tour.cpp': 'shows the calls that it made itself a moment before',
  }
  const folder = path.join(kRoot, 'apps/reeve')
  for (const name of fs.readdirSync(folder).filter((file) => file.endsWith('.cpp') && !file.endsWith('_test.cpp'))) {
    const text = fs.readFileSync(path.join(folder, name), 'utf8')
    const opens = /\bopen_ledger\(common|LogReader::open\(|LogReader& reader|\bopen_index\(|evidence::assess\(/
    if (!opens.test(text)) continue
    const records = /\bnote_reading\(|\bRecordedOutput\b|\brecorded\(|kReadKind|"ledger\.read"/.test(text)
    assert.ok(records || kReasons[name], `${name} opens the ledger and records nothing`)
    if (records) assert.ok(!kReasons[name], `${name} needs no reason any more`)
  }
})
