// kill -9 at random moments under load, again and again on the same data directory. Afterwards every call that the
// provider saw has its intent, what a caller was told is on record, and the ledger verifies after each start.
//
//   node kill9_test.mjs [--rounds 15] [--seed N] [--connections 12]

import assert from 'node:assert/strict'
import path from 'node:path'
import test, { after } from 'node:test'
import { parseArgs } from 'node:util'
import { Random } from '../upstream/random.mjs'
import { UpstreamProcess } from '../upstream/upstream_process.mjs'
import { brokenPromises, countBy } from './audit.mjs'
import { cleanUp, whenDone } from './cleanup.mjs'
import { kRules, Load, loadConfig } from './load.mjs'
import { Server, sleep } from './server.mjs'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    connections: { type: 'string', default: '12' },
  },
})
const rounds = Number(values.rounds)
const random = new Random(Number(values.seed))
after(cleanUp)

async function prepare() {
  const provider = new UpstreamProcess()
  const server = new Server({ config: '', governance: kRules })
  const journalFile = path.join(server.folder, 'upstream.jsonl')
  await provider.start('--journal', journalFile)
  whenDone(
    () => provider.stop(),
    () => server.alive && server.kill(),
  )
  server.configure(`${loadConfig(provider)}ledger: {content: hash, segment_mib: 1}\n`)
  return { provider, server, journalFile }
}

// One life of the server: starts, is checked while it serves, and dies at a random moment.
async function live(server, load, seenEntries) {
  await server.start()
  load.port = server.port
  const dies = sleep(random.between(20, random.chance(0.3) ? 1500 : 500)).then(() => {
    load.port = null
    return server.kill()
  })
  const report = await server.verify()
  const signal = await dies
  assert.equal(signal, 'SIGKILL', `the server ended by itself: ${server.log().slice(-2000)}`)
  assert.deepEqual(report.problems ?? [], [])
  assert.ok(report.ok && report.code === 0, `verify says ${JSON.stringify(report)}`)
  assert.ok(report.entries >= seenEntries, `the ledger had ${seenEntries} entries, now ${report.entries}`)
  return report.entries
}

test(`kill -9, ${rounds} times under load (seed ${values.seed})`, async () => {
  const { server, journalFile } = await prepare()
  await server.start()
  const { secret } = await server.createKey('dev@example.com', '--team', 'payments', '--group', 'developers')
  await server.kill()

  const load = new Load({ key: secret, connections: Number(values.connections), seed: Number(values.seed) })
  whenDone(() => load.stop())
  let entries = 0
  for (let round = 0; round < rounds; round++) {
    if (random.chance(0.2)) await server.startAndKillAfter(random.between(0, 60))
    entries = await live(server, load, entries)
  }
  await server.start()
  load.port = server.port
  await sleep(500)
  await load.stop()
  assert.equal(await server.stop(), 0, server.log().slice(-2000))

  const report = await server.verify()
  assert.deepEqual(report.problems ?? [], [])
  assert.equal(report.intents_without_outcome, 0)
  const all = await server.entries()
  assert.equal(all.length, report.entries)
  const broken = brokenPromises({ journalFile, entries: all, records: load.records })
  const outcomes = all.filter((entry) => entry.kind === 'model.outcome')
  console.log(
    `seed ${values.seed}: ${load.records.length} calls, ended ${JSON.stringify(countBy(load.records, (r) => r.end))}`,
  )
  console.log(`ledger: ${all.length} entries, outcomes ${JSON.stringify(countBy(outcomes, (e) => e.outcome.status))}`)
  assert.deepEqual(broken.slice(0, 10), [], `${broken.length} broken promises; data in ${server.folder}`)

  // The test itself must have tested something.
  assert.ok(load.answered > rounds * 5, `only ${load.answered} calls were answered`)
  assert.ok(
    load.records.some((record) => record.end === 'cut'),
    'no call was in flight at any kill',
  )
  assert.ok(
    outcomes.some((entry) => entry.outcome.status === 'unrecorded_end'),
    'no intent was left by any kill',
  )
  server.remove()
})
