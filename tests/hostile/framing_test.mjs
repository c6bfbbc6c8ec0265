// Bytes that are not HTTP, or could be read as two different requests by two parsers; senders that are too slow, too
// long or too many. None of it may reach a provider, hold the server up, or be answered with anything but a clear no.

import assert from 'node:assert/strict'
import test, { after, before } from 'node:test'
import { eventually } from '../faults/server.mjs'
import { errorIn, goodBody, goodRequest, kPaths, requestText } from './dialects.mjs'
import { RawConnection, splitAnswers } from './raw.mjs'
import { kPlanted, Stage } from './stage.mjs'

const stage = new Stage()
before(() => stage.start())
after(() => stage.abandon())

const kBody = goodBody('messages', kPlanted)
const kLength = Buffer.byteLength(kBody)
const chunk = (text) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`
const kChunked = `${chunk(kBody)}0\r\n\r\n`

// A request to /v1/messages from these lines; everything but the credential is as given.
function messages(
  lines,
  body = kBody,
  { first = 'POST /v1/messages HTTP/1.1', host = ['Host: reeve.example.com'] } = {},
) {
  const own = [`x-api-key: ${stage.key}`, 'anthropic-version: 2023-06-01', 'content-type: application/json']
  return Buffer.from([first, ...host, ...own, ...lines, '', body].join('\r\n'), 'latin1')
}

const sized = `Content-Length: ${kLength}`
const smuggled = (key) => `GET /v1/models HTTP/1.1\r\nHost: smuggled.example.com\r\nx-api-key: ${key}\r\n\r\n`

// Each must get exactly one answer, 400, and the end of the connection: what follows on it could be anything. What has
// no readable head has no caller either: it is counted. What goes wrong in a body is a refused call, on record.
const kRefused = {
  'Content-Length and Transfer-Encoding': () => messages([sized, 'Transfer-Encoding: chunked'], kChunked),
  'Transfer-Encoding and Content-Length': () => messages(['Transfer-Encoding: chunked', sized], kChunked),
  'CL.TE with a request inside': () =>
    messages(['Content-Length: 6', 'Transfer-Encoding: chunked'], `0\r\n\r\n${smuggled(stage.key)}`),
  'TE.CL with a request inside': () =>
    messages(['Transfer-Encoding: chunked', 'Content-Length: 4'], `5c\r\n${smuggled(stage.key)}\r\n0\r\n\r\n`),
  'chunked twice': () => messages(['Transfer-Encoding: chunked, chunked'], kChunked),
  'chunked in two lines': () => messages(['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'], kChunked),
  'chunked, then identity': () => messages(['Transfer-Encoding: chunked, identity'], kChunked),
  'gzip, then chunked': () => messages(['Transfer-Encoding: gzip, chunked'], kChunked),
  identity: () => messages(['Transfer-Encoding: identity', sized]),
  xchunked: () => messages(['Transfer-Encoding: xchunked'], kChunked),
  'chunked with a parameter': () => messages(['Transfer-Encoding: chunked;q=1'], kChunked),
  'chunked after a vertical tab': () => messages(['Transfer-Encoding: \x0bchunked'], kChunked),
  'chunked in quotes': () => messages(['Transfer-Encoding: "chunked"'], kChunked),
  'an empty Transfer-Encoding': () => messages(['Transfer-Encoding: ', sized]),
  'two lengths that differ': () => messages([sized, 'Content-Length: 5']),
  'two lengths in one line': () => messages([`Content-Length: ${kLength}, ${kLength}`]),
  'the length twice': () => messages([sized, sized]),
  'a signed length': () => messages([`Content-Length: +${kLength}`]),
  'a negative length': () => messages(['Content-Length: -1']),
  'a length in hex': () => messages(['Content-Length: 0x10']),
  'a length with a fraction': () => messages(['Content-Length: 10.0']),
  'a length of many digits': () => messages([`Content-Length: ${'9'.repeat(30)}`]),
  'a length past 64 bits': () => messages([`Content-Length: 18446744073709551617`]),
  'an empty length': () => messages(['Content-Length: ']),
  'a length with a space inside': () => messages(['Content-Length: 1 0']),
  'a length in other digits': () => messages(['Content-Length: \xb2']),
  'a folded header': () => messages(['x-folded: a', ' b', sized]),
  'a folded header with a tab': () => messages(['x-folded: a', '\tTransfer-Encoding: chunked', sized]),
  'a first header that is folded': () => messages([sized], kBody, { host: [' x: y', 'Host: reeve.example.com'] }),
  'bare line feeds': () => Buffer.from(messages([sized]).toString('latin1').replaceAll('\r\n', '\n'), 'latin1'),
  'one bare line feed': () => messages([`x-one: a\nContent-Length: 5`, sized]),
  'a bare carriage return': () => messages([`x-one: a\rContent-Length: 5`, sized]),
  'a carriage return too many': () => messages([`x-one: a\r`, sized]),
  'a space before the colon': () => messages([`Content-Length : ${kLength}`]),
  'a tab before the colon': () => messages([`Transfer-Encoding\t: chunked`], kChunked),
  'a NUL in a value': () => messages(['x-nul: a\0b', sized]),
  'a NUL in a name': () => messages(['x\0nul: a', sized]),
  'a control character in a value': () => messages(['x-bell: a\x07b', sized]),
  'a DEL in a value': () => messages(['x-del: a\x7fb', sized]),
  'a name that is no token': () => messages(['x(y): a', sized]),
  'a name with bytes past ASCII': () => messages(['x-\xfc: a', sized]),
  'a header without a name': () => messages([': a', sized]),
  'a header without a colon': () => messages(['just some words', sized]),
  'no Host': () => messages([sized], kBody, { host: [] }),
  'two Hosts': () => messages([sized], kBody, { host: ['Host: a.example.com', 'Host: b.example.com'] }),
  'the same Host twice': () => messages([sized], kBody, { host: ['Host: a.example.com', 'Host: a.example.com'] }),
  'a Host with a space': () => messages([sized], kBody, { host: ['Host: a.example.com b'] }),
  'a Host with a user': () => messages([sized], kBody, { host: ['Host: user@a.example.com'] }),
  'an absolute target of another host': () =>
    messages([sized], kBody, { first: 'POST http://other.example.com/v1/messages HTTP/1.1' }),
  'an absolute target with a user': () =>
    messages([sized], kBody, { first: 'POST http://reeve.example.com@other.example.com/v1/messages HTTP/1.1' }),
  'an authority as target': () => messages([sized], kBody, { first: 'POST reeve.example.com:443 HTTP/1.1' }),
  'a target without a slash': () => messages([sized], kBody, { first: 'POST v1/messages HTTP/1.1' }),
  'a target with a space': () => messages([sized], kBody, { first: 'POST /v1/messages x HTTP/1.1' }),
  'a target with a NUL': () => messages([sized], kBody, { first: 'POST /v1/messages\0 HTTP/1.1' }),
  'a target with a fragment': () => messages([sized], kBody, { first: 'POST /v1/messages#x HTTP/1.1' }),
  'a target past ASCII': () => messages([sized], kBody, { first: 'POST /v1/mess\xe4ges HTTP/1.1' }),
  'a tab between method and target': () => messages([sized], kBody, { first: 'POST\t/v1/messages HTTP/1.1' }),
  'two spaces': () => messages([sized], kBody, { first: 'POST  /v1/messages HTTP/1.1' }),
  'a method that is no token': () => messages([sized], kBody, { first: 'PO(ST /v1/messages HTTP/1.1' }),
  'no version': () => Buffer.from('GET /healthz\r\n\r\n'),
  'a version with letters': () => messages([sized], kBody, { first: 'POST /v1/messages HTTP/1.x' }),
  'http in small letters': () => messages([sized], kBody, { first: 'POST /v1/messages http/1.1' }),
  'another protocol': () => messages([sized], kBody, { first: 'POST /v1/messages ICAP/1.0' }),
  'a chunk size that is no number': () => messages(['Transfer-Encoding: chunked'], `zz\r\n${kBody}\r\n0\r\n\r\n`),
  'a signed chunk size': () => messages(['Transfer-Encoding: chunked'], `+5\r\nhello\r\n0\r\n\r\n`),
  'a chunk size with 0x': () => messages(['Transfer-Encoding: chunked'], `0x5\r\nhello\r\n0\r\n\r\n`),
  'a chunk size past 64 bits': () =>
    messages(['Transfer-Encoding: chunked'], `10000000000000005\r\nhello\r\n0\r\n\r\n`),
  'a chunk size with a space before': () => messages(['Transfer-Encoding: chunked'], ` 5\r\nhello\r\n0\r\n\r\n`),
  'a chunk size line with a bare line feed': () => messages(['Transfer-Encoding: chunked'], `5\nhello\r\n0\r\n\r\n`),
  'a chunk longer than it says': () => messages(['Transfer-Encoding: chunked'], `3\r\nhello\r\n0\r\n\r\n`),
  'a chunk that ends with a bare line feed': () => messages(['Transfer-Encoding: chunked'], `5\r\nhello\n0\r\n\r\n`),
  'a chunk extension with a bare line feed': () =>
    messages(['Transfer-Encoding: chunked'], `5;a\nb\r\nhello\r\n0\r\n\r\n`),
  'a chunk extension of a megabyte': () =>
    messages(['Transfer-Encoding: chunked'], `5;${'x'.repeat(1 << 20)}\r\nhello\r\n0\r\n\r\n`),
  'random bytes': () => Buffer.from(Array.from({ length: 512 }, (_, i) => (i * 7919 + 13) % 256)),
  'a TLS greeting': () =>
    Buffer.from('16030100a5010000a10303000102030405060708090a0b0c0d0e0f101112131415161718', 'hex'),
}

for (const [what, make] of Object.entries(kRefused)) {
  test(`refused: ${what}`, async () => {
    const before = await stage.upstreamRequests()
    const counted = await badRequests()
    // A good request behind it must not be heard: what it belongs to is unknown.
    const { answers, ended, text } = await stage.say([make(), goodRequest('messages', stage.key)], { halfClose: true })
    assert.equal(answers.length, 1, `${answers.length} answers: ${text.slice(0, 500)}`)
    assert.equal(answers[0].status, 400, answers[0].text)
    assert.ok(ended, 'the connection stays open')
    assert.equal(await stage.upstreamRequests(), before, 'something was sent to the provider')
    if (/\bchunk (size|longer|that|extension)\b/.test(what)) expectRefusal('messages', answers[0])
    else assert.equal(await badRequests(), counted + 1, 'not counted')
  })
}

function expectRefusal(name, answer) {
  kPaths[name].error(JSON.parse(answer.text), answer.status)
  stage.expectOutcome(answer.header('x-reeve-request-id'), 'refused', { httpStatus: answer.status })
}

async function badRequests() {
  const { text } = await stage.server.get('/metrics')
  return Number(/^reeve_http_bad_requests_total (\d+)$/m.exec(text)[1])
}

test('what net refuses on a model path comes in the form of its dialect', async () => {
  for (const name of Object.keys(kPaths)) {
    const headers = kPaths[name].headers(stage.key).map(([header, value]) => `${header}: ${value}`)
    const lines = [`POST ${kPaths[name].path} HTTP/1.1`, 'Host: a', ...headers]
    const bad = {
      'two lengths': [['Content-Length: 5', 'Content-Length: 6'], 400],
      'a name that is no token': [['x(y): a', 'Content-Length: 5'], 400],
      'a head too long': [[`x-long: ${'a'.repeat(70_000)}`, 'Content-Length: 5'], 431],
    }
    for (const [more, status] of Object.values(bad)) {
      const { answers } = await stage.say([...lines, ...more, '', ''].join('\r\n'))
      errorIn(name, answers[0], [status])
    }
  }
})

test('chunks that cannot be read are a refused call in every dialect', async () => {
  const before = await stage.upstreamRequests()
  for (const name of Object.keys(kPaths)) {
    for (const chunks of ['zz\r\nhello\r\n0\r\n\r\n', '3\r\nhello\r\n0\r\n\r\n', '5\nhello\r\n0\r\n\r\n']) {
      const headers = [...kPaths[name].headers(stage.key), ['transfer-encoding', 'chunked']]
      const head = requestText({ target: kPaths[name].path, headers, framing: 'none' })
      const { ended } = await stage.refused(name, [head, chunks], [400], { halfClose: true })
      assert.ok(ended)
    }
  }
  assert.equal(await stage.upstreamRequests(), before)
})

test('other versions of HTTP', async () => {
  for (const first of [
    'POST /v1/messages HTTP/2.0',
    'POST /v1/messages HTTP/1.2',
    'POST /v1/messages HTTP/0.9',
    'PRI * HTTP/2.0',
  ]) {
    const before = await stage.upstreamRequests()
    const { answers } = await stage.say(messages([sized], kBody, { first }), { halfClose: true })
    assert.ok([400, 505].includes(answers[0]?.status) || (first.endsWith('1.2') && answers[0]?.status === 200), first)
    if (answers[0].status !== 200) assert.equal(await stage.upstreamRequests(), before)
  }
  // 1.0 is old, not wrong: answered, without chunks, and closed.
  const { answers, ended } = await stage.say('GET /healthz HTTP/1.0\r\n\r\n')
  assert.equal(answers[0]?.status, 200)
  assert.equal(answers[0].header('transfer-encoding'), undefined)
  assert.ok(ended)
})

test('targets in other forms', async () => {
  const absolute = messages([sized], kBody, { first: 'POST http://reeve.example.com/v1/messages HTTP/1.1' })
  const { answers } = await stage.say(absolute)
  assert.ok([200, 400].includes(answers[0]?.status))
  for (const first of ['OPTIONS * HTTP/1.1', 'CONNECT reeve.example.com:443 HTTP/1.1', 'TRACE / HTTP/1.1']) {
    const { answers: other } = await stage.say(`${first}\r\nHost: reeve.example.com\r\n\r\n`)
    assert.ok([400, 404, 405, 501].includes(other[0]?.status), `${first}: ${other[0]?.status}`)
    assert.ok(!other[0].text.includes('reeve.example.com'), 'what was sent is sent back')
  }
  // Paths that another parser would read differently.
  for (const path of [
    '//v1/messages',
    '/v1//messages',
    '/v1/./messages',
    '/x/../v1/messages',
    '/v1/messages/',
    '/V1/messages',
    '/v1%2fmessages',
    '/v1/messages;x=1',
    '/v1\\messages',
  ]) {
    const before = await stage.upstreamRequests()
    const { answers: other } = await stage.say(messages([sized], kBody, { first: `POST ${path} HTTP/1.1` }))
    assert.ok([400, 404].includes(other[0]?.status), `${path}: ${other[0]?.status}`)
    assert.equal(await stage.upstreamRequests(), before)
  }
})

test('heads that are too long or have too many lines', async () => {
  const long = [
    messages([`x-long: ${'a'.repeat(70_000)}`, sized]),
    messages([`${'n'.repeat(70_000)}: a`, sized]),
    messages([...Array.from({ length: 200 }, (_, i) => `x-${i}: a`), sized]),
    messages([sized], kBody, { first: `POST /v1/messages?${'q'.repeat(70_000)} HTTP/1.1` }),
    messages([sized], kBody, { first: `${'M'.repeat(70_000)} /v1/messages HTTP/1.1` }),
  ]
  for (const bytes of long) {
    const before = await stage.upstreamRequests()
    const { answers, ended } = await stage.say(bytes)
    assert.ok([400, 414, 431].includes(answers[0]?.status), `${answers[0]?.status}`)
    assert.ok(ended)
    assert.equal(await stage.upstreamRequests(), before)
  }
})

test('a head that never ends is cut off at its limit', async () => {
  const connection = new RawConnection(stage.port)
  await connection.connected
  await connection.write('POST /v1/messages HTTP/1.1\r\nHost: a\r\n')
  let sent = 0
  const answered = () => connection.ended || connection.received.length > 0
  for (; sent < 64 << 20 && !answered(); sent += 64 << 10) {
    await connection.write(`x: ${'a'.repeat(65_531)}\r\n`)
    await new Promise(setImmediate) // hears what has come
  }
  assert.ok(await connection.untilEnded(10_000), 'the server goes on reading')
  assert.match(connection.received.toString('latin1'), /^HTTP\/1\.1 431 /)
  // What the sender's and the server's kernels hold may have gone before the answer is heard.
  assert.ok(sent < 16 << 20, `${sent} bytes of head were taken`)
  connection.close()
})

test('trailers change nothing', async () => {
  const before = await stage.upstreamRequests()
  const body = `${chunk(kBody)}0\r\nContent-Length: 5\r\nHost: other.example.com\r\nx-api-key: other\r\n\r\n`
  const { answers } = await stage.say(messages(['Transfer-Encoding: chunked'], body))
  assert.ok([200, 400].includes(answers[0]?.status), `${answers[0]?.status}`)
  assert.equal(await stage.upstreamRequests(), before + (answers[0].status === 200 ? 1 : 0))
})

test('good, bad, good on one connection: the good one is answered, the bad one ends it', async () => {
  const before = await stage.upstreamRequests()
  const bad = messages([sized, 'Transfer-Encoding: chunked'], kChunked)
  const good = goodRequest('messages', stage.key)
  const { answers, ended } = await stage.say(Buffer.concat([good, good, bad, good]), { answers: 3 })
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 400],
  )
  assert.ok(ended)
  assert.equal(await stage.upstreamRequests(), before + 2)
})

test('a refused call leaves the connection usable', async () => {
  const unknown = messages(
    [`Content-Length: ${kLength}`],
    kBody.replace('claude-sonnet-5', 'claude-sonnet_5'.replace('_', '.')),
  )
  const parts = [
    goodRequest('chat', 'rv_unknown'),
    goodRequest('chat', stage.key),
    unknown,
    goodRequest('gemini', stage.key),
  ]
  const { answers } = await stage.say(Buffer.concat(parts), { answers: 4 })
  assert.deepEqual(
    answers.map(({ status }) => status >= 400),
    [true, false, false, false],
  )
  assert.equal(answers.length, 4)
})

test('many requests in one breath are answered in order', async () => {
  const one = 'GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n'
  const other = 'GET /nothing-here HTTP/1.1\r\nHost: a\r\n\r\n'
  const { answers } = await stage.say((one + other).repeat(500), { answers: 1000 })
  assert.equal(answers.length, 1000)
  assert.ok(answers.every(({ status }, i) => status === (i % 2 ? 404 : 200)))
})

test('somebody who asks and does not listen takes little memory', async () => {
  const before = stage.server.residentMemory()
  const connection = new RawConnection(stage.port)
  await connection.connected
  connection.socket.pause()
  const bytes = Buffer.from('GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(20_000))
  await Promise.race([connection.write(bytes), new Promise((resolve) => setTimeout(resolve, 2000))])
  await stage.healthy()
  if (!process.env.REEVE_SANITIZE) {
    const grown = stage.server.residentMemory() - before
    assert.ok(grown < 32, `grown by ${grown.toFixed(1)} MiB`)
  }
  connection.close()
})

test('WebSocket and h2c upgrades on model paths get 426', async () => {
  for (const name of Object.keys(kPaths)) {
    for (const protocol of ['websocket', 'h2c']) {
      const headers = kPaths[name].headers(stage.key).map(([header, value]) => `${header}: ${value}`)
      const upgrade = [
        'Connection: Upgrade',
        `Upgrade: ${protocol}`,
        'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Key: dGhlIHNhbXBsZQ==',
      ]
      const bytes = [`GET ${kPaths[name].path} HTTP/1.1`, 'Host: a', ...headers, ...upgrade, '', ''].join('\r\n')
      await stage.refused(name, bytes, [426])
    }
  }
})

test('Expect: 100-continue is met, other expectations are not a way in', async () => {
  const connection = new RawConnection(stage.port)
  await connection.connected
  await connection.write(messages([sized, 'Expect: 100-continue'], ''))
  assert.ok(await connection.until(() => connection.received.includes('100 Continue'), 5000))
  await connection.write(kBody)
  assert.ok(await connection.untilAnswers(1))
  assert.equal(splitAnswers(connection.received).answers[0].status, 200)
  connection.close()
  const { answers } = await stage.say(messages([sized, 'Expect: something-else']))
  assert.ok([200, 400, 417].includes(answers[0]?.status))
  // A stranger is refused before a body is asked for.
  const { text } = await stage.say(
    'POST /v1/messages HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n',
  )
  assert.match(text, /^HTTP\/1\.1 401/)
})

test('senders that stop in the head or say nothing are let go', async () => {
  const halfHeads = Object.keys(kPaths).map((name) => ({ name, connection: new RawConnection(stage.port) }))
  const silent = new RawConnection(stage.port)
  const dripping = new RawConnection(stage.port)
  await Promise.all([silent.connected, dripping.connected, ...halfHeads.map(({ connection }) => connection.connected)])
  for (const { name, connection } of halfHeads)
    await connection.write(`POST ${kPaths[name].path} HTTP/1.1\r\nHost: a\r\nx-api-`)
  const drip = setInterval(() => dripping.write('a'), 100)
  await dripping.write('POST /v1/messages HTTP/1.1\r\nHost: a\r\nx-drip: ')
  await stage.healthy()
  for (const { name, connection } of halfHeads) {
    assert.ok(await connection.untilEnded(15_000), 'half a head holds its connection')
    errorIn(name, splitAnswers(connection.received).answers[0], [408])
  }
  assert.ok(await dripping.untilEnded(15_000), 'a byte now and then holds its connection')
  assert.ok(await silent.untilEnded(15_000), 'silence holds its connection')
  clearInterval(drip)
  for (const connection of [silent, dripping, ...halfHeads.map((half) => half.connection)]) connection.close()
})

test('hundreds of half-open and reset connections leave nothing behind', async () => {
  await stage.healthy()
  const files = stage.server.openFiles()
  const crowd = Array.from({ length: 400 }, () => new RawConnection(stage.port))
  await Promise.all(crowd.map(({ connected }) => connected))
  const good = goodRequest('chat', stage.key)
  await Promise.all(crowd.map((connection, i) => connection.write(good.subarray(0, (i * 3) % (good.length - 1)))))
  await stage.healthy()
  for (const connection of crowd) connection.resetNow()
  assert.ok(
    await eventually(() => stage.server.openFiles() <= files + 8, 15),
    `${stage.server.openFiles()} files, before ${files}`,
  )
})

test('nothing of all this was kept, and good calls are answered', () => stage.finish())
