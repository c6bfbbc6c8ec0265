// The segments of a Reeve ledger, as docs/ledger-format.md has them: what the published files are made from.

import { sameBytes, sha256Into } from './hash.mjs'
import { rotationsIn } from './key_rotations.mjs'
import { Frontier, kHashBytes } from './merkle.mjs'
import { hashAt, kTileWidth, readTile } from './tiles.mjs'

const kHeaderBytes = 64
const kFrameHeaderBytes = 16

const kCrcTable = Int32Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? 0x82f63b78 : 0)
  return value
})

// CRC-32C (RFC 3720, appendix B.4).
export function crc32c(bytes, start, end) {
  let value = -1
  for (let i = start; i < end; i++) value = kCrcTable[(value ^ bytes[i]) & 0xff] ^ (value >>> 8)
  return (value ^ -1) >>> 0
}

const viewOf = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
const isZero = (bytes) => bytes.every((byte) => byte === 0)
const segmentName = (ordinal) => `segments/${String(ordinal).padStart(8, '0')}.seg`

// What is wrong with the header, or nothing.
function headerFault(bytes, view, ordinal) {
  if (bytes.length < kHeaderBytes) return 'is shorter than its header'
  if (String.fromCharCode(...bytes.subarray(0, 8)) !== 'RVLEDGER') return 'does not begin as a segment does'
  if (view.getUint32(60, true) !== crc32c(bytes, 0, 60)) return 'its header is damaged'
  if (view.getUint32(8, true) !== 1) return `has format ${view.getUint32(8, true)}, which this verifier does not know`
  if (view.getUint32(12, true) !== ordinal) return `says it is number ${view.getUint32(12, true)}`
  return isZero(bytes.subarray(32, 60)) ? null : 'has something in the empty part of its header'
}

// The frame at `at` when it is good: {index, start, end} of its entry. `view` is of the same bytes.
export function frameAt(bytes, view, at) {
  if (at + kFrameHeaderBytes > bytes.length) return null
  const length = view.getUint16(at + 4, true)
  const end = at + kFrameHeaderBytes + length
  if (length === 0 || end > bytes.length || view.getUint32(at, true) !== crc32c(bytes, at + 4, end)) return null
  const index = Number(view.getBigUint64(at + 8, true))
  const position = view.getUint16(at + 6, true)
  return position > index ? null : { index, position, start: at + kFrameHeaderBytes, end }
}

// Whether a good frame behind `at` proves that entry `due` was durable.
function provedLater(bytes, view, at, due) {
  let end = bytes.length
  while (end > at && bytes[end - 1] === 0) end -= 1
  for (let behind = at + 1; behind + kFrameHeaderBytes < end; behind++) {
    const index = view.getUint32(behind + 8, true) + view.getUint32(behind + 12, true) * 2 ** 32
    if (index <= due || index - due > bytes.length) continue
    const frame = frameAt(bytes, view, behind)
    if (frame && frame.index - frame.position > due) return true
  }
  return false
}

// Reads the segments of `ledger` (a source of its whole folder) against the checkpoint and the leaf tiles of
// `published`. Gives how many entries there are; what is wrong goes to `problems`, with file and byte.
export class Segments {
  constructor(ledger, published, checkpoint, problems) {
    Object.assign(this, { ledger, published, checkpoint, problems })
    this.tree = new Frontier()
    this.due = 0
    this.tile = null
    // What entries that are not signed yet tell of rotations of the key: [{index, statement}].
    this.rotations = []
  }

  async check() {
    let current = await this.#open(0)
    if (current === null) return this.#ended('there is no first segment', null)
    for (let ordinal = 1; current !== null; ordinal++) {
      const next = await this.#open(ordinal)
      const whole = await this.#readFrames(current, next)
      if (!whole) return
      current = next
    }
  }

  // {name, bytes, view, first}, or null when there is none that has begun.
  async #open(ordinal) {
    const name = segmentName(ordinal)
    const bytes = await this.ledger.read(name)
    if (bytes === null || isZero(bytes.subarray(0, kHeaderBytes))) {
      if (bytes !== null && !isZero(bytes)) this.problems.push(`${name}: is not blank, although it has not begun`)
      return null
    }
    const view = viewOf(bytes)
    const fault = headerFault(bytes, view, ordinal)
    if (fault) this.problems.push(`${name}: ${fault}`)
    return { name, bytes, view, first: bytes.length < kHeaderBytes ? 0 : Number(view.getBigUint64(16, true)) }
  }

  // False: the entries end here.
  async #readFrames({ name, bytes, view }, next) {
    let at = kHeaderBytes
    while (next === null || this.due < next.first) {
      const frame = frameAt(bytes, view, at)
      if (frame?.index !== this.due) {
        const blank = isZero(bytes.subarray(at, at + kFrameHeaderBytes))
        const damaged = next !== null || provedLater(bytes, view, at, this.due) || this.due < this.checkpoint.size
        if (damaged) this.#ended(blank ? 'is missing' : 'is damaged', `${name}, at byte ${at}`)
        return false
      }
      await this.#see(bytes, frame, name)
      at = frame.end
    }
    return true
  }

  // Of the entries that are signed, each against its leaf tile, and all of them against the root.
  async #see(bytes, { start, end }, name) {
    const index = this.due
    this.due += 1
    if (index >= this.checkpoint.size) {
      this.rotations.push(...rotationsIn(bytes.subarray(start, end), [[0, end - start]], index))
      return
    }
    const leaf = new Uint8Array(kHashBytes)
    const message = new Uint8Array(end - start + 1)
    message.set(bytes.subarray(start, end), 1)
    sha256Into(message, 0, message.length, leaf, 0)
    const width = Math.min(kTileWidth, this.checkpoint.size - (index - (index % kTileWidth)))
    if (index % kTileWidth === 0) this.tile = await readTile(this.published, 0, index / kTileWidth, width)
    const differs = this.tile?.length === width * kHashBytes && !sameBytes(hashAt(this.tile, index % kTileWidth), leaf)
    if (differs) this.suspects = [...(this.suspects ?? []), `entry ${index} (${name}, at byte ${start})`]
    this.tree.pushSubtree(0, leaf)
    if (this.due === this.checkpoint.size) this.#checkRoot()
  }

  #checkRoot() {
    if (sameBytes(this.tree.root(), this.checkpoint.root)) return
    const which = this.suspects?.slice(0, 10).join(', ')
    this.problems.push(`segments: the entries do not give the signed root${which ? `: not ${which}` : ''}`)
  }

  #ended(what, where) {
    if (where === null) return this.problems.push(`segments: ${what}`)
    const signed = this.due < this.checkpoint.size ? 'which is signed' : 'which later ones prove was durable'
    this.problems.push(`entry ${this.due}, ${signed}, ${what} (${where})`)
  }
}
