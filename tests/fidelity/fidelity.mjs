// Byte for byte: what the upstream receives is what the client sent, and what the client receives is what the upstream
// sent. See README.md.
//
//   node fidelity.mjs [--seed N] [--direct]

import crypto from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { Caller, requestBytes } from '../upstream/http_client.mjs'
import { readJournal, sha256 } from '../upstream/journal.mjs'
import { Random } from '../upstream/random.mjs'
import { Reeve } from '../upstream/reeve_process.mjs'
import { scriptHeader } from '../upstream/script.mjs'
import { kAllowEverything, kKeys, UpstreamProcess } from '../upstream/upstream_process.mjs'
import { loadRecordings, respell } from './recordings.mjs'

const kCallers = 4

// Headers that a gateway owns, on either side.
const kCredentialHeaders = 'authorization|x-api-key|x-goog-api-key'
const kConnectionHeaders = 'connection|content-length|transfer-encoding'
const kOwnRequestHeaders = new RegExp(`^(host|accept-encoding|x-reeve-.*|${kConnectionHeaders}|${kCredentialHeaders})$`)
const kOwnAnswerHeaders = new RegExp(`^(date|set-cookie|x-reeve-.*|${kConnectionHeaders})$`)

const vendorOf = (target) =>
  target.startsWith('/v1/messages') ? 'anthropic' : target.startsWith('/v1beta') ? 'gemini' : 'openai'

// How an answer is cut on its way, one after the other.
const kCuts = [
  { chunks: 'event', writes: 'chunk' },
  { chunks: 'random', writes: 'random' },
  { chunks: 'whole', writes: 'random' },
  { chunks: 'byte', writes: 'chunk' },
  { chunks: 'random', writes: 'whole' },
  { chunks: 5000, writes: 'random' },
]

// The kinds of answer that every recorded request is sent for; `stream`: what the request asks for.
const kAnswers = {
  json: { stream: false, script: { events: 40, usage: { output: 600, reasoning: 100 } } },
  sse: { stream: true, script: { events: 60, usage: { output: 900, reasoning: 100, cache_read: 50 }, comments: true } },
  'sse with a tool': {
    stream: true,
    script: { tool: { name: 'Bash', input: { command: 'echo "grün" | wc -c' } }, newline: '\r\n' },
  },
  400: { script: { status: 400, error_message: 'thinking.budget_tokens: not permitted — “sic”' } },
  429: { script: { status: 429, headers: { 'retry-after': '17' } } },
  500: { script: { status: 500 } },
  529: { script: { status: 529, headers: { 'x-should-retry': 'true' } } },
  'error page': {
    script: { status: 502, raw_body: '<html>\n<h1>Bad gateway</h1>\0\xff', headers: { 'content-type': 'text/html' } },
  },
  compressed: { stream: true, script: { gzip: true } },
  'until close': { stream: false, script: { framing: 'close' } },
}

function withStream(recording, stream) {
  if (stream === undefined) return recording
  if (recording.target.startsWith('/v1beta')) {
    const call = stream ? ':streamGenerateContent?alt=sse' : ':generateContent'
    return { ...recording, target: recording.target.replace(/:\w+(\?alt=sse)?$/, call) }
  }
  const body = { ...recording.body, stream }
  if (!stream) delete body.stream_options
  // Streams of Chat Completions that do not ask for usage are made to: tests/budgets has those.
  else if (recording.target.endsWith('/chat/completions')) body.stream_options = { include_usage: true }
  return { ...recording, body }
}

// Everything that is sent: [{name, target, headers, body (bytes), script, chunked, longestWrite}].
function makeCalls(random) {
  const calls = []
  const add = (recording, answer, bytes, rest) =>
    calls.push({
      name: `${recording.name}, ${answer}`,
      method: recording.method,
      target: recording.target,
      headers: recording.headers,
      credential: recording.credential,
      body: bytes,
      script: { ...kAnswers[answer].script, ...random.pick(kCuts), seed: random.between(1, 1e9) },
      chunked: random.chance(0.5),
      longestWrite: random.pick([700, 1448, 9000, 65536]),
      ...rest,
    })
  for (const recorded of loadRecordings()) {
    for (const answer of Object.keys(kAnswers)) {
      const recording = withStream(recorded, kAnswers[answer].stream)
      const json = JSON.stringify(recording.body)
      add(recording, answer, Buffer.from(random.chance(0.3) ? respell(json, random) : json))
    }
    // The same, written another way and in tiny pieces.
    if (recorded.recordedBytes < 5000)
      add(recorded, 'sse', Buffer.from(respell(JSON.stringify(recorded.body), random)), {
        longestWrite: 2,
        chunked: true,
      })
  }
  addLargeOnes(add, random)
  addQueryOnes(add)
  return calls
}

function addLargeOnes(add) {
  const [recording] = loadRecordings()
  const text = 'x'.repeat(8 << 20)
  const body = { ...recording.body, stream: true, messages: [{ role: 'user', content: text }] }
  const script = { events: 200, pad_bytes: 20 << 20, usage: { output: 2000 }, chunks: 'event', writes: 'chunk' }
  add({ ...recording, name: 'large request' }, 'json', Buffer.from(JSON.stringify({ ...body, stream: false })), {
    longestWrite: 65536,
    chunked: true,
  })
  add({ ...recording, name: 'large answer' }, 'sse', Buffer.from(JSON.stringify(body)), {
    longestWrite: 65536,
    chunked: false,
    script,
  })
}

// Queries pass as they are; only a credential in them does not.
function addQueryOnes(add) {
  const gemini = loadRecordings().find((recording) => recording.target.includes(':streamGenerateContent'))
  const bytes = Buffer.from(JSON.stringify(gemini.body))
  const [path] = gemini.target.split('?')
  add(
    { ...gemini, name: 'key first', target: `${path}?key=CREDENTIAL&alt=sse&%24x=a%2Fb`, credential: null },
    'sse',
    bytes,
    { expectedTarget: `${path}?alt=sse&%24x=a%2Fb` },
  )
  add({ ...gemini, name: 'key last', target: `${path}?alt=sse&key=CREDENTIAL`, credential: null }, 'sse', bytes, {
    expectedTarget: `${path}?alt=sse`,
  })
}

async function makeCall(caller, call, number, key, seed) {
  const credential = call.credential ? [[call.credential[0], call.credential[1].replace('<redacted>', key)]] : []
  call.sentHeaders = [...call.headers, ['x-test-call', String(number)], scriptHeader(call.script)]
  const bytes = requestBytes({
    method: call.method,
    target: call.target.replace('CREDENTIAL', key),
    headers: [['host', 'gateway.example.com'], ...credential, ...call.sentHeaders, ['x-reeve-work-item', 'T-1']],
    body: call.body,
    chunked: call.chunked,
    random: new Random(seed + number),
  })
  call.answer = await caller.call(bytes, { cuts: { random: new Random(seed - number), longest: call.longestWrite } })
}

const lines = (headers, own) =>
  headers
    .map(([name, value]) => [name.toLowerCase(), value])
    .filter(([name]) => !own.test(name))
    .map((header) => header.join(': '))

function difference(what, left, right) {
  const missing = left.filter((line) => !right.includes(line))
  const added = right.filter((line) => !left.includes(line))
  if (left.join('\n') === right.join('\n')) return []
  if (missing.length + added.length === 0) return [`${what}: in another order`]
  return [`${what}: lost ${JSON.stringify(missing)}, added ${JSON.stringify(added)}`]
}

// What is wrong with a call, given what the upstream's journal says of it.
function faultsOf(call, request, end) {
  if (!request || !end)
    return [`never reached the upstream: ${call.answer.status} ${call.answer.end} ${call.answer.fault}`]
  const faults = []
  const expectedTarget = call.expectedTarget ?? call.target
  if (request.method !== call.method) faults.push(`method ${request.method}`)
  if (request.target !== expectedTarget) faults.push(`target ${request.target} instead of ${expectedTarget}`)
  if (request.body_sha256 !== sha256(call.body))
    faults.push(`request body changed: ${call.body.length} bytes sent, ${request.body_bytes} received`)
  faults.push(
    ...difference(
      'request headers',
      lines(call.sentHeaders, kOwnRequestHeaders),
      lines(request.headers, kOwnRequestHeaders),
    ),
  )
  if (call.answer.status !== end.status) faults.push(`status ${call.answer.status} instead of ${end.status}`)
  if (call.answer.end !== 'complete') faults.push(`the answer ended ${call.answer.end} ${call.answer.fault}`)
  if (call.answer.sha256 !== end.sent_sha256)
    faults.push(`answer changed: ${end.sent_bytes} bytes sent, ${call.answer.bytes} received`)
  faults.push(
    ...difference(
      'answer headers',
      lines(end.sent_headers, kOwnAnswerHeaders),
      lines(call.answer.headers, kOwnAnswerHeaders),
    ),
  )
  return faults
}

async function sendAll(calls, port, keyFor, seed) {
  let next = 0
  const work = async () => {
    const caller = new Caller(port)
    while (next < calls.length) {
      const number = next++
      await makeCall(caller, calls[number], number, keyFor(calls[number]), seed)
    }
    caller.close()
  }
  await Promise.all(Array.from({ length: kCallers }, work))
}

// Prints what is wrong; returns how many calls it is wrong with.
function compareAll(calls, journal) {
  const requests = new Map()
  for (const entry of journal.filter(({ event }) => event === 'request')) {
    requests.set(entry.headers.find(([name]) => name.toLowerCase() === 'x-test-call')?.[1], entry)
  }
  const ends = new Map(journal.filter(({ event }) => event === 'end').map((entry) => [entry.number, entry]))
  return calls.filter((call, number) => {
    const request = requests.get(String(number))
    const faults = faultsOf(call, request, ends.get(request?.number))
    for (const fault of faults) console.log(`FAILED  ${call.name}: ${fault}`)
    return faults.length > 0
  }).length
}

async function main() {
  const { values } = parseArgs({ options: { seed: { type: 'string' }, direct: { type: 'boolean', default: false } } })
  const seed = Number(values.seed ?? crypto.randomInt(1, 1e9))
  console.log(`seed ${seed}`)
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'reeve-fidelity-'))
  const journal = path.join(folder, 'journal')
  const upstream = await new UpstreamProcess().start('--journal', journal, ...(values.direct ? ['--direct'] : []))
  const governance = { 'all.yaml': kAllowEverything }
  const reeve = values.direct ? null : new Reeve({ config: upstream.reeveConfig(), governance })
  try {
    await reeve?.start()
    const key = reeve ? (await reeve.createKey('dev@example.com')).secret : null
    const calls = makeCalls(new Random(seed))
    await sendAll(calls, reeve?.port ?? upstream.port, (call) => key ?? kKeys[vendorOf(call.target)], seed)
    const { violations } = await upstream.stats()
    for (const { text } of violations) console.log(`FAILED  violation: ${text}`)
    const failed = compareAll(calls, readJournal(journal))
    if (failed > 0 && reeve) console.log(reeve.log().slice(-2000))
    const code = reeve ? await reeve.stop() : 0
    if (code !== 0) console.log(`FAILED  reeve serve ended with ${code}`)
    const megabytes = calls.reduce((sum, call) => sum + call.body.length + call.answer.bytes, 0) / 1e6
    console.log(`${calls.length} calls, ${megabytes.toFixed(1)} MB both ways`)
    console.log(`${calls.length - failed} passed, ${failed} failed, ${violations.length} violations`)
    if (failed > 0 || violations.length > 0 || code !== 0) process.exitCode = 1
  } finally {
    upstream.stop()
    if (reeve?.process?.exitCode === null) await reeve.stop()
    reeve?.remove()
    fs.rmSync(folder, { recursive: true })
  }
}

await main()
