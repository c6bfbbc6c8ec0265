// Stopping, reloading and changing things beside a running server, without losing a call.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import test, { afterEach } from 'node:test'
import { brokenPromises, countBy, seenUpstream } from '../faults/audit.mjs'
import { cleanUp, whenDone } from '../faults/cleanup.mjs'
import { callBytes, kRules, Load, loadConfig } from '../faults/load.mjs'
import { eventually, Server, sleep } from '../faults/server.mjs'
import { Caller } from '../upstream/http_client.mjs'
import { UpstreamProcess } from '../upstream/upstream_process.mjs'

afterEach(cleanUp)

async function prepare() {
  const server = new Server({ config: '', governance: kRules })
  const provider = new UpstreamProcess()
  const journalFile = path.join(server.folder, 'upstream.jsonl')
  await provider.start('--journal', journalFile)
  whenDone(() => provider.stop())
  server.configure(loadConfig(provider))
  await server.start()
  whenDone(() => server.alive && server.kill())
  const { secret } = await server.createKey('dev@example.com')
  return { server, provider, journalFile, key: secret }
}

function startLoad({ server, key }, options) {
  const load = new Load({ key, connections: 10, ...options })
  whenDone(() => load.stop())
  load.port = server.port
  return load
}

async function oneCall({ server, key }, options = {}) {
  const caller = options.caller ?? new Caller(server.port)
  const bytes = callBytes({ dialect: 'openai-chat', key, id: `single-${Math.random()}`, ...options })
  const answer = await caller.call(bytes, { keepBody: true, timeout: options.timeout ?? 20_000 })
  if (!options.caller) caller.close()
  return answer
}

const connects = (port) =>
  new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })

test('SIGTERM under load: calls in flight end, nobody else gets in, the ledger is signed to its end', async () => {
  const at = await prepare()
  const { server, journalFile } = at
  const load = startLoad(at, { connections: 16, delay: 40, pause: 0, refused: 0.1 })
  assert.ok(await eventually(() => load.answered > 60))
  const stopping = server.stop()
  assert.ok(await eventually(async () => !(await connects(server.port)), 10, 20), 'new clients still get in')
  load.port = null
  assert.equal(await stopping, 0, server.log().slice(-2000))
  await load.stop()

  // A call that the server had begun to answer was answered whole; one that the provider saw was answered.
  const { seen } = seenUpstream(journalFile)
  const halves = load.records.filter(({ id, status, end }) => end !== 'complete' && (status !== 0 || seen.has(id)))
  assert.deepEqual(halves, [])
  const report = await server.verify()
  assert.deepEqual(report.problems ?? [], [])
  assert.equal(report.signed_size, report.entries)
  assert.equal(report.intents_without_outcome, 0)
  const entries = await server.entries()
  assert.equal(entries.at(-1).kind, 'service.stopped')
  assert.deepEqual(brokenPromises({ journalFile, entries, records: load.records }), [])
  const outcomes = countBy(
    entries.filter(({ kind }) => kind === 'model.outcome'),
    (entry) => entry.outcome.status,
  )
  assert.deepEqual(Object.keys(outcomes).sort(), ['ok', 'refused'])
  console.log(`drain: ${JSON.stringify(countBy(load.records, ({ end, status }) => `${end} ${status}`))}`)
  server.remove()
})

test('SIGTERM does not wait for those who are silent, and a second one waits for nobody', async () => {
  const at = await prepare()
  const { server } = at
  const idle = await Promise.all(
    ['', 'GET /healthz HTTP/1.1\r\n', 'POST /v1/messages HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\nhalf'].map(
      async (bytes) => {
        const socket = net.connect(server.port, '127.0.0.1').on('error', () => {})
        await new Promise((resolve) => socket.once('connect', resolve))
        socket.write(bytes)
        whenDone(() => socket.destroy())
        return socket
      },
    ),
  )
  idle[0].on('close', () => (idle.closed = true))
  const hanging = oneCall(at, { stream: true, script: { events: 4, end: 'hang' } })
  await sleep(500)
  server.process.kill('SIGTERM')
  assert.ok(await eventually(() => idle.closed, 10), 'an idle connection is kept')
  assert.ok(server.alive, 'a call in flight was not waited for')
  server.process.kill('SIGTERM')
  assert.equal(await Promise.race([server.exited, sleep(10_000).then(() => 'still there')]), 0)
  assert.equal((await hanging).end, 'cut')
  const report = await server.verify()
  assert.deepEqual(report.problems ?? [], [])
  assert.equal(report.signed_size, report.entries)
  assert.equal(report.intents_without_outcome, 0)
  server.remove()
})

test('SIGTERM waits half a minute for a call that does not end, and records how it ended', async () => {
  const at = await prepare()
  const { server } = at
  const hanging = oneCall(at, { stream: true, script: { events: 4, end: 'hang' }, timeout: 50_000 })
  await sleep(500)
  const since = Date.now()
  server.process.kill('SIGTERM')
  assert.equal(await Promise.race([server.exited, sleep(45_000).then(() => 'still there')]), 0)
  assert.ok(Date.now() - since > 28_000, 'the call was not given its time')
  assert.equal((await hanging).end, 'cut')
  const report = await server.verify()
  assert.deepEqual(report.problems ?? [], [])
  assert.equal(report.intents_without_outcome, 0)
  server.remove()
})

test('SIGTERM at any moment of the start does no harm', async () => {
  const at = await prepare()
  const { server } = at
  await server.stop()
  for (const milliseconds of [0, 5, 10, 20, 40, 80, 160]) {
    const child = server.spawnServe()
    const exited = new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal)))
    await sleep(milliseconds)
    child.kill('SIGTERM')
    // Before it listens to signals, the kernel ends it.
    assert.ok([0, 'SIGTERM'].includes(await exited))
  }
  await server.start()
  assert.equal((await oneCall(at)).status, 200)
  assert.equal(await server.stop(), 0)
  assert.deepEqual((await server.verify()).problems ?? [], [])
  server.remove()
})

const kDenyAll =
  'kind: Policy\nname: nobody\nowner: tests\non: model.call\neffect: deny\nmessage: Closed for the day.\n'

test('SIGHUP: wrong files change nothing, right ones swap without losing a call', async () => {
  const at = await prepare()
  const { server, provider, key } = at
  const load = startLoad(at, { refused: 0, delay: 2 })
  assert.ok(await eventually(() => load.answered > 20))

  server.writeRules('more.yaml', 'kind: Policy\nname: broken\non: model.call\neffect: explode\n')
  server.process.kill('SIGHUP')
  assert.ok(await eventually(() => server.log().includes('reload refused')), 'nobody is told')
  assert.match(server.log(), /more\.yaml:4/)
  fs.rmSync(path.join(server.folder, 'governance', 'more.yaml'))
  server.configure(loadConfig(provider).replace('dialect: gemini', 'dialect: klingon'))
  server.process.kill('SIGHUP')
  assert.ok(await eventually(() => server.log().includes('klingon')))
  const before = load.answered
  assert.ok(await eventually(() => load.answered > before + 20))

  // Another model name, and back again, as fast as reloads go.
  const withModel = loadConfig(provider).replace('models:', 'models:\n  - {name: "fresh-*", provider: openai}')
  for (let i = 0; i < 10; i++) {
    server.configure(i % 2 ? loadConfig(provider) : withModel)
    server.process.kill('SIGHUP')
    await sleep(100)
  }
  server.configure(withModel)
  server.process.kill('SIGHUP')
  const body = Buffer.from(JSON.stringify({ model: 'fresh-1', messages: [{ role: 'user', content: 'Hello' }] }))
  assert.ok(await eventually(async () => (await oneCall(at, { body })).status === 200), 'the new model is not served')

  // What a reload cannot change is named; the rest of the file takes effect.
  server.configure(`${withModel}workers: 7\nlimits: {idle_timeout: 7s}\nledger: {origin: reeve.example.com/other}\n`)
  server.process.kill('SIGHUP')
  const told = await eventually(() => server.logged().find(({ event }) => event.includes('wait for a restart')))
  assert.equal(told?.settings, 'workers, ledger.origin, limits')

  await load.stop()
  const lost = load.records.filter(({ end, status }) => end !== 'complete' || status !== 200)
  assert.deepEqual(lost.slice(0, 3), [], `${lost.length} of ${load.records.length} calls were lost`)
  assert.equal(await server.stop(), 0)
  assert.deepEqual((await server.verify()).problems ?? [], [])
  assert.ok(key)
  server.remove()
})

test('a change of the rules is picked up by itself, a wrong one is not, and both are told', async () => {
  const at = await prepare()
  const { server } = at
  assert.equal((await oneCall(at)).status, 200)
  server.writeRules('close.yaml', kDenyAll)
  const denied = await eventually(async () => {
    const answer = await oneCall(at)
    return answer.status !== 200 && answer
  })
  assert.ok(denied, 'the new rule is not picked up')
  assert.match(denied.body.toString(), /Closed for the day/)
  assert.equal(denied.header('x-reeve-rule'), 'nobody')

  server.writeRules('close.yaml', 'kind: [')
  assert.ok(await eventually(() => /close\.yaml:\d+/.test(server.log())), 'nobody is told')
  assert.notEqual((await oneCall(at)).status, 200, 'a rule that cannot be read is as good as none')

  fs.rmSync(path.join(server.folder, 'governance', 'close.yaml'))
  assert.ok(await eventually(async () => (await oneCall(at)).status === 200), 'a removed rule still holds')
  assert.equal(await server.stop(), 0)
  const changes = (await server.entries()).filter(({ kind }) => kind === 'policy.changed')
  assert.equal(changes.length, 2)
  assert.equal(changes[0].detail.previous, changes[1].detail.bundle)
  server.remove()
})

test('keys made and revoked beside the running server count for the very next call', async () => {
  const at = await prepare()
  const { server } = at
  // Connections of their own, so that every worker is asked.
  const callers = Array.from({ length: 8 }, () => new Caller(server.port))
  whenDone(() => callers.forEach((caller) => caller.close()))
  for (let i = 0; i < 6; i++) {
    const { id, secret } = await server.createKey(`dev${i}@example.com`)
    for (const caller of callers) assert.equal((await oneCall({ server, key: secret }, { caller })).status, 200)
    assert.equal((await server.run('key', 'revoke', id)).code, 0)
    for (const caller of callers) assert.equal((await oneCall({ server, key: secret }, { caller })).status, 401)
  }
  assert.equal((await server.run('key', 'revoke', 'key_nobody')).code, 1)
  assert.ok(
    await eventually(
      async () => (await server.entries()).filter(({ kind }) => kind === 'identity.revoked').length >= 6,
    ),
    'revocations are not on record',
  )
  assert.equal(await server.stop(), 0)
  server.remove()
})

test('many commands at once beside the server do not disturb each other', async () => {
  const at = await prepare()
  const { server } = at
  const load = startLoad(at, { refused: 0, delay: 1 })
  const made = await Promise.all(Array.from({ length: 12 }, (_, i) => server.createKey(`dev${i}@example.com`)))
  assert.equal(new Set(made.map(({ id }) => id)).size, 12)
  const reports = await Promise.all([
    server.verify(),
    server.run('spend', 'report'),
    server.run('ledger', 'tail'),
    server.verify(),
  ])
  for (const { code } of reports) assert.equal(code, 0)
  for (const { secret } of made) assert.equal((await oneCall({ server, key: secret })).status, 200)
  await load.stop()
  assert.deepEqual(load.records.filter(({ status }) => status !== 200).slice(0, 3), [])
  assert.equal(await server.stop(), 0)
  server.remove()
})

test('a second server on the same data, or on the same port, is told why it cannot start', async () => {
  const at = await prepare()
  const { server } = at
  const second = await server.run('serve', '--listen', '127.0.0.1:0')
  assert.equal(second.code, 3)
  assert.match(second.stderr, /another|in use|already/i)

  const other = new Server({ config: '', governance: kRules })
  fs.copyFileSync(path.join(server.folder, 'reeve.yaml'), path.join(other.folder, 'reeve.yaml'))
  const samePort = await other.run('serve', '--listen', `127.0.0.1:${server.port}`)
  assert.equal(samePort.code, 3)
  assert.match(samePort.stderr, /in use|already/i)
  assert.match(samePort.stderr, new RegExp(String(server.port)))
  other.remove()

  assert.equal((await oneCall(at)).status, 200)
  assert.equal(await server.stop(), 0)
  assert.deepEqual((await server.verify()).problems ?? [], [])
  server.remove()
})
