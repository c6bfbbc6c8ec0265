// For how long content is kept, held to the frameworks that reeve.yaml names: at the check, at the start, at a reload.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { eventually, Server } from '../faults/server.mjs'
import { kAllowEverything } from '../upstream/upstream_process.mjs'

const config = (ledger) => `
workers: 1
log: {format: json}
ledger: ${ledger}
providers: [{name: practice, dialect: practice}]
models: [{name: "practice-*", provider: practice}]
`
const keeping = (time) =>
  `{content: sealed, retention: {content: ${time}, classes: {secret: 2d}, frameworks: [eu-ai-act, pci-dss]}}`
const kTooShort = keeping('30d')
const kLongEnough = keeping('184d')
const kUnchecked = '{content: sealed, retention: {content: 30d}}'
const server = new Server({ config: config(kTooShort), governance: { 'all.yaml': kAllowEverything } })

after(async () => {
  if (server.alive) await server.stop()
  server.remove()
})

const check = () => server.run('check')
const refusals = () => server.logged().filter(({ event }) => event?.startsWith('reload refused'))

test('what a framework wants kept and settings remove is an error of the check and of the start', async () => {
  const { code, stdout, stderr } = await check()
  assert.equal(code, 1)
  assert.match(stdout + stderr, /reeve\.yaml:\d+:\d+.*30d.*eu-ai-act Art\. 26\(6\)/)
  assert.doesNotMatch(stdout + stderr, /pci-dss 10/)
  const started = await server.run('serve', '--listen', '127.0.0.1:0')
  assert.equal(started.code === 0, false)
  assert.match(started.stdout + started.stderr, /Art\. 19\(1\)/)
})

test('settings that keep it are fine, and the check says what a year takes', async () => {
  server.configure(config(kLongEnough))
  const { code, stdout, stderr } = await check()
  assert.equal(code, 0, stdout + stderr)
  assert.match(stdout, /never removed.*a year/)
  await server.start()
})

test('a reload refuses what a start would, and does not trust times that wait for a restart', async () => {
  server.configure(config(kTooShort))
  server.process.kill('SIGHUP')
  assert.ok(await eventually(() => refusals().some(({ why }) => /Art\. 19\(1\)/.test(why))))
  assert.equal(await server.stop(), 0)
  // Runs with 30 days: a file that says otherwise by now does not make it keep what it removes.
  server.configure(config(kUnchecked))
  await server.start()
  server.configure(config(kLongEnough))
  const before = refusals().length
  server.process.kill('SIGHUP')
  assert.ok(await eventually(() => refusals().length > before))
  assert.equal(await server.stop(), 0)
  await server.start()
})
