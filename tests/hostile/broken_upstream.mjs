// A provider that misbehaves on purpose. What it does is named by the request's own header x-fault; every behaviour is
// a function of the socket in the table below. It remembers its connections, so that tests can ask when one was closed.

import net from 'node:net'
import zlib from 'node:zlib'
import { sleep } from '../faults/server.mjs'

const head = (lines) => ['HTTP/1.1 200 OK', 'content-type: application/json', ...lines, '', ''].join('\r\n')
const streamHead = (lines = []) =>
  ['HTTP/1.1 200 OK', 'content-type: text/event-stream', 'transfer-encoding: chunked', ...lines, '', ''].join('\r\n')
const chunk = (text) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`
export const kEvent = 'event: ping\ndata: {"type":"ping"}\n\n'

const kJson = '{"id":"x","usage":{"input_tokens":3,"output_tokens":5,"prompt_tokens":3,"completion_tokens":5}}'
const kAbsurd = `{"usage":{"input_tokens":99999999999999999999,"output_tokens":1e400,"prompt_tokens":-1,
  "completion_tokens":9007199254740993}}`
const sized = (status, body, extra = []) =>
  [
    `HTTP/1.1 ${status}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    ...extra,
    '',
    body,
  ].join('\r\n')

export const kBig = Buffer.alloc(1 << 20, 'big answer ')
export const kGzipped = zlib.gzipSync(kJson)

async function pour(socket, count, makePiece) {
  for (let i = 0; i < count && !socket.destroyed; i++) {
    if (!socket.write(makePiece(i))) await Promise.race([once(socket, 'drain'), once(socket, 'close')])
  }
}
const once = (emitter, event) => new Promise((resolve) => emitter.once(event, resolve))

export const kFaults = {
  // Before an answer.
  'reset at once': (socket) => socket.resetAndDestroy(),
  'closed at once': (socket) => socket.end(),
  hang: () => {},
  'half a status line': (socket) => socket.end('HTTP/1.'),
  'half a head': (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-le'),
  'hang in the head': (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-le'),
  garbage: (socket) => socket.end(Buffer.from(Array.from({ length: 2000 }, (_, i) => (i * 31 + 7) % 256))),
  'another protocol': (socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'),
  'HTTP/0.9': (socket) => socket.end('<html>hello</html>'),
  'HTTP/2': (socket) => socket.end('HTTP/2 200 OK\r\ncontent-length: 0\r\n\r\n'),
  'a status of two digits': (socket) => socket.end(sized('20 OK', '{}')),
  'a status of four digits': (socket) => socket.end(sized('2000 OK', '{}')),
  'status 999': (socket) => socket.end(sized('999 Odd', '{}')),
  'status 000': (socket) => socket.end(sized('000 Odd', '{}')),
  'an endless head': (socket) =>
    pour(socket, 4096, (i) => (i === 0 ? 'HTTP/1.1 200 OK\r\n' : `x-${i}: ${'a'.repeat(1000)}\r\n`)),
  'an endless header line': (socket) =>
    pour(socket, 4096, (i) => (i === 0 ? 'HTTP/1.1 200 OK\r\nx: ' : 'a'.repeat(1000))),
  'endless interim answers': (socket) => pour(socket, 100_000, () => 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(20)),
  'bare line feeds': (socket) => socket.end(`HTTP/1.1 200 OK\ncontent-length: 2\n\n{}`),
  'a folded header': (socket) => socket.end(head(['x: a', ' b', 'content-length: 2']) + '{}'),
  'a space before the colon': (socket) => socket.end(head(['content-length : 2']) + '{}'),
  'a NUL in a header': (socket) => socket.end(head(['x: a\0b', 'content-length: 2']) + '{}'),
  'two lengths': (socket) => socket.end(head(['content-length: 2', 'content-length: 20']) + '{}'),
  'a length and chunks': (socket) =>
    socket.end(head(['content-length: 2', 'transfer-encoding: chunked']) + '2\r\n{}\r\n0\r\n\r\n'),
  'a negative length': (socket) => socket.end(head(['content-length: -2']) + '{}'),
  'an unknown transfer coding': (socket) => socket.end(head(['transfer-encoding: rot13']) + '{}'),
  'switching protocols unasked': (socket) =>
    socket.end('HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n'),

  // In the body.
  'a body cut short': (socket) => socket.end(head(['content-length: 5000']) + kJson),
  'a body reset': (socket) => socket.write(head(['content-length: 5000']) + kJson, () => socket.resetAndDestroy()),
  'chunks cut short': (socket) => socket.end(head(['transfer-encoding: chunked']) + chunk(kJson)),
  'a bad chunk': (socket) =>
    socket.end(head(['transfer-encoding: chunked']) + chunk(kJson) + 'zz\r\nhello\r\n0\r\n\r\n'),
  'a chunk too long': (socket) => socket.end(head(['transfer-encoding: chunked']) + '3\r\nhello\r\n0\r\n\r\n'),
  'a body that hangs': (socket) => socket.write(head(['content-length: 5000']) + kJson),
  'a stream cut short': (socket) => socket.end(streamHead() + chunk(kEvent)),
  'a stream cut in an event': (socket) => socket.end(streamHead() + chunk(kEvent) + chunk('event: pi')),
  'a stream reset': async (socket) => {
    socket.write(streamHead() + chunk(kEvent))
    await sleep(100)
    socket.resetAndDestroy()
  },
  'a stream that hangs': (socket) => socket.write(streamHead() + chunk(kEvent)),
  'a bad chunk in a stream': async (socket) => {
    socket.write(streamHead() + chunk(kEvent))
    await sleep(100)
    socket.end('zz\r\n')
  },

  // Odd, but an answer.
  'interim answers': (socket) =>
    socket.write(
      `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n${sized('200 OK', kJson)}`,
    ),
  'closed without a length': (socket) => socket.end(head([]) + kJson),
  'compressed although unasked': (socket) => {
    socket.write(head(['content-encoding: gzip', `content-length: ${kGzipped.length}`]))
    socket.write(kGzipped)
  },
  'no content': (socket) => socket.write('HTTP/1.1 204 No Content\r\n\r\n'),
  'an empty answer': (socket) => socket.write(head(['content-length: 0'])),
  'no reason phrase': (socket) => socket.write(sized('200', kJson)),
  'not JSON': (socket) => socket.write(sized('200 OK', '<html>hello</html>')),
  'JSON of the wrong shape': (socket) =>
    socket.write(sized('200 OK', '[{"usage":"much"},{"usage":{"input_tokens":-5}}]')),
  'absurd usage': (socket) => socket.write(sized('200 OK', kAbsurd)),
  'deep JSON': (socket) => socket.write(sized('200 OK', '['.repeat(100_000) + ']'.repeat(100_000))),
  'a stream of nonsense': (socket) =>
    socket.write(streamHead() + chunk('data: {"a\n\ndata: [1,2\r\n\r\n:::\n\0\n\nevent\n\n') + '0\r\n\r\n'),
  'a stream that is one line': (socket) =>
    pour(socket, 12, (i) =>
      i === 0 ? streamHead() + chunk('data: ') : i < 11 ? chunk('x'.repeat(1 << 20)) : '0\r\n\r\n',
    ),
  'more than it said': (socket) => socket.write(sized('200 OK', kJson) + sized('200 OK', '{"id":"of somebody else"}')),
  'headers that are ours': (socket) =>
    socket.write(
      sized('200 OK', kJson, [
        'x-reeve-decision: deny',
        'x-reeve-rule: forged',
        'x-reeve-request-id: req_forged',
        'set-cookie: a=b',
        'connection: x-hop',
        'x-hop: 1',
      ]),
    ),
  'a big answer': async (socket) => {
    socket.write(head([`content-length: ${50 * kBig.length}`]))
    await pour(socket, 50, () => kBig)
  },
  'a big stream': async (socket) => {
    socket.write(streamHead())
    const data = `data: ${kBig.toString('latin1').slice(0, 64 << 10)}\n\n`
    await pour(socket, 800, () => chunk(data))
    socket.write('0\r\n\r\n')
  },
  'a trickle': async (socket) => {
    socket.write(streamHead())
    for (let i = 0; i < 600 && !socket.destroyed; i++) {
      socket.write(chunk(kEvent))
      await sleep(50)
    }
  },
}

// Lines of reeve.yaml for a provider at each place in every dialect: `{name: address}`; the models "name-*" lead there.
export function providersAt(places, key) {
  const providers = []
  const models = []
  for (const [name, host] of Object.entries(places)) {
    for (const dialect of ['anthropic', 'openai-chat', 'openai-responses', 'gemini']) {
      const base = host + (dialect.startsWith('openai') ? '/v1' : '')
      providers.push(`  - {name: ${name}-${dialect}, dialect: ${dialect}, base_url: "${base}", api_key: "${key}"}`)
      models.push(`  - {name: "${name}-*", provider: ${name}-${dialect}}`)
    }
  }
  return { providers, models }
}

export class BrokenUpstream {
  connections = [] // {fault, closedAt}: what each connection was last asked, and when its other side closed it
  requests = 0
  leaked = [] // heads of requests with a caller's key in them

  async start() {
    this.server = net.createServer({ noDelay: true, allowHalfOpen: true }, (socket) => this.#serve(socket))
    await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve))
    this.port = this.server.address().port
    return this
  }

  stop() {
    this.server.close()
    for (const { socket } of this.connections) socket.destroy()
  }

  // The latest connection that was asked for this fault.
  last(fault) {
    return this.connections.findLast((connection) => connection.fault === fault)
  }

  #serve(socket) {
    const connection = { socket, fault: null, closedAt: null }
    this.connections.push(connection)
    const closed = () => (connection.closedAt ??= Date.now())
    let pending = Buffer.alloc(0)
    socket
      .on('error', closed)
      .on('close', closed)
      .on('end', () => {
        closed()
        socket.destroy()
      })
    socket.on('data', (bytes) => {
      pending = Buffer.concat([pending, bytes])
      const end = pending.indexOf('\r\n\r\n')
      if (end < 0) return
      const text = pending.toString('latin1', 0, end)
      const length = Number(/^content-length: (\d+)$/im.exec(text)?.[1] ?? 0)
      if (pending.length < end + 4 + length) return
      pending = pending.subarray(end + 4 + length)
      connection.fault = /^x-fault: (.*)$/im.exec(text)?.[1]
      this.requests++
      if (/\brv_[A-Za-z0-9]/.test(text)) this.leaked.push(text)
      kFaults[connection.fault](socket)
    })
  }
}
