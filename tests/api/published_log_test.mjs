// The ledger over HTTP: who gets what, nothing beyond the published files, and that reading entries is on record.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { addressSource, check } from '../../verifier/index.mjs'
import { makeCalls, startReeve } from '../verifier/ledger_of_calls.mjs'

const kCalls = 150
let reeve, secret, auditor, folder

const file = (name) => fs.readFileSync(path.join(folder, name))

before(async () => {
  ;({ reeve, secret } = await startReeve())
  folder = path.join(reeve.folder, 'data/ledger/public')
  auditor = (await reeve.createKey('auditor@example.com', '--scope', 'ledger:read')).secret
  await makeCalls(reeve, secret, kCalls)
  // Tiles follow within a checkpoint's interval; the checkpoint comes after them.
  while (Number(file('checkpoint').toString().split('\n')[1]) < kCalls * 2) await sleep(50)
})
after(() => reeve?.end())

// As it stands: `fetch` would tidy the path up.
const get = (target, { key, method = 'GET' } = {}) =>
  new Promise((resolve, reject) => {
    const headers = key ? { authorization: `Bearer ${key}` } : {}
    const request = http.request({ port: reeve.port, path: target, method, headers }, async (answer) => {
      const pieces = []
      for await (const piece of answer) pieces.push(piece)
      resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(pieces) })
    })
    request.on('error', reject).end()
  })
const text = 'text/plain; charset=utf-8'
const readsOf = async (who) => {
  const lines = await reeve.command('ledger', 'query', 'kind == "ledger.read"', '--json')
  return lines
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
    .filter(({ detail }) => detail.by === who)
}

test('checkpoint, key and tiles are served to everybody, as they lie there, with the right header fields', async () => {
  const key = await get('/log/key')
  assert.deepEqual([key.status, key.headers['content-type'], key.body], [200, text, file('key')])
  const checkpoint = await get('/log/checkpoint')
  assert.deepEqual([checkpoint.status, checkpoint.headers['content-type']], [200, text])
  assert.equal(checkpoint.headers['cache-control'], 'no-cache')
  assert.equal((await get('/log/cosigned-checkpoint')).status, 404)
  fs.writeFileSync(path.join(folder, 'cosigned-checkpoint'), checkpoint.body)
  assert.deepEqual((await get('/log/cosigned-checkpoint')).body, checkpoint.body)
  fs.unlinkSync(path.join(folder, 'cosigned-checkpoint'))
  const tile = await get('/log/tile/0/000')
  assert.deepEqual(
    [tile.status, tile.headers['content-type'], tile.body],
    [200, 'application/octet-stream', file('tile/0/000')],
  )
  assert.equal(tile.headers['cache-control'], 'public, max-age=31536000, immutable')
  assert.equal(tile.headers['x-content-type-options'], 'nosniff')
})

test('entries are for keys that name them, and who read them is on record before', async () => {
  const ordinary = (await reeve.createKey('dev@example.com')).secret
  const control = (await reeve.createKey('lead@example.com', '--scope', 'control:read')).secret
  assert.equal((await get('/log/tile/entries/000')).status, 401)
  for (const key of [ordinary, control]) assert.equal((await get('/log/tile/entries/000', { key })).status, 403)
  assert.deepEqual(await readsOf('dev@example.com'), [])
  const bundle = await get('/log/tile/entries/000', { key: auditor })
  assert.deepEqual([bundle.status, bundle.body], [200, file('tile/entries/000')])
  assert.equal(bundle.headers['cache-control'], 'private, max-age=31536000, immutable')
  assert.equal((await get('/log/tile/entries/000', { key: auditor })).status, 200)
  // A reader beside the server sees an entry with the next checkpoint.
  for (let i = 0; i < 50 && (await readsOf('auditor@example.com')).length === 0; i++) await sleep(50)
  const [read, ...more] = await readsOf('auditor@example.com')
  assert.deepEqual(more, [])
  assert.deepEqual(read.detail, { by: 'auditor@example.com', first: 0, last: 65535 })
  assert.equal(read.principal.id, 'auditor@example.com')
})

test('no other file is served, however the path is written', async () => {
  const secretFile = file('../private-key').toString()
  const paths = [
    '',
    'x',
    'checkpoint/',
    'checkpoint.new',
    'Checkpoint',
    'private-key',
    '../private-key',
    'tile/../../private-key',
  ]
  paths.push(
    '..%2fprivate-key',
    '%2e%2e/private-key',
    'tile/0/../../../private-key',
    'tile/0/..%2f..%2f..%2fprivate-key',
  )
  paths.push(
    'tile/0/000/../../../../private-key',
    'tile//0/000',
    'tile/0/%30%30%30',
    'tile/0/0',
    'tile/0/000.p/0',
    'tile/00/000',
  )
  paths.push(
    'tile/0/000%00',
    'tile/entries/../0/000',
    './checkpoint',
    '/checkpoint',
    'tile/0',
    'tile',
    'resume',
    '..',
    '../../reeve.db',
  )
  paths.push('tile/0/x999/999', 'tile/0/x999/x999/x999/x999/x999/x999/999', '..\\private-key', 'tile/9/000')
  for (const one of paths) {
    for (const key of [undefined, auditor]) {
      const answer = await get(`/log/${one}`, { key })
      assert.ok([400, 401, 404].includes(answer.status), `${one}: ${answer.status}`)
      assert.ok(!answer.body.includes(secretFile.slice(0, 20)), one)
    }
  }
  const parents = await get('/log/../api/v1/budgets', { key: auditor })
  assert.notEqual(parents.status, 200)
  for (const method of ['POST', 'PUT', 'DELETE']) assert.equal((await get('/log/checkpoint', { method })).status, 405)
  const link = path.join(folder, 'tile/0/007')
  fs.symlinkSync('../../../private-key', link)
  assert.equal((await get('/log/tile/0/007')).status, 404)
  fs.unlinkSync(link)
})

test('a file of many pieces arrives whole, and many at once do', async () => {
  const name = 'tile/entries/x999/998'
  const large = Buffer.alloc(9_000_001, 'entries ')
  fs.mkdirSync(path.join(folder, 'tile/entries/x999'), { recursive: true })
  fs.writeFileSync(path.join(folder, name), large)
  const answers = await Promise.all(Array.from({ length: 8 }, () => get(`/log/${name}`, { key: auditor })))
  for (const { status, body } of answers) assert.ok(status === 200 && body.equals(large))
  const bursts = await Promise.all(Array.from({ length: 200 }, () => get('/log/checkpoint')))
  for (const { status, headers } of bursts) assert.ok(status === 200 || (status === 503 && headers['retry-after']))
  fs.rmSync(path.join(folder, 'tile/entries/x999'), { recursive: true })
})

test('the verifier checks it from afar, with entries for who may have them', async () => {
  const address = `http://127.0.0.1:${reeve.port}/log`
  const key = (await reeve.command('ledger', 'key')).trim()
  const whole = await check(addressSource(address, auditor), { key })
  assert.deepEqual(whole.problems, [])
  assert.ok(whole.entries >= kCalls * 2)
  const hashes = await check(addressSource(address), { key, withEntries: false })
  assert.deepEqual([hashes.ok, hashes.entries], [true, 0])
  assert.match((await check(addressSource(address), { key })).problems.join(), /entries\/000 answers 401/)
})

test('statements about keys that took over are served, and the verifier follows the key of before', async () => {
  assert.equal((await get('/log/key-rotations')).status, 404)
  const before = file('key').toString().trim()
  const kept = file('checkpoint')
  await reeve.command('ledger', 'key', 'rotate', '--reason', 'a test', '--both-for', '0s')
  const served = await get('/log/key-rotations')
  assert.deepEqual([served.status, served.headers['content-type'], served.body], [200, text, file('key-rotations')])
  assert.equal(served.headers['cache-control'], 'no-cache')
  assert.notEqual(file('key').toString().trim(), before)
  const address = `http://127.0.0.1:${reeve.port}/log`
  const report = await check(addressSource(address, auditor), { key: before, kept: [kept] })
  assert.deepEqual([report.problems, report.rotations], [[], 1])
  for (const name of ['key-rotations.new', 'key-rotation.next', '../key-rotation.next', 'private-key.previous']) {
    assert.notEqual((await get(`/log/${name}`)).status, 200, name)
  }
})

test('what is not to be served is not', async () => {
  const narrow = await startReeve(`
ledger: {serve: [checkpoint]}
workers: 1
providers: [{name: practice, dialect: practice}]
models: [{name: "practice-*", provider: practice}]
`)
  const status = async (name) => (await fetch(`http://127.0.0.1:${narrow.reeve.port}/log/${name}`)).status
  try {
    assert.deepEqual(
      [
        await status('checkpoint'),
        await status('key'),
        await status('tile/0/000.p/1'),
        await status('tile/entries/000.p/1'),
      ],
      [200, 200, 404, 404],
    )
  } finally {
    narrow.reeve.end()
  }
})
