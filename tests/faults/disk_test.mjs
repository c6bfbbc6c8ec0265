// A disk that is full, has no inodes, turns read-only or hangs, under load: calls are refused with a reason that a
// person understands, nothing that was promised is lost, and service resumes by itself when the disk does.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { afterEach } from 'node:test'
import { UpstreamProcess } from '../upstream/upstream_process.mjs'
import { brokenPromises, countBy } from './audit.mjs'
import { cleanUp, whenDone } from './cleanup.mjs'
import { kDialects, kRules, Load, loadConfig } from './load.mjs'
import { enterOwnMounts, skip } from './own_mounts.mjs'
import { eventually, Server, sleep } from './server.mjs'
import { SmallDisk, whyNot } from './small_disk.mjs'

await enterOwnMounts()
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'reeve-disk-'))
const noTmpfs = whyNot('tmpfs', scratch)
const noExt4 = whyNot('ext4', scratch)
fs.rmSync(scratch, { recursive: true, force: true })
if (noTmpfs && noExt4) skip(`${noTmpfs}; ${noExt4}`)
const kUnavailable = { tmpfs: noTmpfs, ext4: noExt4 }
const kAnyKind = noExt4 ? 'tmpfs' : 'ext4'
if (noExt4) console.log(`no loop device can be mounted here, what needs one is skipped: ${noExt4}`)

// `kind`: the file system that it needs; null when any will do.
function diskTest(name, kind, run) {
  test(name, { skip: kind !== null && kUnavailable[kind] ? kUnavailable[kind] : false, timeout: 150_000 }, run)
}

afterEach(cleanUp)

// A served key under load on a small disk. `kind`: null when any file system will do.
async function prepare(kind, { groups = 30, ...options } = {}) {
  const server = new Server({ config: '', governance: kRules })
  const provider = new UpstreamProcess()
  const journalFile = path.join(server.folder, 'upstream.jsonl')
  await provider.start('--journal', journalFile)
  whenDone(() => provider.stop())
  server.configure(`${loadConfig(provider)}ledger: {segment_mib: 1}\n`)
  const disk = new SmallDisk(kind ?? kAnyKind, server.dataDirectory, options)
  whenDone(() => disk.remove())
  await server.start()
  whenDone(() => server.alive && server.kill())
  // Many groups make long entries, which fill segments and disks with fewer calls.
  const many = Array.from({ length: groups }, (_, i) => ['--group', `${i}-${'g'.repeat(60)}`])
  const { secret } = await server.createKey('dev@example.com', ...many.flat())
  const at = { server, disk, journalFile, key: secret, loads: [] }
  at.load = startLoad(at, 'first')
  await servedAgain(at.load, 20)
  return at
}

function startLoad(at, name, { begins = true } = {}) {
  const load = new Load({ name, key: at.key, connections: 8, pause: 4, delay: 1 })
  whenDone(() => load.stop())
  if (begins) load.port = at.server.port
  at.loads.push(load)
  return load
}

async function servedAgain(load, count) {
  const since = Date.now()
  const enough = await eventually(() => load.since(since, 200).length >= count, 30)
  assert.ok(enough, `only ${load.since(since, 200).length} calls were served: ${JSON.stringify(lately(load, since))}`)
}

const lately = (load, since) =>
  countBy(
    load.records.filter((r) => r.ended >= since),
    (r) => `${r.end} ${r.status}`,
  )

// The sentence that the client shows, and whether the body has its dialect's error form.
function sentenceOf({ dialect, body }) {
  const { type, error } = JSON.parse(body)
  if (dialect === 'anthropic') assert.equal(type, 'error')
  assert.equal(typeof error.message, 'string')
  if (dialect === 'gemini') assert.equal(error.code, 503)
  return error.message
}

// Until every dialect has been refused; what they are told must name the cause.
async function refusedEverywhere(load, cause) {
  const since = Date.now()
  const names = Object.keys(kDialects)
  const refused = () => load.since(since, 503).filter(({ kind }) => kind === 'served')
  const all = await eventually(() => names.every((name) => refused().some(({ dialect }) => dialect === name)), 60)
  assert.ok(all, `not refused in every dialect: ${JSON.stringify(lately(load, since))}`)
  for (const record of refused()) {
    assert.equal(record.end, 'complete')
    assert.match(sentenceOf(record), cause)
    assert.match(record.requestId ?? '', /^req_/)
  }
}

async function saysReady({ server }, ready) {
  const status = ready ? 200 : 503
  assert.ok(await eventually(async () => (await server.ready()) === status, 10), `/readyz does not say ${status}`)
  assert.equal((await server.get('/healthz')).status, 200)
  const [, writable] = /^reeve_ledger_writable\S* (\d)$/m.exec((await server.get('/metrics')).text)
  assert.equal(writable, ready ? '1' : '0')
}

// Who reads the ledger is recorded; where that cannot be, the operator has to say that he wants it all the same.
async function readsOnlyWhenAsked(server, ...command) {
  const refused = await server.run(...command)
  assert.equal(refused.code, 3)
  assert.match(refused.stdout + refused.stderr, /cannot be recorded.*--unrecorded/)
  const shown = await server.run(...command, '--unrecorded')
  assert.equal(shown.code, 0, shown.stderr)
  assert.match(shown.stderr, /this reading is not recorded/)
}

// How many outcomes and refusals Reeve says it lost: in the ledger, and at its end in the log when it could not.
function declaredLost(server, entries) {
  const inLedger = entries.filter(({ kind }) => kind === 'ledger.gap').map(({ detail }) => detail)
  const inLog = server.logged().filter(({ event }) => event === 'ledger closed with lost records')
  return [...inLedger, ...inLog].reduce((sum, { lost }) => sum + Number(lost), 0)
}

// After the end: the server stops cleanly, and the three views of what happened agree. `killed`: it was, while it could
// not write, so that nobody knows any more how much it would have declared lost.
async function audit({ server, disk, loads, journalFile }, { killed = false } = {}) {
  for (const load of loads) await load.stop()
  assert.equal(await server.stop(), 0, server.log().slice(-2000))
  const report = await server.verify()
  assert.deepEqual(report.problems ?? [], [])
  assert.ok(report.ok)
  const entries = await server.entries()
  assert.equal(report.signed_size, report.entries)
  assert.equal(entries.length, report.entries, 'entries are there that a query cannot read')
  const lost = declaredLost(server, entries)
  assert.ok(report.intents_without_outcome <= lost)
  const records = loads.flatMap((load) => load.records)
  const broken = brokenPromises({ journalFile, entries, records, declaredLost: killed ? Infinity : lost })
  assert.deepEqual(broken.slice(0, 10), [], `${broken.length} broken promises; what was logged is in ${server.folder}`)
  const calls = countBy(records, ({ end, status }) => `${end} ${status}`)
  console.log(`${entries.length} entries, ${lost} declared lost; calls ${JSON.stringify(calls)}`)
  disk.remove()
  server.remove()
}

for (const kind of ['tmpfs', 'ext4']) {
  diskTest(`a full disk (${kind}) refuses calls with a reason until there is space`, kind, async () => {
    const at = await prepare(kind)
    for (let round = 0; round < 2; round++) {
      at.disk.fill()
      await refusedEverywhere(at.load, /space/i)
      await saysReady(at, false)
      at.disk.free()
      await servedAgain(at.load, 20)
      await saysReady(at, true)
    }
    await audit(at)
  })
}

diskTest('a full disk keeps no key alive, and says clearly what cannot be done about keys', null, async () => {
  const at = await prepare(null)
  const { server, disk, load } = at
  const leaver = await server.createKey('leaver@example.com')
  disk.fill()
  await refusedEverywhere(load, /space/i)
  disk.fill()
  for (const command of [
    ['create', '--owner', 'dev@example.com', '--note', 'x'.repeat(500)],
    ['revoke', leaver.id],
  ]) {
    const { code, stdout, stderr } = await server.run('key', ...command)
    if (code === 0) continue
    assert.equal(code, 3)
    assert.match(stderr, /full|space/i)
    assert.doesNotMatch(stdout, /rv_/)
  }
  // Reading needs no space.
  const listed = await server.run('key', 'list', '--json')
  assert.equal(listed.code, 0, listed.stderr)
  assert.ok(JSON.parse(listed.stdout).some(({ id }) => id === leaver.id))
  disk.free()
  await servedAgain(load, 5)
  await server.createKey('dev@example.com')
  assert.equal((await server.run('key', 'revoke', leaver.id)).code, 0)
  await audit(at)
})

diskTest('killed on a full disk, it says what is wrong and starts when there is space', null, async () => {
  const at = await prepare(null)
  const { server, disk, load } = at
  disk.fill()
  await refusedEverywhere(load, /space/i)
  load.port = null
  await server.kill()
  disk.fill()

  // On the full disk: either it says why it does not start, or it is up and says that it is not ready.
  const before = server.log().length
  const child = server.spawnServe()
  const ended = await Promise.race([new Promise((resolve) => child.once('exit', resolve)), sleep(3000)])
  if (ended === undefined) child.kill('SIGTERM')
  else assert.equal(ended, 3)
  assert.ok(await eventually(() => child.exitCode !== null || child.signalCode !== null, 20), 'it does not stop')
  assert.match(server.log().slice(before), /space/i)

  disk.free()
  await server.start()
  load.port = server.port
  await servedAgain(load, 20)
  await audit(at, { killed: true })
})

diskTest('without inodes calls are refused with a reason until there are some again', null, async () => {
  const at = await prepare(null, { inodes: 1024 })
  at.disk.fillInodes()
  // Segments that were prepared are used up first; each further one would be a new file.
  await refusedEverywhere(at.load, /inodes/i)
  await saysReady(at, false)
  at.disk.free()
  await servedAgain(at.load, 20)
  await saysReady(at, true)
  await audit(at)
})

diskTest('a disk that turns read-only under the server stops calls, not the server', 'ext4', async () => {
  const at = await prepare('ext4')
  const { server, disk, load } = at
  disk.breakMedium()
  await refusedEverywhere(load, /read-only/i)
  await saysReady(at, false)
  const made = await server.run('key', 'create', '--owner', 'dev@example.com')
  assert.equal(made.code, 3)
  assert.match(made.stderr, /read-?only/i)
  await readsOnlyWhenAsked(server, 'ledger', 'query', 'true', '--json', '--limit', '5')
  load.port = null
  await load.idle()
  assert.equal(await server.stop(), 0)

  disk.repair()
  await server.start()
  load.port = server.port
  await servedAgain(load, 20)
  await audit(at)
})

diskTest('a directory that may not be written stops calls until it may', 'ext4', async () => {
  const at = await prepare('ext4')
  const { server, load } = at
  execFileSync('chattr', ['-R', '+i', server.ledgerDirectory])
  await refusedEverywhere(load, /not permitted|must own/i)
  await saysReady(at, false)
  execFileSync('chattr', ['-R', '-i', server.ledgerDirectory])
  await servedAgain(load, 20)
  await saysReady(at, true)
  await audit(at)
})

diskTest('a read-only disk at the start is named', null, async () => {
  const at = await prepare(null)
  const { server, disk, load } = at
  await load.stop()
  assert.equal(await server.stop(), 0)
  disk.remount('ro')
  const { code, stderr } = await server.run('serve', '--listen', '127.0.0.1:0')
  assert.equal(code, 3)
  assert.match(stderr, /read-?only/i)
  // What only reads goes on working.
  const report = await server.verify()
  assert.ok(report.ok, JSON.stringify(report))
  await readsOnlyWhenAsked(server, 'spend', 'report')
  const keys = await server.run('key', 'list')
  if (keys.code !== 0) assert.match(keys.stderr, /read-?only/i)
  disk.remount('rw')
  await server.start()
  await audit(at)
})

diskTest('a disk that hangs holds calls back, then refuses, and nothing else stands still', 'ext4', async () => {
  const at = await prepare('ext4', { mebibytes: 256, groups: 1 })
  const { server, disk, load } = at
  const late = startLoad(at, 'late', { begins: false })
  // A change of keys is read, within a second or two, through a file that SQLite maps and that hangs with its disk.
  load.port = null
  await sleep(2500)
  whenDone(() => disk.thaw())
  disk.freeze()
  const frozen = Date.now()
  load.port = server.port
  for (let i = 0; i < 5; i++) assert.equal((await server.get('/healthz')).status, 200)
  await saysReady(at, false)
  late.port = server.port
  await refusedEverywhere(late, /disk does not answer/i)
  // Rules are still read, and mistakes told.
  server.writeRules('more.yaml', 'kind: [')
  assert.ok(await eventually(() => server.log().includes('more.yaml'), 10), 'the main thread hangs too')
  fs.rmSync(path.join(server.folder, 'governance', 'more.yaml'))

  const served = [load, late].flatMap((one) => one.since(frozen, 200)).filter(({ began }) => began >= frozen)
  assert.deepEqual(served, [], 'calls were sent while nothing could be recorded')
  assert.ok(load.records.some(({ ended }) => ended === undefined), 'no call was held back')
  disk.thaw()
  await servedAgain(load, 20)
  await servedAgain(late, 5)
  await saysReady(at, true)
  await audit(at)
})
