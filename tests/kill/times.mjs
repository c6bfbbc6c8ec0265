// Many cutoffs under load, by the switch or by deactivation over SCIM, on one node or three: every stream of whoever is
// cut off ends with the reason, or this fails. How long that takes, to the last byte that a client was given, it prints
// as one object of figures, and fails above --limit-ms where that is given: on a quiet machine only.
//
//   node times.mjs [--by=kill|scim] [--cutoffs=200] [--streams=10] [--nodes=1] [--load=8] [--limit-ms=1000]

import { apiClient } from '../api/api_client.mjs'
import { PostgresServer } from '../postgres/postgres_server.mjs'
import { kAllowEverything, UpstreamProcess } from '../upstream/upstream_process.mjs'
import { Reeve } from '../upstream/reeve_process.mjs'
import { patch, scimClient, user } from '../scim/scim_client.mjs'
import { call, streaming } from './streams.mjs'

const given = Object.fromEntries(process.argv.slice(2).map((word) => word.replace(/^--/, '').split('=')))
const option = (name, fallback) => Number(given[name] ?? fallback)
const kCutoffs = option('cutoffs', 200)
const kStreams = option('streams', 10) // of the one who is cut off, on each node
const kNodes = option('nodes', 1)
const kLoad = option('load', 8) // calls by others at any time, on each node
const kLimit = option('limit-ms', Infinity) // of the 99th percentile
const kByScim = given.by === 'scim'

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))
const round1 = (value) => Math.round(value * 10) / 10
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

const upstream = await new UpstreamProcess().start()
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
  const times = []
  let going = true
  let broken = 0
  let besides = 0
  const worker = async ({ reeve, other }, index) => {
    while (going) {
      const { status } = await call(reeve, other, { script: { events: 20 + index, delay_ms: 20 } }).ended
      if (status === 200) besides++
    }
  }
  const workers = nodes.flatMap((node) => Array.from({ length: kLoad }, (_, index) => worker(node, index)))
  for (let round = 0; round < kCutoffs; round++) {
    const { secrets, why, off, on } = await begin(round)
    await untilLetIn(nodes, secrets)
    const streams = await Promise.all(
      nodes.flatMap(({ reeve }, i) => Array.from({ length: kStreams }, () => streaming(reeve, secrets[i]))),
    )
    await sleep(20)
    const from = performance.now()
    const switched = off()
    for (const stream of streams) {
      const { lastAt, text, broken: cut } = await stream.ended
      if (cut || !text.includes(why)) {
        broken++
        console.error(`round ${round}, after ${round1(lastAt - from)} ms: ${cut ?? 'no reason'}: ${text.slice(-300)}`)
      }
      times.push(lastAt - from)
    }
    await switched
    await on()
  }
  going = false
  await Promise.all(workers)
  times.sort((a, b) => a - b)
  const figures = {
    by: kByScim ? 'scim' : 'kill',
    nodes: kNodes,
    cutoffs: kCutoffs,
    streams_ended: times.length,
    calls_besides: besides,
    ended_without_the_reason: broken,
    switch_to_last_byte_p50_ms: round1(quantile(times, 0.5)),
    switch_to_last_byte_p99_ms: round1(quantile(times, 0.99)),
    switch_to_last_byte_max_ms: round1(times.at(-1)),
  }
  console.log(JSON.stringify(figures))
  failed = figures.switch_to_last_byte_p99_ms > kLimit || broken > 0
} finally {
  for (const { reeve } of nodes) reeve.end()
  upstream.stop()
  await postgres?.remove()
}
process.exit(failed ? 1 : 0)
