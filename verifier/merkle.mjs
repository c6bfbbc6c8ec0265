// The Merkle tree of RFC 6962 and its proofs (RFC 9162, 2.1.3 and 2.1.4). Sizes and indexes are whole numbers up to
// 2^53 - 1, hence no bit operators on them.

import { sameBytes, sha256Into } from './hash.mjs'
import { Fault } from './note.mjs'

export const kHashBytes = 32
const kLevels = 54
const kNodeBytes = 1 + 2 * kHashBytes

export function leafHash(entry) {
  const message = new Uint8Array(entry.length + 1)
  message.set(entry, 1)
  const out = new Uint8Array(kHashBytes)
  sha256Into(message, 0, message.length, out, 0)
  return out
}

export function nodeHash(left, right) {
  const message = new Uint8Array(kNodeBytes)
  message[0] = 1
  message.set(left, 1)
  message.set(right, 1 + kHashBytes)
  const out = new Uint8Array(kHashBytes)
  sha256Into(message, 0, kNodeBytes, out, 0)
  return out
}

// A tree that grows on the right, by leaves or by whole perfect subtrees; it keeps one hash a level. A cell per level
// is the message of a node, 0x01, left, right: hashes are written to where they will be hashed from.
export class Frontier {
  size = 0
  #cells = Array.from({ length: kLevels }, () => {
    const cell = new Uint8Array(kNodeBytes)
    cell[0] = 1
    return cell
  })
  #hasLeft = new Array(kLevels).fill(false)

  clear() {
    this.size = 0
    this.#hasLeft.fill(false)
  }

  // message[start, end) is 0x00 and the entry behind it.
  pushLeaf(message, start, end) {
    sha256Into(message, start, end, this.#cells[0], this.#hasLeft[0] ? 1 + kHashBytes : 1)
    this.size += 1
    this.#carry(0)
  }

  // The next 2^level leaves by their root, bytes[at, at + 32). What was pushed before must end at a multiple of that.
  pushSubtree(level, bytes, at = 0) {
    if (this.size % 2 ** level !== 0) throw new Error('a subtree does not begin here')
    this.#cells[level].set(bytes.subarray(at, at + kHashBytes), this.#hasLeft[level] ? 1 + kHashBytes : 1)
    this.size += 2 ** level
    this.#carry(level)
  }

  #carry(from) {
    let level = from
    while (this.#hasLeft[level]) {
      this.#hasLeft[level] = false
      const at = this.#hasLeft[level + 1] ? 1 + kHashBytes : 1
      sha256Into(this.#cells[level], 0, kNodeBytes, this.#cells[level + 1], at)
      level += 1
    }
    this.#hasLeft[level] = true
  }

  root() {
    let hash = null
    for (let level = 0; level < kLevels; level++) {
      if (!this.#hasLeft[level]) continue
      const left = this.#cells[level].subarray(1, 1 + kHashBytes)
      hash = hash === null ? Uint8Array.from(left) : nodeHash(left, hash)
    }
    if (hash !== null) return hash
    const ofNothing = new Uint8Array(kHashBytes)
    sha256Into(ofNothing, 0, 0, ofNothing, 0)
    return ofNothing
  }
}

// The largest perfect subtrees that cover the leaves [from, to), left to right, as levels.
export function* coverOf(from, to) {
  for (let at = from; at < to;) {
    let level = 0
    while (at % 2 ** (level + 1) === 0 && at + 2 ** (level + 1) <= to) level += 1
    yield level
    at += 2 ** level
  }
}

// Throws a Fault unless `proof`, hashes from the leaf's sibling up, puts `leaf` at `index` into the tree.
export function checkInclusion(leaf, index, size, proof, root) {
  if (index >= size) throw new Fault(`entry ${index} is beyond the tree of ${size} entries`)
  let [node, last] = [index, size - 1]
  let hash = leaf
  for (const step of proof) {
    if (last === 0) throw new Fault('the inclusion proof has too many hashes')
    if (node % 2 === 1 || node === last) {
      hash = nodeHash(step, hash)
      while (node % 2 === 0 && node !== 0) [node, last] = [node / 2, Math.floor(last / 2)]
    } else {
      hash = nodeHash(hash, step)
    }
    ;[node, last] = [Math.floor(node / 2), Math.floor(last / 2)]
  }
  if (last !== 0) throw new Fault('the inclusion proof has too few hashes')
  if (!sameBytes(hash, root)) throw new Fault(`entry ${index} is not in the signed tree: its proof gives another root`)
}

// Throws a Fault unless `proof` shows that the tree of `second` begins with that of `first`.
export function checkConsistency(first, second, firstRoot, secondRoot, proof) {
  if (first > second) throw new Fault(`the earlier tree (${first}) is larger than the later one (${second})`)
  if (first === second || first === 0) {
    if (proof.length > 0) throw new Fault('the consistency proof has hashes where none are needed')
    if (first === 0) return
    if (!sameBytes(firstRoot, secondRoot)) throw new Fault(`two different roots are signed for the size ${first}`)
    return
  }
  let [node, last] = [first - 1, second - 1]
  while (node % 2 === 1) [node, last] = [Math.floor(node / 2), Math.floor(last / 2)]
  const steps = node === 0 ? [firstRoot, ...proof] : proof
  if (steps.length === 0) throw new Fault('the consistency proof has too few hashes')
  let [earlier, later] = [steps[0], steps[0]]
  for (const step of steps.slice(1)) {
    if (last === 0) throw new Fault('the consistency proof has too many hashes')
    if (node % 2 === 1 || node === last) {
      earlier = nodeHash(step, earlier)
      later = nodeHash(step, later)
      while (node % 2 === 0 && node !== 0) [node, last] = [node / 2, Math.floor(last / 2)]
    } else {
      later = nodeHash(later, step)
    }
    ;[node, last] = [Math.floor(node / 2), Math.floor(last / 2)]
  }
  if (last !== 0) throw new Fault('the consistency proof has too few hashes')
  if (!sameBytes(earlier, firstRoot)) throw new Fault('the consistency proof does not give the earlier root')
  if (!sameBytes(later, secondRoot)) throw new Fault('the consistency proof does not give the later root')
}
