// The signed checkpoint and its keys, read as docs/ledger-format.md tells it.

import crypto from 'node:crypto'

// What stands before the 32 bytes of an Ed25519 key in its DER form (RFC 8410).
const kPublicKeyStart = Buffer.from('302a300506032b6570032100', 'hex')
const kPrivateKeyStart = Buffer.from('302e020100300506032b657004220420', 'hex')
const kEd25519 = 1

function fromBase64(text) {
  const bytes = Buffer.from(text, 'base64')
  if (bytes.toString('base64') !== text) throw new Error(`${text} is not base64`)
  return bytes
}

function keyId(name, publicKey) {
  const input = Buffer.concat([Buffer.from(`${name}\n`), Buffer.of(kEd25519), publicKey])
  return crypto.createHash('sha256').update(input).digest().subarray(0, 4)
}

// "name+hash+key"
export function parseVerifierKey(line) {
  const match = /^([^+\s]+)\+([0-9a-f]{8})\+(\S+)\n?$/.exec(line)
  if (!match) throw new Error('the verifier key does not read name+hash+key')
  const [, name, hash, base64] = match
  const key = fromBase64(base64)
  if (key.length !== 33 || key[0] !== kEd25519) throw new Error('the verifier key is not an Ed25519 key')
  const publicKey = key.subarray(1)
  if (keyId(name, publicKey).toString('hex') !== hash) throw new Error("the verifier key's hash is not its own")
  return { name, hash, publicKey }
}

// "PRIVATE+KEY+name+hash+seed": throws unless it is the key that `verifier` checks.
export function checkPrivateKey(line, verifier) {
  const start = `PRIVATE+KEY+${verifier.name}+${verifier.hash}+`
  if (!line.startsWith(start)) throw new Error('it is the key of another log')
  const seed = fromBase64(line.slice(start.length).trimEnd())
  if (seed.length !== 33 || seed[0] !== kEd25519) throw new Error('it is not an Ed25519 key')
  const der = Buffer.concat([kPrivateKeyStart, seed.subarray(1)])
  const own = crypto.createPublicKey(crypto.createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }))
  const publicKey = own.export({ format: 'der', type: 'spki' }).subarray(kPublicKeyStart.length)
  if (!publicKey.equals(verifier.publicKey)) throw new Error('it does not belong to the verifier key')
}

// {origin, size, root} of a signed note; throws unless `verifier` signed it.
export function openCheckpoint(note, verifier) {
  const border = note.lastIndexOf('\n\n')
  if (border < 0 || !note.endsWith('\n')) throw new Error('the checkpoint is no signed note')
  const text = note.slice(0, border + 1)
  const signed = note
    .slice(border + 2, -1)
    .split('\n')
    .some((line) => {
      const match = /^\u2014 (\S+) (\S+)$/.exec(line)
      if (!match) throw new Error('a signature line of the checkpoint is malformed')
      const bytes = fromBase64(match[2])
      if (match[1] !== verifier.name || bytes.subarray(0, 4).toString('hex') !== verifier.hash) return false
      const der = Buffer.concat([kPublicKeyStart, verifier.publicKey])
      const key = crypto.createPublicKey({ key: der, format: 'der', type: 'spki' })
      if (!crypto.verify(null, Buffer.from(text), key, bytes.subarray(4))) throw new Error('the signature is wrong')
      return true
    })
  if (!signed) throw new Error(`the checkpoint is not signed by ${verifier.name}`)
  const [origin, size, root] = text.split('\n')
  if (origin !== verifier.name) throw new Error(`the checkpoint is of ${origin}`)
  if (!/^(0|[1-9][0-9]*)$/.test(size)) throw new Error('the checkpoint has no size')
  return { origin, size: Number(size), root: fromBase64(root) }
}
