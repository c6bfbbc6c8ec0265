// Providers that cannot be reached, break off, talk nonsense or never end: the caller gets a clear error in its dialect
// or exactly what was sent, the outcome says which, and the next call is not touched by it.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import crypto from 'node:crypto'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import test, { after, before } from 'node:test'
import tls from 'node:tls'
import { eventually, kSanitized } from '../faults/server.mjs'
import { BrokenUpstream, kBig, kEvent, kFaults, kGzipped, providersAt } from './broken_upstream.mjs'
import { errorIn, goodBody, goodRequest, kGenerating, kPaths, requestText } from './dialects.mjs'
import { freePort } from '../upstream/reeve_process.mjs'
import { RawConnection } from './raw.mjs'
import { kPlanted, Stage } from './stage.mjs'

const kUpstreamKey = 'sk-broken-upstream-key-71'
const stage = new Stage()
const broken = new BrokenUpstream()
const kNames = Object.keys(kPaths)
let selfSigned
let scratch

// A server whose certificate nobody vouches for.
async function startSelfSigned() {
  scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'reeve-tls-'))
  const [key, cert] = ['key.pem', 'cert.pem'].map((name) => path.join(scratch, name))
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1']
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  execFileSync('openssl', ['req', ...kind, ...subject, '-keyout', key, '-out', cert], { stdio: 'ignore' })
  selfSigned = tls.createServer({ key: fs.readFileSync(key), cert: fs.readFileSync(cert) }, (socket) => {
    socket.on('error', () => {}).on('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}'))
  })
  selfSigned.on('tlsClientError', () => {})
  await new Promise((resolve) => selfSigned.listen(0, '127.0.0.1', resolve))
}

before(async () => {
  await broken.start()
  await startSelfSigned()
  const at = (port) => `127.0.0.1:${port}`
  const places = {
    broken: `http://${at(broken.port)}`,
    refused: `http://${at(await freePort())}`,
    nowhere: 'http://no-such-provider.invalid',
    plain: `https://${at(broken.port)}`,
    unvouched: `https://${at(selfSigned.address().port)}`,
  }
  const timeouts = [
    'limits: {header_timeout: 5s, body_timeout: 5s, idle_timeout: 20s, write_timeout: 5s}',
    'upstream: {connect_timeout: 3s, response_timeout: 2s, read_timeout: 2s}',
    '',
  ].join('\n')
  stage.secrets.set(kUpstreamKey, "the broken provider's key")
  await stage.start({ timeouts, ...providersAt(places, kUpstreamKey) })
})

after(() => {
  stage.abandon()
  broken.stop()
  selfSigned?.close()
  if (scratch) fs.rmSync(scratch, { recursive: true, force: true })
})

function call(name, place, fault, { stream = false } = {}) {
  const { path: target, streamPath, headers } = kPaths[name]
  const model = `${place}-model`
  const body = JSON.parse(goodBody(name, kPlanted))
  if (!kPaths[name].modelInPath) Object.assign(body, { model, ...(stream && { stream: true }) })
  return requestText({
    target: (stream && streamPath ? streamPath : target).replace(kPaths.gemini.model, model),
    headers: [...headers(stage.key), ...(fault ? [['x-fault', fault]] : [])],
    body: JSON.stringify(body),
  })
}

const expectOutcome = (answer, outcome, what) =>
  stage.expectOutcome(answer.header('x-reeve-request-id'), outcome, { what })

// ---- Nothing that could be passed on

for (const [place, sentence] of Object.entries({
  refused: /refused|reached/i,
  nowhere: /name|resolve|found|no-such-provider/i,
  plain: /TLS|SSL|handshake/i,
  unvouched: /certificate|verif/i,
})) {
  test(`the provider is ${place}`, async () => {
    await Promise.all(
      kNames.map(async (name) => {
        const { answers } = await stage.say(call(name, place, 'closed at once'))
        assert.match(errorIn(name, answers[0], [502, 504]), sentence)
        expectOutcome(answers[0], 'unreachable', place)
      }),
    )
  })
}

const kNoAnswer = Object.keys(kFaults).slice(0, Object.keys(kFaults).indexOf('switching protocols unasked') + 1)

for (const fault of kNoAnswer) {
  test(`instead of an answer: ${fault}`, async () => {
    await Promise.all(
      kNames.map(async (name) => {
        const { answers, text } = await stage.say(call(name, 'broken', fault), { timeout: 30_000 })
        assert.ok(answers[0], `no answer: ${text.slice(0, 200)}`)
        errorIn(name, answers[0], fault.startsWith('hang') ? [504] : [502, 504])
        expectOutcome(answers[0], 'unreachable', fault)
      }),
    )
  })
}

// ---- Broken off in the body

// The head has been passed on, so only a cut tells the client; it must not take the part for the whole.
for (const fault of [
  'a body cut short',
  'a body reset',
  'chunks cut short',
  'a bad chunk',
  'a chunk too long',
  'a body that hangs',
]) {
  test(`a plain answer breaks off: ${fault}`, async () => {
    await Promise.all(
      kNames.map(async (name) => {
        const connection = new RawConnection(stage.port)
        await connection.connected
        await connection.write(call(name, 'broken', fault))
        assert.ok(await connection.untilEnded(30_000), 'the connection stays open')
        const text = connection.received.toString('latin1')
        stage.heard.push(text)
        connection.close()
        assert.match(text, /^HTTP\/1\.1 200 /)
        assert.ok(!text.endsWith('\r\n0\r\n\r\n'), 'the part looks like a whole answer')
        const requestId = /x-reeve-request-id: (\S+)/.exec(text)[1]
        stage.expectOutcome(requestId, 'upstream_cut', { what: fault })
      }),
    )
  })
}

// In a stream the client is told in its dialect, and the stream ends.
const kStreamErrors = {
  messages: /\n\nevent: error\ndata: {"type":"error",/,
  chat: /\n\ndata: {"error":/,
  responses: /\n\n(event: (error|response\.failed)\n)?data: {"type":"(error|response\.failed)"/,
  gemini: /\n\n(data: )?{"error":{"code":50[24]/,
}
for (const fault of [
  'a stream cut short',
  'a stream cut in an event',
  'a stream reset',
  'a stream that hangs',
  'a bad chunk in a stream',
]) {
  test(`a stream breaks off: ${fault}`, async () => {
    await Promise.all(
      kGenerating.map(async (name) => {
        const { answers, text } = await stage.say(call(name, 'broken', fault, { stream: true }), { timeout: 30_000 })
        assert.ok(answers[0], `no whole answer: ${text.slice(-300)}`)
        assert.equal(answers[0].status, 200)
        assert.ok(answers[0].text.startsWith(kEvent))
        assert.match(answers[0].text, kStreamErrors[name])
        expectOutcome(answers[0], 'upstream_cut', fault)
      }),
    )
  })
}

// ---- Odd, but to be passed on as it is

const kPassed = {
  'interim answers': { status: 200, outcome: 'ok' },
  'closed without a length': { status: 200, outcome: 'ok' },
  'compressed although unasked': { status: 200, outcome: 'ok', body: kGzipped },
  'no content': { status: 204, body: Buffer.alloc(0) },
  'an empty answer': { status: 200, body: Buffer.alloc(0) },
  'no reason phrase': { status: 200, outcome: 'ok' },
  'not JSON': { status: 200 },
  'JSON of the wrong shape': { status: 200 },
  'absurd usage': { status: 200 },
  'deep JSON': { status: 200 },
  'a stream of nonsense': { status: 200, stream: true },
  'a stream that is one line': { status: 200, stream: true },
}
for (const [fault, { status, body, stream, outcome }] of Object.entries(kPassed)) {
  test(`passed on as it is: ${fault}`, async () => {
    await Promise.all(
      (stream ? kGenerating : kNames).map(async (name) => {
        const { answers, text } = await stage.say(call(name, 'broken', fault, { stream }), { timeout: 30_000 })
        assert.equal(answers.length, 1, `not one answer: ${text.slice(0, 300)}`)
        assert.equal(answers[0].status, status)
        if (body) assert.ok(answers[0].body.equals(body))
        expectOutcome(answers[0], outcome, fault)
      }),
    )
  })
}

const kVendorErrors = {
  400: '{"type":"error","error":{"type":"invalid_request_error","message":"max_tokens: required"}}',
  403: '{"error":{"message":"Country not supported","type":"request_forbidden","param":null,"code":null}}',
  404: '{"error":{"code":404,"message":"model not found","status":"NOT_FOUND"}}',
  413: '{"type":"error","error":{"type":"request_too_large","message":"too large"}}',
  422: '{"detail":[{"loc":["body"],"msg":"field required"}]}',
  429: '{"error": {"message":"Rate limit reached","type":"requests","param":null,"code":"rate_limit_exceeded"} }',
  500: '<html><body>Internal Server Error</body></html>',
  502: 'bad gateway \u00ff\0',
  503: '',
  529: '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}',
}

// A call that the strict provider answers by this script.
function scripted(name, script, stream) {
  const headers = [['x-upstream-script', JSON.stringify(script)]]
  return goodRequest(name, stage.key, { text: kPlanted, headers, stream })
}
const withStreams = kNames.flatMap((name) =>
  (kGenerating.includes(name) ? [false, true] : [false]).map((s) => [name, s]),
)

test("the vendor's 401 is told as what it is: about Reeve's key, not about the caller's", async () => {
  for (const [name, stream] of withStreams) {
    const script = { status: 401, raw_body: '{"error":{"message":"invalid key sk-of-reeve"}}', headers: {} }
    const { answers, text } = await stage.say(scripted(name, script, stream))
    assert.match(errorIn(name, answers[0], [502]), /does not take the key with which Reeve calls it/)
    assert.ok(!text.includes('sk-of-reeve'))
    expectOutcome(answers[0], 'upstream_error', `${name}, status 401`)
  }
})

for (const [status, raw] of Object.entries(kVendorErrors)) {
  test(`the vendor's ${status} passes unmodified, with the headers that clients act on`, async () => {
    const told = {
      'content-type': status === '500' ? 'text/html' : 'application/json',
      'retry-after': '17',
      'x-should-retry': 'true',
      'request-id': 'req_vendor',
      'anthropic-ratelimit-requests-remaining': '0',
    }
    for (const [name, stream] of withStreams) {
      const script = { status: Number(status), raw_body: raw, headers: told }
      const { answers } = await stage.say(scripted(name, script, stream))
      assert.equal(answers[0].status, Number(status))
      assert.equal(answers[0].text, raw)
      for (const [header, value] of Object.entries(told)) assert.equal(answers[0].header(header), value)
      expectOutcome(answers[0], 'upstream_error', `${name}, status ${status}`)
    }
  })
}

test('a redirect is neither followed nor passed on: clients would take their key there', async (t) => {
  const visitors = []
  const elsewhere = net.createServer((socket) => visitors.push(socket.destroy()))
  await new Promise((resolve) => elsewhere.listen(0, '127.0.0.1', resolve))
  const location = `http://127.0.0.1:${elsewhere.address().port}/elsewhere?token=of-the-provider`
  t.after(() => stage.provider.clearRules())
  t.after(() => elsewhere.close())
  for (const status of [300, 301, 302, 303, 304, 305, 307, 308, 399]) {
    const script = { status, raw_body: status === 304 ? '' : `see ${location}`, headers: { location } }
    await stage.provider.clearRules()
    await stage.provider.addRule({ script })
    for (const [name, stream] of withStreams) {
      const { answers, text } = await stage.say(goodRequest(name, stage.key, { stream }))
      assert.match(errorIn(name, answers[0], [502]), /redirect/)
      assert.ok(!text.includes('/elsewhere') && !/^location:/im.test(text), text)
      stage.expectOutcome(answers[0].header('x-reeve-request-id'), 'upstream_error', { httpStatus: status, what: name })
    }
  }
  assert.deepEqual(visitors, [])
  for (const { name, bytes } of stage.server.traces()) assert.ok(!bytes.includes('of-the-provider'), name)
})

test('a provider cannot speak in our name, set cookies or name connection headers', async () => {
  for (const name of kGenerating) {
    const { answers } = await stage.say(call(name, 'broken', 'headers that are ours'))
    const values = (header) => answers[0].headers.filter(([given]) => given === header).map(([, value]) => value)
    assert.deepEqual(values('x-reeve-decision'), ['allow'])
    assert.equal(values('x-reeve-request-id').length, 1)
    assert.notEqual(values('x-reeve-request-id')[0], 'req_forged')
    assert.ok(!values('x-reeve-rule').includes('forged'))
    assert.deepEqual(values('set-cookie'), [])
    assert.deepEqual(values('x-hop'), [])
  }
})

test('what comes behind an answer belongs to nobody', async () => {
  for (let i = 0; i < 20; i++) {
    const { answers } = await stage.say(call('chat', 'broken', 'more than it said'))
    assert.equal(answers.length, 1)
    assert.ok(!answers[0].text.includes('somebody else'), "the answer to another's request")
  }
})

// ---- Too big

for (const fault of ['a big answer', 'a big stream']) {
  test(`50 MB pass without being kept: ${fault}`, async () => {
    const before = stage.server.residentMemory()
    const hash = crypto.createHash('sha256')
    const stream = fault === 'a big stream'
    const connection = net.connect(stage.port, '127.0.0.1')
    connection.write(call('messages', 'broken', fault, { stream }))
    let received = 0
    let most = 0
    for await (const bytes of connection) {
      received += bytes.length
      hash.update(bytes)
      most = Math.max(most, stage.server.residentMemory())
      if (
        received >= 50 * kBig.length &&
        bytes.subarray(-5).toString('latin1') === (stream ? '0\r\n\r\n' : kBig.subarray(-5).toString('latin1'))
      )
        break
    }
    connection.destroy()
    assert.ok(received >= 50 * kBig.length, `${received} bytes came`)
    if (!kSanitized) assert.ok(most - before < 64, `grown from ${before.toFixed(0)} to ${most.toFixed(0)} MiB`)
  })
}

test('while one provider hangs, others answer', async () => {
  const hanging = Array.from({ length: 50 }, () => stage.say(call('chat', 'broken', 'hang'), { timeout: 30_000 }))
  const first = await Promise.race([stage.healthy(), ...hanging.map((one) => one.then(() => 'a hanging call'))])
  assert.equal(first, undefined, 'a good call waited for the hanging ones')
  for (const { answers } of await Promise.all(hanging)) errorIn('chat', answers[0], [504])
})

test('the outcomes say what happened, and all is well', async () => {
  assert.ok(await eventually(async () => (await stage.server.get('/healthz')).status === 200))
  const entries = await stage.finish()
  assert.deepEqual(broken.leaked, [])
  for (const { cost } of entries.filter((entry) => entry.cost)) {
    assert.ok(Number.isSafeInteger(cost.nanos) && cost.nanos >= 0, `a cost of ${cost.nanos}`)
  }
})
