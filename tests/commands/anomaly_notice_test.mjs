// Anomalies are told while the server runs: somebody whose spend explodes is known within seconds, by webhook, by mail
// and in the ledger, once for all.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { call } from '../budgets/calls.mjs'
import { kProgram, kRoot, Reeve } from '../upstream/reeve_process.mjs'
import { kAllowEverything, UpstreamProcess } from '../upstream/upstream_process.mjs'
import { MailServer } from './mail_server.mjs'

const kWriter = process.env.SPEND_LEDGER ?? path.join(kRoot, 'build/spend_ledger')
// A call of the test costs some dollars, one of the made-up past some cents.
const kPrices = '{kind: Price, provider: anthropic, model: claude-sonnet-4-5, input: $3, output: $100000}\n'
const kPastPrices = '{kind: Price, provider: anthropic, model: claude-sonnet-4-5, input: $3, output: $15}\n'
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))

function hookServer() {
  const events = []
  const server = http.createServer((request, response) => {
    let body = ''
    request.on('data', (bytes) => (body += bytes))
    request.on('end', () => {
      events.push(JSON.parse(body))
      response.writeHead(200).end()
    })
  })
  return { events, server }
}
const platform = hookServer()
const everybody = hookServer()
const mail = new MailServer()
let upstream, reeve

const webhook = (name, { server }, on) =>
  `{kind: Notification, name: ${name}, on: ${on}, webhook: {url: "http://127.0.0.1:${server.address().port}/"}}\n`
const alert = (name, rest) => `{kind: SpendAlert, name: ${name}, minimum: $5, ${rest}}\n`

before(async () => {
  await Promise.all([
    ...[platform, everybody].map(({ server }) => new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))),
    mail.listen(),
  ])
  upstream = await new UpstreamProcess().start()
  const notifications = [
    webhook('platform', platform, 'exception.requested'),
    webhook('everybody', everybody, 'anomaly'),
    `{kind: Notification, name: post, on: anomaly, mail: {to: [lead@example.com], from: reeve@example.com, ` +
      `host: 127.0.0.1, port: ${mail.port}, tls: none}}\n`,
  ]
  const alerts = [alert('days', 'over: person'), alert('sessions', 'over: session, score: 2, notify: [platform]')]
  reeve = new Reeve({
    config:
      upstream.reeveConfig() +
      'spend: {anomalies_every: 1s}\nledger: {origin: spend.example.com/test, node: test}\n',
    governance: {
      'rules.yaml': kAllowEverything,
      'prices.yaml': kPrices,
      'notifications.yaml': notifications.join('---\n'),
      'alerts.yaml': alerts.join('---\n'),
    },
  })
  const past = path.join(reeve.folder, 'past')
  fs.mkdirSync(past)
  fs.writeFileSync(path.join(past, 'prices.yaml'), kPastPrices)
  const made = spawnSync(kWriter, [path.join(reeve.folder, 'data'), past, '4000', '25'])
  assert.equal(made.status, 0, `${made.stderr}`)
  await reeve.start()
})
after(() => {
  reeve?.end()
  upstream?.stop()
  mail.close()
  for (const { server } of [platform, everybody]) {
    server.close()
    server.closeAllConnections()
  }
})

async function eventually(holds) {
  for (let i = 0; i < 400 && !holds(); i++) await sleep(50)
}
const told = async () => (await reeve.entries()).filter(({ kind }) => kind === 'spend.anomaly')
const about = ({ events }, subject) => events.filter(({ detail }) => detail.subject === subject)
const text = ({ message }) => Buffer.from(message.slice(message.indexOf('\r\n\r\n') + 4), 'base64').toString()
const kWho = 'person3@example.com'

test('a day that explodes is told within seconds, with what is behind it', async () => {
  const { secret } = await reeve.createKey(kWho)
  const began = Date.now()
  const headers = { 'x-reeve-session': 'a-night' }
  for (let i = 0; i < 8; i++) assert.equal((await call(reeve, secret, { headers })).status, 200)
  await eventually(() => about(everybody, kWho).length > 0)
  assert.ok(Date.now() - began < 15_000, 'within seconds')
  const [{ kind, key, detail }] = about(everybody, kWho)
  assert.equal(kind, 'anomaly')
  assert.match(key, /^anomaly:days:/)
  assert.deepEqual([detail.alert, detail.over, detail.notify], ['days', 'person', undefined])
  assert.ok(detail.cost_nanos > 5e9 && detail.usual_nanos < 5e9, JSON.stringify(detail))
  const { sentence, day } = detail
  assert.ok(sentence.startsWith(`person ${kWho} spent $`) && sentence.includes(` on ${day}, `), sentence)
  assert.match(sentence, / spent \$\d+\.\d\d on \S+, \d+ times the usual \$\d+\.\d\d \(by \d+ days of its own\)$/)
  // What it says is behind it is what the command that it names prints, and adds up.
  const [program, ...args] = detail.command.split(' ').map((word) => word.replace(/^'(.*)'$/, '$1'))
  assert.equal(program, 'reeve')
  const { rows } = JSON.parse(await reeve.command(...args, '--json'))
  const named = detail.rows.split(',').flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, i) => first + i)
  })
  assert.ok(detail.calls >= 1 && detail.calls === named.length)
  const costs = new Map(rows.map(({ row, cost_nanos }) => [row, cost_nanos]))
  assert.equal(named.reduce((sum, row) => sum + costs.get(row), 0), detail.cost_nanos)
})

test('who is named hears of it, and nobody else; mail says the same', async () => {
  await eventually(() => platform.events.length > 0 && mail.mails.length > 0)
  for (const { detail } of platform.events) assert.deepEqual([detail.alert, detail.notify], ['sessions', ['platform']])
  for (const { detail } of everybody.events) assert.equal(detail.alert, 'days')
  const mine = mail.mails.map(text).filter((words) => words.includes(kWho))
  assert.equal(mine.length, 1)
  assert.match(mine[0], /times the usual/)
  assert.match(mine[0], /command: reeve spend rows --since/)
})

test('it is told once: not with the next call, and not by a server that starts again', async () => {
  const before = [everybody.events.length, platform.events.length, mail.mails.length]
  const { secret } = await reeve.createKey(kWho)
  const headers = { 'x-reeve-session': 'a-night' }
  assert.equal((await call(reeve, secret, { headers })).status, 200)
  await sleep(3000)
  await reeve.stop()
  await reeve.start()
  assert.equal((await call(reeve, secret, { headers })).status, 200)
  await sleep(4000)
  assert.deepEqual([everybody.events.length, platform.events.length, mail.mails.length], before)
  const entries = await told()
  assert.equal(entries.length, everybody.events.length + platform.events.length)
  assert.deepEqual(
    entries.map(({ detail }) => detail),
    [...everybody.events, ...platform.events]
      .map(({ detail }) => detail)
      .sort((a, b) => entries.findIndex((one) => one.detail.sentence === a.sentence) -
        entries.findIndex((one) => one.detail.sentence === b.sentence)),
  )
})

test('another rule looks at what was before, too; the command finds the same', async () => {
  const file = path.join(reeve.folder, 'governance', 'alerts.yaml')
  fs.writeFileSync(file, alert('clients', 'over: person, times: 2, notify: [platform]'))
  const before = platform.events.length
  await eventually(() => platform.events.slice(before).some(({ detail }) => detail.alert === 'clients'))
  const found = JSON.parse(
    await reeve.command('spend', 'anomalies', '--since', '24h', '--json').catch(({ stdout }) => stdout),
  )
  const pair = ({ alert: name, subject, day }) => `${name} ${subject} ${day}`
  assert.deepEqual(
    platform.events.slice(before).map(({ detail }) => pair(detail)).sort(),
    found.anomalies.map(pair).sort(),
  )
})

test('an alert that goes nowhere is refused by its place', () => {
  const file = path.join(reeve.folder, 'governance', 'wrong.yaml')
  fs.writeFileSync(file, 'kind: SpendAlert\nname: lost\nnotify: [platform, nobody]\n')
  const { status, stdout, stderr } = spawnSync(kProgram, ['check', '--config', path.join(reeve.folder, 'reeve.yaml')])
  fs.rmSync(file)
  assert.notEqual(status, 0)
  assert.match(`${stdout}${stderr}`, /wrong\.yaml:3:20: there is no Notification 'nobody' to tell/)
})
