// Calls as a team's agents make them, from many connections at once: every dialect, plain and streamed, short and long,
// some of them refused. Each call carries an id of its own where both sides keep it: in the query, which the provider
// sees, and in x-reeve-work-item, which the ledger records.

import { Caller, requestBytes } from '../upstream/http_client.mjs'
import { Random } from '../upstream/random.mjs'
import { sleep } from './server.mjs'

const json = ['content-type', 'application/json']
const turns = [{ role: 'user', content: 'Which test covers the parser?' }]

// {path, credential(key), model, body(model, stream)} of each dialect, in a form that the vendor takes.
export const kDialects = {
  anthropic: {
    models: { served: 'claude-sonnet-5', denied: 'claude-forbidden-1', unknown: 'nobody-knows-this' },
    headers: (key) => [['x-api-key', key], ['anthropic-version', '2023-06-01'], json],
    target: () => '/v1/messages',
    body: (model, stream) => ({ model, max_tokens: 64, messages: turns, stream }),
  },
  'openai-chat': {
    models: { served: 'gpt-5-mini', denied: 'gpt-forbidden-1', unknown: 'nobody-knows-this' },
    headers: (key) => [['authorization', `Bearer ${key}`], json],
    target: () => '/v1/chat/completions',
    body: (model, stream) => ({ model, messages: turns, stream }),
  },
  'openai-responses': {
    models: { served: 'gpt-5.4', denied: 'gpt-forbidden-2', unknown: 'nobody-knows-this' },
    headers: (key) => [['authorization', `Bearer ${key}`], json],
    target: () => '/v1/responses',
    body: (model, stream) => ({ model, input: 'Which test covers the parser?', stream }),
  },
  gemini: {
    models: { served: 'gemini-3.8-flash', denied: 'gemini-forbidden-1', unknown: 'nobody-knows-this' },
    headers: (key) => [['x-goog-api-key', key], json],
    target: (model, stream) =>
      `/v1beta/models/${model}:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
    body: () => ({ contents: [{ role: 'user', parts: [{ text: 'Which test covers the parser?' }] }] }),
  },
}

// The bytes of one call. `script` tells the stand-in provider how to answer (tests/upstream/script.mjs).
export function callBytes({
  dialect,
  key,
  id,
  kind = 'served',
  stream = false,
  script = null,
  body = null,
  headers = [],
}) {
  const { models, target, body: makeBody, headers: makeHeaders } = kDialects[dialect]
  const path = target(models[kind], stream)
  const all = [['host', 'reeve.example.com'], ...makeHeaders(key), ['x-reeve-work-item', id], ...headers]
  if (script) all.push(['x-upstream-script', JSON.stringify(script)])
  return requestBytes({
    method: 'POST',
    target: `${path}${path.includes('?') ? '&' : '?'}call=${id}`,
    headers: all,
    body: body ?? Buffer.from(JSON.stringify(makeBody(models[kind], stream))),
  })
}

// What reeve.yaml and the rules must say for these calls; `provider` is an UpstreamProcess.
export function loadConfig(provider) {
  const models = '  - {name: "gpt-*", provider: openai}\n  - {name: "text-embedding-*", provider: openai}'
  return provider.reeveConfig().replace(/ .*name: "\*".*/, models) + 'log: {format: json}\n'
}

export const kRules = {
  'rules.yaml': [
    'kind: Policy',
    'name: everyone',
    'owner: tests',
    'on: model.call',
    'effect: allow',
    '---',
    'kind: Policy',
    'name: forbidden-models',
    'owner: tests',
    'on: model.call',
    'match: {models: ["*-forbidden-*"]}',
    'effect: deny',
    'message: This model is not for us; use another.',
    '',
  ].join('\n'),
}

export class Load {
  // `name`: starts the ids of its calls, so that two loads can be told apart. `pause`: milliseconds between calls of
  // a connection, at most. `refused`: the share of refused calls. `delay`: milliseconds between pieces, at most.
  constructor({ name = 'call', key, connections = 12, seed = 1, pause = 10, refused = 0.15, delay = 4 }) {
    this.name = name
    this.key = key
    this.random = new Random(seed)
    this.pause = pause
    this.refused = refused
    this.delay = delay
    this.records = [] // one for each call, in the order of their starts
    this.port = null // null: nobody is there, callers wait
    this.#workers = Array.from({ length: connections }, (_, i) => this.#work(i))
  }

  #workers
  #stopping = false
  #number = 0

  async #work(index) {
    let caller = null
    let port = null
    while (!this.#stopping) {
      if (this.port === null) {
        await sleep(10)
        continue
      }
      if (caller === null || port !== this.port) {
        caller?.close()
        port = this.port
        caller = new Caller(port)
      }
      await this.#call(caller, index)
      await sleep(this.random.between(0, this.pause))
    }
    caller?.close()
  }

  #choose(index) {
    const dialect = this.random.pick(Object.keys(kDialects))
    const stream = this.random.chance(0.5)
    const kind = this.random.chance(this.refused) ? this.random.pick(['denied', 'unknown']) : 'served'
    const script = { seed: this.#number }
    if (stream)
      Object.assign(script, { events: this.random.between(3, 25), delay_ms: this.random.between(0, this.delay) })
    else script.first_delay_ms = this.random.between(0, this.delay * 4)
    return { id: `${this.name}-${index}-${++this.#number}`, dialect, stream, kind, script, key: this.key }
  }

  async #call(caller, index) {
    const call = this.#choose(index)
    const record = { ...call, status: 0, end: 'none', requestId: null, body: null, began: Date.now() }
    this.records.push(record)
    try {
      const answer = await caller.call(callBytes(call), { keepBody: true })
      record.status = answer.status
      record.end = answer.end
      record.fault = answer.fault
      record.requestId = answer.header('x-reeve-request-id') ?? null
      if (answer.status !== 200) record.body = answer.body?.toString('utf8')
    } catch {
      record.end = 'refused connection'
    }
    record.ended = Date.now()
  }

  // With `port` null: until nobody waits for an answer any more.
  async idle() {
    while (this.records.some((record) => record.ended === undefined)) await sleep(10)
  }

  // Lets the running calls end and closes the connections.
  async stop() {
    this.#stopping = true
    await Promise.all(this.#workers)
  }

  get answered() {
    return this.records.filter((record) => record.end === 'complete').length
  }

  // Calls answered with `status` that ended at or after `since`.
  since(since, status) {
    return this.records.filter((record) => record.ended >= since && record.status === status)
  }
}
