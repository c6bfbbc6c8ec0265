// Sealed secrets: what opens them, what does not, and what a server does that cannot open one.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import test from 'node:test'
import { call } from '../budgets/calls.mjs'
import { kKeys } from '../upstream/upstream_process.mjs'
import { filesBelow, House, newKey, runWith, seal } from './sealed.mjs'

const list = async (house) => JSON.parse((await house.server.run('secret', 'list', '--json')).stdout).secrets

test('a sealed key serves calls, and every key of the data directory is sealed', async (t) => {
  const house = await new House(t, { more: 'ledger: {content: sealed}' }).prepare()
  assert.match(house.sealedKey, /^sealed:1\.[0-9a-f]{8}\.\.[A-Za-z0-9_-]+$/)
  const { server } = house
  await server.start()
  const { secret } = await server.createKey('dev@example.com')
  assert.equal((await call(server, secret)).status, 200)
  const kept = await list(house)
  assert.ok(kept.length >= 7, JSON.stringify(kept))
  assert.deepEqual(kept.filter(({ state }) => state !== 'sealed'), [])
  const own = ['digest.key', 'vault.key', 'content.key', 'tokens.key', 'policy/bundle.key', 'ledger/private-key']
  for (const name of own) {
    assert.match(fs.readFileSync(path.join(server.dataDirectory, name), 'utf8'), /^sealed:1\./, name)
  }
  assert.equal((await server.run('check')).code, 0)
  assert.doesNotMatch((await server.run('check')).stdout, /in clear/)
  assert.deepEqual((await server.verify()).problems ?? [], [])
  assert.equal(await server.stop(), 0)
  await server.start()
  assert.equal((await call(server, secret)).status, 200, 'after a restart')
  assert.equal(await server.stop(), 0)
})

test('keys that lie there in clear are sealed at the next start, and stay the same keys', async (t) => {
  const house = await new House(t, { sealing: '' }).prepare().catch((error) => error)
  assert.match(String(house), /does not say what secrets are sealed with/)
  const plain = new House(t, { sealing: '' })
  await plain.upstream.start()
  plain.configure(kKeys.anthropic)
  const { server } = plain
  await server.start()
  const ledgerKey = (await server.run('ledger', 'key')).stdout
  assert.equal(await server.stop(), 0)
  const before = fs.readFileSync(path.join(server.dataDirectory, 'ledger/private-key'), 'utf8')
  assert.match(before, /^PRIVATE\+KEY/)
  const checked = await server.run('check')
  assert.match(checked.stdout, /in clear; seal it with 'reeve secret seal providers.anthropic.api_key'/)

  plain.sealing = `sealing: {key: {file: ${plain.keyFile}}}`
  plain.configure(kKeys.anthropic)
  await server.start()
  assert.equal((await server.run('ledger', 'key')).stdout, ledgerKey)
  const seed = before.split('+').at(-1).trim()
  for (const [name, content] of Object.entries(filesBelow(server.dataDirectory))) {
    assert.ok(!content.includes(seed), `${name} still holds the ledger's key`)
  }
  const { secret } = await server.createKey('dev@example.com')
  assert.equal((await call(server, secret)).status, 200)
  assert.equal((await server.run('ledger', 'key', 'rotate', '--reason', 'test')).code, 0)
  assert.equal(await server.stop(), 0)
  assert.deepEqual((await server.verify()).problems ?? [], [])
  for (const { place, state } of await list(plain)) {
    assert.equal(state, place === 'providers.anthropic.api_key' ? 'clear' : 'sealed', place)
  }
})

test('a wrong key, none, or a moved secret: nothing starts, nothing is written, and the reason is said', async (t) => {
  const house = await new House(t).prepare()
  const { server } = house
  await server.start()
  assert.equal(await server.stop(), 0)
  const state = () =>
    JSON.stringify(Object.entries(filesBelow(server.dataDirectory)).map(([n, b]) => [n, b.toString('hex')]))
  const before = state()
  const right = fs.readFileSync(house.keyFile)

  fs.writeFileSync(house.keyFile, `${newKey()}\n`)
  const wrong = await house.failToStart()
  assert.equal(wrong.code, 2)
  assert.match(wrong.text, /sealing\.key is not what it was sealed with/)
  fs.rmSync(house.keyFile)
  assert.match((await house.failToStart()).text, /sealing\.key, which is to hold a key, cannot be read/)
  fs.writeFileSync(house.keyFile, right, { mode: 0o644 })
  fs.chmodSync(house.keyFile, 0o644)
  assert.match((await house.failToStart()).text, /can be read by everybody/)
  fs.chmodSync(house.keyFile, 0o600)
  fs.writeFileSync(house.keyFile, 'not a key\n')
  assert.match((await house.failToStart()).text, /64 hexadecimal digits/)
  fs.writeFileSync(house.keyFile, right)

  house.configure(house.sealedKey, 'elsewhere')
  assert.match((await house.failToStart()).text, /sealed for another place than providers\.elsewhere\.api_key/)
  const checked = await server.run('check')
  assert.equal(checked.code, 1)
  assert.match(checked.stdout, /reeve\.yaml:\d+:\d+: .*secret seal providers\.elsewhere\.api_key/)

  // The configuration is right, but a key file of another house lies in the data directory.
  house.configure(house.sealedKey)
  const vault = path.join(server.dataDirectory, 'vault.key')
  const own = fs.readFileSync(vault)
  fs.copyFileSync(path.join(server.dataDirectory, 'digest.key'), vault)
  const mixed = await house.failToStart()
  assert.notEqual(mixed.code, 0)
  assert.match(mixed.text, /vault\.key: it was sealed for another place than data\.vault\.key/)
  fs.writeFileSync(vault, own)
  house.sealing = ''
  house.configure('${HOUSE_KEY:-x}')
  const without = await house.failToStart()
  assert.match(without.text, /digest\.key: it is sealed, and reeve\.yaml does not say with what/)
  assert.equal(state(), before, 'a server that does not start leaves everything as it was')
})

test('a passphrase seals, a wrong one is said at once, and sources may be variables and commands', async (t) => {
  const phrase = 'correct horse battery staple'
  const house = await new House(t, {
    sealing: 'sealing: {passphrase: {env: HOUSE_PHRASE}}',
    environment: { HOUSE_PHRASE: phrase },
  }).prepare()
  const { server } = house
  await server.start()
  const { secret } = await server.createKey('dev@example.com')
  assert.equal((await call(server, secret)).status, 200)
  assert.equal(await server.stop(), 0)
  server.environment.HOUSE_PHRASE = 'correct horse battery stable'
  const wrong = await house.failToStart()
  assert.equal(wrong.code, 2)
  assert.match(wrong.text, /the passphrase in the environment variable HOUSE_PHRASE is not what it was sealed with/)
  assert.ok(!wrong.text.includes('stable'))
  server.environment.HOUSE_PHRASE = 'short'
  assert.match((await house.failToStart()).text, /at least 12 characters/)

  const file = path.join(server.folder, 'phrase')
  fs.writeFileSync(file, `${phrase}\n`, { mode: 0o600 })
  house.sealing = `sealing: {passphrase: {command: [cat, ${file}]}}`
  house.configure(house.sealedKey)
  await server.start()
  assert.equal((await call(server, secret)).status, 200)
  assert.equal(await server.stop(), 0)
})

test('reeve secret seal takes nothing on its command line, and says what it wants', async (t) => {
  const { server } = await new House(t).prepare()
  for (const place of ['somewhere', 'providers.', 'providers.a', 'env.', 'identity.oidc.x']) {
    const { code, stderr } = await runWith(server, 'x', 'secret', 'seal', place)
    assert.equal(code, 2, place)
    assert.match(stderr, /is no place for a secret/)
  }
  assert.equal((await runWith(server, '', 'secret', 'seal', 'env.A')).code, 2)
  assert.equal((await runWith(server, 'x', 'secret', 'seal', 'env.A', 'secret')).code, 2)
  const again = await runWith(server, await seal(server, 'env.A', 'x'), 'secret', 'seal', 'env.A')
  assert.match(again.stderr, /sealed already/)
  const json = JSON.parse((await runWith(server, 'x', 'secret', 'seal', 'env.A', '--json')).stdout)
  assert.deepEqual(Object.keys(json), ['place', 'sealed'])
})

test('a secret of a notification may be sealed in its file', async (t) => {
  const house = new House(t, {
    governance: {
      'notify.yaml':
        'kind: Notification\nname: hook\non: [anomaly]\nwebhook: {url: "http://127.0.0.1:9/x", secret_file: FILE}\n',
    },
  })
  const file = path.join(house.server.folder, 'hook.secret')
  const rules = path.join(house.server.folder, 'governance', 'notify.yaml')
  fs.writeFileSync(rules, fs.readFileSync(rules, 'utf8').replace('FILE', file))
  fs.writeFileSync(file, 'clear-hook-secret\n')
  await house.prepare()
  const stateOf = async () => (await list(house)).find(({ place }) => place === 'file.hook.secret').state
  assert.equal(await stateOf(), 'clear')
  fs.writeFileSync(file, `${await seal(house.server, 'file.hook.secret', 'clear-hook-secret')}\n`)
  assert.equal(await stateOf(), 'sealed')
  fs.writeFileSync(file, `${await seal(house.server, 'file.other', 'clear-hook-secret')}\n`)
  const listed = await house.server.run('secret', 'list', '--json')
  assert.equal(listed.code, 1)
  assert.match(listed.stdout, /another place than file\.hook\.secret/)
})
