// One node: the switch refuses new calls and ends those under way, in each dialect; it is recorded, survives a restart,
// and lets on again.

import assert from 'node:assert/strict'
import test from 'node:test'
import { call, entriesWith, failing, kDialects, startBoth, streaming } from './streams.mjs'

const kLeak = 'a key is on a paste site'

async function stage(t, options) {
  const both = await startBoth(options)
  t.after(() => {
    both.reeve.end()
    both.upstream.stop()
  })
  return both
}

test('all is cut off: streams end with the reason, calls are refused with it, and it is recorded', async (t) => {
  const { reeve } = await stage(t)
  const { secret } = await reeve.createKey('ada@example.com')
  const streams = {}
  for (const dialect of Object.keys(kDialects)) streams[dialect] = await streaming(reeve, secret, { dialect })
  const waiting = call(reeve, secret, { stream: false, script: { first_delay_ms: 60_000 } })
  await new Promise((resolve) => setTimeout(resolve, 300))

  const switched = JSON.parse(
    await reeve.command('kill', 'on', '--scope', 'all', '--reason', kLeak, '--by', 'sec', '--json'),
  )
  assert.match(switched.id, /^cut_/)
  for (const [dialect, stream] of Object.entries(streams)) {
    const { status, text, broken } = await stream.ended
    assert.equal(status, 200)
    assert.equal(broken, undefined, `${dialect} was cut without a word: ${broken}`)
    assert.match(text, /All AI use through Reeve is switched off since .* by sec: a key is on a paste site\./, dialect)
  }
  const refusedWaiting = await waiting.ended
  assert.equal(refusedWaiting.status, 400)
  assert.match(refusedWaiting.text, /a key is on a paste site/)
  for (const dialect of Object.keys(kDialects)) {
    const { status, text, headers } = await call(reeve, secret, { dialect }).ended
    assert.equal(status, 400, dialect)
    assert.match(text, /a key is on a paste site/, dialect)
    assert.equal(headers.get('x-should-retry'), 'false')
  }

  await reeve.command('kill', 'off', '--scope', 'all', '--reason', 'it was revoked', '--by', 'sec')
  const again = await call(reeve, secret, { script: { events: 3 } }).ended
  assert.equal(again.status, 200)

  const entries = await entriesWith(reeve, ({ kind, detail }) => kind === 'kill.switched' && !detail.on)
  const [on, off] = entries.filter(({ kind }) => kind === 'kill.switched').map(({ detail }) => detail)
  assert.deepEqual([on.id, on.on, on.scope, on.by, on.reason], [switched.id, true, 'all', 'sec', kLeak])
  assert.deepEqual([off.id, off.on, off.ended_by, off.ended_reason], [switched.id, false, 'sec', 'it was revoked'])
  const killed = entries.filter(({ outcome }) => outcome?.status === 'killed')
  assert.equal(killed.length, 5)
  for (const { outcome, attempt } of killed) {
    assert.equal(attempt, 1)
    assert.equal(outcome.reason, `${switched.id}: a key is on a paste site`)
  }
  const paid = killed.filter(({ usage }) => usage?.output > 0)
  assert.ok(paid.length >= 4, 'what was generated is charged')
  const refused = entries.filter(({ outcome }) => outcome?.status === 'refused' && outcome.reason === 'killed')
  assert.equal(refused.length, 4)
  const applied = (await entriesWith(reeve, ({ kind }) => kind === 'kill.applied')).find(
    ({ kind }) => kind === 'kill.applied',
  ).detail
  assert.deepEqual([applied.id, applied.calls, applied.unended], [switched.id, 5, 0])
  assert.ok(applied.max_ms <= 5000, JSON.stringify(applied))
  assert.equal(await reeve.stop(), 0)
  assert.equal((await failing(reeve, 'ledger', 'completeness')).code, 0)
})

test('what is cut off stays so over a restart and a crash, and ends when its time is over', async (t) => {
  const { reeve } = await stage(t)
  const { secret } = await reeve.createKey('ada@example.com')
  await reeve.command('kill', 'on', '--scope', 'person:Ada@Example.com', '--reason', 'leaver')
  reeve.process.kill('SIGKILL')
  await reeve.exited
  await reeve.start()
  assert.match((await call(reeve, secret).ended).text, /'ada@example.com' is switched off .*leaver/)
  assert.equal(await reeve.stop(), 0)
  await reeve.start()
  assert.equal((await call(reeve, secret).ended).status, 400)
  await reeve.command('kill', 'off', '--scope', 'person:ada@example.com', '--reason', 'she is back')
  await reeve.command('kill', 'on', '--scope', 'all', '--reason', 'for a moment', '--until', '3s')
  assert.match((await call(reeve, secret).ended).text, /until .*for a moment/)
  for (let i = 0; i < 100; i++) {
    const { status } = await call(reeve, secret, { script: { events: 2 } }).ended
    if (status === 200) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  assert.fail('it was over, and still cut off')
})

test('a key that is revoked ends its streams, and no others', async (t) => {
  const { reeve } = await stage(t)
  const leaked = await reeve.createKey('ada@example.com')
  const other = await reeve.createKey('ada@example.com')
  const [ends, stays] = [await streaming(reeve, leaked.secret), await streaming(reeve, other.secret)]
  await reeve.command('key', 'revoke', leaked.id)
  const { text } = await ends.ended
  assert.match(text, /the key was revoked/)
  assert.doesNotMatch(text, new RegExp(leaked.secret))
  const { status, text: refusal } = await call(reeve, leaked.secret).ended
  assert.equal(status, 401)
  assert.match(refusal, /was revoked/)
  await reeve.command('kill', 'on', '--scope', `key:${other.id}`, '--reason', 'to end the test')
  assert.match((await stays.ended).text, /to end the test/)
})

test('a client that takes nothing is cut off all the same', async (t) => {
  const { reeve } = await stage(t)
  const { secret } = await reeve.createKey('ada@example.com')
  const { connect } = await import('node:net')
  const messages = [{ role: 'user', content: 'x' }]
  const body = JSON.stringify({ model: 'claude-x', max_tokens: 9, stream: true, messages })
  const socket = connect(reeve.port, '127.0.0.1')
  socket.write(
    `POST /v1/messages HTTP/1.1\r\nhost: x\r\nx-api-key: ${secret}\r\nanthropic-version: 2023-06-01\r\n` +
      `content-type: application/json\r\nx-upstream-script: {"pad_bytes":60000000}\r\n` +
      `content-length: ${body.length}\r\n\r\n${body}`,
  )
  await new Promise((resolve) => socket.once('data', resolve))
  socket.pause()
  await new Promise((resolve) => setTimeout(resolve, 1000))
  await reeve.command('kill', 'on', '--scope', 'all', '--reason', 'now')
  const entries = await entriesWith(reeve, ({ outcome }) => outcome?.status === 'killed')
  assert.ok(entries.some(({ outcome }) => outcome?.status === 'killed'))
  const stats = await (await fetch(`http://127.0.0.1:${reeve.port}/metrics`)).text()
  assert.match(stats, /^reeve_calls_in_flight 0/m)
  socket.destroy()
})

test('what makes no sense is refused, and cuts nothing off', async (t) => {
  const { reeve } = await stage(t)
  const { secret } = await reeve.createKey('ada@example.com')
  for (const wrong of [
    ['--scope', 'everything', '--reason', 'x'],
    ['--scope', 'person:', '--reason', 'x'],
    ['--scope', 'all', '--reason', ' '],
    ['--scope', 'all'],
    ['--reason', 'x'],
    ['--scope', 'all', '--reason', 'x', '--until', 'tomorrow'],
  ]) {
    assert.equal((await failing(reeve, 'kill', 'on', ...wrong)).code, 2, wrong.join(' '))
  }
  assert.equal((await failing(reeve, 'kill', 'off', '--scope', 'all', '--reason', 'over')).code, 1)
  assert.equal((await failing(reeve, 'kill', 'off', '--scope', 'all')).code, 2)
  assert.equal((await failing(reeve, 'kill', 'off', '--reason', 'over')).code, 2)
  assert.deepEqual(JSON.parse(await reeve.command('kill', 'list', '--json')), [])
  assert.equal((await call(reeve, secret, { script: { events: 2 } }).ended).status, 200)
})

test('a drill tells how long it took, and touches nobody', async (t) => {
  const { reeve } = await stage(t)
  const { secret } = await reeve.createKey('ada@example.com')
  const stream = await streaming(reeve, secret)
  const { code, text } = await failing(reeve, 'kill', 'drill', '--scope', 'all', '--streams', '40', '--json')
  const report = JSON.parse(text)
  assert.equal(report.nodes.length, 1)
  const [node] = report.nodes
  assert.deepEqual([node.calls, node.done, node.unended], [40, true, 0])
  assert.equal(code, report.good ? 0 : 1)
  assert.deepEqual(JSON.parse(await reeve.command('kill', 'list', '--json')), [], 'nothing stays switched off')
  const inEarnest = ['--scope', 'person:ada@example.com', '--for-real', '--json']
  const real = JSON.parse((await failing(reeve, 'kill', 'drill', ...inEarnest)).text)
  assert.deepEqual([real.for_real, real.nodes[0].calls], [true, 1])
  assert.match((await stream.ended).text, /a drill/)
  const entries = await entriesWith(reeve, ({ kind, detail }) => kind === 'kill.drilled' && detail.for_real)
  assert.deepEqual(
    entries.filter(({ kind }) => kind === 'kill.drilled').map(({ detail }) => detail.drill),
    [report.drill, real.drill],
  )
})
