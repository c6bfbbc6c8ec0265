// A start with rules or detectors that cannot be read: the rules of the last time hold, and rules on content only with
// detectors. Without eyes they would let everything through.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import test, { afterEach } from 'node:test'
import { kRoot, Reeve } from '../upstream/reeve_process.mjs'

const kConfig = `providers:
  - {name: practice, dialect: practice}
models:
  - {name: "claude-*", provider: practice}
`
const kAllow = 'kind: Policy\nname: everyone\non: model.call\neffect: allow\n'
const kNoSecrets = `kind: Policy
name: no-secrets
on: model.call
match: {classes: [secret]}
effect: deny
message: Secrets stay here.
`
// The house's own; a token of a kind that ships as well must be found also when this cannot be read.
const kDetector = `kind: Detector
id: nordhavn-deploy-token
title: Deployment token
class: secret
severity: high
pattern: '\\bnordhavn_[a-z0-9]{32}\\b'
confidence: 0.95
`
const kOwnToken = `nordhavn_${'q7rk2zbv9xlmt4cy'.repeat(2)}`
const kShipped = fs.readFileSync(path.join(kRoot, 'governance/detectors/secrets/ci.yaml'), 'utf8')
const [kKnownToken] = kShipped.match(/CCIPAT_[A-Za-z0-9]{22}_[a-f0-9]{40}/)

let reeve
afterEach(async () => {
  if (reeve.process.exitCode === null) await reeve.stop()
  reeve.remove()
})

const governance = (name) => path.join(reeve.folder, 'governance', name)

// Its rules were in force once, and stand in from then on.
async function startOnce(files) {
  reeve = new Reeve({ config: kConfig, governance: files })
  await reeve.start()
  const { secret } = await reeve.createKey('dev@example.com')
  return secret
}

async function ask(key, text) {
  const response = await fetch(`http://127.0.0.1:${reeve.port}/v1/messages`, {
    method: 'POST',
    headers: { 'x-api-key': key, 'anthropic-version': '2023-06-01', 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'claude-practice', max_tokens: 10, messages: [{ role: 'user', content: text }] }),
  })
  return { status: response.status, text: await response.text() }
}

const isRefused = ({ status, text }) => status !== 200 && text.includes('Secrets stay here.')

// What is registered cannot be read: neither the house's detectors nor those that ship can be built.
function damageOwnData() {
  const folder = path.join(reeve.folder, 'data/content')
  fs.mkdirSync(folder, { recursive: true })
  fs.writeFileSync(path.join(folder, 'code-billing-000000000000.own'), 'not a registration')
}

test('a slip in a detector: the last rules hold, and those detectors that ship see for them', async () => {
  const key = await startOnce({ 'rules.yaml': `${kAllow}---\n${kNoSecrets}`, 'detectors.yaml': kDetector })
  assert.ok(isRefused(await ask(key, `deploy with ${kOwnToken}`)))
  assert.equal((await ask(key, `deploy with ${kKnownToken}`)).status, 200) // none of the house's
  assert.equal(await reeve.stop(), 0)

  fs.writeFileSync(governance('detectors.yaml'), kDetector.replace('[a-z0-9]', '([a-z0-9]'))
  await reeve.start()
  assert.match(reeve.log(), /the rules of the last time are in force/)
  assert.ok(isRefused(await ask(key, `token ${kKnownToken}`)))
  assert.equal((await ask(key, 'Say hello.')).status, 200)
})

test('a slip in a rule: the last rules hold, with the detectors of the house', async () => {
  const key = await startOnce({ 'rules.yaml': `${kAllow}---\n${kNoSecrets}`, 'detectors.yaml': kDetector })
  assert.equal(await reeve.stop(), 0)
  fs.writeFileSync(governance('rules.yaml'), 'kind: Policy\nname: half\n')
  await reeve.start()
  assert.ok(isRefused(await ask(key, `deploy with ${kOwnToken}`)))
})

test('without any detectors, rules on content do not start', async () => {
  await startOnce({ 'rules.yaml': `${kAllow}---\n${kNoSecrets}`, 'detectors.yaml': kDetector })
  assert.equal(await reeve.stop(), 0)
  damageOwnData()
  await assert.rejects(reeve.start(), /registered code and data cannot be read.*code-billing/s)
  assert.notEqual(reeve.process.exitCode, 0)
})

test('rules that ask for no content need no detectors', async () => {
  const key = await startOnce({ 'rules.yaml': kAllow })
  assert.equal(await reeve.stop(), 0)
  damageOwnData()
  fs.writeFileSync(governance('rules.yaml'), 'kind: Policy\nname: half\n')
  await reeve.start()
  assert.match(reeve.log(), /the rules of the last time are in force/)
  assert.equal((await ask(key, `token ${kKnownToken}`)).status, 200)
})
