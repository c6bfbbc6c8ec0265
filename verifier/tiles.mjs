// The names and contents of c2sp.org/tlog-tiles.

import { kHashBytes } from './merkle.mjs'

export const kTileWidth = 256

function numberPath(number) {
  const groups = [String(number % 1000).padStart(3, '0')]
  for (let rest = Math.floor(number / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    groups.unshift(`x${String(rest % 1000).padStart(3, '0')}`)
  }
  return groups.join('/')
}

// "tile/0/x001/234", "tile/entries/000.p/17"; `level` is a number or 'entries'.
export function tilePath(level, number, width = kTileWidth) {
  return `tile/${level}/${numberPath(number)}${width < kTileWidth ? `.p/${width}` : ''}`
}

// {level, number, width} of such a name, or null.
export function parseTilePath(path) {
  const parts = /^tile\/([0-9]|[1-5][0-9]|6[0-3]|entries)\/((?:x[0-9]{3}\/)*[0-9]{3})(?:\.p\/([1-9][0-9]{0,2}))?$/.exec(
    path,
  )
  if (!parts) return null
  const level = parts[1] === 'entries' ? 'entries' : Number(parts[1])
  const number = Number(parts[2].replaceAll(/[x/]/g, ''))
  const width = parts[3] === undefined ? kTileWidth : Number(parts[3])
  if (width > kTileWidth || path !== tilePath(level, number, width)) return null
  return { level, number, width }
}

// How many hashes (or entries) of a level a tree of `size` has in tiles.
export const hashesAt = (level, size) => Math.floor(size / kTileWidth ** (level === 'entries' ? 0 : level))

// The entries of a bundle as [start, end) in `bytes`; a text that says what is wrong when they are not `count`.
export function splitBundle(bytes, count) {
  const spans = []
  let at = 0
  while (spans.length < count) {
    if (at + 2 > bytes.length) return `ends before its entry ${spans.length}`
    const end = at + 2 + bytes[at] * 256 + bytes[at + 1]
    if (end > bytes.length) return `ends in its entry ${spans.length}`
    spans.push([at + 2, end])
    at = end
  }
  return at === bytes.length ? spans : `has bytes behind its entry ${count - 1}`
}

export const hashAt = (hashes, i) => hashes.subarray(i * kHashBytes, (i + 1) * kHashBytes)

// The tile, or the beginning of the full one that has taken its place; null when neither is there.
export async function readTile(source, level, number, width) {
  const bytes = await source.read(tilePath(level, number, width))
  if (bytes !== null || width === kTileWidth) return bytes
  const full = await source.read(tilePath(level, number))
  return full === null ? null : full.subarray(0, width * kHashBytes)
}

export async function readBundle(source, number, width) {
  const bytes = await source.read(tilePath('entries', number, width))
  if (bytes !== null || width === kTileWidth) return bytes
  const full = await source.read(tilePath('entries', number))
  const spans = full && splitBundle(full, kTileWidth)
  return Array.isArray(spans) ? full.subarray(0, spans[width - 1][1]) : full
}

// The results of `read(0)`, `read(1)`, … in order, a few of them under way at a time.
export async function* readAhead(count, read, ahead = 8) {
  const waiting = []
  for (let next = 0, i = 0; i < count; i++) {
    for (; next < count && next < i + ahead; next++) {
      const reading = read(next)
      // Awaited in its turn; until then its failure is not one that nobody handles.
      reading.catch(() => {})
      waiting.push(reading)
    }
    yield await waiting.shift()
  }
}
