// Content that the house keeps: sealed for each person, read by command with a note in the ledger, erased for good.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import test, { after, before } from 'node:test'
import { Random } from '../upstream/random.mjs'
import { Reeve } from '../upstream/reeve_process.mjs'
import { EchoUpstream } from './echo_upstream.mjs'

const generator = new Random(7)
const upstream = new EchoUpstream(() => generator.fraction())
const kSaid = 'Refactor the billing of Nordhavn, canary 5f1c77e2.'
let reeve
let request

before(async () => {
  await upstream.start()
  reeve = new Reeve({
    config: `providers:
  - {name: anthropic, dialect: anthropic, base_url: "http://127.0.0.1:${upstream.port}", api_key: k, region: us}
models:
  - {name: "claude-*", provider: anthropic, tier: standard}
ledger: {content: sealed, keep: 7d}
`,
    governance: { 'rules.yaml': 'kind: Policy\nname: everyone\non: model.call\neffect: allow\n' },
  })
  await reeve.start()
  const key = (await reeve.createKey('dev@example.com')).secret
  const response = await fetch(`http://127.0.0.1:${reeve.port}/v1/messages`, {
    method: 'POST',
    headers: { 'x-api-key': key, 'anthropic-version': '2023-06-01', 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'claude-sonnet-5',
      max_tokens: 10,
      stream: true,
      messages: [{ role: 'user', content: kSaid }],
    }),
  })
  request = response.headers.get('x-reeve-request-id')
  assert.equal(response.status, 200)
  await response.text()
})

after(async () => {
  await reeve.stop()
  upstream.stop()
  reeve.remove()
})

function filesThatHold(text, folder = reeve.folder) {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const name = path.join(folder, entry.name)
    if (entry.isDirectory()) return filesThatHold(text, name)
    return fs.readFileSync(name, 'latin1').includes(text) ? [name] : []
  })
}

test('what was said and what was answered can be read, and is nowhere in clear', async () => {
  assert.deepEqual(filesThatHold('5f1c77e2'), [])
  await new Promise((resolve) => setTimeout(resolve, 300))
  const kept = JSON.parse(await reeve.command('ledger', 'content', request, '--reason', 'a test', '--json'))
  const records = kept.content ?? kept.records ?? kept
  assert.equal(records[0].kind, 'request')
  assert.ok(records[0].text.includes(kSaid))
  assert.equal(records[1].kind, 'answer')
  assert.equal(records[1].text, upstream.answers.at(-1))
})

test('erased is erased, and the ledger still holds', async () => {
  await reeve.command('ledger', 'erase', '--subject', 'dev@example.com', '--reason', 'asked to')
  await assert.rejects(reeve.command('ledger', 'content', request, '--reason', 'a test'))
  await new Promise((resolve) => setTimeout(resolve, 2500))
  const kinds = (await reeve.entries()).map((entry) => entry.kind)
  assert.ok(kinds.includes('ledger.read'), kinds.join(' '))
  assert.ok(kinds.includes('content.erased'), kinds.join(' '))
  await reeve.command('ledger', 'verify')
})
