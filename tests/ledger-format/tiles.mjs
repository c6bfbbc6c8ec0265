// RFC 6962 hashes and C2SP tlog-tiles, as docs/ledger-format.md tells it.

import crypto from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'

const kWidth = 256

const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), crypto.createHash('sha256')).digest()
export const leafHash = (entry) => sha256(Buffer.of(0), entry)

export function treeRoot(hashes) {
  if (hashes.length === 0) return sha256()
  if (hashes.length === 1) return hashes[0]
  let split = 1
  while (split * 2 < hashes.length) split *= 2
  return sha256(Buffer.of(1), treeRoot(hashes.slice(0, split)), treeRoot(hashes.slice(split)))
}

function numberPath(number) {
  const groups = []
  for (let rest = number; groups.length === 0 || rest > 0; rest = Math.floor(rest / 1000)) {
    groups.unshift(`${groups.length > 0 ? 'x' : ''}${String(rest % 1000).padStart(3, '0')}`)
  }
  return groups.join('/')
}

function bundleOf(entries) {
  return Buffer.concat(
    entries.flatMap((entry) => {
      const length = Buffer.alloc(2)
      length.writeUInt16BE(entry.length)
      return [length, entry]
    }),
  )
}

function read(file) {
  try {
    return fs.readFileSync(file)
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null
    throw error
  }
}

// One level of the tree, or the bundles: `items` in tiles of 256, `bytesOf` gives a file's content.
function checkLevel(folder, level, items, bytesOf, problems) {
  for (let number = 0; number * kWidth < items.length; number++) {
    const tile = items.slice(number * kWidth, (number + 1) * kWidth)
    const full = `tile/${level}/${numberPath(number)}`
    if (tile.length === kWidth) {
      const bytes = read(path.join(folder, full))
      if (!bytes?.equals(bytesOf(tile))) problems.push(`${full} is missing or not what the entries give`)
      continue
    }
    checkPartials(folder, full, tile, bytesOf, problems)
  }
}

function checkPartials(folder, full, tile, bytesOf, problems) {
  const directory = path.join(folder, `${full}.p`)
  const widths = (fs.existsSync(directory) ? fs.readdirSync(directory) : []).filter((name) => /^[0-9]+$/.test(name))
  for (const width of new Set([...widths.map(Number), tile.length])) {
    // Wider ones belong to a checkpoint that is being made.
    if (width > tile.length) continue
    const expected = bytesOf(tile.slice(0, width))
    // A live log replaces partial files by the full one.
    const partial = read(path.join(directory, String(width)))
    const bytes = partial ?? read(path.join(folder, full))?.subarray(0, expected.length)
    if (!bytes?.equals(expected)) problems.push(`${full}.p/${width} is missing or not what the entries give`)
  }
}

// Compares every tile and bundle under `folder` with what the entries of the signed tree give.
export function checkTiles(folder, entries, leaves, problems) {
  checkLevel(folder, 'entries', entries, bundleOf, problems)
  let hashes = leaves
  for (let level = 0; hashes.length > 0; level++) {
    checkLevel(folder, level, hashes, (tile) => Buffer.concat(tile), problems)
    const fullTiles = Math.floor(hashes.length / kWidth)
    hashes = Array.from({ length: fullTiles }, (_, i) => treeRoot(hashes.slice(i * kWidth, (i + 1) * kWidth)))
  }
}
