// A strict HTTP/1.1 server over bare sockets. Node's own server would hide what this one is for: whether the bytes that
// arrive are a faultless request (no bare line feeds, no folded or doubled framing headers, no pipelining), and full
// control over how the answer's bytes are cut, delayed, reset or left unfinished.

import net from 'node:net'

const kHeadBytesMax = 256 * 1024
const kBodyBytesMax = 64 * 1024 * 1024
const kToken = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const kRequestLine = /^([A-Z]+) (\/[\x21-\x7e]*) HTTP\/1\.1$/

export class Request {
  constructor(method, target, headers) {
    this.method = method
    this.target = target
    const question = target.indexOf('?')
    this.path = question < 0 ? target : target.slice(0, question)
    this.query = question < 0 ? '' : target.slice(question + 1)
    this.headers = headers // [name, value] as received, in order
    this.body = Buffer.alloc(0)
    this.framing = 'none' // 'none', 'length', 'chunked'
  }

  // Every value of the header, in order.
  all(name) {
    return this.headers.filter(([given]) => given.toLowerCase() === name).map(([, value]) => value)
  }

  // The header's value, or undefined. A header given twice is told by all().
  header(name) {
    return this.all(name)[0]
  }
}

class BadRequest extends Error {}

function parseHead(text) {
  const lines = text.split('\r\n')
  if (/[\r\n\0]/.test(lines.join(''))) throw new BadRequest('a bare CR, LF or NUL in the head')
  const requestLine = kRequestLine.exec(lines[0])
  if (!requestLine) throw new BadRequest(`not a request line: ${JSON.stringify(lines[0].slice(0, 80))}`)
  const headers = lines.slice(1).map((line) => {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon)
    if (colon < 1 || !kToken.test(name)) throw new BadRequest(`not a header line: ${JSON.stringify(line.slice(0, 40))}`)
    return [name, line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')]
  })
  return new Request(requestLine[1], requestLine[2], headers)
}

// How the body is framed: {kind, length}. Throws on anything that two parsers could read differently.
function bodyFraming(request) {
  const lengths = request.all('content-length')
  const encodings = request.all('transfer-encoding')
  if (request.all('host').length !== 1) throw new BadRequest('not exactly one Host header')
  if (lengths.length + encodings.length > 1) throw new BadRequest('more than one framing header')
  if (encodings.length === 1) {
    if (encodings[0].toLowerCase() !== 'chunked') throw new BadRequest('a transfer coding other than chunked')
    return { kind: 'chunked', length: 0 }
  }
  if (lengths.length === 0) return { kind: 'none', length: 0 }
  if (!/^\d{1,15}$/.test(lengths[0])) throw new BadRequest('a content length that is not a number')
  const length = Number(lengths[0])
  if (length > kBodyBytesMax) throw new BadRequest('a body past the limit')
  return { kind: 'length', length }
}

// One connection: reads requests one after the other and hands each to `handler.onHead` (may answer early) and
// `handler.onRequest`. The handler calls exchange.ending() just
// before the answer's last bytes go out, from when on the next request may come, and exchange.done() after them.
class Connection {
  #socket
  #handler
  #pending = Buffer.alloc(0)
  #request = null
  #framing = null
  #parts = []
  #partsLength = 0
  #chunk = null // {left, last}; null: a size line comes next
  #answering = false
  #ending = false

  constructor(socket, handler) {
    this.#socket = socket
    this.#handler = handler
    socket.setNoDelay(true)
    socket.on('data', (bytes) => this.#onData(bytes))
    socket.on('error', () => {})
    socket.on('close', () => {
      if (this.#request && !this.#answering) handler.onTruncated(this.#request, this.#partsLength)
    })
  }

  #onData(bytes) {
    this.#pending = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes])
    try {
      this.#advance()
    } catch (error) {
      if (!(error instanceof BadRequest)) throw error
      this.#handler.onBadRequest(error.message)
      this.#pending = Buffer.alloc(0)
      this.#socket.end('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n')
    }
  }

  #advance() {
    if (this.#answering) {
      if (this.#pending.length > 0 && !this.#ending)
        throw new BadRequest('bytes arrived before the answer was complete (pipelining)')
      return
    }
    if (!this.#request && !this.#readHead()) return
    if (!this.#readBody()) return
    const request = this.#request
    request.body = this.#parts.length === 1 ? this.#parts[0] : Buffer.concat(this.#parts)
    this.#answering = true
    if (this.#pending.length > 0) throw new BadRequest("bytes after the request's body")
    this.#handler.onRequest({
      request,
      socket: this.#socket,
      ending: () => (this.#ending = true),
      done: () => this.#next(),
    })
  }

  #readHead() {
    const end = this.#pending.indexOf('\r\n\r\n')
    if (end < 0) {
      if (this.#pending.length > kHeadBytesMax) throw new BadRequest('a head past the limit')
      return false
    }
    const request = parseHead(this.#pending.toString('latin1', 0, end))
    this.#framing = bodyFraming(request)
    request.framing = this.#framing.kind
    this.#pending = this.#pending.subarray(end + 4)
    this.#request = request
    this.#handler.onHead({ request, socket: this.#socket })
    return !this.#socket.destroyed
  }

  #takePart(size) {
    this.#parts.push(this.#pending.subarray(0, size))
    this.#partsLength += size
    this.#pending = this.#pending.subarray(size)
    if (this.#partsLength > kBodyBytesMax) throw new BadRequest('a body past the limit')
  }

  #readBody() {
    if (this.#framing.kind === 'chunked') return this.#readChunks()
    const left = this.#framing.length - this.#partsLength
    if (left > 0) this.#takePart(Math.min(left, this.#pending.length))
    return this.#partsLength === this.#framing.length
  }

  // Trailers are taken for a fault: no client of ours sends them, and a gateway must not pass them on unasked.
  #readChunks() {
    for (;;) {
      if (!this.#chunk) {
        const end = this.#pending.indexOf('\r\n')
        if (end < 0) return false
        const line = this.#pending.toString('latin1', 0, end)
        if (!/^[0-9a-fA-F]{1,8}$/.test(line))
          throw new BadRequest(`not a chunk size: ${JSON.stringify(line.slice(0, 20))}`)
        this.#pending = this.#pending.subarray(end + 2)
        const size = parseInt(line, 16)
        this.#chunk = { left: size, last: size === 0 }
      }
      const size = Math.min(this.#chunk.left, this.#pending.length)
      if (size > 0) this.#takePart(size)
      this.#chunk.left -= size
      if (this.#chunk.left > 0 || this.#pending.length < 2) return false
      if (this.#pending[0] !== 13 || this.#pending[1] !== 10) throw new BadRequest('a chunk without its line end')
      this.#pending = this.#pending.subarray(2)
      const { last } = this.#chunk
      this.#chunk = null
      if (last) return true
    }
  }

  #next() {
    this.#request = null
    this.#framing = null
    this.#parts = []
    this.#partsLength = 0
    this.#answering = false
    this.#ending = false
    if (this.#pending.length > 0) this.#onData(Buffer.alloc(0))
  }
}

// Listens on 127.0.0.1. The handler has onHead, onRequest, onTruncated (a request that ended before its body did) and
// onBadRequest (bytes that are not a faultless request).
export function listen(handler, port = 0) {
  const server = net.createServer({ noDelay: true }, (socket) => new Connection(socket, handler))
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
}
