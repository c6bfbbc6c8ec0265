// An HTTP/1.1 client over a bare socket for the tests' callers: it sends exactly the bytes it is given, cut where it is
// told to, and takes nothing in the answer on trust.

import crypto from 'node:crypto'
import net from 'node:net'
import { cutAtRandom } from './random.mjs'

const kHeadBytesMax = 64 * 1024
const nextTurn = () => new Promise((resolve) => setImmediate(resolve))

export class Answer {
  status = 0
  headers = [] // [name, value] as received, in order
  body = null // Buffer, when it was asked for
  bytes = 0
  sha256 = ''
  end = 'cut' // 'complete'; 'cut': the connection ended first; 'aborted': by us; 'malformed': not HTTP
  fault = '' // what is malformed

  header(name) {
    return this.headers.find(([given]) => given.toLowerCase() === name)?.[1]
  }
}

// Reads one answer from the bytes of a connection.
class AnswerReader {
  answer = new Answer()
  #pending = Buffer.alloc(0)
  #mode = 'head' // 'head', 'length', 'chunk-size', 'chunk', 'chunk-end', 'until-close', 'done'
  #left = 0
  #hash = crypto.createHash('sha256')
  #parts
  #onBody

  constructor(keepBody, onBody) {
    this.#parts = keepBody ? [] : null
    this.#onBody = onBody
  }

  // True once the answer is complete.
  feed(bytes) {
    this.#pending = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes])
    try {
      while (this.#mode !== 'done' && this.#step());
    } catch (error) {
      this.#finish('malformed')
      this.answer.fault = error.message
    }
    return this.#mode === 'done'
  }

  // The connection has ended, or we have ended it.
  close(how) {
    if (this.#mode !== 'done') this.#finish(this.#mode === 'until-close' && how === 'cut' ? 'complete' : how)
    return this.answer
  }

  get extra() {
    return this.#pending.length
  }

  #finish(end) {
    this.#mode = 'done'
    this.answer.end = end
    this.answer.sha256 = this.#hash.digest('hex')
    if (this.#parts) this.answer.body = Buffer.concat(this.#parts)
  }

  #line() {
    const end = this.#pending.indexOf('\r\n')
    if (end < 0) return null
    const line = this.#pending.toString('latin1', 0, end)
    this.#pending = this.#pending.subarray(end + 2)
    return line
  }

  #head() {
    const end = this.#pending.indexOf('\r\n\r\n')
    if (end < 0) {
      if (this.#pending.length > kHeadBytesMax) throw new Error('a head past the limit')
      return false
    }
    const [statusLine, ...lines] = this.#pending.toString('latin1', 0, end).split('\r\n')
    this.#pending = this.#pending.subarray(end + 4)
    const match = /^HTTP\/1\.1 (\d{3}) /.exec(statusLine + ' ')
    if (!match) throw new Error(`not a status line: ${statusLine.slice(0, 80)}`)
    if (match[1] === '100') return true
    this.answer.status = Number(match[1])
    this.answer.headers = lines.map((line) => {
      const header = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([^\r\n]*?)[ \t]*$/.exec(line)
      if (!header) throw new Error(`not a header line: ${line.slice(0, 80)}`)
      return [header[1], header[2]]
    })
    const framings = this.answer.headers.filter(([name]) => /^(content-length|transfer-encoding)$/i.test(name))
    if (framings.length > 1) throw new Error('more than one framing header')
    const [name, value] = framings[0] ?? ['', '']
    if (name.toLowerCase() === 'transfer-encoding') this.#mode = 'chunk-size'
    else this.#expect(name === '' ? Infinity : Number(value))
    return true
  }

  #expect(length) {
    if (Number.isNaN(length)) throw new Error('a content length that is not a number')
    this.#mode = length === Infinity ? 'until-close' : 'length'
    this.#left = length
    if (length === 0) this.#finish('complete')
  }

  #take() {
    const size = Math.min(this.#left, this.#pending.length)
    if (size === 0) return false
    const bytes = this.#pending.subarray(0, size)
    this.#pending = this.#pending.subarray(size)
    this.#left -= size
    this.answer.bytes += size
    this.#hash.update(bytes)
    this.#parts?.push(bytes)
    this.#onBody?.(bytes, this.answer)
    return true
  }

  // One step forward; false when more bytes are needed.
  #step() {
    if (this.#mode === 'head') return this.#head()
    if (this.#mode === 'until-close') return this.#take()
    if (this.#mode === 'length') {
      const taken = this.#take()
      if (this.#left === 0) this.#finish('complete')
      return taken
    }
    if (this.#mode === 'chunk') {
      const taken = this.#take()
      if (this.#left === 0) this.#mode = 'chunk-end'
      return taken
    }
    const line = this.#line()
    if (line === null) return false
    if (this.#mode === 'chunk-end') {
      if (line !== '') throw new Error('a chunk without its line end')
      this.#mode = 'chunk-size'
    } else if (this.#mode === 'chunk-size') {
      if (!/^[0-9a-fA-F]{1,8}$/.test(line)) throw new Error(`not a chunk size: ${line.slice(0, 20)}`)
      this.#left = parseInt(line, 16)
      this.#mode = this.#left === 0 ? 'last' : 'chunk'
    } else {
      if (line !== '') throw new Error('a trailer')
      this.#finish('complete')
    }
    return true
  }
}

// The bytes of a request. `chunks`: for a chunked body, how it is cut; otherwise its length is given.
export function requestBytes({ method, target, headers, body, chunked, random }) {
  const lines = [`${method} ${target} HTTP/1.1`, ...headers.map(([name, value]) => `${name}: ${value}`)]
  const parts = []
  if (body === null) {
    lines.push('', '')
  } else if (chunked) {
    lines.push('transfer-encoding: chunked', '', '')
    for (const piece of cutAtRandom(body, random, Math.max(64, Math.ceil(body.length / 6)))) {
      parts.push(Buffer.from(piece.length.toString(16) + '\r\n'), piece, Buffer.from('\r\n'))
    }
    parts.push(Buffer.from('0\r\n\r\n'))
  } else {
    lines.push(`content-length: ${body.length}`, '', '')
    parts.push(body)
  }
  return Buffer.concat([Buffer.from(lines.join('\r\n'), 'latin1'), ...parts])
}

// A connection that is used for one request after the other and opened again when the server has closed it.
export class Caller {
  #host
  #port
  #socket = null
  #reader = null
  #settle = null

  constructor(port, host = '127.0.0.1') {
    this.#host = host
    this.#port = port
  }

  close() {
    this.#socket?.destroy()
    this.#socket = null
  }

  async #connect() {
    if (this.#socket && !this.#socket.destroyed && this.#socket.writable && !this.#socket.readableEnded) return
    const socket = net.connect({ host: this.#host, port: this.#port, noDelay: true })
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
    this.#socket = socket
    // A socket that was given up may still have something to say.
    socket.on('data', (bytes) => {
      if (this.#socket === socket && this.#reader?.feed(bytes)) this.#done(null)
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      if (this.#socket !== socket) return
      this.#socket = null
      if (this.#reader) this.#done('cut')
    })
  }

  #done(how) {
    const reader = this.#reader
    this.#reader = null
    const answer = reader.close(how)
    if (reader.extra > 0 && answer.end === 'complete') {
      answer.end = 'malformed'
      answer.fault = 'bytes after the answer'
    }
    const closing = /(^|,\s*)close\b/i.test(answer.header('connection') ?? '')
    if (answer.end !== 'complete' || closing) this.close()
    this.#settle(answer)
  }

  // Ends the connection under a running call; its answer's end is then 'aborted'.
  abort() {
    const reader = this.#reader
    if (!reader) return
    this.#reader = null
    this.close()
    this.#settle(reader.close('aborted'))
  }

  // Sends `bytes` (of requestBytes) and resolves with the Answer; rejects only when no connection can be made.
  // `cuts`: {random, longest} cuts what is written. `onBody(bytes, answer)` sees the answer's body as it arrives.
  // `timeout` milliseconds without an end count as an abort.
  async call(bytes, { cuts = null, keepBody = false, onBody = null, timeout = 60_000 } = {}) {
    await this.#connect()
    const socket = this.#socket
    this.#reader = new AnswerReader(keepBody, onBody)
    const result = new Promise((resolve) => (this.#settle = resolve))
    const timer = setTimeout(() => this.abort(), timeout)
    if (cuts) {
      for (const piece of cutAtRandom(bytes, cuts.random, cuts.longest)) {
        if (!socket.writable) break
        socket.write(piece)
        await nextTurn()
      }
    } else {
      socket.write(bytes)
    }
    const answer = await result
    clearTimeout(timer)
    return answer
  }
}
