// Puts an answer on the wire exactly as its script wants it cut, delayed, broken off or left hanging, and tells what
// went out.

import crypto from 'node:crypto'
import http from 'node:http'
import zlib from 'node:zlib'
import { cutAtRandom, Random } from './random.mjs'

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))
const nextTurn = () => new Promise((resolve) => setImmediate(resolve))

// Cuts the body into HTTP chunks.
function cutIntoChunks(body, ends, mode, random) {
  if (body.length === 0) return []
  if (mode === 'whole') return [body]
  if (mode === 'random') return cutAtRandom(body, random, Math.max(2, Math.min(4096, Math.ceil(body.length / 8))))
  const size = mode === 'byte' ? 1 : mode
  const chunks = []
  if (typeof size === 'number') {
    for (let at = 0; at < body.length; at += size) chunks.push(body.subarray(at, at + size))
    return chunks
  }
  let from = 0
  for (const end of ends) {
    const upTo = Math.min(end, body.length)
    if (upTo > from) chunks.push(body.subarray(from, upTo))
    from = Math.max(from, upTo)
  }
  return chunks
}

function headBytes(answer, framing, length) {
  const lines = [`HTTP/1.1 ${answer.status} ${http.STATUS_CODES[answer.status] ?? 'Unknown'}`]
  for (const [name, value] of answer.headers) lines.push(`${name}: ${value}`)
  lines.push(`date: ${new Date().toUTCString()}`)
  if (framing === 'length') lines.push(`content-length: ${length}`)
  if (framing === 'chunked') lines.push('transfer-encoding: chunked')
  if (framing === 'close' || !answer.script.keep_alive) lines.push('connection: close')
  return Buffer.from(lines.join('\r\n') + '\r\n\r\n', 'latin1')
}

// The socket as a place to write to: cuts, waits for room, and knows when the other side has gone.
class Wire {
  #socket
  #mode
  #random
  gone = false
  #wake = () => {}
  #held = []

  constructor(socket, mode, random) {
    this.#socket = socket
    this.#mode = mode
    this.#random = random
    this.onEnd = () => {
      this.gone = true
      this.#wake()
    }
    this.onDrain = () => this.#wake()
    socket.on('close', this.onEnd).on('end', this.onEnd).on('drain', this.onDrain)
    this.gone = socket.destroyed
  }

  release() {
    this.#socket.off('close', this.onEnd).off('end', this.onEnd).off('drain', this.onDrain)
  }

  async #put(bytes) {
    if (this.gone) return
    if (!this.#socket.write(bytes)) await new Promise((resolve) => (this.#wake = resolve))
  }

  async write(bytes) {
    if (this.#mode === 'random' || this.#mode === 'byte') {
      for (const piece of cutAtRandom(bytes, this.#random, this.#mode === 'byte' ? 1 : 1500)) {
        await this.#put(piece)
        await nextTurn()
      }
    } else if (this.#mode === 'whole') {
      this.#held.push(bytes)
    } else {
      await this.#put(bytes)
    }
  }

  // What 'whole' has kept back.
  async flush() {
    if (this.#held.length > 0) await this.#put(Buffer.concat(this.#held))
    this.#held = []
  }

  async untilGone() {
    while (!this.gone) await new Promise((resolve) => (this.#wake = resolve))
  }
}

function frame(chunk, framing) {
  if (framing !== 'chunked') return chunk
  return Buffer.concat([Buffer.from(chunk.length.toString(16) + '\r\n'), chunk, Buffer.from('\r\n')])
}

// How much of the body goes out before the answer ends, as the script wants it.
function lengthBeforeEnd(script, body, ends) {
  if (script.end === 'complete') return body.length
  if (script.after_bytes !== undefined) return Math.min(script.after_bytes, body.length)
  const events = script.after_events ?? Math.floor(ends.length / 2)
  return events === 0 ? 0 : ends[Math.min(events, ends.length) - 1]
}

async function finish(answer, wire, socket, framing, ending) {
  const { script } = answer
  if (wire.gone) return 'client_gone'
  if (script.end !== 'complete') await wire.flush()
  if (script.end === 'hang') {
    await wire.untilGone()
    return 'hang'
  }
  if (script.end === 'reset') {
    await sleep(3) // what is on its way may arrive before the reset
    socket.resetAndDestroy()
    return 'reset'
  }
  if (script.end === 'close') {
    socket.end()
    return 'close'
  }
  ending()
  if (framing === 'chunked') await wire.write(Buffer.from('0\r\n\r\n'))
  await wire.flush()
  if (framing === 'close' || !script.keep_alive) socket.end()
  return wire.gone ? 'client_gone' : 'complete'
}

// `answer`: {status, headers, pieces: [{bytes, emitted, note}], streamed, script}. Resolves once nothing more will be
// sent: {how, sent_bytes, sent_sha256, events_sent, emitted, note}; `note` is the last usage that went out.
export async function sendAnswer(socket, answer, ending) {
  const { script } = answer
  const random = new Random(script.seed ?? 1)
  let { pieces } = answer
  if (script.gzip) {
    const last = pieces.at(-1)
    pieces = [
      {
        bytes: zlib.gzipSync(Buffer.concat(pieces.map((piece) => piece.bytes))),
        emitted: last.emitted,
        note: 'usage:all',
      },
    ]
    answer.headers.push(['content-encoding', 'gzip'])
  }
  const ends = []
  pieces.reduce((sum, piece) => (ends.push(sum + piece.bytes.length), ends.at(-1)), 0)
  const whole = Buffer.concat(pieces.map((piece) => piece.bytes))
  const body = whole.subarray(0, lengthBeforeEnd(script, whole, ends))
  const framing = script.framing ?? (answer.streamed ? 'chunked' : 'length')

  const wire = new Wire(socket, script.writes, random)
  if (script.first_delay_ms > 0) await sleep(script.first_delay_ms)
  const hash = crypto.createHash('sha256')
  let sent = 0
  const parts = cutIntoChunks(body, ends, script.chunks, random)
  if (parts.length === 0) ending()
  await wire.write(headBytes(answer, framing, whole.length))
  const lastPart = script.end === 'complete' ? parts.at(-1) : undefined
  for (const chunk of parts) {
    if (chunk === lastPart) ending()
    if (script.delay_ms > 0 && sent > 0) await sleep(script.delay_ms)
    if (wire.gone) break
    if (script.stamped && sent > 0) await wire.write(frame(Buffer.from(`: sent ${Date.now()}\n\n`), framing))
    await wire.write(frame(chunk, framing))
    if (wire.gone) break
    hash.update(chunk)
    sent += chunk.length
  }
  const how = await finish(answer, wire, socket, framing, ending)
  wire.release()
  const eventsSent = ends.filter((end) => end <= sent).length
  const note = pieces.slice(0, eventsSent).findLast((piece) => piece.note)?.note ?? null
  return {
    how,
    sent_bytes: sent,
    sent_sha256: hash.digest('hex'),
    events_sent: eventsSent,
    emitted: eventsSent > 0 ? pieces[eventsSent - 1].emitted : 0,
    note,
    ends,
  }
}
