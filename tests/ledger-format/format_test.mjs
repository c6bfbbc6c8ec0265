// A ledger that the real program made, through a tour, load, kill -9 and a restart, holds what docs/ledger-format.md
// promises; every byte that is changed afterwards shows, here and in `reeve ledger verify`.

import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import crypto from 'node:crypto'
import { once } from 'node:events'
import fs from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { Random } from '../upstream/random.mjs'
import { kProgram, Reeve } from '../upstream/reeve_process.mjs'
import { kAllowEverything } from '../upstream/upstream_process.mjs'
import { crc32c, readSegments, walkEntries } from './segments.mjs'
import { verifyLedger } from './verify.mjs'

const kSeed = Number(process.env.SEED ?? 20261121)
// Two entries each: enough for several tiles, a level above them, and a second segment.
const kCalls = 700
const kFlips = 60

// A provider that never answers: its call is under way when the program is killed.
const silent = http.createServer(() => {})
await once(silent.listen(0, '127.0.0.1'), 'listening')

const kConfig = `
ledger: {segment_mib: 1}
workers: 1
providers:
  - {name: practice, dialect: practice}
  - {name: silent, dialect: openai-chat, base_url: "http://127.0.0.1:${silent.address().port}"}
models:
  - {name: silent-1, provider: silent}
  - {name: "practice-*", provider: practice}
`
const bodyFor = (model) => JSON.stringify({ model, messages: [{ role: 'user', content: 'Say hello.' }] })

const reeve = new Reeve({ config: kConfig, governance: { 'all.yaml': kAllowEverything } })
const ledger = path.join(reeve.folder, 'data/ledger')
const verify = async (...args) => {
  const { stdout } = await promisify(execFile)(kProgram, ['ledger', 'verify', '--json', '--offline', ledger, ...args])
    .catch((error) => error)
  return JSON.parse(stdout)
}

// `reeve run` up to the end of its tour.
async function tour() {
  const files = ['--config', path.join(reeve.folder, 'reeve.yaml'), '--data', path.join(reeve.folder, 'data')]
  const child = spawn(kProgram, ['run', ...files, '--listen', '127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'ignore'] })
  const exited = new Promise((resolve) => child.once('exit', resolve))
  let said = ''
  for await (const chunk of child.stdout) {
    said += chunk
    if (said.includes('Stop with Ctrl-C')) child.kill('SIGTERM')
  }
  assert.equal(await exited, 0)
  assert.match(said, /each in the signed tree of root/)
}

async function call(key, model) {
  const answer = await fetch(`http://127.0.0.1:${reeve.port}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: bodyFor(model),
  })
  await answer.arrayBuffer()
}

async function load(key, calls) {
  let left = calls
  const caller = async () => {
    while (left-- > 0) await call(key, 'practice-small')
  }
  await Promise.all(Array.from({ length: 8 }, caller))
}

const readEntries = () => verifyLedger(ledger).entries.map((entry) => JSON.parse(entry))

before(async () => {
  await tour()
  await reeve.start()
  const { secret } = await reeve.createKey('dev@example.com')
  await load(secret, kCalls / 2)
  const arrived = once(silent, 'request')
  const cut = Promise.allSettled([call(secret, 'silent-1'), load(secret, kCalls)])
  await arrived
  reeve.process.kill('SIGKILL')
  await cut
  await reeve.start()
  await load(secret, kCalls / 2)
})

after(() => {
  silent.closeAllConnections()
  silent.close()
  reeve.process?.kill('SIGKILL')
  reeve.remove()
})

describe('the ledger as the document describes it', () => {
  test('is sound beside the live server', async () => {
    const { secret, id } = await reeve.createKey('live@example.com')
    const calls = load(secret, 150)
    for (let look = 0; look < 5; look++) {
      assert.deepEqual(verifyLedger(ledger).problems, [])
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    await calls
    await reeve.command('key', 'revoke', id)
    // The server looks for changed keys every second.
    for (let i = 0; i < 50 && !readEntries().some(({ kind }) => kind === 'identity.revoked'); i++) {
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  })

  test('is sound after the stop, and says the same as `reeve ledger verify`', async () => {
    assert.equal(await reeve.stop(), 0)
    const found = verifyLedger(ledger, (await reeve.command('ledger', 'key')).trim())
    assert.deepEqual(found.problems, [])
    assert.ok(found.size > 3 * 256, `only ${found.size} entries`)
    assert.ok(readSegments(ledger, []).length > 1, 'only one segment')
    assert.equal(found.entries.length, found.size)
    assert.equal(found.openIntents.size, 0)
    const report = await verify()
    assert.deepEqual(report, {
      ok: true,
      entries: found.size,
      signed_size: found.size,
      root: found.root,
      intents_without_outcome: 0,
      problems: [],
    })
  })

  test('has the kinds and members of the tables and no others', () => {
    const document = fs.readFileSync(new URL('../../docs/ledger-format.md', import.meta.url), 'utf8')
    const named = (heading) => {
      const table = document.slice(document.indexOf(heading)).split('\n\n')[0].split('\n').slice(2)
      return new Set(table.flatMap((row) => [...row.split('|')[1].matchAll(/`([a-z_.]+)`/g)].map((match) => match[1])))
    }
    const members = named('| member | content |')
    const documented = named('| `kind` | written |')
    const entries = readEntries()
    for (const entry of entries) {
      assert.ok(documented.has(entry.kind), `${entry.kind} is not documented`)
      for (const member of Object.keys(entry)) assert.ok(members.has(member), `${member} is not documented`)
    }
    const written = new Set(entries.map(({ kind }) => kind))
    const made = ['model.intent', 'model.outcome', 'identity.key_created', 'identity.revoked', 'service.started']
    for (const kind of made) {
      assert.ok(written.has(kind), `the test made no ${kind}`)
    }
  })

  test('has an end for the call that kill -9 interrupted, at the price of at least what went in', () => {
    const entries = readEntries()
    const silentCalls = entries.filter(({ model }) => model?.asked === 'silent-1')
    const [{ content }] = silentCalls.filter(({ kind }) => kind === 'model.intent')
    const ends = silentCalls.filter(({ kind }) => kind === 'model.outcome')
    assert.deepEqual(
      ends.map(({ outcome }) => outcome.status),
      ['unrecorded_end'],
    )
    const [{ usage, cost }] = ends
    assert.equal(content.bytes, bodyFor('silent-1').length)
    assert.equal(usage.input, Math.ceil(content.bytes / 4))
    assert.ok(cost.estimated && cost.nanos > 0)
  })

  test('has the file modes of the drawing', () => {
    const expected = {
      '.': 0o750,
      segments: 0o750,
      'segments/00000000.seg': 0o640,
      public: 0o750,
      'public/checkpoint': 0o644,
      'public/key': 0o644,
      'public/tile/0/000': 0o644,
      'private-key': 0o600,
      resume: 0o600,
      lock: 0o640,
    }
    const modes = Object.keys(expected).map((name) => [name, fs.statSync(path.join(ledger, name)).mode & 0o777])
    const masked = Object.entries(expected).map(([name, mode]) => [name, mode & ~process.umask()])
    assert.deepEqual(modes, masked)
  })
})

// {name, at, end} of every frame.
function allFrames() {
  const frames = []
  walkEntries(readSegments(ledger, []), (index, entry, { name }, at) => {
    frames.push({ name, at, end: at + 16 + entry.length })
  })
  return frames
}

const endOfFrames = (name) => Math.max(...allFrames().filter((frame) => frame.name === name).map(({ end }) => end))

// What both verifiers say while `change` has been done to the bytes of a file.
async function whileChanged(name, change) {
  const file = path.join(ledger, name)
  const bytes = fs.readFileSync(file)
  const changed = Buffer.from(bytes)
  change(changed)
  fs.writeFileSync(file, changed)
  try {
    return { ours: verifyLedger(ledger).problems, theirs: (await verify()).problems }
  } finally {
    fs.writeFileSync(file, bytes)
  }
}

describe('a changed ledger', () => {
  test('shows in every kind of file, wherever it was changed', async (context) => {
    context.diagnostic(`SEED=${kSeed} repeats it`)
    const random = new Random(kSeed)
    const tiles = fs
      .readdirSync(path.join(ledger, 'public/tile'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(ledger, path.join(entry.path, entry.name)))
    const others = ['public/checkpoint', 'public/key', 'private-key', 'resume']
    const segments = readSegments(ledger, []).map(({ name }) => name)
    for (let i = 0; i < kFlips; i++) {
      const name = random.pick([random.pick(segments), random.pick(tiles), random.pick(others)])
      // The newline at the end of a key's line says nothing.
      const size = fs.statSync(path.join(ledger, name)).size - (name.endsWith('key') ? 1 : 0)
      const at = random.between(0, (segments.includes(name) ? endOfFrames(name) : size) - 1)
      const bit = random.between(0, 7)
      const { ours, theirs } = await whileChanged(name, (bytes) => (bytes[at] ^= 1 << bit))
      const where = `${name}, byte ${at}, bit ${bit}`
      assert.notDeepEqual(ours, [], `nothing found: ${where}`)
      assert.notDeepEqual(theirs, [], `reeve ledger verify finds nothing: ${where}`)
    }
    assert.deepEqual(verifyLedger(ledger).problems, [])
  })

  test('is told from bytes behind the end, which nobody was promised', async () => {
    const { name, end } = allFrames().at(-1)
    assert.deepEqual(await whileChanged(name, (bytes) => (bytes[end + 100] ^= 1)), { ours: [], theirs: [] })
  })

  test('shows when a frame was written anew with a right checksum', async () => {
    const { name, at, end } = allFrames()[0]
    const { ours, theirs } = await whileChanged(name, (bytes) => {
      const word = bytes.indexOf('service.started', at)
      assert.ok(word > at && word < end)
      bytes.write('service.stopped', word)
      bytes.writeUInt32LE(crc32c(bytes.subarray(at + 4, end)), at)
    })
    assert.match(ours.join('\n'), /do not give the signed root/)
    assert.match(theirs.join('\n'), /entry 0 is not what was signed/)
  })

  test('shows when its newest entry is gone', async () => {
    const { name, at, end } = allFrames().at(-1)
    const { ours, theirs } = await whileChanged(name, (bytes) => bytes.fill(0, at, end))
    assert.match(ours.join('\n'), /damaged or missing/)
    assert.notDeepEqual(theirs, [])
  })

  test('shows when the auditor was given another key', () => {
    const key = fs.readFileSync(path.join(ledger, 'public/key'), 'utf8')
    const name = key.slice(0, key.indexOf('+'))
    const publicKey = Buffer.alloc(32, 7)
    const hash = crypto.createHash('sha256').update(`${name}\n\x01`).update(publicKey).digest('hex').slice(0, 8)
    const other = `${name}+${hash}+${Buffer.concat([Buffer.of(1), publicKey]).toString('base64')}`
    assert.match(verifyLedger(ledger, other).problems.join('\n'), /not signed by/)
  })
})
