// Bodies that cannot be read, or could be read in two ways, in every dialect: a clear error, on record, nothing sent.

import assert from 'node:assert/strict'
import test, { after, before } from 'node:test'
import zlib from 'node:zlib'
import { errorIn, goodBody, goodRequest, kGenerating, kPaths, requestText } from './dialects.mjs'
import { kPlanted, Stage } from './stage.mjs'

const stage = new Stage()
before(() => stage.start())
after(() => stage.abandon())

const request = (name, body, options = {}) =>
  requestText({ target: kPaths[name].path, headers: kPaths[name].headers(stage.key), body, ...options })

// A good body with this member's text put in, or put in place of its own.
function withMember(name, member, value) {
  const { [member]: _, ...rest } = JSON.parse(goodBody(name, kPlanted))
  const members = Object.entries(rest).map(([name, own]) => `,"${name}":${JSON.stringify(own)}`)
  return `{"${member}":${value}${members.join('')}}`
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

// Fields that we read, of a type that says nothing: per path, and per line one of these must be refused by us.
const kWrongTypes = {
  messages: {
    stream: ['"true"', '1', '[]'],
    max_tokens: ['"64"', '-1', '1.5', '[64]', '1e400', '99999999999999999999'],
    messages: ['"hello"', '{}', '5'],
    tools: ['"all"', '{}'],
    thinking: ['true', '[]'],
    metadata: ['"me"', '[]'],
    speed: ['1'],
  },
  count_tokens: { messages: ['"hello"', '5'], tools: ['5'], thinking: ['"on"'] },
  chat: {
    stream: ['"false"', '0', '{}'],
    max_tokens: ['"64"', '-5', '0.5'],
    max_completion_tokens: ['{}', '-1'],
    n: ['"2"', '-1', '1e99'],
    messages: ['"hello"', '{}', 'true'],
    tools: ['{}', '"x"'],
    service_tier: ['1'],
    reasoning_effort: ['[]'],
  },
  responses: {
    stream: ['"yes"', '[true]'],
    max_output_tokens: ['"64"', '-1'],
    input: ['5', '{}', 'true'],
    tools: ['"x"'],
    reasoning: ['"high"'],
    background: ['"true"', 'true'],
    service_tier: ['{}'],
  },
  embeddings: { input: ['5', '{}', 'false'] },
  gemini: {
    model: ['5', '["gemini-3.8-flash"]', '"gemini-of-another-name"'],
    contents: ['"hello"', '5'],
    tools: ['"x"', '5'],
    generationConfig: ['[]', '"x"', '{"maxOutputTokens":"64"}', '{"maxOutputTokens":-1}', '{"candidateCount":{}}'],
    generation_config: ['{"thinking_config":[]}', '{"max_output_tokens":1,"maxOutputTokens":2}'],
  },
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

for (const [name, members] of Object.entries(kWrongTypes)) {
  test(`wrong types: ${name}`, async () => {
    const before = await stage.upstreamRequests()
    for (const [member, values] of Object.entries(members)) {
      for (const value of values) {
        const { message } = await stage.refused(name, request(name, withMember(name, member, value)), [400])
        assert.match(
          message,
          /^The field "\w+" (must be|is given twice)|another model|^Background/,
          `${member}: ${value}`,
        )
        assert.ok(!message.includes(kPlanted), message)
      }
    }
    assert.equal(await stage.upstreamRequests(), before)
  })
}

test('types that only the vendor can judge are its own to refuse, and its words come back', async () => {
  const wrong = {
    messages: ['messages', '[5]'],
    count_tokens: ['messages', '[{"role":5}]'],
    chat: ['messages', '[5]'],
    responses: ['input', '[5]'],
    embeddings: ['input', '[]'],
    gemini: ['contents', '[5]'],
  }
  for (const [name, [member, value]] of Object.entries(wrong)) {
    const { answers } = await stage.say(request(name, withMember(name, member, value)))
    errorIn(name, answers[0], [400])
    stage.expectOutcome(answers[0].header('x-reeve-request-id'), 'upstream_error', { httpStatus: 400, what: name })
  }
})

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
    errorIn('gemini', answers[0], [400, 404])
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

const kVendors = { messages: 'anthropic', chat: 'openai', responses: 'openai', gemini: 'google' }
const kPairs = kGenerating.flatMap((name) =>
  kGenerating.filter((other) => other !== name).map((other) => [name, other]),
)

test('a whole call of another vendor, model and headers included, is refused in the dialect of the path', async () => {
  const before = await stage.upstreamRequests()
  for (const [name, other] of kPairs.filter(([one, two]) => kVendors[one] !== kVendors[two])) {
    const target = kPaths[name].path.replace(kPaths[name].model, kPaths[other].model)
    const bytes = requestText({ target, headers: kPaths[other].headers(stage.key), body: goodBody(other, kPlanted) })
    const { message } = await stage.refused(name, bytes, [400, 404])
    assert.match(
      message,
      kPaths[other].modelInPath ? /"model"/ : /not served in the|another model/,
      `${other} on ${name}`,
    )
    assert.ok(!message.includes(kPlanted))
  }
  assert.equal(await stage.upstreamRequests(), before)
})

test('a body of another dialect for a model of the path is the provider’s to judge, and on record', async () => {
  let refused = 0
  for (const [name, other] of kPairs) {
    const body = kPaths[name].modelInPath
      ? goodBody(other, kPlanted)
      : goodBody(other, kPlanted).replace(/^{("model":"[^"]*",)?/, `{"model":"${kPaths[name].model}",`)
    const { answers } = await stage.say(request(name, body))
    const status = answers[0]?.status
    assert.ok(status === 400 || status === 200, `${other} on ${name}: ${status}`)
    if (status === 400) kPaths[name].error(JSON.parse(answers[0].text), 400)
    refused += status === 400
    const decision = answers[0].header('x-reeve-decision')
    const outcome = decision === 'deny' ? 'refused' : status === 400 ? 'upstream_error' : 'ok'
    stage.expectOutcome(answers[0].header('x-reeve-request-id'), outcome, { httpStatus: status })
  }
  assert.ok(refused >= 6, `only ${refused} of ${kPairs.length} were refused`)
})

test('paths of a vendor that are not served say so in its dialect', async () => {
  const before = await stage.upstreamRequests()
  const unserved = {
    messages: ['/v1/messages/batches', '/v1/messages/', '/v1/messages/count_tokens/x'],
    chat: ['/v1/completions', '/v1/chat/completions/', '/v1/files', '/v1/images/generations'],
    responses: ['/v1/responses/', '/v1/responses/resp_1/cancel'],
    embeddings: ['/v1/embeddings/'],
    gemini: ['/v1beta/cachedContents', '/v1beta/models/gemini-3.8-flash:batchGenerateContent', '/v1beta/'],
  }
  for (const [name, targets] of Object.entries(unserved)) {
    for (const target of targets) {
      const { answers } = await stage.say(
        requestText({ target, headers: kPaths[name].headers(stage.key), body: goodBody(name, kPlanted) }),
      )
      assert.match(errorIn(name, answers[0], [404]), /served/)
    }
  }
  assert.equal(await stage.upstreamRequests(), before)
})

test('other methods are refused in the dialect of the path', async () => {
  const before = await stage.upstreamRequests()
  for (const name of Object.keys(kPaths)) {
    for (const method of ['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      const framing = method === 'GET' ? 'none' : 'length'
      const body = framing === 'none' ? '' : goodBody(name)
      await stage.refused(name, request(name, body, { method, framing }), [404, 405])
    }
    const head = request(name, '', { method: 'HEAD', framing: 'none' })
    const { answers, rest } = await stage.say(head, { bodiless: true })
    assert.ok([404, 405].includes(answers[0]?.status))
    assert.equal(rest.length, 0, 'an answer to HEAD has a body')
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
    for (const framing of ['length', 'chunked']) {
      const whole = request(name, goodBody(name, kPlanted), { framing })
      for (const missing of [1, 10, whole.length - whole.indexOf('\r\n\r\n') - 4]) {
        const part = whole.subarray(0, whole.length - missing)
        const { message, ended } = await stage.refused(name, part, [400], { halfClose: true })
        assert.match(message, /body|chunk/)
        assert.ok(ended)
      }
    }
  }
  assert.equal(await stage.upstreamRequests(), before)
})

test('a body that stops coming is told so', async () => {
  const before = await stage.upstreamRequests()
  const stop = async (name, framing) => {
    const whole = request(name, goodBody(name, kPlanted), { framing })
    const { message, ended } = await stage.refused(name, whole.subarray(0, whole.length - 10), [400, 408])
    assert.match(message, /too long/)
    assert.ok(ended)
  }
  await Promise.all(Object.keys(kPaths).flatMap((name) => ['length', 'chunked'].map((framing) => stop(name, framing))))
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
