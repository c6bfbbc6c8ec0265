// The real program: what an auditor asks of a ledger that says it is complete, and a signing key that is replaced while
// the server runs, while it does not, and while it is killed.

import assert from 'node:assert/strict'
import crypto from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { eventually, Server, sleep } from '../faults/server.mjs'
import { Random } from '../upstream/random.mjs'
import { kAllowEverything } from '../upstream/upstream_process.mjs'

const kSeed = Number(process.env.SEED ?? 20261122)
const kKills = 6

const kConfig = `
workers: 2
log: {format: json}
ledger: {heartbeat: 1s}
providers:
  - {name: practice, dialect: practice}
models:
  - {name: "practice-*", provider: practice}
`

// What stands before the 32 bytes of an Ed25519 key in its DER form (RFC 8410).
const kPublicKeyStart = Buffer.from('302a300506032b6570032100', 'hex')

// Whether `vkey` signed the note: by the documents of signed-note alone.
function isSignedBy(note, vkey) {
  const [name, hash, ...rest] = vkey.split('+')
  const bytes = Buffer.from(rest.join('+'), 'base64')
  const id = crypto.createHash('sha256').update(`${name}\n`).update(bytes).digest().subarray(0, 4)
  assert.equal(id.toString('hex'), hash)
  const key = crypto.createPublicKey({
    key: Buffer.concat([kPublicKeyStart, bytes.subarray(1)]),
    format: 'der',
    type: 'spki',
  })
  const border = note.lastIndexOf('\n\n')
  const lines = note.slice(border + 2).trimEnd().split('\n')
  return lines.some((line) => {
    const [, signer, base64] = /^\u2014 (\S+) (\S+)$/.exec(line)
    const signature = Buffer.from(base64, 'base64')
    if (signer !== name || !signature.subarray(0, 4).equals(id)) return false
    return crypto.verify(null, Buffer.from(note.slice(0, border + 1)), key, signature.subarray(4))
  })
}

// [{old, new}] of the published statements, each checked.
function statementsOf(text) {
  const parts = text.split('\n\n')
  assert.equal(parts.pop(), '')
  const statements = []
  for (let i = 0; i < parts.length; i += 2) {
    const note = `${parts[i]}\n\n${parts[i + 1]}\n`
    const lines = parts[i].split('\n')
    assert.equal(lines[0], 'reeve log key rotation v1')
    assert.equal(lines.length, 7)
    const [, , oldKey, newKey] = lines
    assert.ok(isSignedBy(note, oldKey) && isSignedBy(note, newKey), 'both keys signed the statement')
    if (statements.length > 0) assert.equal(statements.at(-1).newKey, oldKey)
    statements.push({ oldKey, newKey })
  }
  return statements
}

class Watched extends Server {
  #roots = new Map()

  public(name) {
    return fs.readFileSync(path.join(this.ledgerDirectory, 'public', name), 'utf8')
  }

  get key() {
    return this.public('key').trim()
  }

  // The checkpoint as it stands; two roots for one size are never seen.
  seeCheckpoint() {
    const note = this.public('checkpoint')
    const [, size, root] = note.split('\n')
    assert.equal(this.#roots.get(size) ?? root, root, `two roots for ${size} entries`)
    this.#roots.set(size, root)
    return note
  }

  async call(secret) {
    const answer = await fetch(`http://127.0.0.1:${this.port}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'practice-small', messages: [{ role: 'user', content: 'Say hello.' }] }),
    })
    await answer.arrayBuffer()
    return answer.status
  }

  async completeness(...options) {
    const { code, stdout, stderr } = await this.run('ledger', 'completeness', '--json', ...options)
    assert.ok(code === 0 || code === 1, stdout + stderr)
    return { code, ...JSON.parse(stdout) }
  }

  rotate(...options) {
    return this.run('ledger', 'key', 'rotate', '--reason', 'a test', '--json', ...options)
  }

  async entriesOf(kind) {
    return (await this.entries()).filter((entry) => entry.kind === kind)
  }
}

const kindsOf = ({ rows }) => rows.map(({ kind }) => kind)

describe('a ledger that says when it was kept', () => {
  const server = new Watched({ config: kConfig, governance: { 'all.yaml': kAllowEverything } })
  let secret

  before(async () => {
    await server.start()
    secret = (await server.createKey('dev@example.com')).secret
  })
  after(async () => {
    if (server.alive) await server.stop()
    server.remove()
  })

  test('beats while nothing happens, and numbers what each producer records', async () => {
    for (let i = 0; i < 6; i++) assert.equal(await server.call(secret), 200)
    const beats = await eventually(async () => {
      const found = await server.entriesOf('service.heartbeat')
      return found.length >= 2 && found
    })
    assert.ok(beats, 'two heartbeats')
    assert.equal(beats[0].detail.interval_ms, 1000)
    const entries = await server.entries()
    assert.equal(entries[0].kind, 'service.started')
    assert.deepEqual(entries[0].producer, { name: 'service', number: 1 })
    const seen = new Map()
    for (const { producer } of entries) {
      assert.ok(producer, 'every record has a producer')
      assert.equal(producer.number, (seen.get(producer.name) ?? 0) + 1)
      seen.set(producer.name, producer.number)
    }
    assert.ok([...seen.keys()].some((name) => /^worker-[12]$/.test(name)))
    const report = await server.completeness()
    assert.equal(report.code, 0)
    assert.deepEqual(kindsOf(report), ['start'])
  })

  test('tells a stop from a kill', async () => {
    assert.equal(await server.stop(), 0)
    await server.start()
    assert.equal(await server.call(secret), 200)
    await server.kill()
    await server.start()
    const report = await server.completeness()
    assert.equal(report.code, 0, JSON.stringify(report))
    assert.deepEqual(kindsOf(report), ['start', 'stop', 'start', 'crash', 'start'])
    assert.equal((await server.completeness('--strict')).code, 1)
    const stops = await server.entriesOf('service.stopped')
    assert.ok(stops[0].detail.producers.service.number >= 3)
    assert.ok((await server.verify()).ok)
  })

  test('shows that the process stood still', async () => {
    server.process.kill('SIGSTOP')
    await sleep(8_000)
    server.process.kill('SIGCONT')
    const silence = await eventually(async () => {
      const report = await server.completeness()
      return kindsOf(report).includes('silence') && report
    })
    assert.ok(silence, 'a silence')
    assert.equal(silence.code, 1)
    assert.equal(silence.complete, false)
    assert.ok((await server.verify()).ok, 'no number is missing')
  })

  test('cannot do without heartbeats', async () => {
    for (const value of ['0s', 'off', '2h']) {
      const wrong = new Server({ config: kConfig.replace('1s', value), governance: { 'all.yaml': kAllowEverything } })
      const { code, stdout, stderr } = await wrong.run('check')
      assert.notEqual(code, 0)
      assert.match(stdout + stderr, /cannot be turned off; write how often it beats/)
      wrong.remove()
    }
  })
})

describe('a ledger whose key is replaced', () => {
  const server = new Watched({ config: kConfig, governance: { 'all.yaml': kAllowEverything } })
  const keys = []
  let secret

  before(async () => {
    await server.start()
    secret = (await server.createKey('dev@example.com')).secret
    keys.push(server.key)
  })
  after(async () => {
    if (server.alive) await server.stop()
    server.remove()
  })

  // Everything that an auditor with any of the earlier keys checks.
  async function checkFromEveryKey() {
    server.seeCheckpoint()
    const statements = statementsOf(server.public('key-rotations'))
    assert.deepEqual([statements[0].oldKey, ...statements.map(({ newKey }) => newKey)], keys)
    const recorded = await server.entriesOf('ledger.key_rotated')
    assert.equal(recorded.map(({ detail }) => `${detail.statement}\n`).join(''), server.public('key-rotations'))
    for (const key of keys) {
      const { code, stdout } = await server.run('ledger', 'verify', '--key', key)
      assert.equal(code, 0, stdout)
    }
  }

  test('beside the server: both sign, and the old key leads to the new one', async () => {
    assert.equal(await server.call(secret), 200)
    const { code, stdout, stderr } = await server.rotate()
    assert.equal(code, 0, stdout + stderr)
    const taken = JSON.parse(stdout)
    assert.equal(taken.old_key, keys[0])
    keys.push(taken.new_key)
    assert.equal(server.key, keys[1])
    assert.equal(await server.call(secret), 200)
    const size = (await server.entries()).length
    assert.ok(await eventually(() => Number(server.seeCheckpoint().split('\n')[1]) >= size))
    const note = server.seeCheckpoint()
    assert.ok(isSignedBy(note, keys[0]) && isSignedBy(note, keys[1]))
    const [asked] = await server.entriesOf('ledger.key_rotation_requested')
    assert.equal(asked.detail.reason, 'a test')
    await checkFromEveryKey()
  })

  test('without a server, and a server goes on with it', async () => {
    assert.equal(await server.stop(), 0)
    const { code, stdout, stderr } = await server.rotate('--both-for', '0s')
    assert.equal(code, 0, stdout + stderr)
    keys.push(JSON.parse(stdout).new_key)
    await server.start()
    assert.equal(await server.call(secret), 200)
    assert.ok(await eventually(() => !isSignedBy(server.seeCheckpoint(), keys[1])), 'its time is over')
    assert.ok(isSignedBy(server.seeCheckpoint(), keys[2]))
    assert.ok(!fs.existsSync(path.join(server.ledgerDirectory, 'private-key.previous')))
    await checkFromEveryKey()
  })

  test('while the server is killed: it happened or it did not', async () => {
    const random = new Random(kSeed)
    let happened = 0
    for (let i = 0; i < kKills; i++) {
      const before = server.key
      const rotating = server.rotate()
      await sleep(random.between(150, 1_300))
      await server.kill()
      const note = server.seeCheckpoint()
      assert.ok(isSignedBy(note, server.key), `kill ${i} (seed ${kSeed}): signed by the published key`)
      await server.start()
      await rotating
      assert.ok(!fs.existsSync(path.join(server.ledgerDirectory, 'key-rotation.next')))
      // The command may have found no server and done it itself, or the next start did what was asked.
      for (const { newKey } of statementsOf(server.public('key-rotations')).slice(keys.length - 1)) keys.push(newKey)
      assert.equal(server.key, keys.at(-1))
      if (server.key !== before) happened++
      assert.equal(await server.call(secret), 200)
      server.seeCheckpoint()
    }
    assert.ok(happened > 0, 'some came through')
    await sleep(2_500)
    for (const { newKey } of statementsOf(server.public('key-rotations')).slice(keys.length - 1)) keys.push(newKey)
    await checkFromEveryKey()
    assert.equal((await server.completeness()).code, 0)
  })
})

describe('a server with exports and readers', () => {
  const kWithExports = `
workers: 3
log: {format: json}
ledger: {heartbeat: 1s}
providers: [{name: practice, dialect: practice}]
models: [{name: "practice-*", provider: practice}]
exports:
  - {name: lines, format: jsonl, sink: {file: {path: ./out/lines.jsonl}}, progress: 1s}
  - {name: events, format: ecs, sink: {file: {path: ./out/events.jsonl}}, progress: 1s}
`
  const server = new Watched({ config: kWithExports, governance: { 'all.yaml': kAllowEverything } })
  after(async () => {
    if (server.alive) await server.stop()
    server.remove()
  })

  test('numbers every entry, and in order, whoever makes it', async () => {
    await server.start()
    const { secret } = await server.createKey('dev@example.com')
    const scopes = ['--scope', 'ledger:read', '--scope', 'control:read']
    const auditors = []
    for (let i = 0; i < 4; i++) auditors.push((await server.createKey(`auditor-${i}@example.com`, ...scopes)).secret)
    const get = async (target, key) => {
      const headers = { authorization: `Bearer ${key}` }
      const answer = await fetch(`http://127.0.0.1:${server.port}${target}`, { headers })
      await answer.arrayBuffer()
      return answer.status
    }
    // Everything at once: loops, the API's thread, the main thread, exports and a rotation.
    const work = []
    for (let i = 0; i < 40; i++) {
      work.push(server.call(secret))
      for (const key of auditors) work.push(get(`/api/v1/spend?since=${i + 1}h`, key))
    }
    for (const key of auditors) work.push(get('/log/tile/entries/000.p/1', key))
    work.push(server.rotate('--both-for', '1s'))
    for (let i = 0; i < 3; i++) work.push(server.run('spend', 'units', '--since', `${i + 1}h`))
    await Promise.all(work)
    const exported = async () => (await server.entriesOf('ledger.exported')).length
    assert.ok(await eventually(async () => (await exported()) >= 4))
    await sleep(2_500)
    assert.equal(await server.stop(), 0)
    const report = await server.completeness()
    assert.deepEqual([report.code, report.complete, report.unnumbered], [0, true, 0], JSON.stringify(report.rows))
    const makers = new Set((await server.entries()).map(({ producer }) => producer?.name))
    for (const name of ['service', 'service-beside', 'exports', 'key-rotation']) {
      assert.ok(makers.has(name), `${name} made none: ${[...makers]}`)
    }
    const verified = await server.verify()
    assert.deepEqual(verified.problems, [])
  })
})
