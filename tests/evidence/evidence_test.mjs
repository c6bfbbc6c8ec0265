// Evidence packs: what the report says is what is in the ledger, and nothing in a pack can be changed unnoticed.
// node evidence_test.mjs FOLDER-WITH-NODE-MODULES

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createPublicKey } from 'node:crypto'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import test, { after, before } from 'node:test'
import { promisify } from 'node:util'
import { EchoUpstream } from '../content/echo_upstream.mjs'
import { Random } from '../upstream/random.mjs'
import { kRoot, Reeve } from '../upstream/reeve_process.mjs'
import { oscalProblems } from './oscal.mjs'

const require = createRequire(path.join(process.argv[2] ?? import.meta.dirname, 'any.js'))
const { bundleFromJSON } = require('@sigstore/bundle')
const { toSignedEntity, Verifier } = require('@sigstore/verify')
const run = promisify(execFile)
const kRules = `kind: Policy
name: everyone
on: model.call
effect: allow
---
kind: Policy
name: no-opus
on: model.call
when: model.name.startsWith("claude-opus")
effect: deny
message: Not here.
---
kind: Policy
name: personal-data
on: model.call
when: content.findings.exists(f, f.class == "pii")
effect: redact
with: token
classes: [pii]
message: Replaced.
`
const generator = new Random(11)
const upstream = new EchoUpstream(() => generator.fraction())
let reeve
let folder
let key
let entries
let report

async function call(secret, model, text) {
  const response = await fetch(`http://127.0.0.1:${reeve.port}/v1/messages`, {
    method: 'POST',
    headers: { 'x-api-key': secret, 'anthropic-version': '2023-06-01', 'content-type': 'application/json' },
    body: JSON.stringify({ model, max_tokens: 10, messages: [{ role: 'user', content: text }] }),
  })
  await response.text()
  return response.status
}

async function until(condition) {
  for (let i = 0; i < 300; i++) {
    if (await condition()) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error('did not come to pass within 30 s')
}

const hasKind = async (kind) => (await reeve.entries()).some((entry) => entry.kind === kind)

async function verify(pack) {
  const args = [path.join(kRoot, 'verifier/verify.mjs'), pack, '--key', key, '--json']
  const { stdout } = await run(process.execPath, args).catch((error) => error)
  return JSON.parse(stdout)
}

before(async () => {
  await upstream.start()
  reeve = new Reeve({
    config: `providers:
  - {name: anthropic, dialect: anthropic, base_url: "http://127.0.0.1:${upstream.port}", api_key: k, region: us}
models:
  - {name: "claude-*", provider: anthropic, tier: standard}
`,
    governance: { 'rules.yaml': kRules },
  })
  await reeve.start()
  const { secret } = await reeve.createKey('dev@example.com')
  const other = await reeve.createKey('leaver@example.com')
  for (let i = 0; i < 5; i++) assert.equal(await call(secret, 'claude-sonnet-5', `Sort list ${i}.`), 200)
  for (let i = 0; i < 2; i++) assert.notEqual(await call(secret, 'claude-opus-5', 'Sort it.'), 200)
  assert.equal(await call(secret, 'claude-sonnet-5', 'Write to anna.svensson@nordhavn.se today.'), 200)
  await reeve.command('key', 'revoke', other.id)
  await reeve.command('policy', 'check-state', 'set', 'red-team', 'red', '--reason', 'two escapes')
  await until(() => hasKind('check.reported'))
  await until(() => hasKind('identity.revoked'))
  reeve.process.kill('SIGKILL')
  await reeve.exited
  await reeve.start()
  await reeve.stop()
  key = (await reeve.command('ledger', 'key')).trim()
  entries = await reeve.entries()
  folder = path.join(reeve.folder, 'pack')
  await reeve.command('ledger', 'evidence', '--framework', 'soc2', '--from', '1h', '-o', folder)
  report = JSON.parse(fs.readFileSync(path.join(folder, 'report.json'), 'utf8'))
})

after(() => {
  upstream.stop()
  reeve.remove()
})

const indexes = (ranges) => ranges.flatMap(([first, count]) => Array.from({ length: count }, (_, i) => first + i))
const figure = (stream, name) => {
  const found = report.streams.find((one) => one.name === stream)
  return indexes(name ? found.counts.find((count) => count.name === name).ranges : found.entries.ranges)
}
const those = (condition) => entries.filter(condition).map((entry) => entry.seq)

test('figures are what is in the ledger', () => {
  const outcome = (status) => (entry) => entry.kind === 'model.outcome' && entry.outcome.status === status
  assert.equal(figure('policy_decision_log', 'denied').length > 0, true)
  assert.deepEqual(report.entries.count, entries.length)
  const calls = report.streams.find((stream) => stream.name === 'policy_decision_log')
  assert.deepEqual(figure('policy_decision_log'), those((entry) => entry.decision?.effect))
  assert.deepEqual(figure('policy_decision_log', 'denied'), those((entry) => entry.decision?.effect === 'deny'))
  assert.equal(those(outcome('refused')).length, 2)
  assert.equal(calls.samples.length, 5)
  assert.deepEqual(figure('dlp_log', 'with_findings'), those((entry) => entry.content?.findings))
  assert.equal(figure('dlp_log', 'redacted').length > 0, true)
  assert.deepEqual(figure('auth_log', 'keys_revoked'), those((entry) => entry.kind === 'identity.revoked'))
  assert.equal(figure('auth_log', 'keys_created').length, 2)
  assert.deepEqual(figure('cicd_gate_log', 'red'), those((entry) => entry.kind === 'check.reported'))
})

test('the kill shows as a time without a record', () => {
  const starts = those((entry) => entry.kind === 'service.started')
  assert.deepEqual(
    report.audit_down.map(({ cause, index }) => [cause, index]),
    [['ended unasked', starts[1]]],
  )
})

test('what Reeve has no records for is a gap, and no evidence', () => {
  const [soc2] = report.frameworks
  const training = soc2.controls.find(({ id }) => id === 'CC1.4')
  assert.deepEqual([training.state, training.gaps, training.entries.count], ['gap', ['training_register'], 0])
  const { controls, evidenced, partly, no_entries: none, gap } = soc2.coverage
  assert.equal(controls, 31)
  assert.equal(evidenced + partly + none + gap, controls)
})

test('the verifier finds the pack sound and counts again', async () => {
  const found = await verify(folder)
  assert.deepEqual(found.problems, [])
  assert.ok(found.figures > 31)
})

test('any changed byte is found, and where', async () => {
  const names = fs.readdirSync(folder)
  for (const name of names) {
    const file = path.join(folder, name)
    const sound = fs.readFileSync(file)
    for (const share of [0.1, 0.5, 0.95]) {
      const changed = Buffer.from(sound)
      changed[Math.floor(sound.length * share)] ^= 1
      fs.writeFileSync(file, changed)
      const { ok, problems } = await verify(folder)
      assert.equal(ok, false, `${name} at ${share}`)
      const named = new RegExp(name.replace('.', '\\.'))
      const place = { checkpoint: /checkpoint|note|signature/i, key: /key/i }[name] ?? named
      assert.match(problems.join('\n'), place, name)
    }
    fs.writeFileSync(file, sound)
  }
  assert.equal((await verify(folder)).ok, true)
})

test('a figure that its entries do not bear out is named', async () => {
  const copy = path.join(reeve.folder, 'forged')
  fs.cpSync(folder, copy, { recursive: true })
  const forged = structuredClone(report)
  const denied = forged.streams
    .find((stream) => stream.name === 'policy_decision_log')
    .counts.find((count) => count.name === 'denied')
  Object.assign(denied, { count: 0, ranges: [] })
  fs.writeFileSync(path.join(copy, 'report.json'), JSON.stringify(forged))
  fs.rmSync(path.join(copy, 'pack.sigstore.json'))
  const manifest = JSON.parse(fs.readFileSync(path.join(copy, 'pack.json'), 'utf8'))
  const { createHash } = await import('node:crypto')
  const bytes = fs.readFileSync(path.join(copy, 'report.json'))
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  manifest.files['report.json'] = { bytes: bytes.length, sha256 }
  fs.writeFileSync(path.join(copy, 'pack.json'), JSON.stringify(manifest))
  const { problems } = await verify(copy)
  assert.match(problems.join('\n'), /policy_decision_log\/denied: says 0, counted are 2/)
})

test('Sigstore accepts the bundle, and refuses another manifest', () => {
  const bundle = JSON.parse(fs.readFileSync(path.join(folder, 'pack.sigstore.json'), 'utf8'))
  const publicKey = createPublicKey(fs.readFileSync(path.join(folder, 'signer.pem'), 'utf8'))
  const finder = () => ({ publicKey, validFor: () => true })
  const trust = { certificateAuthorities: [], timestampAuthorities: [], tlogs: [], ctlogs: [], publicKey: finder }
  const verifier = new Verifier(trust, { tlogThreshold: 0, ctlogThreshold: 0, tsaThreshold: 0 })
  const manifest = fs.readFileSync(path.join(folder, 'pack.json'))
  verifier.verify(toSignedEntity(bundleFromJSON(bundle), manifest))
  const changed = Buffer.from(manifest)
  changed[40] ^= 1
  assert.throws(() => verifier.verify(toSignedEntity(bundleFromJSON(bundle), changed)))
})

const oscalOf = (pack) => JSON.parse(fs.readFileSync(path.join(pack, 'oscal-assessment-results.json'), 'utf8'))

test('OSCAL: what the published model asks for', () => {
  const document = oscalOf(folder)
  assert.deepEqual(oscalProblems(document), [])
  const [result] = document['assessment-results'].results
  const [soc2] = report.frameworks
  assert.equal(result.observations.length, soc2.controls.length)
  const selected = result['reviewed-controls']['control-selections'].flatMap((one) => one['include-controls'])
  assert.equal(selected.length, soc2.controls.length)
  for (const [i, { props }] of result.observations.entries()) {
    const value = (wanted) => props.find(({ name }) => name === wanted).value
    assert.equal(value('control'), soc2.controls[i].id)
    assert.equal(Number(value('entries')), soc2.controls[i].entries.count)
  }
})

test('OSCAL: the judge finds what is wrong', () => {
  const spoiled = [
    (results) => delete results.metadata['oscal-version'],
    (results) => (results.metadata['last-modified'] = '2026-11-23'),
    (results) => (results.uuid = `${results.uuid.slice(0, 14)}8${results.uuid.slice(15)}`),
    (results) => (results.results[0].observations[0].uuid = results.uuid),
    (results) => delete results.results[0].observations[0].collected,
    (results) => (results.results[0].observations[0].methods = []),
    (results) => (results.results[0].observations[0].methods = ['LOOK']),
    (results) => (results.results[0].observations[0].props[0].name = 'two words'),
    (results) => (results.results[0].observations[0].props[0].value = ' '),
    (results) => (results.results[0].findings = []),
    (results) => (results.results[0].end = '2020-01-01T00:00:00Z'),
    (results) => (results['import-ap'].href = '#00000000-0000-4000-8000-000000000000'),
    (results) => (results.results[0]['reviewed-controls']['control-selections'][0]['include-controls'] = []),
    (results) =>
      (results.results[0]['reviewed-controls']['control-selections'][0]['include-controls'][0]['control-id'] = '1.2'),
  ]
  for (const spoil of spoiled) {
    const document = structuredClone(oscalOf(folder))
    spoil(document['assessment-results'])
    assert.notDeepEqual(oscalProblems(document), [], String(spoil))
  }
})

test('making a pack is recorded with its digest', async () => {
  await reeve.start()
  const made = async () => (await reeve.entries()).find(({ kind, detail }) => kind === 'ledger.read' && detail.what)
  await until(made)
  await reeve.stop()
  const read = await made()
  assert.equal(read.detail.what, 'evidence')
  assert.equal(read.detail.framework, 'soc2')
  const { createHash } = await import('node:crypto')
  const manifest = fs.readFileSync(path.join(folder, 'pack.json'))
  assert.equal(read.detail.pack, createHash('sha256').update(manifest).digest('hex'))
})

test('all frameworks: 316 controls, a profile is not added to its framework', async () => {
  const all = path.join(reeve.folder, 'all')
  await reeve.command('ledger', 'evidence', '--framework', 'all', '--from', '1h', '-o', all)
  const { frameworks, coverage } = JSON.parse(fs.readFileSync(path.join(all, 'report.json'), 'utf8'))
  const sum = frameworks.reduce((total, framework) => total + framework.coverage.controls, 0)
  const profile = frameworks.find((framework) => framework.part_of === 'nist-ai-rmf')
  assert.equal(sum, 316)
  assert.equal(coverage.controls, 316 - profile.coverage.controls)
  assert.deepEqual((await verify(all)).problems, [])
  assert.deepEqual(oscalProblems(oscalOf(all)), [])
})
