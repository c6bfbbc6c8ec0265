// SHA-256 and SHA-512, synchronous, in Node and in the browser. WebCrypto answers asynchronously and call by call,
// which is too slow for a million tree hashes: Node's own hash is taken where there is one, else the code here.

const kNode = Boolean(globalThis.process?.versions?.node)
const nodeCrypto = kNode ? await import('node:crypto') : null

// ---- Constants: fractions of the square and cube roots of the first primes (FIPS 180-4, 4.2 and 5.3) ----

function firstPrimes(count) {
  const primes = []
  for (let n = 2; primes.length < count; n++) if (primes.every((prime) => n % prime !== 0)) primes.push(n)
  return primes
}

// The first 64 bits of the fraction of the `degree`-th root of `n`.
function rootFraction(n, degree) {
  const scaled = BigInt(n) << BigInt(64 * degree)
  let low = 0n
  let high = 1n << 72n
  while (high - low > 1n) {
    const middle = (low + high) >> 1n
    if (middle ** BigInt(degree) <= scaled) low = middle
    else high = middle
  }
  return BigInt.asUintN(64, low)
}

const kRound64 = firstPrimes(80).map((prime) => rootFraction(prime, 3))
const kStart64 = firstPrimes(8).map((prime) => rootFraction(prime, 2))
const upperHalf = (value) => Number(value >> 32n) | 0
const kRound32 = Int32Array.from(kRound64.slice(0, 64), upperHalf)
const kStart32 = Int32Array.from(kStart64, upperHalf)

// ---- SHA-256 ----

const state = new Int32Array(8)
const words = new Int32Array(64)

function compress256(bytes, at) {
  const w = words
  for (let i = 0, o = at; i < 16; i++, o += 4) {
    w[i] = (bytes[o] << 24) | (bytes[o + 1] << 16) | (bytes[o + 2] << 8) | bytes[o + 3]
  }
  for (let i = 16; i < 64; i++) {
    const x = w[i - 15]
    const y = w[i - 2]
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3)
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10)
    w[i] = (w[i - 16] + s0 + w[i - 7] + s1) | 0
  }
  let [a, b, c, d, e, f, g, h] = state
  for (let i = 0; i < 64; i++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7))
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + kRound32[i] + w[i]) | 0
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0
    h = g
    g = f
    f = e
    e = (d + t1) | 0
    d = c
    c = b
    b = a
    a = (t1 + t2) | 0
  }
  state[0] += a
  state[1] += b
  state[2] += c
  state[3] += d
  state[4] += e
  state[5] += f
  state[6] += g
  state[7] += h
}

const tail = new Uint8Array(128)

// Hashes bytes[start, end) into out[at, at + 32).
function ownSha256Into(bytes, start, end, out, at) {
  state.set(kStart32)
  const length = end - start
  let from = start
  for (; from + 64 <= end; from += 64) compress256(bytes, from)
  const rest = end - from
  tail.fill(0)
  for (let i = 0; i < rest; i++) tail[i] = bytes[from + i]
  tail[rest] = 0x80
  const blocks = rest < 56 ? 1 : 2
  new DataView(tail.buffer).setBigUint64(blocks * 64 - 8, BigInt(length) * 8n)
  for (let i = 0; i < blocks; i++) compress256(tail, i * 64)
  for (let i = 0; i < 8; i++) {
    out[at + i * 4] = state[i] >>> 24
    out[at + i * 4 + 1] = state[i] >>> 16
    out[at + i * 4 + 2] = state[i] >>> 8
    out[at + i * 4 + 3] = state[i]
  }
}

// Node's hash as a Latin-1 text, one character a byte: by far its fastest form.
function oneShotSha256Into(bytes, start, end, out, at) {
  const whole = start === 0 && end === bytes.length
  const message = whole ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start)
  const text = nodeCrypto.hash('sha256', message, 'latin1')
  for (let i = 0; i < 32; i++) out[at + i] = text.charCodeAt(i)
}
function nodeSha256Into(bytes, start, end, out, at) {
  out.set(nodeCrypto.createHash('sha256').update(bytes.subarray(start, end)).digest(), at)
}

// Every way to hash there is here, by name: tests run each.
export const sha256Ways = { own: ownSha256Into }
if (nodeCrypto) sha256Ways.node = nodeCrypto.hash ? oneShotSha256Into : nodeSha256Into

export const sha256Into = sha256Ways.node ?? ownSha256Into

export function sha256(bytes) {
  const out = new Uint8Array(32)
  sha256Into(bytes, 0, bytes.length, out, 0)
  return out
}

// Of bytes that come piece by piece: {update(bytes), digest()}.
export function startSha256() {
  if (nodeCrypto) return nodeCrypto.createHash('sha256')
  const pieces = []
  return {
    update: (bytes) => void pieces.push(bytes.slice()),
    digest: () => sha256(concatBytes(pieces)),
  }
}

// ---- SHA-512, for Ed25519: a few hundred bytes at a time ----

const rotate = (x, n) => BigInt.asUintN(64, (x >> n) | (x << (64n - n)))

function compress512(h, block) {
  const view = new DataView(block.buffer, block.byteOffset)
  const w = Array.from({ length: 16 }, (_, i) => view.getBigUint64(i * 8))
  for (let i = 16; i < 80; i++) {
    const s0 = rotate(w[i - 15], 1n) ^ rotate(w[i - 15], 8n) ^ (w[i - 15] >> 7n)
    const s1 = rotate(w[i - 2], 19n) ^ rotate(w[i - 2], 61n) ^ (w[i - 2] >> 6n)
    w.push(BigInt.asUintN(64, w[i - 16] + s0 + w[i - 7] + s1))
  }
  let v = [...h]
  for (let i = 0; i < 80; i++) {
    const [a, b, c, d, e, f, g, last] = v
    const s1 = rotate(e, 14n) ^ rotate(e, 18n) ^ rotate(e, 41n)
    const t1 = last + s1 + ((e & f) ^ (BigInt.asUintN(64, ~e) & g)) + kRound64[i] + w[i]
    const s0 = rotate(a, 28n) ^ rotate(a, 34n) ^ rotate(a, 39n)
    const t2 = s0 + ((a & b) ^ (a & c) ^ (b & c))
    v = [BigInt.asUintN(64, t1 + t2), a, b, c, BigInt.asUintN(64, d + t1), e, f, g]
  }
  return h.map((value, i) => BigInt.asUintN(64, value + v[i]))
}

export function sha512(bytes) {
  const padded = new Uint8Array(Math.ceil((bytes.length + 17) / 128) * 128)
  padded.set(bytes)
  padded[bytes.length] = 0x80
  new DataView(padded.buffer).setBigUint64(padded.length - 8, BigInt(bytes.length) * 8n)
  let h = kStart64
  for (let at = 0; at < padded.length; at += 128) h = compress512(h, padded.subarray(at, at + 128))
  const out = new Uint8Array(64)
  h.forEach((value, i) => new DataView(out.buffer).setBigUint64(i * 8, value))
  return out
}

// ---- Bytes ----

export function concatBytes(pieces) {
  const out = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    out.set(piece, at)
    at += piece.length
  }
  return out
}

export function sameBytes(a, b) {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

export const toHex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
