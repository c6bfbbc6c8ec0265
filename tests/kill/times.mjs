// Many cutoffs under load, by the switch or by deactivation over SCIM, on one node or three: every stream of whoever is
// cut off ends with the reason, or this fails. How long that takes it prints as one object of figures, and fails when
// one of them is above --limit-ms, where that is given: on a quiet machine only. All count from the moment at which
// somebody asks for the cut:
//
//   last_byte          when a client had the last byte of its answer
//   last_piece         when the provider sent the newest piece that was passed on, by the time that stands in it; also
//                      to a client on each node that takes nothing meanwhile, and reads later what lies in buffers
//   provider_closed    when the provider saw that nobody listens any more
//   last_call          when the last new call came to the provider, of a client that calls again and again
//
//   node times.mjs [--by=kill|scim] [--cutoffs=200] [--streams=10] [--nodes=1] [--load=8] [--limit-ms=1000]

import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { apiClient } from '../api/api_client.mjs'
import { PostgresServer } from '../postgres/postgres_server.mjs'
import { kAllowEverything, UpstreamProcess } from '../upstream/upstream_process.mjs'
import { Reeve } from '../upstream/reeve_process.mjs'
import { patch, scimClient, user } from '../scim/scim_client.mjs'
import { readJournal } from '../upstream/journal.mjs'
import { call, heldBack, kEndless, lastStamp, streaming } from './streams.mjs'

const given = Object.fromEntries(process.argv.slice(2).map((word) => word.replace(/^--/, '').split('=')))
const option = (name, fallback) => Number(given[name] ?? fallback)
const kCutoffs = option('cutoffs', 200)
const kStreams = option('streams', 10) // of the one who is cut off, on each node
const kNodes = option('nodes', 1)
const kLoad = option('load', 8) // calls by others at any time, on each node
const kLimit = option('limit-ms', Infinity) // of the 99th percentile
const kByScim = given.by === 'scim'
const kScript = { ...kEndless, stamped: true }
const kHeldBackMs = 2500 // how long after the cut a client that takes nothing reads again

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))
const round1 = (value) => Math.round(value * 10) / 10
const now = () => performance.timeOrigin + performance.now() // as Date.now(), finer
const quantile = (sorted, share) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]
const expect = (answer, status) => {
  if (answer.status !== status) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`)
  return answer
}

// Who is cut off in a round: `secrets` of each node, `off` cuts, `on` lets on again, `why` stands in the last words.
async function byKill(nodes) {
  const keys = await Promise.all(nodes.map(({ reeve }) => reeve.createKey('ada@example.com')))
  const { secret } = await nodes[0].reeve.createKey('sec@example.com', '--scope', 'control:kill')
  const api = apiClient(nodes[0].reeve, secret)
  return async (round) => {
    let id
    return {
      secrets: keys.map((key) => key.secret),
      why: `round ${round}.`,
      off: async () => {
        const cutoff = { scope: 'person:ada@example.com', reason: `round ${round}` }
        id = expect(await api('POST', '/kill-switch', cutoff), 201).body.id
      },
      on: async () => await api('DELETE', `/kill-switch/${id}`, { reason: 'the round is over' }),
    }
  }
}

// What was issued before a person left stays void, so each round has a person of its own.
async function byScim(nodes) {
  const { secret } = await nodes[0].reeve.createKey('idp', '--type', 'service', '--scope', 'scim:*')
  const scim = scimClient(nodes[0].reeve, secret)
  expect(await scim('POST', '/Users', user('bob@example.com')), 201)
  return async (round) => {
    const name = `person-${round}@example.com`
    const { id } = expect(await scim('POST', '/Users', user(name)), 201).body
    const key = await nodes[0].reeve.createKey(name)
    return {
      secrets: nodes.map(() => key.secret),
      why: 'the directory does not have them as active',
      off: async () =>
        expect(await scim('PATCH', `/Users/${id}`, patch({ op: 'replace', path: 'active', value: false })), 200),
      on: async () => {},
    }
  }
}

// Other nodes hear of what changed a moment later.
async function untilLetIn(nodes, secrets) {
  for (;;) {
    const answers = await Promise.all(
      nodes.map(({ reeve }, i) => call(reeve, secrets[i], { script: { events: 1 } }).ended),
    )
    if (answers.every((answer) => answer.status === 200)) return
    await sleep(20)
  }
}

// Calls by whoever is cut off, until one is refused, or it goes on after `over`: {first, ended}, with the status of the
// last one.
function callUntilRefused(reeve, secret, model, over) {
  const next = () => call(reeve, secret, { model, script: { events: 1 } }).ended
  const first = next()
  const ended = (async () => {
    for (let { status } = await first; ; { status } = await next()) {
      if (status !== 200 || (await Promise.race([over.then(() => true), sleep(1)]))) return status
    }
  })()
  return { first, ended }
}

// Of the calls of one model, what the provider's journal says: when the last came, and when each ended.
function seenByProvider(journal) {
  const came = new Map(journal.filter(({ event }) => event === 'request').map(({ number, at }) => [number, at]))
  const seen = new Map()
  for (const { event, number, model, at } of journal) {
    if (event !== 'end') continue
    if (!seen.has(model)) seen.set(model, { came: [], ended: [] })
    seen.get(model).came.push(Date.parse(came.get(number)))
    seen.get(model).ended.push(Date.parse(at))
  }
  return seen
}

const figuresOf = (name, times) => {
  const sorted = times.toSorted((a, b) => a - b)
  const told = { p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99), max: sorted.at(-1) }
  return Object.fromEntries(Object.entries(told).map(([which, value]) => [`${name}_${which}_ms`, round1(value)]))
}

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'reeve-kill-'))
const kJournal = path.join(folder, 'journal')
const upstream = await new UpstreamProcess().start('--journal', kJournal)
const postgres = kNodes > 1 ? await new PostgresServer().start() : undefined
const nodes = []
let failed = false
try {
  for (let i = 0; i < kNodes; i++) {
    const directory = kByScim ? 'identity:\n  directory: required\n' : ''
    const shared = postgres ? `storage:\n  postgres:\n    url: "${postgres.url()}"\n` : ''
    const reeve = new Reeve({
      config: `${upstream.reeveConfig()}ledger:\n  node: node-${i}\n${directory}${shared}`,
      governance: { 'rules.yaml': kAllowEverything },
    })
    nodes.push({ reeve })
    await reeve.start()
    nodes[i].other = (await reeve.createKey('bob@example.com')).secret
  }
  const begin = await (kByScim ? byScim : byKill)(nodes)
  const times = { last_byte: [], last_piece: [], provider_closed: [], last_call: [] }
  const cuts = []
  const later = [] // what clients that take nothing come to read in the end
  let going = true
  let broken = 0
  let besides = 0
  let ended = 0
  const worker = async ({ reeve, other }, index) => {
    while (going) {
      const { status } = await call(reeve, other, { script: { events: 20 + index, delay_ms: 20 } }).ended
      if (status === 200) besides++
    }
  }
  const workers = nodes.flatMap((node) => Array.from({ length: kLoad }, (_, index) => worker(node, index)))
  const judge = (round, from, why, { text, broken: cut }) => {
    ended++
    const stamp = lastStamp(text)
    if (stamp !== undefined) times.last_piece.push(stamp - from)
    if (!cut && text.includes(why)) return
    broken++
    console.error(`round ${round}: ${cut ?? 'no reason'}: ${text.slice(-300)}`)
  }
  for (let round = 0; round < kCutoffs; round++) {
    const { secrets, why, off, on } = await begin(round)
    await untilLetIn(nodes, secrets)
    let release
    const released = new Promise((resolve) => (release = resolve))
    const [model, probe] = [`claude-cut-${round}`, `claude-probe-${round}`]
    const slow = nodes.map(({ reeve }, i) => heldBack(reeve, secrets[i], { script: kScript, model, released }))
    const streams = await Promise.all(
      nodes.flatMap(({ reeve }, i) =>
        Array.from({ length: kStreams }, () => streaming(reeve, secrets[i], { script: kScript, model })),
      ),
    )
    await Promise.all(slow.map(({ first }) => first))
    const probes = nodes.map(({ reeve }, i) => callUntilRefused(reeve, secrets[i], probe, released))
    await Promise.all(probes.map(({ first }) => first))
    const [from, fromWall] = [performance.now(), now()]
    cuts.push({ model, probe, from: fromWall })
    const switched = off()
    for (const stream of streams) {
      const answer = await stream.ended
      times.last_byte.push(answer.lastAt - from)
      judge(round, fromWall, why, answer)
    }
    await switched
    setTimeout(release, kHeldBackMs)
    later.push(Promise.all(slow.map(async (one) => judge(round, fromWall, why, await one.ended))))
    const answers = await Promise.all(probes.map(({ ended: end }) => end))
    if (answers.some((status) => status === 200)) throw new Error(`round ${round}: it goes on calling`)
    await on()
  }
  going = false
  await Promise.all([...workers, ...later])
  const seen = seenByProvider(readJournal(kJournal))
  for (const { model, probe, from } of cuts) {
    times.provider_closed.push(...seen.get(model).ended.map((at) => at - from))
    times.last_call.push(Math.max(...seen.get(probe).came) - from)
  }
  const figures = {
    by: kByScim ? 'scim' : 'kill',
    nodes: kNodes,
    cutoffs: kCutoffs,
    streams_ended: ended,
    calls_besides: besides,
    ended_without_the_reason: broken,
    ...Object.assign({}, ...Object.entries(times).map(([name, list]) => figuresOf(name, list))),
  }
  console.log(JSON.stringify(figures))
  failed = broken > 0 || Object.entries(figures).some(([name, value]) => name.endsWith('_p99_ms') && !(value <= kLimit))
} finally {
  for (const { reeve } of nodes) reeve.end()
  upstream.stop()
  await postgres?.remove()
  fs.rmSync(folder, { recursive: true })
}
process.exit(failed ? 1 : 0)
