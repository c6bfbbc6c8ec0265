// The sinks of exports: at least once, in order, whatever happens to the receiver or to the program.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { eventually, Server } from '../faults/server.mjs'
import { readCef } from './cef.mjs'
import { makeCertificate, ObjectStore, SignedReceiver, SyslogReceiver } from './receivers.mjs'
import { callModel, kRules, kSetup } from './stage.mjs'

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'reeve-exports-'))
const files = makeCertificate(folder)
const tlsOptions = { key: fs.readFileSync(files.key), cert: fs.readFileSync(files.cert) }
const secrets = {
  secret: 'hook secret',
  accessKey: 'AKIDEXAMPLE',
  secretKey: 'a secret/key+',
  token: 'session+token/=',
}

const http = new SignedReceiver(tlsOptions, secrets.secret)
const slow = new SignedReceiver(tlsOptions, secrets.secret)
const dead = new SignedReceiver(tlsOptions, secrets.secret)
const store = new ObjectStore(tlsOptions, { ...secrets, region: 'eu-test-1' })
const syslog = new SyslogReceiver(tlsOptions)
const file = path.join(folder, 'audit', 'entries.jsonl')
let reeve
let key

const sinks = () => `exports:
  - name: file
    format: jsonl
    sink: {file: {path: "${file}"}}
    from: start
    batch: {entries: 7, wait: 100ms}
    progress: 1s
  - name: http
    format: jsonl
    sink:
      http:
        url: https://localhost:${http.port}/in
        secret_env: TEST_SECRET
        authorization_file: ${folder}/authorization
    from: start
    root_file: ${files.cert}
    batch: {entries: 5, wait: 100ms}
    retry: {first: 100ms, longest: 500ms}
    progress: 1s
  - name: slow
    format: ocsf
    sink: {http: {url: "https://localhost:${slow.port}/", secret_env: TEST_SECRET, batch: array}}
    from: start
    filter: 'kind == "model.outcome"'
    root_file: ${files.cert}
    batch: {entries: 2, wait: 50ms}
  - name: dead
    format: cloudevents
    sink: {http: {url: "https://localhost:${dead.port}/", secret_env: TEST_SECRET}}
    from: start
    root_file: ${files.cert}
    retry: {first: 100ms, longest: 300ms}
  - name: store
    format: ecs
    sink:
      s3:
        endpoint: https://localhost:${store.port}
        bucket: audit-bucket
        prefix: "reeve logs/"
        region: eu-test-1
        access_key_env: TEST_ACCESS_KEY
        secret_key_file: ${folder}/secret-key
        session_token_env: TEST_TOKEN
    from: start
    root_file: ${files.cert}
    batch: {entries: 10, wait: 200ms}
    retry: {first: 100ms, longest: 500ms}
  - name: syslog
    format: cef
    sink: {syslog: {host: localhost, port: ${syslog.port}}}
    from: start
    root_file: ${files.cert}
    batch: {entries: 9, wait: 100ms}
    retry: {first: 100ms, longest: 500ms}
`

before(async () => {
  fs.writeFileSync(path.join(folder, 'authorization'), 'Bearer not-a-real-token\n')
  fs.writeFileSync(path.join(folder, 'secret-key'), `${secrets.secretKey}\n`)
  await Promise.all([http, slow, dead, store, syslog].map((receiver) => receiver.start()))
  const environment = {
    TEST_SECRET: secrets.secret,
    TEST_ACCESS_KEY: secrets.accessKey,
    TEST_TOKEN: secrets.token,
  }
  reeve = new Server({ config: kSetup + sinks(), governance: { 'rules.yaml': kRules }, environment })
  await dead.stop()
  await reeve.start()
  key = (await reeve.createKey('ann@example.com')).secret
})
after(async () => {
  reeve?.end()
  await Promise.allSettled([http, slow, dead, store, syslog].map((receiver) => receiver.stop()))
  fs.rmSync(folder, { recursive: true, force: true })
})

async function call(count) {
  for (let i = 0; i < count; i++) assert.equal((await callModel(reeve, key)).status, 200)
}

// The indexes in the order in which they were taken: every one of the log's, and each for the first time in order.
function assertWhole(indexes, end, what) {
  let next = 0
  for (const index of indexes) {
    assert.ok(index <= next, `${what}: entry ${index} came before entry ${next}`)
    if (index === next) next++
  }
  assert.ok(next >= end, `${what}: ${next} of ${end} entries`)
}

// As the command tells them, which ends with 1 when one is held up.
async function exportStates(server) {
  return JSON.parse(await server.command('ledger', 'exports', '--json').catch((failed) => failed.stdout))
}

const linesOf = (text) => text.split('\n').filter(Boolean)
const seqOf = (line) => JSON.parse(line).seq
const taken = {
  file: () => linesOf(fs.readFileSync(file, 'utf8')).map(seqOf),
  http: () => http.lines().map(seqOf),
  store: () => store.objects().flatMap(([, body]) => linesOf(body).map((line) => JSON.parse(line).event.sequence)),
  syslog: () => syslog.messages.map((message) => Number(message.data.index)),
}

// As signed: reading entries would be an entry itself.
async function logSize() {
  const checkpoint = path.join(reeve.folder, 'data/ledger/public/checkpoint')
  let size = -1
  // Signed within a tenth of a second of the last entry.
  for (let next = -2; size !== next; await eventually(() => false, 0.3)) {
    next = size
    size = Number(fs.readFileSync(checkpoint, 'utf8').split('\n')[1])
  }
  return size
}

// Waits until each of the sinks has what the log held at this moment.
async function caughtUp(names, seconds = 40) {
  const size = await logSize()
  for (const name of names) {
    const done = await eventually(() => {
      try {
        return new Set(taken[name]()).size >= size
      } catch {
        return false
      }
    }, seconds)
    assert.ok(done, `${name} has ${new Set(taken[name]()).size} of ${size} entries\n${reeve.log().slice(-1500)}`)
    assertWhole(taken[name](), size, name)
  }
  return size
}

const kAll = Object.keys(taken)

test('every sink gets every entry, in order', async () => {
  await call(12)
  await caughtUp(kAll)
  const entries = await reeve.entries()
  const text = fs.readFileSync(file, 'utf8').split('\n').filter(Boolean)
  assert.deepEqual(text.slice(0, 20).map((line) => JSON.parse(line)), entries.slice(0, 20))
  assert.equal(http.taken[0].headers.authorization, 'Bearer not-a-real-token')
  assert.match(http.taken[0].headers['idempotency-key'], /\/0-\d+$/)
  assert.equal(http.taken[0].headers['content-type'], 'application/x-ndjson')
  assert.equal(store.refused, 0, store.lastProblem)
  assert.match(store.objects()[0][0], /^\/audit-bucket\/reeve logs\/.+\/\d{4}\/\d\d\/\d\d\/0{20}-\d{20}\.jsonl$/)
  assert.deepEqual(syslog.problems, [])
  syslog.messages.forEach((message) => readCef(message.text))
  assert.equal(syslog.messages[0].priority, 13 * 8 + 6)
})

test('calls do not wait for a sink that is slow or away', async () => {
  slow.mode = 'slow'
  await call(30)
  const lag = await exportStates(reeve)
  const of = (name) => lag.find((one) => one.name === name)
  // All thirty calls were answered while these had not even begun to follow.
  assert.ok(of('dead').lag > 60, JSON.stringify(lag))
  assert.ok(of('slow').lag > 20, JSON.stringify(lag))
  assert.equal(of('http').held_up_by, undefined)
  const held = await eventually(async () => (await exportStates(reeve)).find((one) => one.held_up_by))
  assert.equal(held.name, 'dead')
  assert.match(held.held_up_by, /cannot be reached/)
  const metrics = async () => (await fetch(`http://127.0.0.1:${reeve.port}/metrics`)).text()
  assert.match(await metrics(), /reeve_export_held_up\{export="dead"\} 1/)
  // As of the export's last look, which may be a second ago.
  const behind = async () => Number(/reeve_export_lag_entries\{export="dead"\} (\d+)/.exec(await metrics())[1])
  assert.ok(await eventually(async () => (await behind()) > 60))
  slow.mode = 'take'
})

test('what was away for a while gets everything when it is back', async () => {
  await dead.start()
  const size = await logSize()
  const ids = () => dead.taken.flatMap((request) => JSON.parse(request.body)).map((event) => Number(event.id))
  assert.ok(await eventually(() => new Set(ids()).size >= size, 40), reeve.log().slice(-1500))
  assertWhole(ids(), size, 'dead')
  assert.match(dead.taken[0].headers['content-type'], /^application\/cloudevents-batch\+json/)
  http.mode = 'refuse'
  store.mode = 'refuse'
  syslog.cutConnections = 3
  await call(10)
  assert.ok(await eventually(() => http.refused > 1 && store.refused > 1))
  http.mode = store.mode = 'take'
  await caughtUp(kAll)
  assert.equal(syslog.cutConnections, 0)
})

test('a filter leaves out entries, not the position', async () => {
  const wanted = (await reeve.entries()).filter((entry) => entry.kind === 'model.outcome').map((entry) => entry.seq)
  const got = () => slow.taken.flatMap((request) => JSON.parse(request.body)).map((event) => event.metadata.sequence)
  assert.ok(await eventually(() => new Set(got()).size >= wanted.length, 60))
  assert.deepEqual([...new Set(got())].slice(0, wanted.length), wanted)
})

test('the ledger tells how far exports came, now and then', async () => {
  await call(3)
  const told = await eventually(async () => {
    const all = (await reeve.entries()).filter((entry) => entry.kind === 'ledger.exported')
    const found = all.filter((entry) => entry.detail.sink === 'http')
    return found.length >= 2 && found.at(-1).detail.to > found[0].detail.to ? found : undefined
  })
  assert.ok(told)
  told.forEach((entry, i) => assert.equal(entry.detail.from, i === 0 ? 0 : told[i - 1].detail.to))
  // What the inventory saw of the calls is news, and comes first.
  const seen = async () => (await reeve.entries()).some(({ kind }) => kind === 'register.item_seen')
  assert.ok(await eventually(seen, 30))
  // Progress alone is no news: it does not go round in circles.
  await eventually(() => false, 3)
  const before = await logSize()
  await eventually(() => false, 4)
  assert.ok((await logSize()) - before <= 1)
})

test('killed again and again, nothing is lost and order is kept', async () => {
  for (let round = 0; round < 6; round++) {
    // Some of them are cut off.
    const calls = call(30).catch(() => {})
    await eventually(() => false, 0.2 + Math.random())
    await reeve.kill()
    await calls
    // A line that was torn in the middle, as a power cut leaves it.
    if (round % 2 === 1) fs.appendFileSync(file, '{"attempt":1,"bud')
    await reeve.start()
  }
  await caughtUp(kAll, 60)
  assert.deepEqual(syslog.problems, [])
})

test('a position that is torn is found again in the ledger', async () => {
  await call(4)
  await caughtUp(['http'])
  await eventually(() => false, 1.5)
  assert.equal(await reeve.stop(), 0)
  const position = path.join(reeve.dataDirectory, 'exports', 'http.position')
  const text = fs.readFileSync(position, 'utf8')
  fs.writeFileSync(position, text.slice(0, text.length / 2))
  http.taken.length = 0
  await reeve.start()
  await call(2)
  const size = await logSize()
  assert.ok(await eventually(() => http.lines().some((line) => seqOf(line) >= size - 1)))
  const first = seqOf(http.lines()[0])
  assert.ok(first > 50, `it began again at ${first}`)
  // From where the ledger had it, without a gap.
  const indexes = http.lines().map(seqOf)
  indexes.forEach((index, i) => assert.ok(i === 0 || index <= Math.max(...indexes.slice(0, i)) + 1))
  assert.match(reeve.log(), /position of an export is looked for in the ledger/)
})

test('no secret is in the log, the ledger or the data directory', async () => {
  await reeve.stop()
  const everything = [reeve.log(), JSON.stringify(await reeve.entries())]
  for (const name of fs.readdirSync(path.join(reeve.dataDirectory, 'exports'))) {
    everything.push(fs.readFileSync(path.join(reeve.dataDirectory, 'exports', name), 'utf8'))
  }
  for (const secret of [secrets.secret, secrets.secretKey, secrets.token, 'not-a-real-token']) {
    for (const text of everything) assert.ok(!text.includes(secret))
  }
})

test('a certificate of somebody else is not trusted', async () => {
  const other = new SignedReceiver(tlsOptions, secrets.secret)
  await other.start()
  const config = `${kSetup}exports:
  - {name: plain, format: jsonl, from: start, sink: {http: {url: "https://localhost:${other.port}/"}}}
  - name: wrong-name
    format: jsonl
    from: start
    root_file: ${files.cert}
    sink: {http: {url: "https://127.0.0.1:${other.port}/"}}
  - {name: talk, format: cef, from: start, sink: {syslog: {host: localhost, port: ${syslog.port}}}}
`
  const stranger = new Server({ config, governance: { 'rules.yaml': kRules } })
  try {
    await stranger.start()
    const before = syslog.messages.length
    const held = await eventually(async () => {
      const states = await exportStates(stranger)
      return states.every((one) => /certificate|SSL|name/i.test(one.held_up_by ?? '')) ? states : undefined
    })
    assert.ok(held, JSON.stringify(await exportStates(stranger)))
    assert.equal(other.taken.length, 0)
    assert.equal(syslog.messages.length, before)
  } finally {
    stranger.end()
    await other.stop()
  }
})

test('what is wrong in reeve.yaml has a place and a reason', async () => {
  const wrong = [
    ['{name: a, format: nope, sink: {file: {path: x}}}', /has the format 'nope'; there are cef/],
    ['{name: a, format: cef, sink: {http: {url: "http://siem.example.com/"}}}', /yaml:\d+:\d+: 'url' is an https/],
    ['{name: a, format: cef, sink: {carrier: {pigeon: 1}}}', /there is no sink 'carrier'/],
    ['{name: a, format: cef, filter: "kind =", sink: {file: {path: x}}}', /reeve\.yaml:\d+/],
    ['{name: a, format: cef, sink: {s3: {endpoint: "https://s3.example.com", bucket: b}}}', /access_key_env/],
    ['{name: a/b, format: cef, sink: {file: {path: x}}}', /has a 'name'/],
    ['{name: a, format: cef, sink: {syslog: {host: h, data_id: x}}}', /'data_id'/],
  ]
  for (const [text, reason] of wrong) {
    const server = new Server({ config: `${kSetup}exports:\n  - ${text}\n`, governance: { 'rules.yaml': kRules } })
    const failed = await server.command('check').catch((error) => error)
    assert.match(`${failed.stdout}${failed.stderr}`, reason, text)
    server.remove()
  }
})
