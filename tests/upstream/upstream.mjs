// A strict stand-in for a model vendor's cloud, on loopback. See README.md.
//
//   node upstream.mjs --keys anthropic=K1,openai=K2,gemini=K3 [--port N] [--journal FILE] [--direct] [--agent COMMAND]
//                     [--attended]
//
// A vendor takes several keys where they are joined by '|'.
//
// Prints {"port":N} once it listens. Attended, it ends when its standard input does: with whoever started it, however
// that ended.

import fs from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { agentScript } from './agent.mjs'
import { sendAnswer } from './answer.mjs'
import { errorBody as openAiError } from './dialects/openai_common.mjs'
import { listen } from './http_server.mjs'
import { Journal, sha256 } from './journal.mjs'
import { makePlan } from './plan.mjs'
import { completeScript, Scripts } from './script.mjs'
import { Fault, findRoute, goodAnswer, readRequest } from './vendors.mjs'

const kCredentialHeaders = ['authorization', 'x-api-key', 'x-goog-api-key', 'api-key', 'proxy-authorization']
const kHopByHop = ['te', 'trailer', 'upgrade', 'keep-alive', 'proxy-connection', 'expect']
const kControl = '/upstream-control/'

export class Upstream {
  #keys
  #direct
  #journal
  #scripts
  #number = 0
  #seen = {}
  #keyAnswers = {} // {key: {status, retry_after}}: what a key is answered with instead

  // `keys`: {vendor: key}, or several keys that the vendor takes, joined by '|'. `direct`: clients call without a
  // gateway between, so what only a gateway must do (identity encoding, no headers of its own) is not asked for.
  constructor({ keys, journal = null, direct = false, fallback = {} }) {
    this.#keys = Object.fromEntries(Object.entries(keys).map(([vendor, text]) => [vendor, text.split('|')]))
    this.#direct = direct
    this.#journal = new Journal(journal)
    this.#scripts = new Scripts(fallback)
  }

  async start(port = 0) {
    const server = await listen(this, port)
    return { port: server.address().port, close: () => server.close() }
  }

  onBadRequest(text) {
    this.#journal.violation(0, `not a faultless HTTP request: ${text}`)
  }

  onHead({ request, socket }) {
    if (request.path.startsWith(kControl)) return
    request.number = ++this.#number
    this.#journal.write({
      event: 'head',
      number: request.number,
      method: request.method,
      target: this.#masked(request.target),
    })
    const own = request.header('x-upstream-script')
    if (own !== undefined && JSON.parse(own).on_head === 'reset') socket.resetAndDestroy()
  }

  onTruncated(request, bytes) {
    if (request.number === undefined) return
    this.#journal.counts.truncated++
    this.#journal.write({ event: 'truncated', number: request.number, body_bytes: bytes })
  }

  #masked(text) {
    let masked = text
    for (const key of Object.values(this.#keys).flat()) masked = masked.replaceAll(key, '<provider key>')
    return masked
  }

  // What must never reach a provider.
  #violationsOf(request, route) {
    const found = []
    const expected = new Set(
      (route?.dialect.credentialPlaces ?? []).flatMap(([name, prefix]) =>
        this.#keys[route.vendor].map((key) => `${name}: ${prefix}${key}`),
      ),
    )
    const credentials = request.headers
      .map(([name, value]) => [name.toLowerCase(), value])
      .filter(([name]) => kCredentialHeaders.includes(name))
    for (const [name, value] of credentials) {
      if (route && !expected.has(`${name}: ${value}`))
        found.push(`${name} holds another credential than this vendor's key`)
    }
    if (route && credentials.length !== 1) found.push(`${credentials.length} credentials instead of one`)
    if (new URLSearchParams(request.query).has('key')) found.push('a key in the query')
    if (this.#direct) return found
    for (const [name, value] of request.headers) {
      const lower = name.toLowerCase()
      if (lower.startsWith('x-reeve-')) found.push(`header ${lower} is for the gateway`)
      if (kHopByHop.includes(lower)) found.push(`header ${lower} belongs to one connection`)
      if (/\brv_[A-Za-z0-9]/.test(value)) found.push(`header ${lower} holds a gateway's key`)
      if (lower === 'accept-encoding' && value !== 'identity')
        found.push(`accept-encoding ${value}: answers would not be readable`)
    }
    if (/\brv_[A-Za-z0-9]/.test(request.target)) found.push("the target holds a gateway's key")
    return found
  }

  // Which of the vendor's keys a request carries; undefined for none.
  #keyOf(request, route) {
    return this.#keys[route?.vendor]?.find((key) =>
      request.headers.some(([name, value]) => kCredentialHeaders.includes(name.toLowerCase()) && value.endsWith(key)),
    )
  }

  onRequest(exchange) {
    const { request } = exchange
    if (request.path.startsWith(kControl)) {
      this.#control(exchange)
      return
    }
    const route = findRoute(request)
    const violations = this.#violationsOf(request, route)
    this.#journal.counts.requests++
    this.#journal.write({
      event: 'request',
      number: request.number,
      at: new Date().toISOString(),
      method: request.method,
      target: this.#masked(request.target),
      dialect: route?.dialect.name ?? null,
      key: this.#keys[route?.vendor]?.indexOf(this.#keyOf(request, route)) ?? -1,
      headers: request.headers.map(([name, value]) => [name, this.#masked(value)]),
      framing: request.framing,
      body_bytes: request.body.length,
      body_sha256: sha256(request.body),
    })
    for (const text of violations) this.#journal.violation(request.number, text)
    this.#answer(exchange, route, violations).catch((error) => {
      process.stderr.write(`upstream: ${error.stack}\n`)
      exchange.socket.destroy()
      process.exitCode = 70
    })
  }

  #fail(route, status, message, type) {
    const errorBody = route?.dialect.errorBody ?? openAiError
    return {
      status,
      streamed: false,
      headers: [['content-type', 'application/json'], ...(route?.dialect.responseHeaders?.(null) ?? [])],
      pieces: [{ bytes: Buffer.from(JSON.stringify(errorBody(status, message, type))), emitted: 0 }],
    }
  }

  // {answer, plan}: the answer that the vendor would give.
  #compose(request, route, violations) {
    const plain = completeScript({})
    if (!route)
      return { answer: { ...this.#fail(null, 404, `Invalid URL (${request.method} ${request.path})`), script: plain } }
    if (violations.some((text) => text.includes('credential')))
      return { answer: { ...this.#fail(route, 401, 'invalid x-api-key or bearer token'), script: plain } }
    const instead = this.#keyAnswers[this.#keyOf(request, route)]
    if (instead) {
      const failed = this.#fail(route, instead.status, `this key is answered with ${instead.status}`)
      const wait = instead.retry_after === undefined ? [] : [['retry-after', String(instead.retry_after)]]
      return { answer: { ...failed, headers: [...failed.headers, ...wait], script: plain } }
    }
    let asked
    try {
      asked = readRequest(route, request)
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      return {
        answer: { ...this.#fail(route, error.status, error.message, error.type), script: plain },
        fault: error.message,
      }
    }
    let script = this.#scripts.choose(request, asked.model)
    if (script.agent) script = { ...script, ...agentScript(script.agent, asked, request.body.toString()) }
    const extra = Object.entries(script.headers)
    if (script.raw_body !== undefined) {
      return {
        answer: {
          status: script.status,
          headers: extra,
          streamed: false,
          script,
          pieces: [{ bytes: Buffer.from(script.raw_body), emitted: 0 }],
        },
        asked,
      }
    }
    if (script.status !== 200) {
      const failed = this.#fail(
        route,
        script.status,
        script.error_message ?? `The upstream answers ${script.status}`,
        script.error_type,
      )
      return { answer: { ...failed, headers: [...failed.headers, ...extra], script }, asked }
    }
    const plan = makePlan(script, asked, request.number)
    const good = goodAnswer(route, asked, plan, script)
    const headers = [
      ['content-type', good.contentType],
      ['cache-control', 'no-cache'],
      ...route.dialect.responseHeaders(plan),
      ...extra,
    ]
    return {
      answer: {
        status: 200,
        headers,
        pieces: good.pieces,
        streamed: good.streamed,
        script: script.end === 'error' ? { ...script, end: 'complete' } : script,
      },
      asked,
      plan,
      brokenInBand: script.end === 'error',
    }
  }

  async #answer({ request, socket, ending, done }, route, violations) {
    const { answer, asked, plan, fault, brokenInBand } = this.#compose(request, route, violations)
    const result = await sendAnswer(socket, answer, ending)
    const tokens = answer.pieces.map((piece) => piece.emitted)
    this.#journal.counts.ended++
    const name = route?.dialect.name ?? 'none'
    this.#seen[name] = (this.#seen[name] ?? 0) + 1
    this.#journal.write({
      event: 'end',
      number: request.number,
      at: new Date().toISOString(),
      status: answer.status,
      how: brokenInBand && result.how === 'complete' ? 'error' : result.how,
      fault,
      model: asked?.model,
      served: plan?.model,
      operation: route?.operation,
      sent_headers: answer.headers,
      sent_bytes: result.sent_bytes,
      sent_sha256: result.sent_sha256,
      events_sent: result.events_sent,
      ...(answer.streamed && result.ends.length <= 300 ? { event_ends: result.ends, event_tokens: tokens } : {}),
      events: answer.pieces.length,
      emitted_tokens: result.emitted,
      reported: plan ? result.note : null,
      usage: plan?.usage,
      service_tier: plan?.serviceTier ?? undefined,
    })
    if (result.how === 'complete') done()
  }

  #control({ request, socket, done }) {
    const name = request.path.slice(kControl.length)
    let status = 200
    let body = {}
    if (name === 'stats') {
      body = { ...this.#journal.counts, dialects: this.#seen, violations: this.#journal.violations }
    } else if (name === 'script' && request.method === 'PUT') {
      this.#scripts.add(JSON.parse(request.body.toString()))
    } else if (name === 'keys' && request.method === 'PUT') {
      this.#keyAnswers = JSON.parse(request.body.toString())
    } else if (name === 'script' && request.method === 'DELETE') {
      this.#scripts.clear()
    } else {
      status = 404
    }
    const json = JSON.stringify(body)
    const head = [
      'HTTP/1.1 ' + status + ' OK',
      'content-type: application/json',
      `content-length: ${Buffer.byteLength(json)}`,
    ]
    socket.write([...head, '', json].join('\r\n'))
    done()
  }
}

async function main() {
  const { values } = parseArgs({
    options: {
      keys: { type: 'string', default: 'anthropic=sk-ant-upstream,openai=sk-openai-upstream,gemini=AIza-upstream' },
      port: { type: 'string', default: '0' },
      journal: { type: 'string' },
      direct: { type: 'boolean', default: false },
      agent: { type: 'string' },
      attended: { type: 'boolean', default: false },
    },
  })
  const keys = Object.fromEntries(values.keys.split(',').map((pair) => pair.split('=')))
  const fallback = values.agent ? { agent: { command: values.agent } } : {}
  const upstream = new Upstream({ keys, journal: values.journal ?? null, direct: values.direct, fallback })
  const { port } = await upstream.start(Number(values.port))
  process.stdout.write(JSON.stringify({ port }) + '\n')
  if (values.attended) process.stdin.resume().on('close', () => process.exit(0))
}

if (process.argv[1] && fs.realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) await main()
