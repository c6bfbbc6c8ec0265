// Sends the control API what its description allows, nearly allows, and what nobody should send: types, lengths,
// Unicode, deep JSON, numbers at edges, members twice, wrong content types, broken percent codes, header fields that
// are bent, methods that are not there, bodies cut short. The program answers each within seconds, never with 5xx,
// always with a problem where it refuses, and lives on.
//
//   node tests/api/fuzz.mjs [--requests=3000] [--seed=1] [--together=16]

import assert from 'node:assert/strict'
import net from 'node:net'
import { call, startBoth } from '../budgets/calls.mjs'
import { contractOf } from './contract.mjs'

const option = (name, fallback) =>
  Number(process.argv.find((a) => a.startsWith(`--${name}=`))?.split('=')[1] ?? fallback)
const kRequests = option('requests', 3000)
const kSeed = option('seed', 1)
const kTogether = option('together', 8)
const kAnswerWithin = 30_000
// The fuzzer itself is not held back.
const kLimits = ['per_second', 'burst', 'unknown_per_second', 'unknown_burst'].map((name) => `api_${name}: 1000000`)
const kBudget = 'kind: Budget\nname: each-person\neach: [person]\nwindow: month\nlimit: {requests: 3000}\n'

// mulberry32: the same seed sends the same requests.
function randomFrom(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

const random = randomFrom(kSeed)
const below = (count) => Math.floor(random() * count)
const one = (list) => list[below(list.length)]
const chance = (part) => random() < part

const kTexts = [
  '',
  ' ',
  'a',
  'each-person',
  '0',
  '-1',
  '1e400',
  'NaN',
  'null',
  'true',
  '[]',
  '{}',
  '*',
  '**',
  '"',
  "'",
  '\\',
  '/',
  '..',
  '../../etc/passwd',
  '%00',
  '%',
  '%zz',
  '\u0000',
  '\u0001',
  '\n',
  '\r\nX: y',
  '\u202e',
  '\ufeff',
  '\ud800',
  'ß',
  'ı',
  'İ',
  '𝕬',
  '👩‍👩‍👧',
  'é'.repeat(300),
  'x'.repeat(5000),
  '<script>alert(1)</script>',
  '=1+1',
  '$5',
  '$-5',
  '$99999999999999999999',
  '7d',
  '-7d',
  '99999999d',
  '2026-02-30',
  '2026-13',
  '0000-00',
  '9999-99-99T99:99:99Z',
  '2026-11-23T12:00:00Z',
  '1970-01-01T00:00:00Z',
  '9223372036854775807',
  '9223372036854775808',
  '18446744073709551616',
  'live',
  'all',
  'on',
  'newest',
  'seq > 0',
  'seq == 0 || (',
  'kind == "model.intent"',
  '('.repeat(2000),
  'a && '.repeat(500) + 'a',
  'model:claude-*',
  'person:nobody@example.com',
  'session:x',
  'month',
  "'; DROP TABLE budgets; --",
  'person,model',
  'person,person',
  ','.repeat(100),
]
const kNumbers = [
  0,
  -1,
  1,
  0.5,
  -0.0,
  1e308,
  9007199254740993,
  9223372036854775807n,
  18446744073709551616n,
  200,
  201,
]

function absurd(depth = 0) {
  const kind = below(depth > 3 ? 4 : 6)
  if (kind === 0) return one(kTexts)
  if (kind === 1) return one(kNumbers)
  if (kind === 2) return one([null, true, false])
  if (kind === 3) return one(kTexts)
  if (kind === 4) return Array.from({ length: below(4) }, () => absurd(depth + 1))
  return Object.fromEntries(Array.from({ length: below(4) }, () => [one(kTexts), absurd(depth + 1)]))
}

// A value that the schema describes, most of the time.
function likely(schema, contract, depth = 0) {
  if (chance(0.08) || depth > 6) return absurd()
  if (schema.$ref)
    return likely(contract.document.components.schemas[schema.$ref.split('/').pop()], contract, depth + 1)
  if (schema.examples && chance(0.5)) return structuredClone(one(schema.examples))
  if (schema.anyOf ?? schema.oneOf) return likely(one(schema.anyOf ?? schema.oneOf), contract, depth + 1)
  if (schema.enum) return chance(0.9) ? one(schema.enum) : absurd()
  const type = Array.isArray(schema.type) ? one(schema.type) : schema.type
  if (type === 'integer' || type === 'number') return one(kNumbers)
  if (type === 'boolean') return chance(0.5)
  if (type === 'array')
    return Array.from({ length: below(4) }, () => likely(schema.items ?? {}, contract, depth + 1))
  if (type === 'string') return one(kTexts)
  if (type !== 'object' || !schema.properties) return absurd()
  const required = new Set(schema.required ?? [])
  const members = Object.entries(schema.properties).filter(([name]) =>
    required.has(name) ? chance(0.95) : chance(0.3),
  )
  const value = Object.fromEntries(
    members.map(([name, member]) => [name, likely(member, contract, depth + 1)]),
  )
  if (chance(0.1)) value[one(kTexts)] = absurd()
  return value
}

// Numbers beyond a double as they are, and now and then a member twice, or a text that is cut off.
function written(value) {
  let text = JSON.stringify(value, (_, item) => (typeof item === 'bigint' ? `#${item}#` : item)).replace(
    /"#(\d+)#"/g,
    '$1',
  )
  if (chance(0.05)) text = text.replace(/^\{("(?:[^"\\]|\\.)*":)/, '{$1null,$1')
  if (chance(0.04)) text = text.slice(0, below(text.length + 1))
  if (chance(0.02)) text = `${'['.repeat(one([100, 100_000]))}${text}`
  if (chance(0.02)) text = `\ufeff${text}`
  return text
}

const encoded = (text) =>
  chance(0.1)
    ? one(['%', '%0', '%zz', '%00', '%ff', '%c3%28', '%2e%2e'])
    : encodeURIComponent(text.toWellFormed())

function header(name) {
  const text = one([
    '*',
    '""',
    '"1"',
    'W/"1"',
    '"a", "b"',
    '1',
    ',',
    '"',
    'x'.repeat(300),
    'é',
    '\t',
    '0',
    'same-key',
    '"1-0"',
  ])
  return [name, text]
}

function made(contract, names) {
  const operation = one(contract.operations)
  const name = () => encoded(chance(0.5) ? one(names) : one(kTexts)) || 'x'
  let where = operation.path.replace(/\{[^}]*\}/, name)
  const query = (operation.parameters ?? []).filter((parameter) => parameter.in === 'query' && chance(0.5))
  const parts = query.map(
    (parameter) =>
      `${parameter.name}=${encoded(String(chance(0.7) ? likely(parameter.schema, contract) : one(kTexts)))}`,
  )
  if (chance(0.05))
    parts.push(one(['x', '=', '&&', 'cursor', 'limit=1&limit=2', '%=%', 'a=b=c', encoded(one(kTexts))]))
  if (parts.length > 0) where += `?${parts.join('&')}`
  const method = chance(0.95)
    ? operation.method
    : one(['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'BREW'])
  const headers = []
  for (const field of ['If-Match', 'If-None-Match', 'Idempotency-Key', 'Last-Event-ID']) {
    if (chance(0.15)) headers.push(header(field))
    if (chance(0.01)) headers.push(header(field))
  }
  if (chance(0.1))
    headers.push([
      'Content-Type',
      one(['text/plain', 'application/xml', '', 'multipart/form-data', 'x'.repeat(200)]),
    ])
  if (chance(0.03)) headers.push(['X-Long', 'y'.repeat(one([100, 10_000, 70_000]))])
  const withBody = operation.body ? chance(0.95) : chance(0.1)
  const schema = operation.body && contract.document.components.schemas[operation.body]
  let body = withBody ? written(chance(0.9) && schema ? likely(schema, contract) : absurd()) : ''
  if (chance(0.005)) body = ' '.repeat(1_200_000)
  return { method, where, headers, body: Buffer.from(body), cut: chance(0.01), bare: chance(0.02) }
}

// By hand, because no client sends what is broken. Resolves with the answer, or undefined when the connection ended.
function send(port, secret, request) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1')
    const timer = setTimeout(() => {
      socket.destroy()
      reject(new Error('no answer'))
    }, kAnswerWithin)
    let text = ''
    const end = () => {
      clearTimeout(timer)
      const head = text.slice(0, text.indexOf('\r\n\r\n'))
      resolve(
        text === ''
          ? undefined
          : { status: Number(text.slice(9, 12)), head, body: text.slice(head.length + 4) },
      )
    }
    socket.setEncoding('utf8')
    socket.on('data', (piece) => {
      text += piece
      // A stream of events does not end by itself.
      if (/^content-type: *text\/event-stream/im.test(text.slice(0, 2_000)) && text.includes('\n\n')) socket.destroy()
    })
    socket.on('close', end)
    socket.on('error', () => {})
    const lines = [`${request.method} ${request.where} HTTP/1.1`, 'Host: 127.0.0.1', 'Connection: close']
    if (!request.bare) lines.push(`Authorization: Bearer ${secret}`)
    for (const [name, value] of request.headers) lines.push(`${name}: ${value}`)
    lines.push(`Content-Length: ${request.body.length}`)
    const whole = Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), request.body])
    socket.write(request.cut ? whole.subarray(0, below(whole.length)) : whole)
    if (request.cut) socket.end()
  })
}

function judge(request, answer, contract) {
  if (!answer) return request.cut || 'the connection ended without an answer'
  if (answer.status >= 500) return `status ${answer.status}`
  if (request.method === 'HEAD') return true
  const type = /^content-type: *([^\r\n;]*)/im.exec(answer.head)?.[1]
  // What is no HTTP, or too large for it, is refused before there is an API.
  const ofServer =
    [400, 408, 413, 414, 431, 501, 505].includes(answer.status) && type !== 'application/problem+json'
  if (ofServer)
    return request.cut || answer.status !== 400
      ? true
      : broken(request) || 'a line of text for a request of HTTP'
  const operation = contract.operationOf(request.method, request.where)
  if (answer.status >= 400 && type !== 'application/problem+json') return `type ${type}`
  try {
    const body = type === 'text/event-stream' ? {} : JSON.parse(answer.body)
    if (operation && !request.cut)
      contract.check(request.method, request.where, { status: answer.status, type, body })
    return true
  } catch (error) {
    return error.message
  }
}
const broken = (request) =>
  request.headers.some(([, value]) => /[^\x20-\x7e\t]/.test(value)) || request.method === 'BREW'

const { upstream, reeve } = await startBoth(kBudget, {
  config: `limits: {${kLimits}}\n`,
})
const counts = {}
const faults = []
try {
  const { secret } = await reeve.createKey('fuzz@example.com', '--scope', 'control:*')
  const caller = (await reeve.createKey('dev@example.com')).secret
  for (let i = 0; i < 3; i++) assert.equal((await call(reeve, caller)).status, 200)
  const contract = await contractOf(reeve)
  for (let i = 0; i < 300; i++) {
    const ready = await fetch(`http://127.0.0.1:${reeve.port}/api/v1/sessions`, {
      headers: { authorization: `Bearer ${secret}` },
    })
    if (ready.status === 200) break
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  const names = ['each-person', 'fuzzed', 'end', '0', '1', 'exc_none', 'nightly-tests', 'same']
  let sent = 0
  const began = Date.now()
  const worker = async () => {
    while (sent < kRequests && faults.length < 20) {
      sent++
      const request = made(contract, names)
      const answer = await send(reeve.port, secret, request).catch((error) => ({
        status: 599,
        head: '',
        body: error.message,
      }))
      const key = answer ? answer.status : 'none'
      counts[key] = (counts[key] ?? 0) + 1
      const verdict = judge(request, answer, contract)
      if (verdict !== true)
        faults.push({
          verdict,
          request: `${request.method} ${request.where.slice(0, 300)}`,
          headers: request.headers.map(String).map((text) => text.slice(0, 80)),
          body: request.body.toString().slice(0, 400),
          answer: answer?.body.slice(0, 300),
        })
    }
  }
  await Promise.all(Array.from({ length: kTogether }, worker))
  console.log(
    JSON.stringify({
      seed: kSeed,
      requests: sent,
      seconds: (Date.now() - began) / 1000,
      statuses: counts,
      described: contract.checked,
    }),
  )
  for (const fault of faults) console.log(JSON.stringify(fault))
  assert.equal(reeve.process.exitCode, null, 'the program ended')
  assert.equal((await fetch(`http://127.0.0.1:${reeve.port}/healthz`)).status, 200)
  assert.equal(faults.length, 0)
  assert.ok(counts[200] > 0 && counts[400] > 0)
} finally {
  reeve.end()
  upstream.stop()
}
