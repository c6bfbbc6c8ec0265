// The stand-in must complain: a strict upstream that lets things pass would make every test behind it worthless.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import zlib from 'node:zlib'
import { Caller, requestBytes } from './http_client.mjs'
import { readJournal, sha256 } from './journal.mjs'
import { Random } from './random.mjs'
import { scriptHeader } from './script.mjs'
import { Upstream } from './upstream.mjs'

const kKeys = { anthropic: 'K-anthropic', openai: 'K-openai', gemini: 'K-gemini' }
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'upstream-test-'))
const journal = path.join(folder, 'journal')
let server
let caller
let seen = 0

before(async () => {
  server = await new Upstream({ keys: kKeys, journal }).start()
  caller = new Caller(server.port)
})
after(() => {
  caller.close()
  server.close()
  fs.rmSync(folder, { recursive: true })
})
beforeEach(() => {
  seen = readJournal(journal).length
})

const news = () => readJournal(journal).slice(seen)
const violations = () => news().flatMap((entry) => (entry.event === 'violation' ? [entry.text] : []))

const kMessage = { model: 'claude-opus-5-5', max_tokens: 64, messages: [{ role: 'user', content: 'hi' }] }
const kHeaders = [
  ['host', 'upstream'],
  ['content-type', 'application/json'],
  ['anthropic-version', '2023-06-01'],
  ['x-api-key', kKeys.anthropic],
]

function send(
  { target = '/v1/messages', headers = kHeaders, body = kMessage, script = {}, ...rest } = {},
  options = {},
) {
  const all = [...headers, scriptHeader(script)]
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
  const request = { method: 'POST', target, headers: all, body: bytes, random: new Random(7), ...rest }
  return caller.call(requestBytes(request), { keepBody: true, ...options })
}

const without = (name) => kHeaders.filter(([given]) => given !== name)

test('a right request is answered, and both bodies are in the journal', async () => {
  for (const chunked of [false, true]) {
    const answer = await send({ chunked }, { cuts: { random: new Random(3), longest: 5 } })
    assert.equal(answer.status, 200)
    assert.equal(answer.end, 'complete')
    assert.equal(JSON.parse(answer.body).type, 'message')
    const [head, request, end] = news().slice(-3)
    assert.equal(head.event, 'head')
    assert.equal(request.body_sha256, sha256(JSON.stringify(kMessage)))
    assert.equal(end.sent_sha256, answer.sha256)
    assert.equal(end.how, 'complete')
  }
  assert.deepEqual(violations(), [])
})

test('a foreign, a missing or a second credential is a violation and gets 401', async () => {
  const foreign = [...without('x-api-key'), ['x-api-key', 'rv_client_secret']]
  const doubled = [...kHeaders, ['authorization', `Bearer ${kKeys.anthropic}`]]
  const wrongVendor = [...without('x-api-key'), ['x-api-key', kKeys.openai]]
  for (const headers of [foreign, doubled, wrongVendor, without('x-api-key')]) {
    seen = readJournal(journal).length
    assert.equal((await send({ headers })).status, 401)
    assert.ok(violations().length > 0)
  }
})

test('what is meant for the gateway, or for one connection, is a violation', async () => {
  for (const header of [
    ['x-reeve-session', 's'],
    ['te', 'trailers'],
    ['expect', '100-continue'],
    ['accept-encoding', 'gzip'],
    ['x-other', 'rv_abcdef'],
  ]) {
    seen = readJournal(journal).length
    await send({ headers: [...kHeaders, header] })
    assert.equal(violations().length, 1, header[0])
  }
  seen = readJournal(journal).length
  await send({ target: '/v1/messages?key=anything' })
  assert.equal(violations().length, 1)
})

test('what the vendor would refuse is refused', async () => {
  assert.equal((await send({ headers: without('anthropic-version') })).status, 400)
  assert.equal((await send({ body: { ...kMessage, max_tokens: undefined } })).status, 400)
  assert.equal((await send({ body: { ...kMessage, injected: 1 } })).status, 400)
  assert.equal((await send({ body: { ...kMessage, messages: [{ role: 'tool', content: '' }] } })).status, 400)
  assert.equal((await send({ body: '{"model":' })).status, 400)
  assert.equal((await send({ target: '/v2/messages' })).status, 404)
  assert.deepEqual(violations(), [])
})

test('what is not faultless HTTP is a violation', async () => {
  const head = 'POST /v1/messages HTTP/1.1\r\nhost: a\r\n'
  for (const text of [
    `${head}content-length: 2\r\ncontent-length: 2\r\n\r\n{}`,
    `${head}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
    `${head}transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
    `${head}x:1\ny: 2\r\n\r\n`,
    `${head}x: 1\r\n folded\r\n\r\n`,
    `${head}content-length: 2\r\n\r\n{}GET / HTTP/1.1\r\n`,
    'POST /v1/messages HTTP/1.0\r\nhost: a\r\n\r\n',
    'POST /v1/messages HTTP/1.1\r\n\r\n',
  ]) {
    seen = readJournal(journal).length
    const socket = net.connect(server.port, '127.0.0.1')
    socket.end(text)
    const parts = []
    for await (const part of socket) parts.push(part)
    assert.match(Buffer.concat(parts).toString(), /^HTTP\/1\.1 400/, text)
    assert.equal(violations().length, 1, text)
  }
})

test('a request that breaks off is noted', async () => {
  const socket = net.connect(server.port, '127.0.0.1')
  socket.end('POST /v1/messages HTTP/1.1\r\nhost: a\r\ncontent-length: 20\r\n\r\nhalf')
  socket.resume()
  await new Promise((resolve) => socket.once('close', resolve))
  await new Promise((resolve) => setTimeout(resolve, 20))
  assert.deepEqual(
    news().map(({ event, body_bytes }) => [event, body_bytes]),
    [
      ['head', undefined],
      ['truncated', 4],
    ],
  )
})

test('answers end as they are told to', async () => {
  const body = { ...kMessage, stream: true }
  const whole = await send({ body, script: { seed: 1 } })
  assert.equal(whole.end, 'complete')
  for (const chunks of ['whole', 'random', 'byte', 7]) {
    const same = await send({ body, script: { seed: 1, chunks, writes: 'random' } })
    assert.equal(same.end, 'complete', chunks)
    assert.equal(same.body.toString().replace(/upstream\d+/g, ''), whole.body.toString().replace(/upstream\d+/g, ''))
  }
  for (const end of ['close', 'reset']) {
    const cut = await send({ body, script: { seed: 1, end, after_events: 5 } })
    assert.equal(cut.end, 'cut', end)
    const entry = news().at(-1)
    assert.equal(entry.how, end)
    assert.equal(entry.events_sent, 5)
    assert.ok(entry.emitted_tokens > 0 && entry.emitted_tokens < entry.usage.output)
  }
  const hung = await send({ body, script: { seed: 1, end: 'hang', after_events: 2 } }, { timeout: 100 })
  assert.equal(hung.end, 'aborted')
  const failed = await send({ body, script: { end: 'error' } })
  assert.equal(failed.end, 'complete')
  assert.match(failed.body.toString(), /event: error/)
  assert.equal(news().at(-1).how, 'error')
  const packed = await send({ script: { gzip: true } })
  assert.equal(packed.header('content-encoding'), 'gzip')
  assert.equal(JSON.parse(zlib.gunzipSync(packed.body)).type, 'message')
  assert.equal((await send({ script: { status: 529 } })).status, 529)
  assert.equal((await send({ script: { framing: 'close' } })).end, 'complete')
})

test('usage is told as each vendor tells it', async () => {
  const script = { usage: { input: 100, cache_read: 30, output: 50, reasoning: 20 } }
  const bearer = [...without('x-api-key'), ['authorization', `Bearer ${kKeys.openai}`]]
  const google = [...without('x-api-key'), ['x-goog-api-key', kKeys.gemini]]
  const anthropic = JSON.parse((await send({ script })).body).usage
  assert.deepEqual([anthropic.input_tokens, anthropic.cache_read_input_tokens, anthropic.output_tokens], [100, 30, 50])
  const chatBody = { model: 'gpt-5.4', messages: kMessage.messages }
  const chat = JSON.parse(
    (await send({ target: '/v1/chat/completions', headers: bearer, body: chatBody, script })).body,
  )
  assert.deepEqual([chat.usage.prompt_tokens, chat.usage.completion_tokens, chat.usage.total_tokens], [130, 50, 180])
  const input = { model: 'gpt-5.4', input: 'hi' }
  const responses = JSON.parse((await send({ target: '/v1/responses', headers: bearer, body: input, script })).body)
  assert.equal(responses.usage.input_tokens_details.cached_tokens, 30)
  const target = '/v1beta/models/gemini-3.8-flash:generateContent'
  const contents = { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] }
  const gemini = JSON.parse((await send({ target, headers: google, body: contents, script })).body).usageMetadata
  assert.deepEqual([gemini.promptTokenCount, gemini.candidatesTokenCount, gemini.thoughtsTokenCount], [130, 30, 20])
})

test('what a test started ends with the test, however that ends', async () => {
  const starts = `import { UpstreamProcess } from ${JSON.stringify(new URL('upstream_process.mjs', import.meta.url))}
    console.log((await new UpstreamProcess().start()).port)`
  for (const signal of ['SIGTERM', 'SIGKILL']) {
    const parent = spawn(process.execPath, ['--input-type=module', '--eval', starts], { stdio: ['ignore', 'pipe', 2] })
    const port = Number(await new Promise((resolve) => parent.stdout.once('data', resolve)))
    const isThere = () =>
      new Promise((resolve) => {
        const socket = net.connect(port, '127.0.0.1', () => resolve(socket.destroy() !== null))
        socket.once('error', () => resolve(false))
      })
    assert.equal(await isThere(), true)
    parent.kill(signal)
    for (let i = 0; i < 100 && (await isThere()); i++) await new Promise((resolve) => setTimeout(resolve, 50))
    assert.equal(await isThere(), false, signal)
  }
})
