// Bodies that cannot be read, or could be read in two ways, in every dialect: a clear error, on record, nothing sent.

import assert from 'node:assert/strict'
import test, { after, before } from 'node:test'
import zlib from 'node:zlib'
import { goodBody, goodRequest, kGenerating, kPaths, requestText } from './dialects.mjs'
import { kPlanted, Stage } from './stage.mjs'

const stage = new Stage()
before(() => stage.start())
after(() => stage.abandon())

const request = (name, body, options = {}) =>
  requestText({ target: kPaths[name].path, headers: kPaths[name].headers(stage.key), body, ...options })

// A good body with this member's text put in, or put in place of its own.
function withMember(name, member, value) {
  const { [member]: _, ...rest } = JSON.parse(goodBody(name, kPlanted))
  return `{"${member}":${value},${JSON.stringify(rest).slice(1)}`
}

const nested = (depth, open, close) => open.repeat(depth) + close.repeat(depth)

// name -> the body for a path, or null where it does not apply.
const kUnreadable = {
  'nothing at all': () => '',
  'white space': () => ' \r\n\t ',
  'an open brace': () => '{',
  'half a member': () => `{"model":`,
  'a good body cut short': (name) => goodBody(name, kPlanted).slice(0, -2),
  'a good body and more': (name) => `${goodBody(name, kPlanted)} {"model":"other"}`,
  null: () => 'null',
  'a list': () => `[${JSON.stringify(kPlanted)}]`,
  'a string': () => JSON.stringify(kPlanted),
  'a number': () => '42',
  'not JSON': () => `model=${kPlanted}&stream=true`,
  XML: () => `<?xml version="1.0"?><model>${kPlanted}</model>`,
  'single quotes': () => `{'model':'${kPlanted}'}`,
  'a trailing comma': (name) => goodBody(name, kPlanted).replace(/}$/, ',}'),
  'a comment': (name) => `/* ${kPlanted} */ ${goodBody(name)}`,
  NaN: (name) => withMember(name, 'temperature', 'NaN'),
  'a control character in a string': (name) => goodBody(name, `${kPlanted}@`).replace('@', '\u0001'),
  'a raw line break in a string': (name) => goodBody(name, `${kPlanted}@`).replace('@', '\n'),
  'an unknown escape': (name) => goodBody(name, `${kPlanted}@`).replace('@', '\\x41'),
  'NUL bytes': () => '\0'.repeat(64),
  'invalid UTF-8': (name) => Buffer.from(goodBody(name, `${kPlanted}\xff\xfe`), 'latin1'),
  'overlong UTF-8': (name) => Buffer.from(goodBody(name, `${kPlanted}\xc0\xaf`), 'latin1'),
  'a surrogate in UTF-8': (name) => Buffer.from(goodBody(name, `${kPlanted}\xed\xa0\x80`), 'latin1'),
  'UTF-8 cut in a character': (name) => Buffer.from(goodBody(name, `${kPlanted}\xe2\x82`), 'latin1'),
  'UTF-16': (name) => Buffer.from(`\ufeff${goodBody(name, kPlanted)}`, 'utf16le'),
  'lists 100,000 deep': () => nested(100_000, '[', ']'),
  'lists 1,000,000 deep, in a member': (name) => withMember(name, 'metadata', nested(1_000_000, '[', ']')),
  'objects 100,000 deep': (name) =>
    withMember(name, 'metadata', `${nested(100_000, '{"a":', '}').replace(':}', ':1}')}`),
  'objects that never close': () => '{"a":'.repeat(200_000),
}

// Fields that we decide on, wrong or twice.
const kUndecidable = {
  'no model': (name) => withMember(name, 'model', '"x"').replace('"model":"x",', ''),
  'an empty model': (name) => withMember(name, 'model', '""'),
  'a model that is a number': (name) => withMember(name, 'model', '5'),
  'a model that is null': (name) => withMember(name, 'model', 'null'),
  'a model that is a list': (name) => withMember(name, 'model', '["claude-sonnet-5"]'),
  'a model that is an object': (name) => withMember(name, 'model', '{"name":"claude-sonnet-5"}'),
  'two models': (name) => `{"model":"nobody-knows-this",${goodBody(name).slice(1)}`,
  'the same model twice': (name) => `{"model":"${kPaths[name].model}",${goodBody(name).slice(1)}`,
  'two models, one escaped': (name) => goodBody(name).replace(/}$/, `,"mod\\u0065l":"nobody-knows-this"}`),
  'a model with half a surrogate': (name) => withMember(name, 'model', '"claude-\\ud800"'),
  'a stream that is text': (name) => withMember(name, 'stream', '"true"'),
  'two streams': (name) => `{"stream":true,"stream":false,${goodBody(name).slice(1)}`,
}

for (const [what, makeBody] of Object.entries(kUnreadable)) {
  test(`unreadable body: ${what}`, async () => {
    const before = await stage.upstreamRequests()
    for (const name of Object.keys(kPaths)) {
      const { message } = await stage.refused(name, request(name, makeBody(name)), [400])
      assert.ok(!message.includes(kPlanted), message)
    }
    assert.equal(await stage.upstreamRequests(), before)
  })
}

for (const [what, makeBody] of Object.entries(kUndecidable)) {
  test(`undecidable body: ${what}`, async () => {
    const before = await stage.upstreamRequests()
    for (const name of Object.keys(kPaths).filter((path) => !kPaths[path].modelInPath)) {
      const streams = !what.includes('stream') || kGenerating.includes(name)
      if (streams) await stage.refused(name, request(name, makeBody(name)), [400])
    }
    assert.equal(await stage.upstreamRequests(), before)
  })
}

test('a name in the path that no vendor would take is not routed', async () => {
  const before = await stage.upstreamRequests()
  const headers = kPaths.gemini.headers(stage.key)
  for (const model of [
    '..',
    '../../v1/files',
    '%2e%2e%2fx',
    'a%00b',
    'a%0d%0ab',
    'gemini-3.8-flash%3Fkey=1',
    'x'.repeat(4000),
  ]) {
    const target = `/v1beta/models/${model}:generateContent`
    const { answers } = await stage.say(requestText({ target, headers, body: goodBody('gemini') }))
    assert.ok([400, 404].includes(answers[0]?.status), `${model}: ${answers[0]?.status}`)
  }
  assert.equal(await stage.upstreamRequests(), before)
})

test('an unknown model is refused in every dialect, and its name cannot bring anything into the answer', async () => {
  const before = await stage.upstreamRequests()
  const name = 'nobody-knows-"this"</script>\\u001b[31m\\r\\nset-cookie: a=b'
  for (const path of Object.keys(kPaths).filter((candidate) => !kPaths[candidate].modelInPath)) {
    const body = goodBody(path).replace(/"model":"[^"]*"/, () => `"model":${JSON.stringify(name)}`)
    const { message, answer } = await stage.refused(path, request(path, body), [400, 404])
    assert.doesNotMatch(message, /[\x00-\x1f\x7f]/)
    assert.equal(answer.header('set-cookie'), undefined)
  }
  assert.equal(await stage.upstreamRequests(), before)
})

test('a body of another dialect is answered in the dialect of the path', async () => {
  for (const name of kGenerating) {
    for (const other of kGenerating.filter((candidate) => candidate !== name)) {
      const body = kPaths[name].modelInPath
        ? goodBody(other, kPlanted)
        : goodBody(other, kPlanted).replace(/^{("model":"[^"]*",)?/, `{"model":"${kPaths[name].model}",`)
      const { answers } = await stage.say(request(name, body))
      assert.ok(answers[0].status === 400 || answers[0].status === 200, `${other} on ${name}: ${answers[0].status}`)
      if (answers[0].status === 400) kPaths[name].error(JSON.parse(answers[0].text), 400)
    }
  }
})

test('other methods are refused in the dialect of the path', async () => {
  const before = await stage.upstreamRequests()
  for (const name of Object.keys(kPaths)) {
    for (const method of ['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      const framing = method === 'GET' ? 'none' : 'length'
      const body = framing === 'none' ? '' : goodBody(name)
      await stage.refused(name, request(name, body, { method, framing }), [404, 405])
    }
    const { answers, text } = await stage.say(request(name, '', { method: 'HEAD', framing: 'none' }), { timeout: 1500 })
    assert.match(text, /^HTTP\/1\.1 40[45] /)
    assert.equal(answers.length === 0 || answers[0].text === '', true, 'an answer to HEAD has a body')
  }
  assert.equal(await stage.upstreamRequests(), before)
})

test('a compressed body is refused, because it cannot be checked', async () => {
  const before = await stage.upstreamRequests()
  for (const name of Object.keys(kPaths)) {
    for (const encoding of ['gzip', 'br', 'zstd', 'identity, gzip', 'x-unknown']) {
      const body = zlib.gzipSync(goodBody(name, kPlanted))
      const headers = [...kPaths[name].headers(stage.key), ['content-encoding', encoding]]
      const bytes = requestText({ target: kPaths[name].path, headers, body })
      const { message } = await stage.refused(name, bytes, [400, 404, 415])
      assert.match(message, /compress/)
    }
  }
  assert.equal(await stage.upstreamRequests(), before)
})

const kTooLarge = Buffer.alloc(33 << 20, 0x20)

for (const framing of ['length', 'chunked']) {
  test(`33 MiB are too much (${framing})`, async () => {
    const before = await stage.upstreamRequests()
    for (const name of Object.keys(kPaths)) {
      const body = Buffer.concat([Buffer.from(goodBody(name, kPlanted)), kTooLarge])
      const { message, ended } = await stage.refused(name, request(name, body, { framing }), [413])
      assert.match(message, /32 ?MiB|33554432|large|limit/i)
      assert.ok(ended, 'the connection stays open with half a body on it')
    }
    assert.equal(await stage.upstreamRequests(), before)
  })
}

test('a length that nobody could send is refused before a byte of it', async () => {
  for (const name of Object.keys(kPaths)) {
    const headers = [...kPaths[name].headers(stage.key), ['content-length', '1099511627776']]
    await stage.refused(name, requestText({ target: kPaths[name].path, headers, framing: 'none' }), [413])
  }
})

test('just under the limit passes', async () => {
  const body = Buffer.from(goodBody('chat', kPlanted))
  const padded = Buffer.concat([body, Buffer.alloc((32 << 20) - body.length, 0x20)])
  for (const framing of ['length', 'chunked']) {
    const { answers } = await stage.say(request('chat', padded, { framing }), { timeout: 30_000 })
    assert.equal(answers[0]?.status, 200, answers[0]?.text)
  }
})

test('a body that ends early is told so, and nothing is sent', async () => {
  const before = await stage.upstreamRequests()
  for (const name of Object.keys(kPaths)) {
    const whole = request(name, goodBody(name, kPlanted))
    const { answers } = await stage.say(whole.subarray(0, whole.length - 10), { halfClose: true })
    if (answers.length > 0) kPaths[name].error(JSON.parse(answers[0].text), answers[0].status)
    assert.ok(answers.length === 0 || [400, 408].includes(answers[0].status))
    const chunked = request(name, goodBody(name, kPlanted), { framing: 'chunked' })
    await stage.say(chunked.subarray(0, chunked.length - 7), { halfClose: true })
  }
  assert.equal(await stage.upstreamRequests(), before)
})

test('a body that stops coming is told so', async () => {
  const before = await stage.upstreamRequests()
  for (const name of ['messages', 'chat', 'gemini']) {
    const whole = request(name, goodBody(name, kPlanted))
    const { ended } = await stage.refused(name, whole.subarray(0, whole.length - 10), [400, 408])
    assert.ok(ended)
  }
  assert.equal(await stage.upstreamRequests(), before)
})

test('what is odd but plain JSON goes through', async () => {
  const bodies = [
    ` \r\n\t${goodBody('chat')}\n `,
    goodBody('chat').replace('"model"', '"mo\\u0064el"'),
    goodBody('chat', 'emoji \u{1F600} and NUL \0 as an escape'),
    goodBody('chat').replace(/}$/, `,"metadata":{"model":"x","stream":"y","model":"z"}}`),
    goodBody('chat').replace(/}$/, `,"metadata":{"a":${nested(60, '[', ']')}}}`),
    goodBody('chat').replace(/}$/, `,"seed":123456789012345678901234567890}`),
  ]
  for (const body of bodies) {
    const { answers } = await stage.say(request('chat', body))
    assert.equal(answers[0]?.status, 200, `${body.slice(0, 200)}: ${answers[0]?.text}`)
  }
})

test('good calls in every dialect are still answered, and nothing was kept that should not be', async () => {
  for (const name of Object.keys(kPaths)) {
    const { answers } = await stage.say(goodRequest(name, stage.key, { text: kPlanted }))
    assert.equal(answers[0]?.status, 200, `${name}: ${answers[0]?.text}`)
  }
  await stage.finish()
})
