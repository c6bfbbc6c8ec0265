// Signed notes, checkpoints and cosignatures: c2sp.org/signed-note, tlog-checkpoint, tlog-cosignature.

import { verifyEd25519 } from './ed25519.mjs'
import { concatBytes, sameBytes, sha256 } from './hash.mjs'

export const kEd25519 = 0x01
const kCosignature = 0x04
const kNoteBytesMax = 1_000_000
const kSignaturesMax = 100

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

// A Fault is what a check found wrong in what was given, said in one sentence.
export class Fault extends Error {}

export function utf8(bytes, what) {
  try {
    return decoder.decode(bytes)
  } catch {
    throw new Fault(`${what} is not UTF-8`)
  }
}

// Strict: only the one form that encoding gives.
export function fromBase64(text, what) {
  let binary
  try {
    binary = atob(text)
  } catch {
    throw new Fault(`${what} is not base64`)
  }
  if (btoa(binary) !== text) throw new Fault(`${what} is not base64 in its one form`)
  return Uint8Array.from(binary, (character) => character.charCodeAt(0))
}

export const toBase64 = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))

// Whole numbers as checkpoints write them; up to 2^53 - 1.
export function parseCount(text, what) {
  if (!/^(0|[1-9][0-9]*)$/.test(text)) throw new Fault(`${what} is not a whole number: '${text.slice(0, 40)}'`)
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new Fault(`${what} is too large: ${text.slice(0, 40)}`)
  return value
}

const isKeyName = (name) => name !== '' && !/[\s+\p{Cc}\p{Z}]/u.test(name)
const keyIdOf = (name, type, key) =>
  sha256(concatBytes([encoder.encode(`${name}\n`), Uint8Array.of(type), key])).slice(0, 4)

// "name+hash+base64(type, public key)": {name, id (4 bytes), type, publicKey (32 bytes), text}.
export function parseVerifierKey(text) {
  const line = text.trim()
  const parts = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(line)
  if (!parts || !isKeyName(parts[1])) {
    throw new Fault(`a verifier key looks like name+hash+key; this is not one: '${line.slice(0, 80)}'`)
  }
  const [, name, hash, encoded] = parts
  const material = fromBase64(encoded, `the key of ${name}`)
  const type = material[0]
  const publicKey = material.slice(1)
  if ((type !== kEd25519 && type !== kCosignature) || publicKey.length !== 32) {
    throw new Fault(`the key of ${name} is of a kind that this verifier does not know`)
  }
  const id = keyIdOf(name, type, publicKey)
  if (hash !== Array.from(id, (byte) => byte.toString(16).padStart(2, '0')).join('')) {
    throw new Fault(`the hash in the key of ${name} is not that of the key: a character was changed`)
  }
  return { name, id, type, publicKey, text: line }
}

function parseSignatureLine(line) {
  const parts = /^— ([^ ]+) ([A-Za-z0-9+/=]+)$/.exec(line)
  if (!parts || !isKeyName(parts[1])) throw new Fault(`a line of the note is not a signature: '${line.slice(0, 80)}'`)
  const bytes = fromBase64(parts[2], `the signature of ${parts[1]}`)
  if (bytes.length < 5) throw new Fault(`the signature of ${parts[1]} is too short`)
  return { name: parts[1], id: bytes.slice(0, 4), signature: bytes.slice(4) }
}

// {text (its last newline included), signatures: [{name, id, signature}]}; `note` is bytes.
export function parseNote(note) {
  if (note.length > kNoteBytesMax) throw new Fault('the note is longer than a million bytes')
  const whole = utf8(note, 'the note')
  if (/[\u0000-\u0009\u000b-\u001f]/.test(whole)) throw new Fault('the note has control characters')
  const end = whole.lastIndexOf('\n\n')
  if (end < 0 || !whole.endsWith('\n')) throw new Fault('the note does not have a text, an empty line and signatures')
  const lines = whole.slice(end + 2, -1).split('\n')
  if (lines.length > kSignaturesMax) throw new Fault(`the note has more than ${kSignaturesMax} signatures`)
  return { text: whole.slice(0, end + 1), signatures: lines.map(parseSignatureLine) }
}

const isOf = (signature, key) => signature.name === key.name && sameBytes(signature.id, key.id)

async function verifySignature(text, { signature }, key) {
  if (key.type === kEd25519) return verifyEd25519(key.publicKey, encoder.encode(text), signature)
  if (signature.length !== 72) return false
  const time = new DataView(signature.buffer, signature.byteOffset).getBigUint64(0)
  if (time >= 2n ** 63n) return false
  const message = encoder.encode(`cosignature/v1\ntime ${time}\n${text}`)
  return verifyEd25519(key.publicKey, message, signature.subarray(8))
}

// Whether `key` signed the note. A signature that claims to be of the key and is not condemns the note.
async function signedBy({ text, signatures }, key) {
  const own = signatures.filter((signature) => isOf(signature, key))
  for (const signature of own) {
    if (!(await verifySignature(text, signature, key))) throw new Fault(`the signature of ${key.name} is wrong`)
  }
  return own
}

// Throws a Fault unless `key` signed the parsed note.
export async function verifyNote(note, key) {
  if ((await signedBy(note, key)).length === 0) throw new Fault(`the note is not signed by ${key.text}`)
}

// {origin, size, root} of a checkpoint's text.
export function parseCheckpointText(text) {
  const lines = text.slice(0, -1).split('\n')
  if (lines.length < 3 || lines.includes('')) throw new Fault('the checkpoint lacks an origin, a size or a root')
  const root = fromBase64(lines[2], 'the root in the checkpoint')
  if (root.length !== 32) throw new Fault('the root in the checkpoint is not 32 bytes')
  return { origin: lines[0], size: parseCount(lines[1], 'the size in the checkpoint'), root }
}

// Opens the checkpoint in `note` (bytes): signed by `key`, the log's, and by at least `quorum` of `witnesses`. Gives
// {origin, size, root, witnesses: [{name, time (seconds since 1970)}]}.
export async function openCheckpoint(note, key, witnesses = [], quorum = witnesses.length) {
  if (key.type !== kEd25519) throw new Fault(`the key of ${key.name} is a witness's, not a log's`)
  const parsed = parseNote(note)
  const checkpoint = parseCheckpointText(parsed.text)
  await verifyNote(parsed, key)
  if (checkpoint.origin !== key.name) {
    throw new Fault(`the checkpoint is of the log ${checkpoint.origin}, not of ${key.name}`)
  }
  const seen = []
  for (const witness of witnesses) {
    const [cosignature] = await signedBy(parsed, witness)
    if (!cosignature) continue
    const { buffer, byteOffset } = cosignature.signature
    const time = witness.type === kCosignature ? Number(new DataView(buffer, byteOffset).getBigUint64(0)) : null
    seen.push({ name: witness.name, time })
  }
  if (seen.length < quorum) {
    const missing = witnesses.filter(({ name }) => !seen.some((one) => one.name === name)).map(({ name }) => name)
    throw new Fault(`${seen.length} of ${quorum} witnesses that are asked for have cosigned; not ${missing.join(', ')}`)
  }
  return { ...checkpoint, witnesses: seen }
}

// The same, where any of `keys`, which signed for one log one after the other, may have signed: the first that did
// counts.
export async function openCheckpointByAny(note, keys, witnesses = [], quorum = witnesses.length) {
  const { signatures } = parseNote(note)
  const key = keys.find((one) => signatures.some((signature) => isOf(signature, one))) ?? keys[0]
  return openCheckpoint(note, key, witnesses, quorum)
}

// The keys of witnesses, each once: a quorum counts keys, not names that a key was given.
export function parseWitnessKeys(texts) {
  const keys = texts.map(parseVerifierKey)
  keys.forEach((key, i) => {
    if (key.type !== kCosignature) throw new Fault(`the key of ${key.name} is not of a witness (type 0x04)`)
    if (keys.findIndex((other) => sameBytes(other.publicKey, key.publicKey)) < i) {
      throw new Fault(`the key of witness ${key.name} is given twice; each counts once`)
    }
  })
  return keys
}
