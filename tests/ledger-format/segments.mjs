// Segments and frames, read as docs/ledger-format.md tells it.

import fs from 'node:fs'
import path from 'node:path'

const kHeaderBytes = 64
const kFrameHeaderBytes = 16
const kEntryBytesMax = 65_535

const kCrcTable = Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? 0x82f63b78 : 0)
  return value >>> 0
})

export function crc32c(bytes) {
  let value = 0xffffffff
  for (const byte of bytes) value = kCrcTable[(value ^ byte) & 0xff] ^ (value >>> 8)
  return (value ^ 0xffffffff) >>> 0
}

const isBlank = (bytes) => bytes.equals(Buffer.alloc(bytes.length))

// The frame at `at`: {index, position, entry, end}, or null when there is no good one.
function frameAt(bytes, at) {
  if (at + kFrameHeaderBytes > bytes.length) return null
  const length = bytes.readUInt16LE(at + 4)
  const end = at + kFrameHeaderBytes + length
  if (length === 0 || end > bytes.length) return null
  if (bytes.readUInt32LE(at) !== crc32c(bytes.subarray(at + 4, end))) return null
  const index = Number(bytes.readBigUInt64LE(at + 8))
  const position = bytes.readUInt16LE(at + 6)
  return index < position ? null : { index, position, entry: bytes.subarray(at + kFrameHeaderBytes, end), end }
}

// Whether a good frame behind `at` proves that entry `due`, which is not good there, was once durable.
function provedLater(bytes, at, due) {
  let end = bytes.length
  while (end > at && bytes[end - 1] === 0) end--
  for (let behind = at + 1; behind + kFrameHeaderBytes < end; behind++) {
    const index = Number(bytes.readBigUInt64LE(behind + 8))
    if (index <= due || index - due > bytes.length) continue
    const frame = frameAt(bytes, behind)
    if (frame && frame.index - frame.position > due) return true
  }
  return false
}

function hasBegun(bytes, ordinal) {
  return (
    bytes.length >= kHeaderBytes &&
    bytes.subarray(0, 8).toString('latin1') === 'RVLEDGER' &&
    bytes.readUInt32LE(8) === 1 &&
    bytes.readUInt32LE(12) === ordinal &&
    isBlank(bytes.subarray(32, 60)) &&
    bytes.readUInt32LE(60) === crc32c(bytes.subarray(0, 60))
  )
}

// The segments that have begun: [{name, bytes, firstIndex, time}]. What is wrong with headers goes to `problems`.
export function readSegments(folder, problems) {
  const segments = []
  const files = fs.readdirSync(path.join(folder, 'segments')).filter((file) => file.endsWith('.seg'))
  for (const [ordinal, file] of files.sort().entries()) {
    const name = `segments/${file}`
    const bytes = fs.readFileSync(path.join(folder, name))
    if (file !== `${String(ordinal).padStart(8, '0')}.seg`) problems.push(`the segment before ${name} is missing`)
    if (segments.length < ordinal || !hasBegun(bytes, ordinal)) {
      // The header of the next one may have been cut short; of those behind it not even that.
      const from = segments.length === ordinal ? kHeaderBytes : 0
      if (!isBlank(bytes.subarray(from))) problems.push(`${name} has content, but it or one before it has no header`)
      continue
    }
    const firstIndex = Number(bytes.readBigUInt64LE(16))
    if (ordinal === 0 ? firstIndex !== 0 : firstIndex < segments.at(-1).firstIndex) {
      problems.push(`${name} cannot follow what is before it`)
    }
    segments.push({ name, bytes, firstIndex, time: bytes.readBigInt64LE(24) })
  }
  return segments
}

// Walks the entries in order: `visit(index, entry, segment, at)`, where the frame begins at byte `at`. Says where the
// walk ended, and whether there was more once.
export function walkEntries(segments, visit) {
  let due = 0
  for (let number = 0; number < segments.length; number++) {
    const segment = segments[number]
    const next = segments[number + 1]
    let at = kHeaderBytes
    while (due !== next?.firstIndex) {
      const frame = frameAt(segment.bytes, at)
      if (frame?.index !== due) {
        const damaged = next !== undefined || provedLater(segment.bytes, at, due)
        return { due, at, segment, damaged }
      }
      if (frame.entry.length > kEntryBytesMax) return { due, at, segment, damaged: true }
      visit(due, frame.entry, segment, at)
      due++
      at = frame.end
    }
  }
  return { due, at: 0, segment: segments.at(-1), damaged: false }
}
