// What every hostile test stands on: Reeve with short time-outs, the strict provider behind it, planted secrets whose
// appearance anywhere is a leak, and the question whether all is still well.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { kKeys, UpstreamProcess } from '../upstream/upstream_process.mjs'
import { readJournal } from '../upstream/journal.mjs'
import { kRules, loadConfig } from '../faults/load.mjs'
import { Server } from '../faults/server.mjs'
import { errorIn, goodRequest, kPaths } from './dialects.mjs'
import { say } from './raw.mjs'

// Text that stands for what people write to models. It may travel to the provider and nowhere else.
export const kPlanted = 'planted-prompt-8f3a61c2'

const kTimeouts = [
  'limits: {header_timeout: 2s, body_timeout: 2s, idle_timeout: 4s, write_timeout: 3s}',
  'upstream: {connect_timeout: 2s, response_timeout: 20s, read_timeout: 20s}',
  'ledger: {content: hash}',
  '',
].join('\n')

export class Stage {
  secrets = new Map([
    [kPlanted, 'prompt text'],
    ...Object.entries(kKeys).map(([vendor, key]) => [key, `the provider's key of ${vendor}`]),
  ])
  heard = [] // every answer's bytes, to be searched too
  expected = [] // {requestId, outcome, httpStatus, what}: what the ledger must say at the end

  // `config`: further lines of reeve.yaml. `providers`, `models`: further lines of these lists, before the others.
  async start({ config = '', timeouts = kTimeouts, providers = [], models = [] } = {}) {
    this.server = new Server({ config: '', governance: kRules })
    this.journalFile = path.join(this.server.folder, 'upstream.jsonl')
    this.provider = await new UpstreamProcess().start('--journal', this.journalFile)
    const base = loadConfig(this.provider)
      .replace('providers:', ['providers:', ...providers].join('\n'))
      .replace('models:', ['models:', ...models].join('\n'))
    this.server.configure(`${base}${timeouts}${config}`)
    await this.server.start()
    this.key = (await this.makeKey('dev@example.com')).secret
    return this
  }

  async makeKey(owner, ...options) {
    const made = await this.server.createKey(owner, ...options)
    this.secrets.set(made.secret, `the key of ${owner}`)
    return made
  }

  get port() {
    return this.server.port
  }

  async say(pieces, options) {
    const result = await say(this.port, pieces, options)
    this.heard.push(result.text)
    return result
  }

  // The request must be refused: an error in its dialect, with an id, recorded under that id.
  async refused(name, bytes, statuses, options) {
    const { answers, ended } = await this.say(bytes, options)
    const message = errorIn(name, answers[0], statuses)
    this.#expectRecord(answers[0])
    return { message, answer: answers[0], answers, ended }
  }

  #expectRecord(answer) {
    assert.equal(answer.header('x-reeve-decision'), 'deny')
    this.expectOutcome(answer.header('x-reeve-request-id'), 'refused', { httpStatus: answer.status })
  }

  // The ledger must hold one outcome of this id, with this status (any, if undefined), at the end.
  expectOutcome(requestId, outcome, { httpStatus, what = 'call' } = {}) {
    assert.match(requestId ?? '', /^req_/, `${what}: the answer has no request id`)
    this.expected.push({ requestId, outcome, httpStatus, what })
  }

  // How many requests the provider has seen begin.
  async upstreamRequests() {
    return (await this.provider.stats()).requests
  }

  async healthy() {
    assert.ok(this.server.alive, `the server has ended: ${this.server.log().slice(-3000)}`)
    assert.equal((await this.server.get('/healthz')).status, 200)
    const { answers } = await this.say(goodRequest('messages', this.key))
    assert.equal(answers[0]?.status, 200, `a good call is not answered: ${answers[0]?.text}`)
  }

  // Nothing of what was planted may be in an answer, the log, the metrics or anything on disk.
  async leaks() {
    const found = []
    const search = (place, bytes) => {
      for (const [secret, what] of this.secrets) {
        if (bytes.includes(secret)) found.push(`${what} is in ${place}`)
      }
    }
    this.heard.forEach((text, i) => search(`answer ${i}: ${text.slice(0, 300)}`, text))
    search('/metrics', (await this.server.get('/metrics')).text)
    // The provider's own keys are masked in it, and of bodies it holds the hashes.
    search('what the provider was sent', fs.readFileSync(this.journalFile))
    for (const { name, bytes } of this.server.traces()) search(name, bytes)
    return found
  }

  // Stops everything and checks what must hold after any abuse.
  async finish() {
    await this.healthy()
    const found = await this.leaks()
    const metrics = (await this.server.get('/metrics')).text
    assert.equal(await this.server.stop(), 0, this.server.log().slice(-3000))
    this.provider.stop()
    assert.deepEqual(found, [])
    assert.match(metrics, /^reeve_bugs_total 0$/m)
    const report = await this.server.verify()
    assert.deepEqual(report.problems ?? [], [])
    assert.equal(report.intents_without_outcome, 0)

    const entries = await this.server.entries()
    assert.deepEqual(this.#unrecorded(entries), [])
    const violations = readJournal(this.journalFile).filter(({ event }) => event === 'violation')
    assert.deepEqual(violations, [])
    this.server.remove()
    return entries
  }

  #unrecorded(entries) {
    const outcomes = new Map(
      entries.filter(({ kind }) => kind === 'model.outcome').map((e) => [e.request_id, e.outcome]),
    )
    return this.expected.flatMap(({ requestId, outcome, httpStatus, what }) => {
      const found = outcomes.get(requestId)
      const fits = found && found.status === (outcome ?? found.status)
      if (fits && found.http_status === (httpStatus ?? found.http_status)) return []
      return [`${what} ${requestId}: ${JSON.stringify(found)}, not ${outcome} ${httpStatus ?? ''}`]
    })
  }

  abandon() {
    if (this.server?.process && this.server.alive) this.server.process.kill('SIGKILL')
    this.provider?.stop()
  }
}

export { kPaths }
