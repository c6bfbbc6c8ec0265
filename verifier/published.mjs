// A whole published log (c2sp.org/tlog-tiles) against its checkpoint: every entry, every tile, and where they differ,
// which of them was changed. What is signed is the root alone, so a chunk of 256 entries, its tile and the hash above
// them speak for each other, and the root has the last word.

import { sameBytes, sha256Into } from './hash.mjs'
import { rotationsIn } from './key_rotations.mjs'
import { Frontier, kHashBytes } from './merkle.mjs'
import {
  hashAt,
  hashesAt,
  kTileWidth,
  parseTilePath,
  readAhead,
  readBundle,
  readTile,
  splitBundle,
  tilePath,
} from './tiles.mjs'

const kOtherNames = ['checkpoint', 'cosigned-checkpoint', 'key', 'key-rotations']

// A chunk as it was read: `leaves` and `entries` are hashes in a row, null when there are none to be had.
class Chunk {
  constructor(number, width) {
    this.number = number
    this.width = width
    this.leaves = null
    this.entries = null
    this.spans = null
    this.rotations = []
  }
  get first() {
    return this.number * kTileWidth
  }
  get agrees() {
    return this.leaves !== null && this.entries !== null && sameBytes(this.leaves, this.entries)
  }
}

const frontier = new Frontier()
function rootOf(hashes) {
  frontier.clear()
  for (let at = 0; at < hashes.length; at += kHashBytes) frontier.pushSubtree(0, hashes, at)
  return frontier.root()
}

function hashEntries(bytes, spans) {
  const out = new Uint8Array(spans.length * kHashBytes)
  const message = new Uint8Array(bytes.length + 1)
  message.set(bytes, 1)
  spans.forEach(([start, end], i) => {
    // The byte before an entry belongs to its length, so it is free to be the 0x00 of a leaf.
    message[start] = 0
    sha256Into(message, start, end + 1, out, i * kHashBytes)
  })
  return out
}

export class PublishedLog {
  // `withEntries` false: the tiles alone. `kept` are older checkpoints that the log must begin with.
  constructor(source, checkpoint, problems, { withEntries = true, kept = [] } = {}) {
    this.source = source
    this.checkpoint = checkpoint
    this.problems = problems
    this.withEntries = withEntries
    this.kept = kept.map((one) => ({ checkpoint: one, prefix: new Frontier() }))
    this.chunkCount = Math.ceil(checkpoint.size / kTileWidth)
    this.disputed = []
    this.partial = null
    this.earlier = new Map()
    // What its entries tell of rotations of the key, in order: [{index, statement}].
    this.rotations = []
  }

  async check() {
    if (this.checkpoint.size === 0) {
      this.#checkRoot(new Frontier().root())
      return this.#checkKept()
    }
    await this.#listNames()
    const above = await this.#readTiles(1)
    const roots = await this.#readChunks(above)
    const { root, last } = this.#settle(roots)
    if (sameBytes(root, this.checkpoint.root)) this.#blame(roots, last)
    else this.#blameWithoutRoot(roots, above, last)
    await this.#checkLevel(1, roots, above)
    this.#checkKept()
  }

  // Older partial tiles lie beside the newer ones, and are as much the log's word.
  async #listNames() {
    const names = await this.source.names()
    for (const name of names ?? []) {
      if (kOtherNames.includes(name) || name.endsWith('.new')) continue
      const tile = parseTilePath(name)
      if (!tile) {
        this.problems.push(`${name}: nothing of that name belongs to a published log`)
        continue
      }
      const full = tilePath(tile.level, tile.number)
      if (tile.width < kTileWidth) this.earlier.set(full, [...(this.earlier.get(full) ?? []), tile.width])
    }
  }

  #widthOf(level, number) {
    return Math.min(kTileWidth, hashesAt(level, this.checkpoint.size) - number * kTileWidth)
  }

  // The hashes of a level in a row, those of missing tiles null: [tile].
  async #readTiles(level) {
    const count = Math.ceil(hashesAt(level, this.checkpoint.size) / kTileWidth)
    const tiles = []
    let number = 0
    for await (const bytes of readAhead(count, (i) => readTile(this.source, level, i, this.#widthOf(level, i)))) {
      tiles.push(this.#wellFormed(bytes, level, number, this.#widthOf(level, number)))
      number += 1
    }
    return tiles
  }

  #wellFormed(bytes, level, number, width) {
    if (bytes?.length === width * kHashBytes) return bytes
    const why = bytes === null ? 'is missing' : `has ${bytes.length} bytes instead of ${width * kHashBytes}`
    this.problems.push(`${tilePath(level, number, width)}: ${why}`)
    return null
  }

  // The root of every full chunk, as chosen; the partial one is kept, and those that their files disagree on.
  async #readChunks(above) {
    const full = Math.floor(this.checkpoint.size / kTileWidth)
    const roots = new Uint8Array(full * kHashBytes)
    const read = (i) => this.#readChunk(i)
    for await (const chunk of readAhead(this.chunkCount, read)) {
      await this.#checkEarlier(chunk)
      this.#growKept(chunk)
      this.rotations.push(...chunk.rotations)
      if (chunk.width < kTileWidth) {
        this.partial = chunk
        continue
      }
      const parent = this.#parentOf(chunk.number, above)
      const chosen = this.#choose(chunk, parent)
      if (chosen) roots.set(chosen, chunk.number * kHashBytes)
    }
    return roots
  }

  async #readChunk(number) {
    const chunk = new Chunk(number, this.#widthOf(0, number))
    const [tile, bundle] = await Promise.all([
      readTile(this.source, 0, number, chunk.width),
      this.withEntries ? readBundle(this.source, number, chunk.width) : null,
    ])
    chunk.leaves = this.#wellFormed(tile, 0, number, chunk.width)
    if (!this.withEntries) return chunk
    const spans = bundle === null ? 'is missing' : splitBundle(bundle, chunk.width)
    if (typeof spans === 'string') {
      this.problems.push(`${tilePath('entries', number, chunk.width)}: ${spans}`)
      return chunk
    }
    chunk.spans = spans
    chunk.entries = hashEntries(bundle, spans)
    chunk.rotations = rotationsIn(bundle, spans, chunk.first)
    return chunk
  }

  #growKept(chunk) {
    const hashes = chunk.leaves ?? chunk.entries
    for (const { checkpoint, prefix } of hashes ? this.kept : []) {
      for (let i = 0; i < chunk.width && chunk.first + i < checkpoint.size; i++) {
        prefix.pushSubtree(0, hashes, i * kHashBytes)
      }
    }
  }

  #checkKept() {
    for (const { checkpoint, prefix } of this.kept) {
      const { size, root } = checkpoint
      if (size > this.checkpoint.size) {
        this.problems.push(`the log has ${this.checkpoint.size} entries, but ${size} were signed before: it was cut`)
      } else if (prefix.size !== size || !sameBytes(prefix.root(), root)) {
        this.problems.push(`the log does not begin with the ${size} entries that were signed before`)
      }
    }
  }

  #parentOf(number, above) {
    const tile = above[Math.floor(number / kTileWidth)]
    return tile ? hashAt(tile, number % kTileWidth) : null
  }

  #choose(chunk, parent) {
    const byTile = chunk.leaves && rootOf(chunk.leaves)
    if (chunk.agrees || (!this.withEntries && byTile)) return byTile
    const byEntries = chunk.entries && rootOf(chunk.entries)
    const supported = parent && [byEntries, byTile].find((root) => root && sameBytes(root, parent))
    if (chunk.leaves && chunk.entries) this.disputed.push({ chunk, right: supported })
    return supported ?? byEntries ?? byTile ?? parent
  }

  // The root of all chunks, and which leaves of the partial one make it the signed root.
  #settle(roots) {
    const whole = new Frontier()
    const rootWith = (last) => {
      whole.clear()
      for (let at = 0; at < roots.length; at += kHashBytes) whole.pushSubtree(8, roots, at)
      for (let at = 0; last && at < last.length; at += kHashBytes) whole.pushSubtree(0, last, at)
      return whole.root()
    }
    const candidates = this.partial ? [this.partial.leaves, this.partial.entries].filter(Boolean) : [null]
    for (const last of candidates) {
      const root = rootWith(last)
      if (sameBytes(root, this.checkpoint.root)) return { root, last }
    }
    return { root: rootWith(candidates[0] ?? null), last: candidates[0] ?? null }
  }

  // The root is as signed, so what differs from the leaves that gave it was changed.
  #blame(roots, last) {
    for (const { chunk } of this.disputed) {
      this.#nameDifferences(chunk, sameBytes(rootOf(chunk.leaves), hashAt(roots, chunk.number)))
    }
    const { partial } = this
    if (partial?.leaves && partial.entries && !partial.agrees) {
      this.#nameDifferences(partial, sameBytes(partial.leaves, last))
    }
  }

  #nameDifferences(chunk, tileIsRight) {
    const tile = tilePath(0, chunk.number, chunk.width)
    const bundle = tilePath('entries', chunk.number, chunk.width)
    for (let i = 0; i < chunk.width; i++) {
      if (sameBytes(hashAt(chunk.leaves, i), hashAt(chunk.entries, i))) continue
      const entry = chunk.first + i
      const byte = chunk.spans[i][0]
      if (tileIsRight) this.problems.push(`entry ${entry} is not what was signed (${bundle}, at byte ${byte})`)
      else this.problems.push(`${tile}: hash ${i} is not that of entry ${entry}`)
    }
  }

  #blameWithoutRoot(roots, above, last) {
    for (const { chunk, right } of this.disputed) {
      if (right) this.#nameDifferences(chunk, sameBytes(rootOf(chunk.leaves), right))
      else this.#nameUndecided(chunk)
    }
    if (this.partial && this.withEntries && !this.partial.agrees) this.#nameUndecided(this.partial)
    const blamed = this.#chunksBlamedByLevel1(roots, above, last)
    if (!blamed) return this.problems.push('the entries and tiles that are there do not give the signed root')
    for (const number of blamed) {
      const first = number * kTileWidth
      const tile = tilePath(0, number)
      this.problems.push(
        this.withEntries
          ? `entries ${first} to ${first + kTileWidth - 1} and ${tile} were changed together, or one of them is missing`
          : `${tile}: is not what was signed`,
      )
      roots.set(this.#parentOf(number, above), number * kHashBytes)
    }
  }

  #nameUndecided(chunk) {
    const files = `${tilePath('entries', chunk.number, chunk.width)} and ${tilePath(0, chunk.number, chunk.width)}`
    this.problems.push(`${files} disagree, and neither gives what is signed`)
  }

  // Entries and their tile may have been changed together: then the level above still has what was signed.
  #chunksBlamedByLevel1(roots, above, last) {
    const whole = new Frontier()
    const blamed = []
    for (let number = 0; number * kHashBytes < roots.length; number++) {
      const parent = this.#parentOf(number, above)
      if (!parent) return null
      if (!sameBytes(parent, hashAt(roots, number))) blamed.push(number)
      whole.pushSubtree(8, parent)
    }
    for (let at = 0; last && at < last.length; at += kHashBytes) whole.pushSubtree(0, last, at)
    return sameBytes(whole.root(), this.checkpoint.root) ? blamed : null
  }

  #checkRoot(root) {
    if (!sameBytes(root, this.checkpoint.root)) this.problems.push('the checkpoint has not the root of an empty log')
  }

  // Tiles of `level` against the roots of the level below, then the level above.
  async #checkLevel(level, hashes, tiles) {
    const next = new Uint8Array(Math.floor(hashes.length / kHashBytes / kTileWidth) * kHashBytes)
    for (const [number, tile] of tiles.entries()) {
      const expected = hashes.subarray(number * kTileWidth * kHashBytes, (number + 1) * kTileWidth * kHashBytes)
      const width = expected.length / kHashBytes
      for (let i = 0; tile && i < width; i++) {
        if (sameBytes(hashAt(tile, i), hashAt(expected, i))) continue
        const below = tilePath(level - 1, number * kTileWidth + i)
        this.problems.push(`${tilePath(level, number, width)}: hash ${i} is not the root of ${below}`)
      }
      await this.#checkEarlierTiles(level, number, [tile, expected])
      if (width === kTileWidth) next.set(rootOf(expected), number * kHashBytes)
    }
    if (next.length > 0) await this.#checkLevel(level + 1, next, await this.#readTiles(level + 1))
  }

  async #checkEarlier(chunk) {
    await this.#checkEarlierTiles(0, chunk.number, [chunk.leaves, chunk.entries])
    if (!chunk.spans) return
    for (const width of this.#widthsBeside('entries', chunk.number, chunk.width)) {
      const name = tilePath('entries', chunk.number, width)
      const bytes = await this.source.read(name)
      if (bytes === null) continue
      const spans = splitBundle(bytes, width)
      if (typeof spans === 'string') {
        this.problems.push(`${name}: ${spans}`)
        continue
      }
      const i = firstDifference(hashEntries(bytes, spans), [chunk.leaves, chunk.entries])
      if (i < width) this.problems.push(`${name}: entry ${chunk.first + i} is not the one of the wider bundle`)
    }
  }

  // Widths below that of the checkpoint; larger ones belong to a checkpoint that is being made.
  #widthsBeside(level, number, width) {
    return (this.earlier.get(tilePath(level, number)) ?? []).filter((other) => other < width)
  }

  // `wider` has what the wider tile is by its file and by what lies below; null for what is missing.
  async #checkEarlierTiles(level, number, wider) {
    for (const width of this.#widthsBeside(level, number, this.#widthOf(level, number))) {
      const name = tilePath(level, number, width)
      const bytes = this.#wellFormed(await this.source.read(name), level, number, width)
      const i = bytes === null ? width : firstDifference(bytes, wider)
      if (i < width) this.problems.push(`${name}: hash ${i} is not the one of the wider tile`)
    }
  }
}

// The place of the first hash that is in none of `others` at that place; their count when there is none.
function firstDifference(hashes, others) {
  const known = others.filter(Boolean)
  const count = hashes.length / kHashBytes
  const isKnown = (i) => known.some((other) => sameBytes(hashAt(hashes, i), hashAt(other, i)))
  for (let i = 0; known.length > 0 && i < count; i++) if (!isKnown(i)) return i
  return count
}
