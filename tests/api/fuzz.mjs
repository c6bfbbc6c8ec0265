// Sends the control API what its description allows, nearly allows, and what nobody should send: types, lengths,
// Unicode, deep JSON, numbers at edges, members twice, wrong content types, broken percent codes, header fields that
// are bent, methods that are not there, bodies cut short; ids, digests, ETags and cursors that earlier answers told,
// also those of other routes and people; requests again under their Idempotency-Key, and others under it. Twenty at
// once. The program answers each within seconds, never with 5xx, always as the description says, and lives on.
//
//   node tests/api/fuzz.mjs [--requests=3000] [--seed=1] [--together=20] [--store=sqlite|postgres] [--coverage]

import assert from 'node:assert/strict'
import net from 'node:net'
import { contractOf } from './contract.mjs'
import { bodiesOf } from './fuzz_bodies.mjs'
import { Dice, Known, kTexts, Values } from './fuzz_values.mjs'
import { startWorld } from './fuzz_world.mjs'

const option = (name, fallback) =>
  process.argv.find((a) => a.startsWith(`--${name}=`))?.split('=')[1] ?? fallback
const kRequests = Number(option('requests', 3000))
const kSeed = Number(option('seed', 1))
const kTogether = Number(option('together', 20))
const kStore = option('store', 'sqlite')
const kAnswerWithin = 30_000
const kFaultsMax = 20
// From so many requests on every route, parameter and member of a body has to have been accepted once.
const kCoveredFrom = 20_000
// They take seconds each, or one at a time.
// Withdrawing ends what could be decided.
const kRare = {
  'POST /api/v1/kill-switch/drills': 0.01,
  'POST /api/v1/evidence': 0.1,
  'DELETE /api/v1/intake/{id}': 0.2,
}

const dice = new Dice(kSeed)
const { one, chance, below } = dice
const kBodies = bodiesOf(dice)

// Only who it is about gets an answer.
const kAsker = {
  'POST /api/v1/content/appeals': 'developer@example.com',
  'GET /api/v1/me/sessions/{session}': 'developer@example.com',
  'POST /api/v1/intake': 'developer@example.com',
  'DELETE /api/v1/intake/{id}': 'developer@example.com',
  'POST /api/v1/intake/{id}/answers': 'developer@example.com',
}
// What needs more than requests of this API: a sign-in, a signed card or file, a rule that asks for approval.
const kElsewhere = new Set([
  'DELETE /api/v1/sign-ins/{id}',
  'POST /api/v1/agents .card',
  'PUT /api/v1/agents/{id} .card',
  'POST /api/v1/agents .workloads',
  'PUT /api/v1/agents/{id} .workloads',
  'POST /api/v1/decisions/replay .signature',
  'POST /api/v1/policy/replay .signature',
  'POST /api/v1/exceptions .approval',
])

function headerValue(name, where, known) {
  const etag = known.etags.get(where.split('?')[0])
  if (name === 'If-Match' && chance(0.5)) {
    if (etag) return one([etag, etag, etag, `W/${etag}`, `"x", ${etag}`, ` ${etag} ,`])
    return one([...known.etags.values(), '*'])
  }
  if (name === 'Idempotency-Key' && chance(0.7)) return `key-${below(1e9)}`
  return one([
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
}

// A path for the operation, and what stands in its braces.
function placeOf(operation, known, values) {
  const open = operation.path.indexOf('{')
  if (open < 0) return { path: operation.path, name: '' }
  const base = operation.path.slice(0, open - 1)
  const told = chance(0.6)
    ? known.named(base, operation.path.slice(open + 1, operation.path.indexOf('}')))
    : undefined
  const name =
    told ?? (chance(0.4) ? known.member(one(['id', 'seq', 'name', 'session'])) : undefined) ?? one(kTexts)
  return { path: operation.path.replace(/\{[^}]*\}/, () => values.encoded(name) || 'x'), name }
}

function queryOf(operation, values) {
  const wrong = chance(0.6) ? 0 : 0.2
  const given = (operation.parameters ?? []).filter((parameter) => parameter.in === 'query' && chance(0.3))
  const parts = given.map(({ name, schema }) => {
    const value = String(values.likely(schema, name, 0, wrong))
    return `${name}=${chance(wrong) ? values.encoded(one(kTexts), true) : values.encoded(value, true)}`
  })
  if (chance(0.04))
    parts.push(one(['x', '=', '&&', 'cursor', 'limit=1&limit=2', '%=%', 'a=b=c', 'LIMIT=1', 'limit%3D1']))
  return { query: parts.length > 0 ? `?${parts.join('&')}` : '', given: given.map(({ name }) => name) }
}

function bodyOf(operation, key, name, values, known) {
  const schema = operation.body && values.contract.document.components.schemas[operation.body]
  if (!(schema ? chance(0.96) : chance(0.08))) return { bytes: Buffer.alloc(0), members: [] }
  let value
  if (kBodies[key] && chance(0.6)) {
    value = kBodies[key]({ name, known, digest: known.digestOf(name) ?? known.member('digest') ?? 'none' })
    const members = Object.keys(value)
    if (chance(0.2)) delete value[one(members)]
    if (chance(0.2)) value[one(members)] = values.absurd()
  } else {
    value = schema && chance(0.95) ? values.likely(schema, '', 0, chance(0.6) ? 0 : 0.06) : values.absurd()
  }
  const members = value !== null && typeof value === 'object' && !Array.isArray(value) ? Object.keys(value) : []
  if (chance(0.004)) return { bytes: Buffer.from(' '.repeat(1_200_000)), members: [] }
  return {
    bytes: chance(0.7)
      ? Buffer.from(JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? Number(v) : v)))
      : values.written(value),
    members,
  }
}

function made(world, contract, known, values) {
  let operation = one(contract.operations)
  while (!chance(kRare[`${operation.method} ${operation.path}`] ?? 1)) operation = one(contract.operations)
  const key = `${operation.method} ${operation.path}`
  const { path, name } = placeOf(operation, known, values)
  const { query, given } = queryOf(operation, values)
  const method = chance(0.97)
    ? operation.method
    : one(['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'BREW'])
  const headers = []
  const takes = new Set((operation.parameters ?? []).filter((p) => p.in === 'header').map((p) => p.name))
  for (const field of ['If-Match', 'If-None-Match', 'Idempotency-Key', 'Last-Event-ID']) {
    if (chance(takes.has(field) ? 0.4 : 0.03)) headers.push([field, headerValue(field, path, known)])
    if (chance(0.005)) headers.push([field, headerValue(field, path, known)])
  }
  if (chance(0.08))
    headers.push([
      'Content-Type',
      one([
        'text/plain',
        'application/xml',
        '',
        'multipart/form-data',
        'x'.repeat(200),
        'application/json; charset=utf-16',
      ]),
    ])
  if (chance(0.01)) headers.push(['Content-Encoding', one(['gzip', 'br', 'x'])])
  if (chance(0.01)) headers.push(['X-Long', 'y'.repeat(one([100, 10_000, 70_000]))])
  if (chance(0.01)) headers.push(['Cookie', one(['reeve-session=x', '__Host-reeve-session=x; a', '=', ';;;'])])
  const { bytes, members } = bodyOf(operation, key, name, values, known)
  const weights = world.callers.flatMap((caller) => Array(caller.weight).fill(caller))
  const asker = chance(0.6) ? world.callers.find((caller) => caller.name === kAsker[key]) : undefined
  return {
    key,
    method,
    where: path + query,
    given,
    members,
    headers,
    body: bytes,
    caller: asker ?? one(weights),
    cut: chance(0.005),
    bare: chance(0.01),
    chunked: chance(0.05),
    twice: chance(0.002),
  }
}

// By hand, because no client sends what is broken. Resolves with the answer, or undefined when the connection ended.
function send(port, request) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1')
    const timer = setTimeout(() => (socket.destroy(), reject(new Error('no answer'))), kAnswerWithin)
    const pieces = []
    socket.on('data', (piece) => {
      pieces.push(piece)
      // A stream of events does not end by itself.
      const start = pieces.length < 9 ? Buffer.concat(pieces).toString() : ''
      if (/^content-type: *text\/event-stream/im.test(start.slice(0, 2_000)) && start.includes('\n\n')) socket.destroy()
    })
    socket.on('close', () => {
      clearTimeout(timer)
      const text = Buffer.concat(pieces).toString()
      const head = text.slice(0, Math.max(0, text.indexOf('\r\n\r\n')))
      resolve(
        text === ''
          ? undefined
          : { status: Number(text.slice(9, 12)), head, body: text.slice(head.length + 4) },
      )
    })
    socket.on('error', () => {})
    const lines = [`${request.method} ${request.where} HTTP/1.1`, 'Host: 127.0.0.1', 'Connection: close']
    if (!request.bare) lines.push(`Authorization: Bearer ${request.caller.secret}`)
    if (request.twice) lines.push(`Authorization: Bearer ${request.caller.secret}`)
    for (const [name, value] of request.headers) lines.push(`${name}: ${value}`)
    lines.push(request.chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${request.body.length}`)
    const size = `${request.body.length.toString(16)}\r\n`
    const chunk =
      request.body.length > 0
        ? Buffer.concat([Buffer.from(size), request.body, Buffer.from('\r\n')])
        : Buffer.alloc(0)
    const body = request.chunked ? Buffer.concat([chunk, Buffer.from('0\r\n\r\n')]) : request.body
    const whole = Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), body])
    socket.write(request.cut ? whole.subarray(0, below(whole.length)) : whole)
    if (request.cut) socket.end()
  })
}

const broken = (request) =>
  request.headers.some(([, value]) => /[^\x20-\x7e\t]/.test(value)) || request.method === 'BREW' || request.cut

// True, or what is wrong with the answer. Learns from those that are fine.
function judge(request, answer, contract, known) {
  if (!answer) return request.cut || 'the connection ended without an answer'
  if (answer.status >= 500) return `status ${answer.status}`
  if (request.method === 'HEAD') return true
  if (answer.body.includes(request.caller.secret)) return 'the answer repeats the secret of a key'
  const names = [...answer.head.matchAll(/^([\w-]+):/gm)].map(([, name]) => name.toLowerCase())
  if (new Set(names).size !== names.length) return `a header field came twice: ${names}`
  if (answer.status === 202 && !names.includes('location')) return 'it is under way, and no Location says where'
  const type = /^content-type: *([^\r\n;]*)/im.exec(answer.head)?.[1]
  // What is no HTTP, or too large for it, is refused before there is an API.
  const ofServer =
    [400, 408, 411, 413, 414, 431, 501, 505].includes(answer.status) && type !== 'application/problem+json'
  if (ofServer) return broken(request) || answer.status !== 400 || 'a line of text for a request of HTTP'
  const operation = contract.operationOf(request.method, request.where)
  if (answer.status >= 400 && type !== 'application/problem+json') return `type ${type}`
  if (type === 'application/zip') return true
  try {
    const body = type === 'text/event-stream' ? {} : JSON.parse(answer.body)
    if (operation && !request.cut)
      contract.check(request.method, request.where, { status: answer.status, type, body })
    if (operation && answer.status < 300) known.learn(operation, request.where, answer, body)
    return true
  } catch (error) {
    return error.message
  }
}

const isKept = (request, answer) =>
  answer?.status < 300 && request.headers.filter(([name]) => name === 'Idempotency-Key').length === 1

class Run {
  counts = {}
  faults = []
  sent = 0
  repeated = 0
  byRoute = new Map() // route → status → count
  accepted = new Set() // "route parameter" and "route body.member" of requests that were done
  constructor(world, contract) {
    Object.assign(this, { world, contract })
    this.known = new Known(dice, world.forbidden)
    this.values = new Values(dice, contract, this.known)
  }

  async #ask(request) {
    const answer = await send(this.world.reeve.port, request).catch((error) => ({
      status: 599,
      head: '',
      body: error.message,
    }))
    const status = answer ? answer.status : 'none'
    this.counts[status] = (this.counts[status] ?? 0) + 1
    const statuses = this.byRoute.get(request.key) ?? this.byRoute.set(request.key, {}).get(request.key)
    statuses[status] = (statuses[status] ?? 0) + 1
    this.#note(judge(request, answer, this.contract, this.known), request, answer)
    if (answer?.status < 300 && request.method === request.key.split(' ')[0]) {
      for (const name of request.given) this.accepted.add(`${request.key} ?${name}`)
      for (const name of request.members) this.accepted.add(`${request.key} .${name}`)
    }
    return answer
  }

  #note(verdict, request, answer) {
    if (verdict === true) return
    this.faults.push({
      verdict,
      request: `${request.caller.name}: ${request.method} ${request.where.slice(0, 300)}`,
      headers: request.headers.map(String).map((text) => text.slice(0, 80)),
      body: request.body.toString().slice(0, 400),
      answer: answer?.body.slice(0, 300),
    })
  }

  // Again, it is answered the same and not done; with another body it is 422, or 400 where that makes no sense.
  async #repeat(request, first) {
    const operation = this.contract.operationOf(request.method, request.where)
    const takes = operation?.parameters?.some((parameter) => parameter.name === 'Idempotency-Key')
    if (!takes || request.cut || request.bare || request.twice || !chance(0.3)) return
    this.repeated++
    const again = await this.#ask(request)
    if (again?.status !== first.status || again.body !== first.body)
      this.#note('repeated, it is answered otherwise', request, again)
    // What takes no body has it ignored.
    if (!operation.body) return
    const other = { ...request, body: Buffer.from('{"reason": "another"}') }
    const refused = await this.#ask(other)
    if (![400, 422].includes(refused?.status) && !request.body.equals(other.body))
      this.#note('another body under the same key', other, refused)
  }

  async work() {
    while (this.sent < kRequests && this.faults.length < kFaultsMax) {
      this.sent++
      const request = made(this.world, this.contract, this.known, this.values)
      const answer = await this.#ask(request)
      if (isKept(request, answer)) await this.#repeat(request, answer)
    }
  }

  // What of the description was never accepted.
  missed() {
    const missed = []
    for (const operation of this.contract.operations) {
      const key = `${operation.method} ${operation.path}`
      const statuses = Object.keys(this.byRoute.get(key) ?? {})
      if (!statuses.some((status) => status < 300)) {
        missed.push(key)
        continue
      }
      for (const parameter of operation.parameters ?? []) {
        if (parameter.in === 'query' && !this.accepted.has(`${key} ?${parameter.name}`))
          missed.push(`${key} ?${parameter.name}`)
      }
      const schema = operation.body && this.contract.document.components.schemas[operation.body]
      for (const name of Object.keys(schema?.properties ?? {})) {
        if (!this.accepted.has(`${key} .${name}`)) missed.push(`${key} .${name}`)
      }
    }
    return missed.filter((text) => !kElsewhere.has(text))
  }

  table() {
    const statuses = [...new Set([...this.byRoute.values()].flatMap(Object.keys))].toSorted()
    const lines = [...this.byRoute]
      .toSorted()
      .map(([key, counts]) => [key, ...statuses.map((s) => counts[s] ?? '')])
    const width = Math.max(...lines.map(([key]) => key.length))
    const row = ([key, ...cells]) => key.padEnd(width) + cells.map((cell) => String(cell).padStart(7)).join('')
    return [['route', ...statuses], ...lines].map(row).join('\n')
  }
}

const world = await startWorld(kStore)
try {
  const contract = await contractOf(world.reeve)
  for (let i = 0; i < 300; i++) {
    const headers = { authorization: `Bearer ${world.callers[0].secret}` }
    const ready = await fetch(`http://127.0.0.1:${world.reeve.port}/api/v1/sessions`, { headers })
    if (ready.status === 200) break
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  const run = new Run(world, contract)
  const began = Date.now()
  await Promise.all(Array.from({ length: kTogether }, () => run.work()))
  const missed = run.missed()
  const seconds = (Date.now() - began) / 1000
  const { sent, repeated, counts, faults } = run
  console.log(
    JSON.stringify({
      seed: kSeed,
      store: kStore,
      requests: sent,
      repeated,
      seconds,
      statuses: counts,
      described: contract.checked,
      missed: missed.length,
    }),
  )
  if (process.argv.includes('--coverage')) console.log(run.table())
  for (const text of process.argv.includes('--coverage') ? missed : []) console.log(`never accepted: ${text}`)
  for (const fault of faults) console.log(JSON.stringify(fault))
  const { exitCode, signalCode } = world.reeve.process
  assert.deepEqual([exitCode, signalCode], [null, null], 'the program ended')
  assert.equal((await fetch(`http://127.0.0.1:${world.reeve.port}/healthz`)).status, 200)
  assert.equal(faults.length, 0)
  assert.ok(counts[200] > 0 && counts[400] > 0 && repeated > 0)
  if (kRequests >= kCoveredFrom) assert.deepEqual(missed, [])
} finally {
  await world.stop()
}
