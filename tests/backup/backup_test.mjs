// `reeve backup` beside a live server, and a server that goes on from what it made.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { verifyLedger } from '../ledger-format/verify.mjs'
import { kDocuments } from '../intake/intake_api.mjs'
import { kProgram, Reeve } from '../upstream/reeve_process.mjs'
import { kAllowEverything } from '../upstream/upstream_process.mjs'

const kProviderKey = 'sk-provider-key-0123456789'
const kConfig = `
ledger: {content: sealed, segment_mib: 1}
providers:
  - {name: practice, dialect: practice, api_key: ${kProviderKey}}
models:
  - {name: "practice-*", provider: practice}
`
const kBody = JSON.stringify({ model: 'practice-small', messages: [{ role: 'user', content: 'Say hello.' }] })

const kQuestions = kDocuments['questions.yaml']
const reeve = new Reeve({
  config: kConfig,
  governance: { 'all.yaml': kAllowEverything, 'empty.yaml': '', 'questions.yaml': kQuestions },
})
fs.mkdirSync(path.join(reeve.folder, 'governance/more'))
fs.writeFileSync(path.join(reeve.folder, 'governance/more/notes.md'), 'Why the rules are as they are.\n')
const place = (name) => path.join(reeve.folder, name)
const files = ['--config', place('reeve.yaml'), '--data', place('data')]
const backUp = (...args) => spawnSync(kProgram, ['backup', ...args], { encoding: 'utf8' })
let restored
let secret
let asked // an intake

// What the registers with workflow tell of it.
const registersOf = async (server) =>
  Promise.all(
    [
      ['inventory', 'show', asked.item],
      ['intake', 'show', asked.id],
      ['approvals', '--by', 'dev@example.com'],
    ].map(async (words) => JSON.parse(await server.command(...words, '--json'))),
  )

async function call(server, key) {
  const answer = await fetch(`http://127.0.0.1:${server.port}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: kBody,
  })
  await answer.arrayBuffer()
  return answer.status
}

const registered = () =>
  fs
    .readdirSync(place('data/content'))
    .filter((name) => name.endsWith('.own'))
    .map((name) => `content/${name}`)

const allFiles = (folder) =>
  fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .map((entry) => path.join(entry.path, entry.name))
    .sort()

before(async () => {
  fs.mkdirSync(place('source'))
  const line = (_, i) => `  const total${i} = invoice${i * 7} + freight(${i}, order${i * 3})`
  const lines = Array.from({ length: 60 }, line)
  fs.writeFileSync(place('source/billing.js'), lines.join('\n'))
  await reeve.start()
  await reeve.command('fingerprint', 'add', place('source'), '--label', 'billing')
  secret = (await reeve.createKey('dev@example.com', '--group', 'developers')).secret
  const start = ['intake', 'start', '--kind', 'tool', '--title', 'Search', '--by', 'dev@example.com']
  asked = JSON.parse(await reeve.command(...start, '--json'))
  await reeve.command('intake', 'answer', asked.id, 'data=internal', '--by', 'dev@example.com')
  for (let i = 0; i < 300; i++) await call(reeve, secret)
})

after(() => {
  reeve.process?.kill('SIGKILL')
  restored?.process?.kill('SIGKILL')
  reeve.remove()
  restored?.remove()
})

test('a backup beside a server under load is sound and whole', async () => {
  const signedBefore = verifyLedger(place('data/ledger')).size
  let working = true
  const load = (async () => {
    while (working) await call(reeve, secret)
  })()
  await reeve.createKey('later@example.com')
  const keys = (async () => {
    while (working) await reeve.createKey('later@example.com')
  })()
  // Not spawnSync: the load has to go on meanwhile.
  const said = await reeve.command('backup', place('backup'))
  working = false
  await Promise.all([load, keys])

  assert.match(said, /Done and verified/)
  assert.match(said, /also holds the keys to what calls said.*--without-content/s)
  assert.equal(registered().length, 1)
  for (const word of [secret, kProviderKey]) assert.ok(!said.includes(word), 'a secret was printed')
  const copy = verifyLedger(place('backup/data/ledger'))
  assert.deepEqual(copy.problems, [])
  assert.equal(copy.entries.length, copy.size)
  assert.ok(copy.size >= signedBefore && signedBefore > 256, `${copy.size} entries, ${signedBefore} signed before`)
  const original = verifyLedger(place('data/ledger'))
  assert.deepEqual(copy.entries, original.entries.slice(0, copy.size))
  for (const name of [
    'reeve.yaml',
    'governance/all.yaml',
    'governance/empty.yaml',
    'governance/questions.yaml',
    'governance/more/notes.md',
  ]) {
    assert.deepEqual(fs.readFileSync(place(`backup/${name}`)), fs.readFileSync(place(name)), name)
  }
  for (const name of [
    'digest.key',
    'vault.key',
    'content.key',
    'ledger.origin',
    'ledger/private-key',
    'ledger/public/key',
    'policy/bundle.key',
    ...registered(),
  ]) {
    assert.deepEqual(fs.readFileSync(place(`backup/data/${name}`)), fs.readFileSync(place(`data/${name}`)), name)
  }
  for (const file of [place('backup'), ...allFiles(place('backup'))]) {
    assert.equal(fs.statSync(file).mode & 0o077, 0, `${file} can be read by others`)
  }
})

test('with --json it says what it holds, and leaves that beside it', async () => {
  const said = JSON.parse(await reeve.command('backup', place('described'), '--json'))
  assert.deepEqual(said, JSON.parse(fs.readFileSync(place('described/backup.json'), 'utf8')))
  const { size, root } = verifyLedger(place('described/data/ledger'))
  assert.equal(said.directory, place('described'))
  assert.equal(said.governance_files, 4)
  assert.equal(said.registered_files, 1)
  assert.equal(said.content.included, true)
  assert.ok(said.content.segments > 0 && said.content.bytes > 0)
  assert.equal(said.content.keys, 1)
  assert.deepEqual([said.ledger.entries, said.ledger.root, said.ledger.verified], [size, root, true])
})

test('a server started on the copy knows keys and registers, and goes on with the ledger', async () => {
  const before = await registersOf(reeve)
  assert.equal(before[1].answers.data, 'internal')
  restored = new Reeve({ config: kConfig, governance: { 'all.yaml': kAllowEverything, 'questions.yaml': kQuestions } })
  fs.cpSync(place('backup/data'), path.join(restored.folder, 'data'), { recursive: true })
  const { size } = verifyLedger(place('backup/data/ledger'))
  await restored.start()
  assert.equal(await call(restored, secret), 200)
  assert.deepEqual(await registersOf(restored), before)
  assert.equal(await restored.stop(), 0)
  const ledger = path.join(restored.folder, 'data/ledger')
  const found = verifyLedger(ledger)
  assert.deepEqual(found.problems, [])
  assert.ok(found.size > size)
  assert.equal(found.openIntents.size, 0)
  assert.deepEqual(found.entries.slice(0, size), verifyLedger(place('backup/data/ledger')).entries)
  assert.equal(JSON.parse(await restored.command('ledger', 'verify', '--json')).ok, true)

  // Keys were made while the ledger and then the keys were copied; what the one lacks of the other is made good, once.
  const made = (await restored.entries()).filter(({ kind }) => kind === 'identity.key_created')
  const keys = JSON.parse(await restored.command('key', 'list', '--all', '--json'))
  assert.ok(keys.length > 1)
  assert.deepEqual(made.map(({ detail }) => detail.key_id).sort(), keys.map(({ id }) => id).sort())
})

test('what calls said can be read from the copy, as from the original', async () => {
  const entries = verifyLedger(place('backup/data/ledger')).entries.map((bytes) => JSON.parse(bytes))
  const request = entries.find((entry) => entry.content?.sealed).request_id
  const args = ['ledger', 'content', request, '--reason', 'a test', '--json', '--data']
  const from = (data) => JSON.parse(spawnSync(kProgram, [...args, data], { encoding: 'utf8' }).stdout).content
  assert.ok(from(place('backup/data')).length > 0)
  assert.deepEqual(from(place('backup/data')), from(place('data')))
  assert.ok(from(place('data')).some(({ text }) => text.includes('Say hello.')))
})

test('without content, nothing in the copy opens it', async () => {
  const said = await reeve.command('backup', place('bare'), '--without-content')
  assert.match(said, /left out.*Not in it: what calls said/s)
  assert.doesNotMatch(said, /holds the keys/)
  const files = allFiles(place('bare')).map((file) => path.relative(place('bare'), file))
  assert.deepEqual(
    files.filter((file) => /vault\.key|content\.key|sealed/.test(file)),
    [],
  )
  assert.ok(files.includes(`data/${registered()[0]}`))
  assert.equal(JSON.parse(fs.readFileSync(place('bare/backup.json'), 'utf8')).content.included, false)
})

test('a directory that is in use, or inside the original, is refused and left as it is', () => {
  const before = allFiles(place('backup'))
  for (const [directory, reason] of [
    [place('backup'), /not an empty directory/],
    [place('reeve.yaml'), /not an empty directory/],
    [place('data/backup'), /lies inside/],
    [place('governance/more/backup'), /lies inside/],
  ]) {
    const { status, stderr, stdout } = backUp(directory, ...files)
    assert.equal(status, 2, directory)
    assert.match(stderr, reason)
    assert.equal(stdout, '')
  }
  assert.deepEqual(allFiles(place('backup')), before)
  assert.ok(!fs.existsSync(place('data/backup')))
  const nothing = backUp(place('other'), '--data', place('nothing-here'))
  assert.equal(nothing.status, 3)
  assert.match(nothing.stderr, /no ledger in/)
  assert.ok(!fs.existsSync(place('other')))
})

test('a damaged ledger is not passed off as a good copy', async () => {
  await reeve.stop()
  const segment = place('data/ledger/segments/00000000.seg')
  const bytes = fs.readFileSync(segment)
  bytes[5000] ^= 1
  fs.writeFileSync(segment, bytes)
  const { status, stderr, stdout } = backUp(place('damaged'), ...files)
  assert.equal(status, 1)
  assert.match(stderr, /not complete, remove it.*entry \d+ is damaged/s)
  assert.ok(!stdout.includes('verified'))
  assert.ok(!fs.existsSync(place('damaged/backup.json')))
})
