// Clients that leave, listen slowly or not at all, and crowds of them: the provider's work is cancelled, memory stays
// where it was, and nobody else waits.

import assert from 'node:assert/strict'
import crypto from 'node:crypto'
import net from 'node:net'
import test, { after, before } from 'node:test'
import { eventually, kSanitized, sleep } from '../faults/server.mjs'
import { BrokenUpstream, providersAt } from './broken_upstream.mjs'
import { goodBody, goodRequest, kGenerating, kPaths, requestText } from './dialects.mjs'
import { RawConnection } from './raw.mjs'
import { Stage } from './stage.mjs'

const kConnections = 300
const stage = new Stage()
const broken = new BrokenUpstream()
const left = [] // request ids of calls whose client left: the ledger must say so

before(async () => {
  await broken.start()
  const timeouts = [
    `limits: {header_timeout: 20s, body_timeout: 20s, write_timeout: 4s, connections: ${kConnections}}`,
    'upstream: {connect_timeout: 5s, response_timeout: 30s, read_timeout: 30s, connections: 40}',
    '',
  ].join('\n')
  const base = `http://127.0.0.1:${broken.port}`
  await stage.start({
    timeouts,
    ...providersAt({ broken: base }, 'sk-broken'),
  })
})
after(() => {
  stage.abandon()
  broken.stop()
})

function call(fault, { name = 'messages', stream = true, workItem = crypto.randomUUID() } = {}) {
  const { path, streamPath, modelInPath, headers: own, model } = kPaths[name]
  const body = JSON.parse(goodBody(name))
  if (!modelInPath) Object.assign(body, { model: 'broken-model', stream })
  const target = (stream && streamPath ? streamPath : path).replace(model, 'broken-model')
  const headers = [...own(stage.key), ['x-fault', fault], ['x-reeve-work-item', workItem]]
  return requestText({ target, headers, body: JSON.stringify(body) })
}

async function begun(fault, options) {
  const connection = new RawConnection(stage.port)
  await connection.connected
  const before = broken.requests
  await connection.write(call(fault, options))
  assert.ok(await eventually(() => broken.requests > before), 'the call does not reach the provider')
  return connection
}

const leave = {
  'with a FIN': (connection) => connection.close(),
  'with a reset': (connection) => connection.resetNow(),
}

// A second is what is promised on a machine that has nothing else to do.
async function expectCancelled(upstream, leftAt) {
  assert.ok(await eventually(() => upstream.closedAt, 10, 10), 'the provider goes on for nobody')
  assert.ok(upstream.closedAt - leftAt < 3000, `cancelled after ${upstream.closedAt - leftAt} ms`)
}

for (const [how, go] of Object.entries(leave)) {
  test(`a client that leaves in the middle of a stream ${how} cancels the provider's work`, async () => {
    for (const name of kGenerating) {
      const workItem = `left-stream-${name}-${how.at(-1)}`
      const connection = await begun('a trickle', { name, workItem })
      assert.ok(await connection.until(() => connection.received.includes('event: ping'), 10_000))
      const upstream = broken.last('a trickle')
      const leftAt = Date.now()
      go(connection)
      await expectCancelled(upstream, leftAt)
      left.push(workItem)
    }
  })

  test(`a client that leaves before the answer ${how} cancels the provider's work`, async () => {
    for (const name of kGenerating) {
      const workItem = `left-early-${name}-${how.at(-1)}`
      const connection = await begun('hang', { name, workItem, stream: false })
      const upstream = broken.last('hang')
      const leftAt = Date.now()
      go(connection)
      await expectCancelled(upstream, leftAt)
      left.push(workItem)
    }
  })
}

test('a client that leaves while it sends costs nobody anything', async () => {
  const before = await stage.upstreamRequests()
  for (const name of Object.keys(kPaths)) {
    const whole = goodRequest(name, stage.key)
    for (const share of [0.1, 0.5, 0.9, 0.99]) {
      const connection = new RawConnection(stage.port)
      await connection.connected
      await connection.write(whole.subarray(0, Math.floor(whole.length * share)))
      connection.resetNow()
    }
  }
  await sleep(300)
  assert.equal(await stage.upstreamRequests(), before)
  await stage.healthy()
})

test('thirty clients that all leave at once leave nothing behind', async () => {
  await stage.healthy()
  const files = stage.server.openFiles()
  const crowd = await Promise.all(
    Array.from({ length: 30 }, async (_, i) => {
      left.push(`crowd-${i}`)
      const connection = new RawConnection(stage.port)
      await connection.connected
      await connection.write(call('a trickle', { workItem: `crowd-${i}` }))
      assert.ok(await connection.until(() => connection.received.includes('event: ping'), 20_000))
      return connection
    }),
  )
  for (const [i, connection] of crowd.entries()) i % 2 ? connection.close() : connection.resetNow()
  assert.ok(
    await eventually(() => broken.connections.every(({ fault, closedAt }) => fault !== 'a trickle' || closedAt), 10),
  )
  assert.ok(
    await eventually(() => stage.server.openFiles() <= files + 4, 10),
    `${stage.server.openFiles()} files, before ${files}`,
  )
})

test('a client that does not read holds a bounded amount of memory, blocks nobody and is let go', async () => {
  const before = stage.server.residentMemory()
  const silent = Array.from({ length: 10 }, () => net.connect(stage.port, '127.0.0.1').pause())
  silent.forEach((socket, i) => {
    socket.on('error', () => {})
    socket.write(call('a big stream', { workItem: `silent-${i}` }))
    left.push(`silent-${i}`)
  })
  assert.ok(await eventually(() => broken.connections.filter(({ fault }) => fault === 'a big stream').length >= 10))
  let most = 0
  const until = Date.now() + 2000
  while (Date.now() < until) {
    await stage.healthy()
    most = Math.max(most, stage.server.residentMemory())
  }
  if (!kSanitized)
    assert.ok(most - before < 40, `grown from ${before.toFixed(0)} to ${most.toFixed(0)} MiB for ten of them`)
  const cancelled = () => broken.connections.every(({ fault, closedAt }) => fault !== 'a big stream' || closedAt)
  assert.ok(await eventually(cancelled, 20), 'they are never let go')
  for (const socket of silent) socket.destroy()
})

test('a slow reader gets every byte, and the provider is slowed down instead of memory filled', async () => {
  const before = stage.server.residentMemory()
  const socket = net.connect(stage.port, '127.0.0.1')
  socket.write(call('a big answer', { stream: false }))
  let received = 0
  let most = 0
  for await (const bytes of socket) {
    received += bytes.length
    most = Math.max(most, stage.server.residentMemory())
    if (received < 12 << 20) await sleep(15)
    if (received >= 50 << 20) break
  }
  socket.destroy()
  assert.ok(received >= 50 << 20, `only ${received} bytes came`)
  if (!kSanitized) assert.ok(most - before < 40, `grown from ${before.toFixed(0)} to ${most.toFixed(0)} MiB`)
})

test('more calls than the provider may get connections: refused with a reason, at once', async () => {
  const crowd = Array.from({ length: 120 }, () => new RawConnection(stage.port))
  await Promise.all(crowd.map(({ connected }) => connected))
  await Promise.all(crowd.map((connection) => connection.write(call('hang'))))
  const refused = () => crowd.filter(({ received }) => received.includes('HTTP/1.1 50')).length
  assert.ok(await eventually(() => refused() >= 10, 15), `${refused()} of 120 calls were refused`)
  for (const { received } of crowd.filter((connection) => connection.received.length > 0)) {
    const text = received.toString('utf8')
    assert.match(text, /^HTTP\/1\.1 50[23] /)
    assert.match(text, /"type":"error"/)
    assert.match(text, /connections|busy|limit/i)
  }
  // Another provider is not touched.
  await stage.healthy()
  for (const connection of crowd) connection.close()
  assert.ok(await eventually(() => broken.connections.every(({ fault, closedAt }) => fault !== 'hang' || closedAt), 10))
})

test('more connections than the limit: the others are told so and let go, and room comes back', async () => {
  const crowd = Array.from({ length: kConnections + 80 }, () => new RawConnection(stage.port))
  await Promise.all(crowd.map(({ connected }) => connected))
  assert.ok(await eventually(() => crowd.filter(({ ended }) => ended).length >= 80, 10))
  const told = crowd.filter(({ received }) => received.includes('HTTP/1.1 503'))
  assert.ok(told.length >= 60, `${told.length} were told`)
  assert.ok(crowd.filter(({ ended }) => !ended).length >= kConnections - 10, 'others lost their connection')
  for (const connection of crowd) connection.close()
  assert.ok(
    await eventually(
      () =>
        stage.healthy().then(
          () => true,
          () => false,
        ),
      10,
    ),
    'no room comes back',
  )
})

test('the outcomes say who left, and all is well', async () => {
  const entries = await stage.finish()
  const outcomes = new Map(
    entries.filter(({ kind }) => kind === 'model.outcome').map((entry) => [entry.work_item, entry.outcome]),
  )
  const wrong = left.filter((id) => outcomes.get(id)?.status !== 'client_gone')
  assert.deepEqual(
    wrong.map((id) => `${id}: ${JSON.stringify(outcomes.get(id))}`),
    [],
  )
})
