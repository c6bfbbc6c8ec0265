// The model paths as their clients use them: a good call for each, and the form in which each expects an error.

import assert from 'node:assert/strict'

const json = ['content-type', 'application/json']
const turns = (text) => [{ role: 'user', content: text }]

const bearer = (key) => [['authorization', `Bearer ${key}`], json]
const anthropicHeaders = (key) => [['x-api-key', key], ['anthropic-version', '2023-06-01'], json]
const googleHeaders = (key) => [['x-goog-api-key', key], json]

function anthropicError(body) {
  assert.equal(body.type, 'error')
  assert.equal(typeof body.error.type, 'string')
  return body.error.message
}

function openAiError(body) {
  assert.equal(typeof body.error.type, 'string')
  assert.ok('code' in body.error)
  return body.error.message
}

function googleError(body, status) {
  assert.equal(body.error.code, status)
  assert.match(body.error.status, /^[A-Z_]+$/)
  return body.error.message
}

// {path, model, headers(key), body(model, text), error(body, status) -> message}; `modelInPath`: it is not in the body.
export const kPaths = {
  messages: {
    path: '/v1/messages',
    model: 'claude-sonnet-5',
    headers: anthropicHeaders,
    body: (model, text) => ({ model, max_tokens: 64, messages: turns(text) }),
    error: anthropicError,
  },
  count_tokens: {
    path: '/v1/messages/count_tokens',
    model: 'claude-sonnet-5',
    headers: anthropicHeaders,
    body: (model, text) => ({ model, messages: turns(text) }),
    error: anthropicError,
  },
  chat: {
    path: '/v1/chat/completions',
    model: 'gpt-5-mini',
    headers: bearer,
    body: (model, text) => ({ model, messages: turns(text) }),
    error: openAiError,
  },
  responses: {
    path: '/v1/responses',
    model: 'gpt-5.4',
    headers: bearer,
    body: (model, text) => ({ model, input: text }),
    error: openAiError,
  },
  embeddings: {
    path: '/v1/embeddings',
    model: 'text-embedding-3-small',
    headers: bearer,
    body: (model, text) => ({ model, input: text }),
    error: openAiError,
  },
  gemini: {
    path: '/v1beta/models/gemini-3.8-flash:generateContent',
    streamPath: '/v1beta/models/gemini-3.8-flash:streamGenerateContent?alt=sse',
    model: 'gemini-3.8-flash',
    modelInPath: true,
    headers: googleHeaders,
    body: (_, text) => ({ contents: [{ role: 'user', parts: [{ text }] }] }),
    error: googleError,
  },
}

// The dialects in which answers are generated, and hence streamed.
export const kGenerating = ['messages', 'chat', 'responses', 'gemini']

export function goodBody(name, text = 'Say hello.') {
  const { model, body } = kPaths[name]
  return JSON.stringify(body(model, text))
}

// The bytes of a request with exactly these header lines; `framing`: "length" (with the true one), "chunked" or "none".
export function requestText({ method = 'POST', target, headers, body = '', framing = 'length' }) {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body)
  const lines = [`${method} ${target} HTTP/1.1`, 'host: reeve.example.com']
  lines.push(...headers.map(([name, value]) => `${name}: ${value}`))
  if (framing === 'length') lines.push(`content-length: ${bytes.length}`)
  if (framing === 'chunked') lines.push('transfer-encoding: chunked')
  const head = Buffer.from(lines.join('\r\n') + '\r\n\r\n', 'latin1')
  if (framing !== 'chunked') return Buffer.concat([head, bytes])
  const parts = [head]
  for (let at = 0; at < bytes.length; at += 64 << 10) {
    const piece = bytes.subarray(at, at + (64 << 10))
    parts.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n'))
  }
  return Buffer.concat([...parts, Buffer.from('0\r\n\r\n')])
}

export function goodRequest(name, key, { text = 'Say hello.', headers = [], stream = false, framing = 'length' } = {}) {
  const { path, streamPath, headers: own } = kPaths[name]
  const body = JSON.parse(goodBody(name, text))
  if (stream && !streamPath) body.stream = true
  return requestText({
    target: stream && streamPath ? streamPath : path,
    headers: [...own(key), ...headers],
    body: JSON.stringify(body),
    framing,
  })
}

// Checks that the answer is an error in the form of its dialect with one of these statuses and a sentence that a person
// understands, and gives the sentence.
export function errorIn(name, answer, statuses) {
  assert.ok(answer, 'no answer came')
  assert.ok(statuses.includes(answer.status), `status ${answer.status}, not ${statuses.join(' or ')}: ${answer.text}`)
  assert.match(answer.header('content-type'), /^application\/json/)
  const message = kPaths[name].error(JSON.parse(answer.text), answer.status)
  assert.equal(typeof message, 'string')
  assert.ok(message.length >= 15 && message.includes(' '), `not a sentence: ${message}`)
  return message
}
