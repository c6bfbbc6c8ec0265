// Thousands of mixed calls through Reeve; an independent computation over the upstream's journal must come to the same
// cost, to the nano-dollar, for each call and in sum. See README.md.
//
//   node metering.mjs [--calls N] [--seed N] --prices FOLDER

import crypto from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { Caller, requestBytes } from '../upstream/http_client.mjs'
import { readJournal } from '../upstream/journal.mjs'
import { Random } from '../upstream/random.mjs'
import { Reeve } from '../upstream/reeve_process.mjs'
import { kAllowEverything, UpstreamProcess } from '../upstream/upstream_process.mjs'
import { Audit } from './audit.mjs'
import { ExactCost } from './exact_cost.mjs'
import { kUnknownPrice, makeCall } from './workload.mjs'

const kCallers = 24
const kPeople = ['ada', 'grace', 'edsger', 'barbara'].map((name) => `${name}@example.com`)
const kPrices = `kind: UnknownPrice\ninput: $${kUnknownPrice.input}\noutput: $${kUnknownPrice.output}\n`

async function perform(caller, call) {
  const request = { method: 'POST', target: call.target, headers: call.headers, body: call.body, chunked: false }
  let received = 0
  let running = true
  const options = {}
  if (call.kind === 'client aborts early' || call.kind === 'upstream hangs') options.timeout = 40
  if (call.abortAfter !== null) {
    options.onBody = (bytes) => {
      received += bytes.length
      if (received >= call.abortAfter) setImmediate(() => running && caller.abort())
    }
  }
  call.answer = await caller.call(requestBytes(request), options)
  running = false
}

async function performAll(calls, port, onTenth) {
  let next = 0
  const work = async () => {
    const caller = new Caller(port)
    while (next < calls.length) {
      const call = calls[next++]
      if (next % Math.ceil(calls.length / 10) === 0) onTenth(next)
      await perform(caller, call)
    }
    caller.close()
  }
  await Promise.all(Array.from({ length: kCallers }, work))
}

// The journal once each request in it has its end: the upstream hears of a client that left a moment after Reeve does.
async function endedJournal(file) {
  for (let i = 0; ; i++) {
    const entries = readJournal(file)
    const ended = new Set(entries.filter(({ event }) => event === 'end').map(({ number }) => number))
    const open = entries.filter(({ event, number }) => event === 'request' && !ended.has(number))
    if (open.length === 0 || i === 100) return entries
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

async function spendReport(reeve, by) {
  const text = await reeve.command('spend', 'report', '--by', by, '--since', '1d', '--json')
  return JSON.parse(text)
}

async function main() {
  const { values } = parseArgs({
    options: { calls: { type: 'string', default: '1000' }, seed: { type: 'string' }, prices: { type: 'string' } },
  })
  const seed = Number(values.seed ?? crypto.randomInt(1, 1e9))
  console.log(`seed ${seed}`)
  const exact = await ExactCost.load(values.prices, kUnknownPrice)
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'reeve-metering-'))
  const journal = path.join(folder, 'journal')
  const upstream = await new UpstreamProcess().start('--journal', journal)
  const governance = { 'all.yaml': kAllowEverything, 'prices.yaml': kPrices }
  const reeve = new Reeve({ config: upstream.reeveConfig(), governance })
  const audit = new Audit(exact)
  try {
    await reeve.start()
    const keys = []
    for (const person of kPeople) keys.push({ person, ...(await reeve.createKey(person)) })
    const random = new Random(seed)
    const calls = Array.from({ length: Number(values.calls) }, (_, number) => {
      const { person, secret } = random.pick(keys)
      return { person, ...makeCall(number, random, secret) }
    })
    const started = performance.now()
    await performAll(calls, reeve.port, (done) => console.log(`${done} calls`))
    const seconds = (performance.now() - started) / 1000
    console.log(`${calls.length} calls in ${seconds.toFixed(1)} s`)
    const { violations } = await upstream.stats()
    for (const { text } of violations) audit.fail(`violation at the upstream: ${text}`)
    const code = await reeve.stop()
    if (code !== 0) audit.fail(`reeve serve ended with ${code}`)
    audit.compare(calls, await endedJournal(journal), await reeve.entries())
    audit.compareReports(await spendReport(reeve, 'person'), await spendReport(reeve, 'model,client'))
    await reeve.command('ledger', 'verify').catch((error) => audit.fail(`ledger verify: ${error.stdout}`))
    if (audit.failures > 0) console.log(reeve.log().slice(-2000))
    audit.print()
  } finally {
    upstream.stop()
    if (reeve.process?.exitCode === null) await reeve.stop()
    reeve.remove()
    fs.rmSync(folder, { recursive: true })
  }
  if (audit.failures > 0 || audit.exactCalls === 0) process.exitCode = 1
}

await main()
