// Another sealing key, beside a running server, and killed at any moment of it.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import test from 'node:test'
import { call } from '../budgets/calls.mjs'
import { eventually, sleep } from '../faults/server.mjs'
import { kProgram } from '../upstream/reeve_process.mjs'
import { Random } from '../upstream/random.mjs'
import { House, newKey, seal } from './sealed.mjs'

const list = async (house) => JSON.parse((await house.server.run('secret', 'list', '--json')).stdout).secrets

async function running(t, options) {
  const house = await new House(t, { more: 'ledger: {content: sealed}', ...options }).prepare()
  await house.server.start()
  house.key = (await house.server.createKey('dev@example.com')).secret
  house.works = async () => assert.equal((await call(house.server, house.key)).status, 200)
  return house
}

test('a new key beside a running server: everything is sealed with it, and the old one is gone', async (t) => {
  const house = await running(t)
  const { server } = house
  await house.works()
  const [old] = house.keyFileLines()
  const rotated = await server.run('secret', 'rotate', '--json')
  assert.equal(rotated.code, 0, rotated.stdout + rotated.stderr)
  const report = JSON.parse(rotated.stdout)
  assert.equal(report.old_keys_dropped, 1)
  assert.deepEqual(report.left, [])
  assert.ok(report.sealed >= 7)
  const [fresh, ...others] = house.keyFileLines()
  assert.notEqual(fresh, old)
  assert.deepEqual(others, [])
  assert.equal(fs.statSync(house.keyFile).mode & 0o777, 0o600)
  assert.ok((await list(house)).every(({ state }) => state === 'sealed'))
  await house.works()

  // The running server finds the new key by itself: it reads the new configuration, and writes keys of its own.
  server.process.kill('SIGHUP')
  assert.ok(await eventually(() => server.log().includes('"reloaded"')), server.log().slice(-1500))
  assert.equal((await server.run('ledger', 'key', 'rotate', '--reason', 'test')).code, 0)
  const ledgerKey = path.join(server.dataDirectory, 'ledger/private-key.previous')
  assert.ok(await eventually(() => fs.existsSync(ledgerKey)))
  assert.ok((await list(house)).every(({ state }) => state === 'sealed'))
  await house.works()
  const told = await eventually(async () => (await server.entries()).find(({ kind }) => kind === 'sealing.rotated'))
  assert.equal(told.detail.key, report.key)
  assert.equal(await server.stop(), 0)
  await server.start()
  await house.works()
  assert.deepEqual((await server.verify()).problems ?? [], [])
  assert.equal(await server.stop(), 0)
})

test('kill -9 in the middle, again and again: the server starts after each, and the next run finishes', async (t) => {
  const house = await running(t)
  const { server } = house
  const random = new Random(3)
  const files = ['--config', path.join(server.folder, 'reeve.yaml'), '--data', server.dataDirectory]
  const began = Date.now()
  assert.equal((await server.run('secret', 'rotate')).code, 0)
  const whole = Date.now() - began
  let killed = 0
  const lines = []
  for (let round = 0; round < 40; round++) {
    const child = spawn(kProgram, ['secret', 'rotate', ...files], { stdio: 'ignore' })
    const exited = new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal ?? code)))
    await sleep(random.between(0, Math.max(10, whole)))
    child.kill('SIGKILL')
    if ((await exited) === 'SIGKILL') ++killed
    lines.push(house.keyFileLines().length)
    // Whatever stands there now, it opens.
    const states = (await list(house)).map(({ state }) => state)
    assert.ok(states.length >= 7 && states.every((state) => state === 'sealed' || state === 'old_key'), states.join())
    if (round % 8 === 7) {
      assert.equal(await server.stop(), 0)
      await server.start()
    }
    await house.works()
  }
  assert.ok(killed >= 10, `only ${killed} were killed`)
  assert.ok(lines.includes(2), 'no kill came between the new key and the end')
  const rotated = await server.run('secret', 'rotate')
  assert.equal(rotated.code, 0, rotated.stdout + rotated.stderr)
  assert.equal(house.keyFileLines().length, 1)
  assert.ok((await list(house)).every(({ state }) => state === 'sealed'))
  for (const folder of [server.folder, server.dataDirectory]) {
    assert.deepEqual(fs.readdirSync(folder).filter((name) => /new$/.test(name)), [], 'drafts of killed rotations')
  }
  t.diagnostic(`${killed} of 40 killed, ${lines.filter((count) => count === 2).length} of them with both keys left`)
  assert.equal(await server.stop(), 0)
  await server.start()
  await house.works()
  assert.equal(await server.stop(), 0)
})

test('what cannot be sealed anew keeps the old key, and is named', async (t) => {
  const house = await running(t)
  const { server } = house
  server.environment.VENDOR_KEY = house.sealedKey
  house.configure('${VENDOR_KEY}')
  const first = await server.run('secret', 'rotate')
  assert.equal(first.code, 1)
  assert.match(first.stdout, /left: providers\.anthropic\.api_key in the environment/)
  assert.equal(house.keyFileLines().length, 2)
  server.environment.VENDOR_KEY = await seal(server, 'providers.anthropic.api_key', 'sk-ant-upstream-key')
  const second = await server.run('secret', 'rotate')
  assert.equal(second.code, 0, second.stdout + second.stderr)
  assert.equal(house.keyFileLines().length, 1)
  assert.equal(await server.stop(), 0)
})

test('a passphrase is changed by giving both', async (t) => {
  const house = await running(t, {
    sealing: 'sealing: {passphrase: {env: HOUSE_PHRASE}}',
    environment: { HOUSE_PHRASE: 'the old passphrase' },
  })
  const { server } = house
  const alone = await server.run('secret', 'rotate')
  assert.equal(alone.code, 1)
  assert.match(alone.stderr, /put the new one on a line before it/)
  server.environment.HOUSE_PHRASE = 'the new passphrase\nthe old passphrase'
  const rotated = await server.run('secret', 'rotate')
  assert.equal(rotated.code, 0, rotated.stdout + rotated.stderr)
  assert.match(rotated.stdout, /can be taken out of the environment variable HOUSE_PHRASE/)
  assert.equal(await server.stop(), 0)
  server.environment.HOUSE_PHRASE = 'the new passphrase'
  await server.start()
  await house.works()
  assert.equal(await server.stop(), 0)
})

test('two rotations at once do not take each other the key away', async (t) => {
  const house = await running(t)
  const { server } = house
  const both = await Promise.all([server.run('secret', 'rotate'), server.run('secret', 'rotate')])
  for (const { code, stdout, stderr } of both) assert.equal(code, 0, stdout + stderr)
  assert.equal(house.keyFileLines().length, 1)
  assert.ok((await list(house)).every(({ state }) => state === 'sealed'))
  fs.writeFileSync(house.keyFile, `${newKey()}\n`)
  assert.equal((await server.run('secret', 'list')).code, 1, 'with a key of somebody else nothing opens')
})
