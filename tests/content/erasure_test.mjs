// Erasure of a person, looked at as somebody would who has the whole disk and every key on it: what was said is in no
// file, in no encoding, and no key that is left opens it. Everybody else's content, the proofs and the reports stay.
// The root key comes from a command here, as from a key service.

import assert from 'node:assert/strict'
import crypto from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import test, { after, before } from 'node:test'
import { Random } from '../upstream/random.mjs'
import { detectorFiles, Reeve } from '../upstream/reeve_process.mjs'
import { EchoUpstream } from './echo_upstream.mjs'

const generator = new Random(11)
const upstream = new EchoUpstream(() => generator.fraction())
const kRoot = crypto.createHash('sha256').update('a root key for a test').digest()
const kAnn = 'ann@example.com'
const kBob = 'bob@example.com'
const kSaid = { [kAnn]: 'The kingfisher plan, canary 77ab19e0c4.', [kBob]: 'The heron plan, canary 31dd08f2b6.' }
// An honest card number behind a placeholder.
const kCard = '4012888888881881'
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))
const requests = { [kAnn]: [], [kBob]: [] }
let reeve

async function call(person, key, turn) {
  const response = await fetch(`http://127.0.0.1:${reeve.port}/v1/messages`, {
    method: 'POST',
    headers: {
      'x-api-key': key,
      'anthropic-version': '2023-06-01',
      'content-type': 'application/json',
      'x-reeve-session': `session-of-${person}`,
    },
    body: JSON.stringify({
      model: 'claude-sonnet-5',
      max_tokens: 10,
      stream: turn % 2 === 0,
      messages: [{ role: 'user', content: `${kSaid[person]} Turn ${turn}. The card of the customer is ${kCard}.` }],
    }),
  })
  assert.equal(response.status, 200, await response.clone().text())
  await response.text()
  requests[person].push(response.headers.get('x-reeve-request-id'))
}

before(async () => {
  await upstream.start()
  reeve = new Reeve({
    config: `providers:
  - {name: anthropic, dialect: anthropic, base_url: "http://127.0.0.1:${upstream.port}", api_key: k, region: us}
models:
  - {name: "claude-*", provider: anthropic, tier: standard}
ledger:
  content: sealed
  keep: 30d
  keep_classes: {payment-card: 7d, pii: 8d}
  content_key: {command: [sh, -c, "printf %s ${kRoot.toString('hex')}"]}
`,
    governance: {
      'rules.yaml': `kind: Policy
name: everyone
on: model.call
effect: allow
---
kind: Policy
name: cards-stay-here
on: model.call
when: content.findings.exists(f, f.class in ["pii", "payment-card"])
effect: redact
with: token
classes: [pii, payment-card]
`,
      ...detectorFiles(),
    },
  })
  await reeve.start()
  for (const person of [kAnn, kBob]) {
    const key = (await reeve.createKey(person)).secret
    for (let turn = 0; turn < 4; turn++) await call(person, key, turn)
  }
  // Placeholders are written to the store now and then.
  await sleep(2500)
})
after(async () => {
  await reeve.stop()
  upstream.stop()
  reeve.remove()
})

function* filesBelow(folder) {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const name = path.join(folder, entry.name)
    if (entry.isDirectory()) yield* filesBelow(name)
    else if (entry.isFile()) yield name
  }
}
const data = () => path.join(reeve.folder, 'data')
// Files in which any of these stands. Configuration is no place for what people said, but it is searched, too.
const filesWith = (...needles) =>
  [...filesBelow(reeve.folder)].filter((name) => {
    const bytes = fs.readFileSync(name)
    return needles.some((needle) => bytes.includes(needle))
  })
// A text as a careless writer might have left it.
function writings(text) {
  const inner = Buffer.from(text)
  const base64 = [0, 1, 2].map((shift) =>
    Buffer.concat([Buffer.alloc(shift, 32), inner]).toString('base64').slice(4, -4),
  )
  const others = [inner.toString('hex'), encodeURIComponent(text), ...base64]
  return [inner, Buffer.from(text, 'utf16le'), ...others.map((each) => Buffer.from(each))]
}

const derived = (key, purpose) => crypto.createHmac('sha256', key).update(purpose).digest()
function opened(key, sealed, associated) {
  const decipher = crypto.createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12))
  decipher.setAAD(associated)
  decipher.setAuthTag(sealed.subarray(-16))
  try {
    return Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()])
  } catch {
    return null
  }
}
// Everything that anybody with the disk and the root key can open, by the tables of docs/ledger-format.md.
function allThatOpens() {
  const wrap = derived(kRoot, 'reeve content keys')
  const sealed = path.join(data(), 'content/sealed')
  const keys = []
  for (const name of filesBelow(sealed)) {
    const bytes = fs.readFileSync(name)
    if (bytes.length !== 68) continue
    const parts = name.split(path.sep)
    const subject = Buffer.from(parts.at(-2) === 'keys' ? parts.at(-1) : parts.at(-2), 'hex')
    const key = opened(wrap, bytes.subarray(8), Buffer.concat([subject, bytes.subarray(0, 8)]))
    if (key) keys.push(key)
  }
  const texts = []
  let records = 0
  for (const name of filesBelow(sealed)) {
    if (!name.endsWith('.sealed')) continue
    const bytes = fs.readFileSync(name)
    let at = 64
    while (at + 48 <= bytes.length && bytes.toString('latin1', at, at + 4) === 'RVC1') {
      const head = 48 + bytes.readUInt16LE(at + 44) + bytes[at + 46]
      const size = head + bytes.readUInt32LE(at + 40)
      const record = bytes.subarray(at, at + size)
      records++
      for (const key of keys) {
        const text = opened(key, record.subarray(head), record.subarray(8, head))
        if (text) texts.push(text.toString())
      }
      at += size
    }
  }
  return { records, keys: keys.length, texts }
}
const didNotFail = (out) => assert.fail(`it did not fail: ${out}`)
const failed = (...args) => reeve.command(...args).then(didNotFail, (error) => error)

let reports
const report = async () =>
  JSON.parse(await reeve.command('spend', 'report', '--by', 'person,model', '--json', '--since', '1d'))

test('before: it can be read with the keys, and only with them', async () => {
  const { records, keys, texts } = allThatOpens()
  assert.equal(records, 16)
  assert.equal(keys, 2)
  assert.equal(texts.length, records)
  assert.equal(texts.filter((text) => text.includes(kSaid[kAnn])).length >= 4, true)
  for (const person of [kAnn, kBob]) assert.deepEqual(filesWith(...writings(kSaid[person].slice(4, 38))), [])
  assert.deepEqual(filesWith(...writings(kCard)), [])
  assert.deepEqual(filesWith(kRoot), [])
  const kept = JSON.parse(await reeve.command('ledger', 'content', requests[kAnn][0], '--reason', 'a test', '--json'))
  assert.ok(kept.content[0].text.includes(kSaid[kAnn]))
  const entries = (await reeve.entries()).filter((entry) => entry.content?.sealed)
  const classes = entries.map((entry) => entry.content.sealed.class)
  assert.ok(classes.length === 16 && classes.every((name) => name === 'payment-card'), classes.join(' '))
  reports = await report()
})

test('a legal hold stops the erasure, and that is recorded', async () => {
  const hold = (...args) => reeve.command('ledger', 'hold', ...args)
  await hold('place', '--subject', kAnn, '--reason', 'case 12', '--by', 'counsel@example.com')
  assert.match(await reeve.command('ledger', 'hold', 'list'), /ann@example\.com .*counsel@example\.com +case 12/)
  const error = await failed('ledger', 'erase', '--subject', kAnn, '--reason', 'asked to')
  assert.equal(error.code, 1)
  assert.match(error.stderr, /legal hold by counsel@example\.com .*case 12.*hold release/)
  assert.equal(allThatOpens().texts.length, 16)
  await reeve.command('ledger', 'hold', 'release', '--subject', kAnn, '--reason', 'case closed')
  assert.equal((await failed('ledger', 'hold', 'release', '--subject', kAnn, '--reason', 'again')).code, 1)
  const wrong = await failed('ledger', 'hold', 'place', '--subject', kAnn, '--everybody', '--reason', 'x')
  assert.equal(wrong.code, 2)
})

test('erased: no file has it, no key opens it, everything else stays', async () => {
  const scope = derived(
    fs.readFileSync(path.join(data(), 'vault.key')),
    `reeve vault principal\0${kAnn.length}\0${kAnn}`,
  ).subarray(0, 16)
  assert.notDeepEqual(filesWith(scope), [], 'her placeholders were in the store')
  const subject = derived(kRoot, 'reeve content subjects')
  const name = crypto.createHmac('sha256', subject).update(kAnn).digest('hex').slice(0, 32)
  assert.ok(fs.existsSync(path.join(data(), 'content/sealed/subjects', name)))
  await reeve.command('ledger', 'erase', '--subject', kAnn, '--reason', 'asked to')
  await sleep(2500)
  assert.ok(!fs.existsSync(path.join(data(), 'content/sealed/subjects', name)))

  const { records, texts } = allThatOpens()
  assert.equal(records, 16, 'the records stay, for the proofs')
  assert.equal(texts.length, 8)
  assert.ok(!texts.some((text) => text.includes('kingfisher')))
  assert.equal(texts.filter((text) => text.includes(kSaid[kBob])).length >= 4, true)
  assert.deepEqual(filesWith(...writings(kSaid[kAnn].slice(4, 38)), ...writings(kCard)), [])
  assert.deepEqual(filesWith(scope), [], 'nothing of her placeholders is left, in the database or its log')
  for (const request of requests[kAnn]) {
    const error = await failed('ledger', 'content', request, '--reason', 'a test')
    assert.match(error.stderr, /was erased/)
  }
  const kept = JSON.parse(await reeve.command('ledger', 'content', requests[kBob][0], '--reason', 'a test', '--json'))
  assert.ok(kept.content[0].text.includes(kSaid[kBob]))
})

test('proofs hold and reports add up', async () => {
  await reeve.command('ledger', 'verify')
  assert.ok(JSON.stringify(reports).includes(kAnn), JSON.stringify(reports))
  assert.deepEqual(await report(), reports)
  const kinds = (await reeve.entries()).map((entry) => entry.kind)
  for (const kind of ['hold.placed', 'content.erasure_refused', 'hold.released', 'content.erased', 'ledger.read']) {
    assert.ok(kinds.includes(kind), `${kind} is missing: ${kinds.join(' ')}`)
  }
})

test('without its key the server does not start, and says why', async () => {
  const file = path.join(reeve.folder, 'reeve.yaml')
  const good = fs.readFileSync(file, 'utf8')
  assert.equal(await reeve.stop(), 0)
  for (const [command, says] of [
    ['sh, -c, "exit 3"', /status 3/],
    ['sh, -c, "echo nonsense"', /gives no key/],
    ['no-such-program-anywhere', /status 127/],
    [`sh, -c, "printf %s ${'00'.repeat(32)}"`, null],
  ]) {
    fs.writeFileSync(file, good.replace(/command: \[.*\]/, `command: [${command}]`))
    if (says) {
      await assert.rejects(reeve.start(), says)
      continue
    }
    // Another key: it starts, and what is kept stays closed rather than being taken for damaged content of nobody.
    await reeve.start()
    assert.equal((await failed('ledger', 'content', requests[kBob][0], '--reason', 'a test')).code, 3)
    await reeve.stop()
  }
  fs.writeFileSync(file, good)
  await reeve.start()
  const kept = JSON.parse(await reeve.command('ledger', 'content', requests[kBob][0], '--reason', 'a test', '--json'))
  assert.ok(kept.content[0].text.includes(kSaid[kBob]))
  assert.ok(!reeve.log().includes(kRoot.toString('hex')) && !reeve.log().includes('nonsense'))
})
