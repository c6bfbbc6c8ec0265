// Ed25519 (RFC 8032): by Node, by WebCrypto, or, where neither has it, by the code here. Verifying needs no secret, so
// nothing here has to take the same time for every input.

import { concatBytes, sha512 } from './hash.mjs'

const kP = 2n ** 255n - 19n
const kOrder = 2n ** 252n + 27742317777372353535851937790883648493n

const mod = (x, m = kP) => ((x % m) + m) % m

function power(base, exponent) {
  let result = 1n
  for (let square = mod(base); exponent > 0n; exponent >>= 1n, square = mod(square * square)) {
    if (exponent & 1n) result = mod(result * square)
  }
  return result
}

const invert = (x) => power(x, kP - 2n)
const kD = mod(-121665n * invert(121666n))
const kRootOfMinusOne = power(2n, (kP - 1n) / 4n)

// x of the point with this y, its lowest bit as said; null when there is none (RFC 8032, 5.1.3).
function recoverX(y, odd) {
  const x2 = mod((y * y - 1n) * invert(kD * y * y + 1n))
  if (x2 === 0n) return odd ? null : 0n
  let x = power(x2, (kP + 3n) / 8n)
  if (mod(x * x - x2) !== 0n) x = mod(x * kRootOfMinusOne)
  if (mod(x * x - x2) !== 0n) return null
  return (x & 1n) === (odd ? 1n : 0n) ? x : kP - x
}

// Points as x, y, z, t with x/z, y/z and t = xy/z (RFC 8032, 5.1.4).
const point = (x, y) => [x, y, 1n, mod(x * y)]
const kZero = [0n, 1n, 1n, 0n]
const kBaseY = mod(4n * invert(5n))
const kBase = point(recoverX(kBaseY, false), kBaseY)

function add([x1, y1, z1, t1], [x2, y2, z2, t2]) {
  const a = mod((y1 - x1) * (y2 - x2))
  const b = mod((y1 + x1) * (y2 + x2))
  const c = mod(2n * t1 * t2 * kD)
  const d = mod(2n * z1 * z2)
  const [e, f, g, h] = [b - a, d - c, d + c, b + a]
  return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)]
}

function multiply(scalar, p) {
  let result = kZero
  for (let q = p; scalar > 0n; scalar >>= 1n, q = add(q, q)) if (scalar & 1n) result = add(result, q)
  return result
}

const same = (p, q) => mod(p[0] * q[2] - q[0] * p[2]) === 0n && mod(p[1] * q[2] - q[1] * p[2]) === 0n

const littleEndian = (bytes) => bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n)

function decodePoint(bytes) {
  const value = littleEndian(bytes)
  const y = value & (2n ** 255n - 1n)
  if (y >= kP) return null
  const x = recoverX(y, value >> 255n === 1n)
  return x === null ? null : point(x, y)
}

export function ownVerify(publicKey, message, signature) {
  if (publicKey.length !== 32 || signature.length !== 64) return false
  const a = decodePoint(publicKey)
  const r = decodePoint(signature.subarray(0, 32))
  const s = littleEndian(signature.subarray(32))
  if (!a || !r || s >= kOrder) return false
  const k = littleEndian(sha512(concatBytes([signature.subarray(0, 32), publicKey, message]))) % kOrder
  return same(multiply(s, kBase), add(r, multiply(k, a)))
}

async function nodeVerify(publicKey, message, signature) {
  const crypto = await import('node:crypto')
  const x = Buffer.from(publicKey).toString('base64url')
  const key = crypto.createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
  return crypto.verify(null, message, key, signature)
}

// Undefined where WebCrypto is missing, or lacks Ed25519.
async function webVerify(publicKey, message, signature) {
  try {
    const key = await globalThis.crypto.subtle.importKey('raw', publicKey, { name: 'Ed25519' }, false, ['verify'])
    return await globalThis.crypto.subtle.verify({ name: 'Ed25519' }, key, signature, message)
  } catch {
    return undefined
  }
}

// Whether `signature` over `message` (bytes) is of the holder of `publicKey` (32 bytes).
export async function verifyEd25519(publicKey, message, signature) {
  if (publicKey.length !== 32 || signature.length !== 64) return false
  if (globalThis.process?.versions?.node) return nodeVerify(publicKey, message, signature)
  return (await webVerify(publicKey, message, signature)) ?? ownVerify(publicKey, message, signature)
}
