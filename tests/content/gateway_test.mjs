// Content on its way through the real program: what leaves, what comes back, what is written down. The model says back
// what it was told, in every dialect, whole and in pieces.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import test, { after, before } from 'node:test'
import { kGenerating, kPaths } from '../hostile/dialects.mjs'
import { Random } from '../upstream/random.mjs'
import { kRoot, Reeve } from '../upstream/reeve_process.mjs'
import { assemble, EchoUpstream } from './echo_upstream.mjs'

const generator = new Random(20261122)
const random = () => generator.fraction()
const upstream = new EchoUpstream(random)
let reeve
let key

// A token of GitHub's form: 30 characters and their CRC-32 in base 62.
function githubToken(body) {
  const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
  let sum = 0xffffffff
  for (const byte of Buffer.from(body)) {
    sum ^= byte
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0)
  }
  let rest = (sum ^ 0xffffffff) >>> 0
  let check = ''
  for (let i = 0; i < 6; i++) {
    check = digits[rest % 62] + check
    rest = Math.floor(rest / 62)
  }
  return `ghp_${body}${check}`
}

// Canaries: whatever is written anywhere must not hold them.
const kEmail = 'marta.lindqvist@nordhavn-logistik.net'
const kToken = githubToken('q7Rk2ZbV9xLmT4cYwN8sJfHdP3aGuE')
const kIban = 'DE89 3704 0044 0532 0130 00'

const kRules = `kind: Policy
name: everyone
on: model.call
effect: allow
---
kind: Policy
name: personal-data-becomes-placeholders
on: model.call
match: {classes: [pii, financial]}
effect: redact
with: token
classes: [pii, financial]
message: Replaced.
---
kind: Policy
name: secrets-are-masked
on: [model.call, model.response]
match: {classes: [secret]}
effect: redact
with: mask
classes: [secret]
message: Masked.
---
kind: Policy
name: nothing-restricted-leaves
on: model.call
match: {labels: [restricted]}
effect: deny
message: Restricted documents stay here.
`

function detectors(folder, into) {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const name = path.join(folder, entry.name)
    if (entry.isDirectory()) detectors(name, into)
    else if (name.endsWith('.yaml'))
      into[path.relative(path.join(kRoot, 'governance'), name).replaceAll('/', '-')] = fs.readFileSync(
        name,
        'utf8',
      )
  }
  return into
}

before(async () => {
  await upstream.start()
  const at = `http://127.0.0.1:${upstream.port}`
  reeve = new Reeve({
    config: `providers:
  - {name: anthropic, dialect: anthropic, base_url: "${at}", api_key: k, region: us}
  - {name: openai, dialect: [openai-chat, openai-responses], base_url: "${at}/v1", api_key: k, region: us}
  - {name: gemini, dialect: gemini, base_url: "${at}", api_key: k, region: us}
models:
  - {name: "claude-*", provider: anthropic, tier: standard}
  - {name: "gpt-*", provider: openai, tier: standard}
  - {name: "gemini-*", provider: gemini, tier: standard}
`,
    governance: { 'rules.yaml': kRules, ...detectors(path.join(kRoot, 'governance/detectors'), {}) },
  })
  await reeve.start()
  key = (await reeve.createKey('dev@example.com')).secret
})

after(async () => {
  await reeve.stop()
  upstream.stop()
  if (!process.env.REEVE_KEEP) reeve.remove()
})

async function call(dialect, text, { streamed = false, session = 'session-1', conversation } = {}) {
  const shape = kPaths[dialect]
  const body = conversation ?? shape.body(shape.model, text)
  if (streamed && !shape.modelInPath) body.stream = true
  const response = await fetch(
    `http://127.0.0.1:${reeve.port}${streamed && shape.streamPath ? shape.streamPath : shape.path}`,
    {
      method: 'POST',
      headers: [...shape.headers(key), ['x-reeve-session', session]],
      body: JSON.stringify(body),
    },
  )
  return {
    status: response.status,
    decision: response.headers.get('x-reeve-decision'),
    body: await response.text(),
  }
}

const kSay = `Write to ${kEmail} about the payment to ${kIban}: "all good" \\ done — ☕ ok`

for (const dialect of kGenerating) {
  for (const streamed of [false, true]) {
    const name = `${dialect}, ${streamed ? 'streamed' : 'whole'}`
    test(`${name}: what was taken out comes back, in text and in arguments`, async () => {
      for (let round = 0; round < (streamed ? 25 : 3); round++) {
        const got = await call(dialect, kSay, { streamed })
        assert.equal(got.status, 200, got.body)
        assert.equal(got.decision, 'redact')
        const sent = upstream.bodies.at(-1)
        for (const value of [kEmail, kIban]) assert.ok(!sent.includes(value), `${value} has left`)
        assert.match(sent, /RVPI[0-9A-Z]{16}/)
        assert.deepEqual(assemble(dialect, streamed, got.body), { text: kSay, argument: kSay })
      }
    })

    test(`${name}: a clean answer comes in the bytes in which it was sent`, async () => {
      const text =
        'for (let i = 0; i < rows.length; i++) total += rows[i].amount // ünïcode & "quotes" user_id=userIdOf(x)'
      const got = await call(dialect, text, { streamed })
      assert.equal(got.body, upstream.answers.at(-1))
      assert.equal(JSON.stringify(JSON.parse(upstream.bodies.at(-1))), upstream.bodies.at(-1))
    })

    test(`${name}: a secret in the answer does not come out`, async () => {
      upstream.say = () => `Use ${kToken} as the token.`
      const got = await call(dialect, 'Which token?', { streamed })
      upstream.say = (text) => text
      assert.ok(!got.body.includes(kToken.slice(0, 12)), got.body)
      const { text, argument } = assemble(dialect, streamed, got.body)
      assert.match(text, /^Use REDACTED_[A-Z_]+ as the token\.$/)
      assert.equal(argument, text)
    })
  }
}

test('the next turn carries the same bytes up to what is new', async () => {
  const turns = [{ role: 'user', content: kSay }]
  const body = () => ({ model: 'claude-sonnet-5', max_tokens: 64, messages: [...turns] })
  await call('messages', '', { conversation: body() })
  const first = upstream.bodies.at(-1)
  turns.push({ role: 'assistant', content: 'Done.' }, { role: 'user', content: `And to ${kEmail} again.` })
  await call('messages', '', { conversation: body() })
  const second = upstream.bodies.at(-1)
  const common = first.length - ']}'.length
  assert.equal(second.slice(0, common), first.slice(0, common))
})

test('another session has other placeholders, and cannot restore these', async () => {
  await call('messages', kEmail, { session: 'a' })
  const placeholder = upstream.bodies.at(-1).match(/RVPI[0-9A-Z]{16}/)[0]
  await call('messages', kEmail, { session: 'b' })
  assert.ok(!upstream.bodies.at(-1).includes(placeholder))
  upstream.say = () => `Stolen: ${placeholder}`
  const got = await call('messages', `again ${kEmail}`, { session: 'b' })
  upstream.say = (text) => text
  assert.ok(!got.body.includes(kEmail), got.body)
})

test('placeholders of an earlier turn that the provider keeps come back, too', async () => {
  await call('responses', kEmail, { session: 'kept' })
  const placeholder = upstream.bodies.at(-1).match(/RVPI[0-9A-Z]{16}/)[0]
  upstream.say = () => `It was ${placeholder}.`
  const conversation = { model: 'gpt-5.4', previous_response_id: 'resp_1', input: 'What was the address?' }
  const got = await call('responses', '', { session: 'kept', conversation })
  upstream.say = (text) => text
  assert.equal(assemble('responses', false, got.body).text, `It was ${kEmail}.`)
})

test('a placeholder that comes back damaged ends the answer, and nothing of it is passed on', async () => {
  upstream.say = (text) => text.replace(/RVPI([0-9A-Z])/, (_, digit) => `RVPI${digit === '0' ? '1' : '0'}`)
  for (const streamed of [false, true]) {
    const got = await call('messages', `Write to ${kEmail}.`, { streamed })
    if (!streamed) assert.equal(got.status, 503, got.body)
    assert.match(got.body, /error/)
    assert.ok(!got.body.includes('message_stop'))
  }
  upstream.say = (text) => text
})

test('labels decide, too', async () => {
  const calls = upstream.bodies.length
  const got = await call(
    'messages',
    'STRICTLY CONFIDENTIAL\n\nClassification: Restricted\n\nThe plan for the next quarter.',
  )
  if (got.status !== 200) assert.equal(upstream.bodies.length, calls)
})

test('findings are in the ledger, by type and count, with what became of them; values are nowhere', async () => {
  await call('messages', `Send ${kToken} to ${kEmail}`)
  await reeve.stop()
  const intents = (await reeve.entries()).filter((entry) => entry.kind === 'model.intent')
  const findings = intents.at(-1).content.findings
  const of = (className) => findings.find((finding) => finding.class === className)
  assert.equal(of('secret').action, 'masked')
  assert.equal(of('pii').action, 'tokenised')
  assert.equal(of('pii').origin, 'user')
  assert.match(intents.at(-1).content.detectors, /^sha256:[0-9a-f]{64}$/)
  const report = JSON.parse(await reeve.command('policy', 'replay', '--recorded', '--json'))
  assert.equal(report.different ?? 0, 0, JSON.stringify(report))

  const canaries = [kEmail, kToken, kIban, kIban.replaceAll(' ', '')].flatMap((value) => [
    value,
    Buffer.from(value).toString('base64').replace(/=+$/, ''),
    Buffer.from(value).toString('hex'),
  ])
  const search = (folder) => {
    for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
      const name = path.join(folder, entry.name)
      if (entry.isDirectory()) search(name)
      else if (!name.includes('governance')) {
        const content = fs.readFileSync(name, 'latin1')
        for (const canary of canaries) assert.ok(!content.includes(canary), `${name} holds ${canary}`)
      }
    }
  }
  search(reeve.folder)
  await reeve.start()
  const metrics = await (await fetch(`http://127.0.0.1:${reeve.port}/metrics`)).text()
  for (const canary of canaries) assert.ok(!metrics.includes(canary))
})
