// Notifications: what happens to an exception is told by webhook and mail, whatever the other side does meanwhile.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import crypto from 'node:crypto'
import fs from 'node:fs'
import http from 'node:http'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { freePort, Reeve } from '../upstream/reeve_process.mjs'
import { MailServer } from './mail_server.mjs'

const kSecret = 'not a real secret'
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'reeve-notifications-'))
const certificate = { key: path.join(folder, 'key.pem'), cert: path.join(folder, 'cert.pem') }

// What came in, and how each request is answered: a status, or 'hang'.
const hook = { requests: [], answers: [] }
const hookServer = http.createServer((request, response) => {
  let body = ''
  request.on('data', (bytes) => (body += bytes))
  request.on('end', () => {
    const answer = hook.answers.shift() ?? 200
    hook.requests.push({ headers: request.headers, body, answer, event: JSON.parse(body) })
    if (answer !== 'hang') response.writeHead(answer).end('{}')
  })
})
const plainMail = new MailServer()
const safeMail = new MailServer({ certificate: certificateFiles(), users: { reeve: 'pass word' } })
let reeve

function certificateFiles() {
  execFileSync('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj',
    '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', certificate.key, '-out',
    certificate.cert,
  ], { stdio: 'ignore' })
  return certificate
}

before(async () => {
  await Promise.all([
    new Promise((resolve) => hookServer.listen(0, '127.0.0.1', resolve)),
    plainMail.listen(),
    safeMail.listen(),
  ])
  const nobody = await freePort()
  const retry = '{first: 200ms, longest: 1s, attempts: 8}'
  const exceptions = '[exception.requested, exception.decided, exception.ended]'
  const safe =
    `{to: leads@example.com, from: reeve@example.com, host: localhost, port: ${safeMail.port}, ` +
    `user: reeve, password_file: ${folder}/password}`
  const notifications = `kind: Notification
name: hook
on: ${exceptions}
webhook: {url: "http://127.0.0.1:${hookServer.address().port}/reeve", secret_env: TEST_HOOK_SECRET}
retry: ${retry}
timeout: 1s
---
kind: Notification
name: plain-mail
on: ${exceptions}
mail:
  to: [leads@example.com, chief@example.com]
  from: reeve@example.com
  host: 127.0.0.1
  port: ${plainMail.port}
  tls: none
retry: ${retry}
---
kind: Notification
name: safe-mail
on: exception.decided
mail: ${safe}
root_file: ${certificate.cert}
retry: ${retry}
---
kind: Notification
name: untrusted-mail
on: exception.decided
mail: ${safe}
retry: {first: 100ms, longest: 100ms, attempts: 2}
---
kind: Notification
name: gone
on: exception.requested
webhook: {url: "http://127.0.0.1:${nobody}/"}
retry: {first: 100ms, longest: 100ms, attempts: 2}
`
  fs.writeFileSync(path.join(folder, 'password'), 'pass word\n')
  const rules = 'kind: Policy\nname: everyone\nowner: tests\non: model.call\neffect: deny\nmessage: No.\n'
  const approvals = 'kind: ApprovalPolicy\nname: leads\nreviewers: {people: [lead@example.com]}\n'
  reeve = new Reeve({
    config:
      'providers:\n  - {name: practice, dialect: practice}\n' +
      'models:\n  - {name: practice-small, provider: practice}\n',
    governance: { 'rules.yaml': rules, 'approvals.yaml': approvals, 'notifications.yaml': notifications },
    environment: { TEST_HOOK_SECRET: kSecret },
  })
  await reeve.start()
})
after(() => {
  reeve?.end()
  for (const server of [hookServer, plainMail, safeMail]) server.close()
  hookServer.closeAllConnections()
  fs.rmSync(folder, { recursive: true, force: true })
})

const exception = async (...args) => JSON.parse(await reeve.command('exception', ...args, '--json'))
const ask = (reason) =>
  exception('request', '--rule', 'everyone', '--until', '1d', '--reason', reason, '--by', 'dev@example.com')
async function eventually(holds) {
  for (let i = 0; i < 400 && !holds(); i++) await sleep(50)
}
const taken = () => hook.requests.filter(({ answer }) => answer === 200)
const notifications = async (...args) => JSON.parse(await reeve.command('notifications', 'list', ...args, '--json'))
const text = ({ message }) => Buffer.from(message.slice(message.indexOf('\r\n\r\n') + 4), 'base64').toString()

test('reach a webhook that fails, hangs and fails again, in order and under one key each', async () => {
  hook.answers = [500, 'hang', 302, 200]
  const first = await ask('first')
  const second = await ask('second')
  await eventually(() => taken().length >= 2)
  assert.deepEqual(hook.requests.map(({ answer }) => answer), [500, 'hang', 302, 200, 200])
  const keys = hook.requests.map(({ headers }) => headers['idempotency-key'])
  assert.deepEqual(keys, [...Array(4).fill(`${first.id}:1`), `${second.id}:1`])
  for (const { headers, body, event } of hook.requests) {
    const [, time, signature] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(headers['x-reeve-signature'])
    assert.equal(signature, crypto.createHmac('sha256', kSecret).update(`${time}.${body}`).digest('hex'))
    assert.equal(event.key, headers['idempotency-key'])
    assert.equal(event.kind, 'exception.requested')
  }
  assert.equal(taken()[0].event.detail.asked.reason, 'first')
})

test('reach a mail server that says not now at first', async () => {
  const before = plainMail.mails.length
  plainMail.refuseNext = 2
  const asked = await ask('größer\n.punkt'.replace('\n', ' '))
  await eventually(() => plainMail.mails.length > before)
  const mail = plainMail.mails.at(-1)
  assert.match(mail.from, /^MAIL FROM:<reeve@example\.com>/)
  assert.deepEqual(mail.to, ['RCPT TO:<leads@example.com>', 'RCPT TO:<chief@example.com>'])
  assert.match(mail.message, /^From: reeve@example\.com\r\nTo: leads@example\.com,\r\n chief@example\.com\r\n/)
  assert.match(mail.message, /\r\nMessage-ID: <[0-9a-f]{32}@reeve\.invalid>\r\n/)
  assert.match(text(mail), new RegExp(`id: ${asked.id}`))
  assert.match(text(mail), /asked\.reason: größer \.punkt/)
})

test('reach a mail server by STARTTLS and a password, and not one whose certificate nobody vouches for', async () => {
  const asked = await ask('to be decided')
  await exception('deny', asked.id, '--by', 'lead@example.com', '--reason', 'no')
  await eventually(() => safeMail.mails.length > 0)
  assert.equal(safeMail.mails.length, 1)
  assert.deepEqual([safeMail.mails[0].secure, safeMail.mails[0].user], [true, 'reeve'])
  assert.match(text(safeMail.mails[0]), /state: denied/)
  let dead = []
  for (let i = 0; i < 200 && dead.length === 0; i++) {
    dead = (await notifications()).filter(({ destination }) => destination === 'untrusted-mail')
    await sleep(50)
  }
  assert.match(dead[0].last_error, /certificate/)
  assert.equal(safeMail.mails.length, 1)
})

test('that nobody takes are given up, listed, and tried again when somebody says so', async () => {
  let gone = []
  for (let i = 0; i < 200 && gone.length < 4; i++) {
    gone = (await notifications()).filter(({ destination }) => destination === 'gone')
    await sleep(50)
  }
  assert.equal(gone.length, 4)
  assert.deepEqual([gone[0].state, gone[0].attempts], ['dead', 2])
  await reeve.command('notifications', 'retry', String(gone[0].number))
  await assert.rejects(reeve.command('notifications', 'retry', '123456'), ({ code }) => code === 1)
  const log = reeve.log()
  assert.ok(!log.includes(kSecret) && !log.includes('pass word'))
})

test('wait for the next start when the server was killed, and come once', async () => {
  const before = taken().length
  reeve.process.kill('SIGKILL')
  await reeve.exited
  const asked = await ask('while nobody serves')
  await reeve.start()
  await eventually(() => taken().length > before)
  assert.equal(taken().at(-1).event.key, `${asked.id}:1`)
  await sleep(1500)
  assert.equal(taken().length, before + 1)
})

test('a server stops at once, whatever hangs', async () => {
  hook.answers = ['hang', 'hang', 'hang']
  const before = hook.requests.length
  await ask('last')
  await eventually(() => hook.requests.length > before)
  assert.equal(await reeve.stop(), 0)
})
