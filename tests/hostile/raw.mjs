// A client without manners: writes any bytes, in any pieces, and keeps everything that comes back.

import net from 'node:net'

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))

export class RawConnection {
  received = Buffer.alloc(0)
  ended = false // the server has closed its side
  reset = false
  closed = false

  constructor(port) {
    this.socket = net.connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
    this.socket.on('data', (bytes) => {
      this.received = Buffer.concat([this.received, bytes])
      this.#wake()
    })
    this.socket.on('end', () => {
      this.ended = true
      this.#wake()
    })
    this.socket.on('error', (error) => {
      this.reset = error.code === 'ECONNRESET' || error.code === 'EPIPE'
      this.ended = true
      this.#wake()
    })
    this.socket.on('close', () => {
      this.closed = true
      this.ended = true
      this.#wake()
    })
    this.connected = new Promise((resolve) => this.socket.once('connect', resolve).once('error', resolve))
  }

  #waiting = new Set()

  #wake() {
    for (const check of [...this.#waiting]) check()
  }

  // Resolves once the bytes are handed to the system, or nobody takes them any more.
  async write(bytes) {
    if (this.closed || this.socket.destroyed) return
    await new Promise((resolve) => {
      this.socket.once('close', resolve)
      this.socket.write(bytes, () => {
        this.socket.off('close', resolve)
        resolve()
      })
    })
  }

  endWriting() {
    this.socket.end()
  }

  // True when `condition` holds within the time.
  async until(condition, milliseconds) {
    if (condition()) return true
    return new Promise((resolve) => {
      const finish = (held) => {
        clearTimeout(timer)
        this.#waiting.delete(check)
        resolve(held)
      }
      const check = () => condition() && finish(true)
      const timer = setTimeout(() => finish(false), milliseconds)
      this.#waiting.add(check)
    })
  }

  untilEnded(milliseconds = 20_000) {
    return this.until(() => this.ended, milliseconds)
  }

  untilAnswers(count, milliseconds = 20_000, form = {}) {
    return this.until(() => this.ended || splitAnswers(this.received, form).answers.length >= count, milliseconds)
  }

  close() {
    this.socket.destroy()
  }

  resetNow() {
    this.socket.resetAndDestroy()
  }
}

// Writes the pieces one after the other (numbers are pauses in milliseconds), then waits for `answers` answers or the
// end: {answers, rest, ended, text}. With `halfClose` it says that nothing more comes, and waits for the server's end.
export async function say(port, pieces, { answers = 1, halfClose = false, timeout = 20_000, bodiless = false } = {}) {
  const connection = new RawConnection(port)
  await connection.connected
  for (const piece of Array.isArray(pieces) ? pieces : [pieces]) {
    if (typeof piece === 'number') await sleep(piece)
    else await connection.write(piece)
    if (connection.closed) break
  }
  if (halfClose) connection.endWriting()
  await connection.untilAnswers(answers, timeout, { bodiless })
  const last = splitAnswers(connection.received, { bodiless }).answers.at(-1)
  const closes = halfClose || last?.header('connection') === 'close'
  await connection.untilEnded(closes ? 10_000 : 5)
  const result = {
    ...splitAnswers(connection.received, { bodiless }),
    ended: connection.ended,
    reset: connection.reset,
    text: connection.received.toString('latin1'),
  }
  connection.close()
  return result
}

function readChunked(bytes, start) {
  const parts = []
  let at = start
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at)
    if (lineEnd < 0) return null
    const line = bytes.toString('latin1', at, lineEnd)
    if (!/^[0-9a-f]{1,8}$/i.test(line)) throw new Error(`not a chunk size: ${line.slice(0, 40)}`)
    const size = parseInt(line, 16)
    at = lineEnd + 2
    if (bytes.length < at + size + 2) return null
    parts.push(bytes.subarray(at, at + size))
    at += size + 2
    if (size === 0) return { body: Buffer.concat(parts), end: at }
  }
}

function readAnswer(bytes, start, bodiless) {
  const headEnd = bytes.indexOf('\r\n\r\n', start)
  if (headEnd < 0) return null
  const [statusLine, ...lines] = bytes.toString('latin1', start, headEnd).split('\r\n')
  const match = /^HTTP\/1\.1 (\d{3}) [\x20-\x7e]*$/.exec(statusLine)
  if (!match) throw new Error(`not a status line: ${statusLine.slice(0, 80)}`)
  const headers = lines.map((line) => {
    const header = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+): ?([\x20-\x7e\x80-\xff\t]*)$/.exec(line)
    if (!header) throw new Error(`not a header line: ${line.slice(0, 80)}`)
    return [header[1].toLowerCase(), header[2]]
  })
  const status = Number(match[1])
  const header = (name) => headers.find(([given]) => given === name)?.[1]
  const bodyStart = headEnd + 4
  if (status < 200) return { answer: null, end: bodyStart }
  let body = Buffer.alloc(0)
  let end = bodyStart
  if (bodiless) {
    // An answer to HEAD says how long the body would be, and has none.
  } else if (header('transfer-encoding') === 'chunked') {
    const read = readChunked(bytes, bodyStart)
    if (!read) return null
    ;({ body, end } = read)
  } else {
    const length = Number(header('content-length') ?? 0)
    if (bytes.length < bodyStart + length) return null
    end = bodyStart + length
    body = bytes.subarray(bodyStart, end)
  }
  return { answer: { status, headers, header, body, text: body.toString('utf8') }, end }
}

// Every complete answer in the bytes, and what is left over; throws when something in them is not HTTP. `bodiless`:
// they answer HEAD.
export function splitAnswers(bytes, { bodiless = false } = {}) {
  const answers = []
  let at = 0
  while (at < bytes.length) {
    const read = readAnswer(bytes, at, bodiless)
    if (!read) break
    if (read.answer) answers.push(read.answer)
    at = read.end
  }
  return { answers, rest: bytes.subarray(at) }
}
