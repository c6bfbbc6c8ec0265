// The log's side of the protocols, written from the specifications alone: RFC 6962 trees over leaves in memory, signed
// notes, consistency proofs; and how a cosignature is checked. What Reeve does is compared with this.

import crypto from 'node:crypto'

// What stands before the 32 bytes of an Ed25519 key in its DER form (RFC 8410).
const kPublicKeyStart = Buffer.from('302a300506032b6570032100', 'hex')
const kPrivateKeyStart = Buffer.from('302e020100300506032b657004220420', 'hex')
const kLog = 0x01
const kWitness = 0x04

const sha256 = (...parts) => crypto.createHash('sha256').update(Buffer.concat(parts)).digest()
export const leafHash = (entry) => sha256(Buffer.of(0), Buffer.from(entry))
const nodeHash = (left, right) => sha256(Buffer.of(1), left, right)
const splitOf = (count) => 2 ** Math.floor(Math.log2(count - 1))

export function treeRoot(leaves) {
  if (leaves.length === 0) return sha256()
  if (leaves.length === 1) return leaves[0]
  const k = splitOf(leaves.length)
  return nodeHash(treeRoot(leaves.slice(0, k)), treeRoot(leaves.slice(k)))
}

function subproof(m, leaves, complete) {
  if (m === leaves.length) return complete ? [] : [treeRoot(leaves)]
  const k = splitOf(leaves.length)
  if (m <= k) return [...subproof(m, leaves.slice(0, k), complete), treeRoot(leaves.slice(k))]
  return [...subproof(m - k, leaves.slice(k), false), treeRoot(leaves.slice(0, k))]
}
export const consistencyProof = (m, leaves) => (m === 0 ? [] : subproof(m, leaves, true))

// The root that an inclusion path leads to, by the definition of PATH read backwards.
export function rootOfPath(leaf, index, size, path) {
  if (size === 1) return path.length === 0 ? leaf : undefined
  const k = splitOf(size)
  const sibling = path.at(-1)
  if (!sibling) return undefined
  const below =
    index < k
      ? rootOfPath(leaf, index, k, path.slice(0, -1))
      : rootOfPath(leaf, index - k, size - k, path.slice(0, -1))
  if (!below) return undefined
  return index < k ? nodeHash(below, sibling) : nodeHash(sibling, below)
}

function keyOf(vkey, type) {
  const [name, hash, ...rest] = vkey.trim().split('+')
  const bytes = Buffer.from(rest.join('+'), 'base64')
  if (bytes[0] !== type || bytes.length !== 33) throw new Error(`${vkey} is not a key of type ${type}`)
  const id = sha256(Buffer.from(`${name}\n`), bytes).subarray(0, 4)
  if (id.toString('hex') !== hash) throw new Error(`${vkey} has a wrong hash`)
  const der = Buffer.concat([kPublicKeyStart, bytes.subarray(1)])
  return { name, id, key: crypto.createPublicKey({ key: der, format: 'der', type: 'spki' }) }
}

function noteOf(note) {
  const border = note.lastIndexOf('\n\n')
  const text = note.slice(0, border + 1)
  const signatures = note.slice(border + 2, -1).split('\n').map((line) => {
    const [, name, base64] = /^\u2014 (\S+) (\S+)$/.exec(line)
    const bytes = Buffer.from(base64, 'base64')
    return { name, id: bytes.subarray(0, 4), bytes: bytes.subarray(4) }
  })
  return { text, signatures }
}

const ofKey = ({ signatures }, key) => signatures.filter(({ name, id }) => name === key.name && id.equals(key.id))

// {origin, size, root} when the log's key signed the note; throws otherwise.
export function openCheckpoint(note, vkey) {
  const parts = noteOf(note)
  const key = keyOf(vkey, kLog)
  const mine = ofKey(parts, key)
  if (!mine.some(({ bytes }) => crypto.verify(null, Buffer.from(parts.text), key.key, bytes))) {
    throw new Error(`not signed by ${key.name}`)
  }
  const [origin, size, root] = parts.text.split('\n')
  return { origin, size: Number(size), root }
}

// The time of a witness's cosignature on the note; undefined when there is none; throws when it is wrong.
export function cosignedAt(note, vkey) {
  const parts = noteOf(note)
  const key = keyOf(vkey, kWitness)
  const [mine] = ofKey(parts, key)
  if (!mine) return undefined
  if (mine.bytes.length !== 72) throw new Error('the cosignature has not 72 bytes')
  const time = mine.bytes.readBigUInt64BE(0)
  const message = Buffer.from(`cosignature/v1\ntime ${time}\n${parts.text}`)
  if (!crypto.verify(null, message, key.key, mine.bytes.subarray(8))) throw new Error('the cosignature is wrong')
  return Number(time)
}

// Signs checkpoints under a name: with a new key, or with one that was stolen ("PRIVATE+KEY+name+hash+seed").
export class MadeUpLog {
  constructor(name, stolen) {
    if (stolen) {
      const [, , stolenName, , ...seed] = stolen.trim().split('+')
      const der = Buffer.concat([kPrivateKeyStart, Buffer.from(seed.join('+'), 'base64').subarray(1)])
      this.name = stolenName
      this.key = crypto.createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
    } else {
      this.name = name
      this.key = crypto.generateKeyPairSync('ed25519').privateKey
    }
    const spki = crypto.createPublicKey(this.key).export({ format: 'der', type: 'spki' })
    const typed = Buffer.concat([Buffer.of(kLog), spki.subarray(kPublicKeyStart.length)])
    this.id = sha256(Buffer.from(`${this.name}\n`), typed).subarray(0, 4)
    this.vkey = `${this.name}+${this.id.toString('hex')}+${typed.toString('base64')}`
  }

  checkpoint(size, root) {
    const text = `${this.name}\n${size}\n${root.toString('base64')}\n`
    const signature = Buffer.concat([this.id, crypto.sign(null, Buffer.from(text), this.key)])
    return `${text}\n\u2014 ${this.name} ${signature.toString('base64')}\n`
  }

  // The body of add-checkpoint for these leaves.
  request(oldSize, leaves) {
    const proof = consistencyProof(oldSize, leaves).map((hash) => `${hash.toString('base64')}\n`)
    return `old ${oldSize}\n${proof.join('')}\n${this.checkpoint(leaves.length, treeRoot(leaves))}`
  }
}
