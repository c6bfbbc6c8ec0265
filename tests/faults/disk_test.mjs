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
import { kDialects, kRules, Load, loadConfig } from './load.mjs'
import { eventually, Server, sleep } from './server.mjs'
import { SmallDisk, unavailable } from './small_disk.mjs'

const kSkipped = 77 // CTest's SKIP_RETURN_CODE
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'reeve-disk-'))
const why = unavailable(scratch)
fs.rmSync(scratch, { recursive: true, force: true })
if (why) {
  console.log(`no file system can be mounted here, so full and read-only disks are not tested: ${why}`)
  process.exit(process.env.CI === 'true' ? 1 : kSkipped)
}

const cleanups = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

// A served key under load on a small disk.
async function prepare(kind, options) {
  const server = new Server({ config: '', governance: kRules })
  const provider = new UpstreamProcess()
  const journalFile = path.join(server.folder, 'upstream.jsonl')
  await provider.start('--journal', journalFile)
  cleanups.push(() => provider.stop())
  server.configure(`${loadConfig(provider)}ledger: {segment_mib: 1}\n`)
  const disk = new SmallDisk(kind, server.dataDirectory, options)
  cleanups.push(() => disk.remove())
  await server.start()
  cleanups.push(() => server.alive && server.kill())
  // Many groups make long entries, which fill segments and disks with fewer calls.
  const groups = Array.from({ length: 60 }, (_, i) => ['--group', `${i}-${'g'.repeat(60)}`])
  const { secret } = await server.createKey('dev@example.com', ...groups.flat())
  const load = new Load({ key: secret, connections: 8, pause: 4, delay: 1 })
  cleanups.push(() => load.stop())
  load.port = server.port
  await servedAgain(load, 20)
  return { server, disk, load, journalFile }
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

// After the end: the server stops cleanly, and the three views of what happened agree. `killed`: it was, while it could
// not write, so that nobody knows any more how much it would have declared lost.
async function audit({ server, load, journalFile }, { killed = false } = {}) {
  await load.stop()
  assert.equal(await server.stop(), 0, server.log().slice(-2000))
  const report = await server.verify()
  assert.deepEqual(report.problems ?? [], [])
  assert.ok(report.ok)
  const entries = await server.entries()
  const gaps = entries.filter((entry) => entry.kind === 'ledger.gap')
  const declaredLost = killed ? Infinity : gaps.reduce((sum, { detail }) => sum + Number(detail.lost), 0)
  const broken = brokenPromises({ journalFile, entries, records: load.records, declaredLost })
  assert.deepEqual(broken.slice(0, 10), [], `${broken.length} broken promises; data in ${server.folder}`)
  const details = JSON.stringify(gaps.map(({ detail }) => detail))
  console.log(`${entries.length} entries; calls ${JSON.stringify(lately(load, 0))}; gaps ${details}`)
}

function remove({ server, disk }) {
  disk.remove()
  server.remove()
}

for (const kind of ['tmpfs', 'ext4']) {
  test(`a full disk (${kind}) refuses calls with a reason, and serves again when there is space`, async () => {
    const at = await prepare(kind)
    const { server, disk, load } = at
    for (let round = 0; round < 2; round++) {
      disk.fill()
      await refusedEverywhere(load, /disk|space/i)
      assert.ok(await eventually(async () => (await server.ready()) === 503, 10), '/readyz does not say 503')
      assert.equal((await server.get('/healthz')).status, 200)
      assert.match((await server.get('/metrics')).text, /^reeve_ledger_writable\S* 0$/m)
      disk.free()
      await servedAgain(load, 20)
      assert.ok(await eventually(async () => (await server.ready()) === 200, 10), '/readyz does not say 200 again')
    }
    await audit(at)
    remove(at)
  })
}

test('a full disk does not take keys away, and says clearly why none can be made', async () => {
  const at = await prepare('ext4', { mebibytes: 16 })
  const { server, disk, load } = at
  const revoked = await server.createKey('leaver@example.com')
  disk.fill()
  await refusedEverywhere(load, /disk|space/i)
  disk.fill()
  const made = await server.run('key', 'create', '--owner', 'dev@example.com', '--note', 'x'.repeat(200))
  if (made.code !== 0) {
    assert.equal(made.code, 3)
    assert.match(made.stderr, /disk|space/i)
    assert.doesNotMatch(made.stdout, /rv_/)
  }
  // Reading needs no space.
  const listed = await server.run('key', 'list', '--json')
  assert.equal(listed.code, 0, listed.stderr)
  assert.ok(JSON.parse(listed.stdout).some(({ id }) => id === revoked.id))
  disk.free()
  await servedAgain(load, 5)
  await server.createKey('dev@example.com')
  await audit(at)
  remove(at)
})

test('killed on a full disk, it starts again when there is space, and says what is wrong meanwhile', async () => {
  const at = await prepare('ext4', { mebibytes: 16 })
  const { server, disk, load } = at
  disk.fill()
  await refusedEverywhere(load, /disk|space/i)
  load.port = null
  await server.kill()
  disk.fill()

  // On the full disk: either it says why it does not start, or it is up and says that it is not ready.
  const child = server.spawnServe()
  const ended = await Promise.race([new Promise((resolve) => child.once('exit', resolve)), sleep(3000)])
  if (ended === undefined) child.kill('SIGTERM')
  else assert.equal(ended, 3)
  await eventually(() => child.exitCode !== null || child.signalCode !== null, 20)
  assert.match(server.log().slice(-3000), /disk|space/i)

  disk.free()
  await server.start()
  load.port = server.port
  await servedAgain(load, 20)
  await audit(at, { killed: true })
  remove(at)
})

test('without inodes calls are recorded or refused, and everything verifies when there are some again', async () => {
  const at = await prepare('ext4', { mebibytes: 48, inodes: 128 })
  const { server, disk, load } = at
  disk.fillInodes()
  // Enough calls for more segments than were prepared, each of which would be a new file.
  const before = load.answered
  assert.ok(await eventually(() => load.answered > before + 500 || load.since(0, 503).length > 50, 60))
  disk.freeInodes()
  await servedAgain(load, 20)
  assert.ok(await eventually(async () => (await server.ready()) === 200, 10))
  await audit(at)
  remove(at)
})

test('a disk that turns read-only under the server stops calls, not the server', async () => {
  const at = await prepare('ext4')
  const { server, disk, load } = at
  disk.breakMedium()
  await refusedEverywhere(load, /read-only|disk/i)
  assert.ok(await eventually(async () => (await server.ready()) === 503, 10))
  const made = await server.run('key', 'create', '--owner', 'dev@example.com')
  assert.equal(made.code, 3)
  assert.match(made.stderr, /read-?only|disk/i)
  assert.equal((await server.run('ledger', 'query', 'true', '--json', '--limit', '5')).code, 0)
  load.port = null
  await server.stop()

  disk.repair()
  await server.start()
  load.port = server.port
  await servedAgain(load, 20)
  await audit(at)
  remove(at)
})

test('a directory that may not be written stops calls until it may', async () => {
  const at = await prepare('ext4')
  const { server, load } = at
  const setImmutable = (sign) => execFileSync('chattr', ['-R', `${sign}i`, server.ledgerDirectory])
  setImmutable('+')
  cleanups.push(() => setImmutable('-'))
  await refusedEverywhere(load, /./)
  assert.ok(await eventually(async () => (await server.ready()) === 503, 10))
  setImmutable('-')
  await servedAgain(load, 20)
  await audit(at)
  remove(at)
})

test('a read-only disk at the start is named', async () => {
  const at = await prepare('ext4')
  const { server, disk, load } = at
  load.port = null
  await load.stop()
  await server.stop()
  disk.remount('ro')
  const { code, stderr } = await server.run('serve', '--listen', '127.0.0.1:0')
  assert.equal(code, 3)
  assert.match(stderr, /read-?only/i)
  // What only reads goes on working.
  const report = await server.verify()
  assert.ok(report.ok, JSON.stringify(report))
  assert.equal((await server.run('spend', 'report')).code, 0)
  disk.remount('rw')
  await server.start()
  assert.equal(await server.stop(), 0)
  remove(at)
})

test('a disk that hangs holds calls back, and nothing else', async () => {
  const at = await prepare('ext4')
  const { server, disk, load } = at
  disk.freeze()
  await sleep(1500)
  const frozenAt = Date.now()
  for (let i = 0; i < 5; i++) assert.equal((await server.get('/healthz')).status, 200)
  assert.equal((await server.get('/metrics')).status, 200)
  await sleep(500)
  assert.equal(load.since(frozenAt, 200).length, 0, 'calls were sent while nothing could be recorded')
  disk.thaw()
  await servedAgain(load, 20)
  await audit(at)
  remove(at)
})
