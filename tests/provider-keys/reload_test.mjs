// Keys are changed by a reload: calls under way keep theirs, what follows has the new ones.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import test from 'node:test'
import { call } from '../budgets/calls.mjs'
import { configOf, eventually, keyStates, kFirst, kSecond, session, startKeyed } from './keyed.mjs'

test('SIGHUP: streams in flight end whole, new calls have the new key, and health begins anew', async (t) => {
  const { upstream, reeve, keysSeen } = await startKeyed(t, [{ name: 'only', api_key: kFirst }])
  const { secret } = await reeve.createKey('dev@example.com')
  const slow = { events: 60, delay_ms: 50 }
  const streams = Array.from({ length: 12 }, (_, i) => call(reeve, secret, { headers: session(`s${i}`), script: slow }))
  assert.ok(await eventually(() => keysSeen().length === 12))
  const reload = async (key) => {
    const config = `governance_dir: ./governance\n${configOf(upstream.port, [{ name: 'only', api_key: key }])}`
    fs.writeFileSync(path.join(reeve.folder, 'reeve.yaml'), config)
    const before = reeve.log().split('reloaded').length
    reeve.process.kill('SIGHUP')
    assert.ok(await eventually(() => reeve.log().split('reloaded').length > before))
  }
  await reload(kSecond)
  for (let i = 0; i < 4; i++) assert.equal((await call(reeve, secret, { headers: session(`n${i}`) })).status, 200)
  assert.deepEqual(keysSeen().slice(12), [1, 1, 1, 1])
  for (const { status, text } of await Promise.all(streams)) {
    assert.equal(status, 200)
    assert.match(text, /message_stop/)
  }

  await upstream.answerKeys({ [kSecond]: { status: 401 } })
  assert.equal((await call(reeve, secret)).status, 502, 'it is not about the caller')
  assert.ok(await eventually(async () => (await keyStates(reeve)).only === 'set_aside'))
  await reload(kFirst)
  assert.ok(await eventually(async () => (await keyStates(reeve)).only === 'serves'), 'a new secret has no past')
  assert.equal((await call(reeve, secret)).status, 200)
  assert.equal(await reeve.stop(), 0)
  const entries = await (await reeve.start(), reeve.entries())
  const restored = entries.filter(({ kind }) => kind === 'provider.key_set_aside')
  assert.equal(restored.length, 1)
})
