// A transparency log made here, by the definitions and none of the verifier's code: entries, the tree by recursion,
// keys, checkpoints with cosignatures, proofs and packs.

import crypto from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'

const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), crypto.createHash('sha256')).digest()
export const leafOf = (entry) => sha256(Buffer.of(0), entry)
export const nodeOf = (left, right) => sha256(Buffer.of(1), left, right)

const largestPowerBelow = (n) => 2 ** Math.ceil(Math.log2(n) - 1)

// RFC 6962, 2.1: the tree hash of leaves[from, to).
export function treeHash(leaves, from = 0, to = leaves.length) {
  if (to === from) return sha256()
  if (to - from === 1) return leaves[from]
  const split = from + largestPowerBelow(to - from)
  return nodeOf(treeHash(leaves, from, split), treeHash(leaves, split, to))
}

// RFC 6962, 2.1.1 and 2.1.2.
export function inclusionProof(leaves, index, from = 0, to = leaves.length) {
  if (to - from === 1) return []
  const split = from + largestPowerBelow(to - from)
  return index < split
    ? [...inclusionProof(leaves, index, from, split), treeHash(leaves, split, to)]
    : [...inclusionProof(leaves, index, split, to), treeHash(leaves, from, split)]
}
export function consistencyProof(leaves, first, from = 0, to = leaves.length, whole = true) {
  if (first === to - from) return whole ? [] : [treeHash(leaves, from, to)]
  const split = largestPowerBelow(to - from)
  return first <= split
    ? [...consistencyProof(leaves, first, from, from + split, whole), treeHash(leaves, from + split, to)]
    : [...consistencyProof(leaves, first - split, from + split, to, false), treeHash(leaves, from, from + split)]
}

// A key from a seed of one byte: `type` 1 signs notes, 4 cosigns.
export function makeKey(name, type = 1, seed = 7) {
  const start = Buffer.from('302e020100300506032b657004220420', 'hex')
  const key = crypto.createPrivateKey({
    key: Buffer.concat([start, Buffer.alloc(32, seed)]),
    format: 'der',
    type: 'pkcs8',
  })
  const publicKey = crypto.createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32)
  const material = Buffer.concat([Buffer.of(type), publicKey])
  const id = sha256(`${name}\n`, material).subarray(0, 4)
  return { name, type, key, id, text: `${name}+${id.toString('hex')}+${material.toString('base64')}` }
}

const line = ({ name, id }, signature) => `\u2014 ${name} ${Buffer.concat([id, signature]).toString('base64')}\n`
export const signatureLine = (key, text) => line(key, crypto.sign(null, Buffer.from(text), key.key))
export function cosignatureLine(key, text, seconds) {
  const time = Buffer.alloc(8)
  time.writeBigUInt64BE(BigInt(seconds))
  return line(
    key,
    Buffer.concat([time, crypto.sign(null, Buffer.from(`cosignature/v1\ntime ${seconds}\n${text}`), key.key)]),
  )
}

export const checkpointText = (origin, leaves, size = leaves.length) =>
  `${origin}\n${size}\n${treeHash(leaves, 0, size).toString('base64')}\n`

export function signedCheckpoint(key, leaves, witnesses = [], size = leaves.length) {
  const text = checkpointText(key.name, leaves, size)
  const cosignatures = witnesses.map((one) => cosignatureLine(one, text, 1_790_000_000))
  return `${text}\n${signatureLine(key, text)}${cosignatures.join('')}`
}

// The hashes for the gaps between ranges: the largest perfect subtrees that fit, from left to right.
function gapHashes(leaves, from, to) {
  if (from >= to) return []
  let width = 1
  while (from % (width * 2) === 0 && from + width * 2 <= to) width *= 2
  return [treeHash(leaves, from, from + width), ...gapHashes(leaves, from + width, to)]
}

// The pack's files by name; `entryAt(i)` gives bytes.
export function packOf(key, leaves, entryAt, ranges, { checkpoint = signedCheckpoint(key, leaves), more = {} } = {}) {
  const indexes = ranges.flatMap(([first, count]) => Array.from({ length: count }, (_, i) => first + i))
  const ends = [0, ...ranges.map(([first, count]) => first + count)]
  const starts = [...ranges.map(([first]) => first), leaves.length]
  const hashes = starts.flatMap((start, i) => gapHashes(leaves, ends[i], start))
  const proof = { size: leaves.length, ranges, hashes: hashes.map((hash) => hash.toString('base64')) }
  const files = {
    checkpoint: Buffer.from(checkpoint),
    key: Buffer.from(`${key.text}\n`),
    'entries.jsonl': Buffer.concat(indexes.flatMap((i) => [entryAt(i), Buffer.from('\n')])),
    'proof.json': Buffer.from(JSON.stringify(proof)),
    leaves: Buffer.from(indexes.map((i) => `${leaves[i].toString('base64')}\n`).join('')),
    ...more,
  }
  const digests = Object.entries(files).map(([name, bytes]) => [
    name,
    { bytes: bytes.length, sha256: sha256(bytes).toString('hex') },
  ])
  const manifest = {
    format: 'reeve-evidence-pack@1',
    log: key.name,
    size: leaves.length,
    entries: indexes.length,
    files: Object.fromEntries(digests),
  }
  return { ...files, 'pack.json': Buffer.from(JSON.stringify(manifest, null, 1)) }
}

export function writeFiles(folder, files) {
  for (const [name, bytes] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true })
    fs.writeFileSync(path.join(folder, name), bytes)
  }
}

const number = (n) =>
  (n < 1000 ? '' : `x${String(Math.floor(n / 1000)).padStart(3, '0')}/`) + String(n % 1000).padStart(3, '0')

// Tiles and bundles as c2sp.org/tlog-tiles has them, for fewer than 256 million entries.
export function publishedFiles(key, entries, checkpoint) {
  const files = { checkpoint: Buffer.from(checkpoint), key: Buffer.from(`${key.text}\n`) }
  const put = (level, n, width, bytes) =>
    (files[`tile/${level}/${number(n)}${width < 256 ? `.p/${width}` : ''}`] = bytes)
  let hashes = entries.map(leafOf)
  for (let level = 0; hashes.length > 0; level++) {
    const above = []
    for (let n = 0; n * 256 < hashes.length; n++) {
      const tile = hashes.slice(n * 256, (n + 1) * 256)
      put(level, n, tile.length, Buffer.concat(tile))
      if (tile.length === 256) above.push(treeHash(tile))
      if (level > 0) continue
      const bundle = entries.slice(n * 256, (n + 1) * 256).flatMap((entry) => {
        const length = Buffer.alloc(2)
        length.writeUInt16BE(entry.length)
        return [length, entry]
      })
      put('entries', n, tile.length, Buffer.concat(bundle))
    }
    hashes = above
  }
  return files
}
