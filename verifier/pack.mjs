// Evidence packs, docs/evidence-pack.md: entries of a log with what it takes to check them against a checkpoint.

import { checkBundle, kBundleName } from './bundle.mjs'
import { sameBytes, startSha256, toHex } from './hash.mjs'
import { KeyChain, rotationProblems, rotationsIn, tellsOfRotation } from './key_rotations.mjs'
import { coverOf, Frontier, leafHash } from './merkle.mjs'
import { Fault, fromBase64, openCheckpoint, parseVerifierKey, toBase64, utf8 } from './note.mjs'
import { recount } from './report.mjs'
import { signingKey } from './signed_head.mjs'

export const kPackFormat = 'reeve-evidence-pack@1'
const kNewline = 10
const kRotationsName = 'key-rotations'
const kRequired = ['checkpoint', 'key', 'entries.jsonl', 'proof.json']

export function parseJson(bytes, what) {
  try {
    return JSON.parse(utf8(bytes, what))
  } catch (error) {
    throw new Fault(`${what} is not JSON: ${error.message}`)
  }
}

const isCount = (value) => Number.isSafeInteger(value) && value >= 0

function checkManifest(manifest) {
  if (manifest?.format !== kPackFormat) throw new Fault(`pack.json does not say that its format is ${kPackFormat}`)
  const { files } = manifest
  if (typeof files !== 'object' || files === null) throw new Fault('pack.json has no list of files')
  for (const [name, file] of Object.entries(files)) {
    // A pack's files lie in the pack, and nowhere else on the reader's machine.
    const inside = !/[\\\u0000]/.test(name) && name.split('/').every((part) => !['', '.', '..'].includes(part))
    if (!inside) throw new Fault(`pack.json: '${name.slice(0, 80)}' is not the name of a file of a pack`)
    const sound = isCount(file?.bytes) && /^[0-9a-f]{64}$/.test(file?.sha256)
    if (!sound) throw new Fault(`pack.json: ${name} needs 'bytes' and 'sha256'`)
  }
  const missing = kRequired.filter((name) => !Object.hasOwn(files, name))
  if (missing.length > 0) throw new Fault(`pack.json does not list ${missing.join(', ')}`)
}

// {size, ranges: [[first, count]], hashes: [bytes]}, ranges in order and apart.
function parseProof(bytes) {
  const { size, ranges, hashes } = parseJson(bytes, 'proof.json')
  const sound = isCount(size) && Array.isArray(ranges) && Array.isArray(hashes)
  if (!sound) throw new Fault("proof.json needs 'size', 'ranges' and 'hashes'")
  let end = 0
  ranges.forEach((range, i) => {
    const [first, count] = Array.isArray(range) ? range : []
    const inOrder = isCount(first) && isCount(count) && count > 0 && first >= end && first + count <= size
    if (!inOrder) throw new Fault(`proof.json: range ${i} is empty, out of order or beyond the tree`)
    end = first + count
  })
  const decoded = hashes.map((text, i) => {
    const hash = typeof text === 'string' ? fromBase64(text, `proof.json: hash ${i}`) : []
    if (hash.length !== 32) throw new Fault(`proof.json: hash ${i} is not 32 bytes`)
    return hash
  })
  return { size, ranges, hashes: decoded }
}

// Rebuilds the root from entries, which come in order, and from the proof's hashes for what lies between them.
class Rebuild {
  constructor({ size, ranges, hashes }) {
    Object.assign(this, { size, ranges, hashes })
    this.tree = new Frontier()
    this.nextRange = 0
    this.nextHash = 0
    this.rangeEnd = 0
    this.entries = 0
  }

  // message[start, end): 0x00 and the entry.
  take(message, start, end) {
    if (this.tree.size === this.rangeEnd) this.#enterRange()
    this.tree.pushLeaf(message, start, end)
    this.entries += 1
  }

  takeHash(leaf) {
    if (this.tree.size === this.rangeEnd) this.#enterRange()
    this.tree.pushSubtree(0, leaf)
    this.entries += 1
  }

  #enterRange() {
    if (this.nextRange === this.ranges.length) {
      throw new Fault(`entries.jsonl, line ${this.entries + 1}: there are more entries than proof.json has places for`)
    }
    const [first, count] = this.ranges[this.nextRange]
    this.nextRange += 1
    this.#skipTo(first)
    this.rangeEnd = first + count
  }

  #skipTo(end) {
    for (const level of coverOf(this.tree.size, end)) {
      const hash = this.hashes[this.nextHash]
      if (!hash) throw new Fault('proof.json has too few hashes')
      this.nextHash += 1
      this.tree.pushSubtree(level, hash)
    }
  }

  root() {
    if (this.tree.size !== this.rangeEnd || this.nextRange !== this.ranges.length) {
      const expected = this.ranges.reduce((sum, [, count]) => sum + count, 0)
      throw new Fault(`entries.jsonl has ${this.entries} entries where proof.json has ${expected}`)
    }
    this.#skipTo(this.size)
    if (this.nextHash !== this.hashes.length) throw new Fault('proof.json has too many hashes')
    return this.tree.root()
  }
}

// Calls take(message, start, end) with every line of `pieces` as a leaf's message; a digest gets every byte before.
async function eachLine(pieces, digest, take) {
  let rest = new Uint8Array(0)
  for await (const piece of pieces) {
    digest.update(piece)
    // Node's own search is several times as fast as that of plain arrays.
    const search = globalThis.Buffer?.from(piece.buffer, piece.byteOffset, piece.length) ?? piece
    let at = 0
    let newline = search.indexOf(kNewline)
    if (newline >= 0) {
      const first = new Uint8Array(1 + rest.length + newline)
      first.set(rest, 1)
      first.set(piece.subarray(0, newline), 1 + rest.length)
      take(first, 0, first.length)
      // From here on the newline before a line gives way to the 0x00 of a leaf.
      for (at = newline; (newline = search.indexOf(kNewline, at + 1)) >= 0; at = newline) {
        piece[at] = 0
        take(piece, at, newline)
      }
      rest = piece.slice(at + 1)
    } else {
      const longer = new Uint8Array(rest.length + piece.length)
      longer.set(rest)
      longer.set(piece, rest.length)
      rest = longer
    }
  }
  if (rest.length > 0) throw new Fault('entries.jsonl does not end with a newline')
}

// The leaf index of the entry on a line, from 0.
function indexOfLine(line, ranges) {
  let left = line
  for (const [first, count] of ranges) {
    if (left < count) return first + left
    left -= count
  }
  return null
}

// Which lines are wrong, by the leaf hashes that the pack carries, when those give the signed root.
async function locate(source, proof, root) {
  const bytes = await source.read('leaves')
  if (bytes === null) return []
  const leaves = utf8(bytes, 'leaves').split('\n').slice(0, -1)
  const byLeaves = new Rebuild(proof)
  try {
    for (const [i, text] of leaves.entries()) byLeaves.takeHash(fromBase64(text, `leaves, line ${i + 1}`))
    if (!sameBytes(byLeaves.root(), root)) return []
  } catch (error) {
    if (error instanceof Fault) return []
    throw error
  }
  const wrong = []
  let line = 0
  await eachLine(await source.pieces('entries.jsonl'), startSha256(), (message, start, end) => {
    if (toBase64(leafHash(message.subarray(start + 1, end))) !== leaves[line] && wrong.length < 100) wrong.push(line)
    line += 1
  })
  return wrong
}

export class Pack {
  // `source` has the pack's files; `manifest` is what pack.json says.
  constructor(source, manifest) {
    checkManifest(manifest)
    this.source = source
    this.manifest = manifest
  }

  static async of(source) {
    const bytes = await source.read('pack.json')
    if (bytes === null) throw new Fault('there is no pack.json')
    return new Pack(source, parseJson(bytes, 'pack.json'))
  }

  async #read(name) {
    const bytes = await this.source.read(name)
    if (bytes === null) throw new Fault(`${name} is missing`)
    return bytes
  }

  // {checkpoint, entries, otherFiles, figures, rotations}: what is wrong goes to `problems`. `given`: the key to check
  // with; without one the pack's own counts, which is only as good as whoever gave the pack.
  async check(given, witnesses, quorum, problems) {
    const own = parseVerifierKey(utf8(await this.#read('key'), 'key'))
    const published = await this.source.read(kRotationsName)
    const chain = await KeyChain.of(published)
    const { key, steps } = signingKey(given, own, chain, problems)
    const checkpoint = await openCheckpoint(await this.#read('checkpoint'), key, witnesses, quorum)
    const { log, size, entries } = this.manifest
    if (log !== checkpoint.origin) problems.push(`pack.json: the log is ${checkpoint.origin}, not ${log}`)
    if (size !== checkpoint.size) problems.push(`pack.json: signed are ${checkpoint.size} entries, not ${size}`)
    const seen = await this.#checkEntries(checkpoint, problems)
    if (entries !== seen) problems.push(`pack.json: there are ${seen} entries here, not ${entries}`)
    const otherFiles = await this.#checkDigests(problems)
    await checkBundle(this.source, problems)
    if (published !== null) problems.push(...(await this.#rotationProblems(chain)))
    // Only entries that are the signed ones are worth counting.
    const figures = problems.length === 0 ? await this.#recount(checkpoint, problems) : 0
    return { checkpoint, entries: seen, otherFiles, figures, rotations: steps }
  }

  // Of the entries about rotations a pack may have some and not others.
  async #rotationProblems(chain) {
    const { ranges } = parseProof(await this.#read('proof.json'))
    const bytes = await this.#read('entries.jsonl')
    if (!tellsOfRotation(bytes)) return []
    const recorded = []
    let start = 0
    let line = 0
    for (let end = bytes.indexOf(kNewline); end >= 0; end = bytes.indexOf(kNewline, start)) {
      recorded.push(...rotationsIn(bytes, [[start, end]], indexOfLine(line, ranges)))
      start = end + 1
      line += 1
    }
    return rotationProblems(recorded, chain, { whole: false })
  }

  async #recount(checkpoint, problems) {
    const bytes = await this.source.read('report.json')
    if (bytes === null) return 0
    const { ranges } = parseProof(await this.#read('proof.json'))
    const parsed = []
    const take = (message, start, end) => {
      const entry = parseJson(message.subarray(start + 1, end), `entries.jsonl, line ${parsed.length + 1}`)
      parsed.push({ index: indexOfLine(parsed.length, ranges), entry })
    }
    // Line by line: all of them may be more than one text can hold.
    await eachLine(await this.source.pieces('entries.jsonl'), startSha256(), take)
    return recount(parseJson(bytes, 'report.json'), parsed, checkpoint, problems)
  }

  async #checkEntries(checkpoint, problems) {
    const proof = parseProof(await this.#read('proof.json'))
    if (proof.size !== checkpoint.size) {
      throw new Fault(`proof.json is for a tree of ${proof.size} entries; signed are ${checkpoint.size}`)
    }
    const pieces = await this.source.pieces('entries.jsonl')
    if (pieces === null) throw new Fault('entries.jsonl is missing')
    const rebuild = new Rebuild(proof)
    this.digest = startSha256()
    await eachLine(pieces, this.digest, (message, start, end) => rebuild.take(message, start, end))
    if (sameBytes(rebuild.root(), checkpoint.root)) return rebuild.entries
    const wrong = await locate(this.source, proof, checkpoint.root)
    for (const line of wrong) {
      problems.push(`entries.jsonl, line ${line + 1}: entry ${indexOfLine(line, proof.ranges)} is not what was signed`)
    }
    if (wrong.length === 0) problems.push('the entries with the hashes of proof.json do not give the signed root')
    return rebuild.entries
  }

  // How many files there are whose content nothing but their digest speaks for.
  async #checkDigests(problems) {
    const { files } = this.manifest
    for (const [name, { bytes, sha256 }] of Object.entries(files)) {
      const digest = name === 'entries.jsonl' ? this.digest : await this.#digestOf(name)
      const found = digest && toHex(digest.digest())
      if (!digest) problems.push(`${name}: is in pack.json, but missing`)
      else if (found !== sha256) problems.push(`${name}: is not the file of ${bytes} bytes that pack.json lists`)
    }
    for (const name of (await this.source.names()) ?? []) {
      const listed = ['pack.json', kBundleName].includes(name) || Object.hasOwn(files, name)
      if (!listed) problems.push(`${name}: is not in pack.json`)
    }
    return Object.keys(files).filter((name) => ![...kRequired, 'leaves', kRotationsName].includes(name)).length
  }

  async #digestOf(name) {
    const pieces = await this.source.pieces(name)
    if (pieces === null) return null
    const digest = startSha256()
    for await (const piece of pieces) digest.update(piece)
    return digest
  }
}
