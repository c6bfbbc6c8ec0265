// The Sigstore bundle (v0.3) beside a pack: a signature of pack.json by the key in signer.pem.

import { verifyEd25519 } from './ed25519.mjs'
import { sha256, toHex } from './hash.mjs'
import { fromBase64, toBase64, utf8 } from './note.mjs'

export const kBundleName = 'pack.sigstore.json'
const kMediaType = 'application/vnd.dev.sigstore.bundle.v0.3+json'
const kKeyStart = '302a300506032b6570032100'

function publicKey(pem) {
  const lines = pem.trim().split('\n')
  const der = lines.length === 3 ? fromBase64(lines[1], 'signer.pem') : new Uint8Array(0)
  return der.length === 44 && toHex(der.subarray(0, 12)) === kKeyStart ? der : null
}

// What is wrong goes to `problems`. The bundle is held to the exact text that such a signature has, so that no byte of
// it can be another.
export async function checkBundle(source, problems) {
  const bytes = await source.read(kBundleName)
  if (bytes === null) return
  const pem = await source.read('signer.pem')
  const key = pem && publicKey(utf8(pem, 'signer.pem'))
  if (!key) {
    problems.push('signer.pem: is not there, or no Ed25519 key')
    return
  }
  const manifest = await source.read('pack.json')
  const found = /"signature":"([A-Za-z0-9+/=]+)"/.exec(utf8(bytes, kBundleName))?.[1] ?? ''
  const digest = toBase64(sha256(manifest))
  const expected = {
    mediaType: kMediaType,
    verificationMaterial: { publicKey: { hint: toHex(sha256(key)) } },
    messageSignature: { messageDigest: { algorithm: 'SHA2_256', digest }, signature: found },
  }
  if (utf8(bytes, kBundleName) !== `${JSON.stringify(expected)}\n`) {
    problems.push(`${kBundleName}: is not a signature of this pack.json by the key in signer.pem`)
    return
  }
  const signature = fromBase64(found, kBundleName)
  if (signature.length !== 64 || !(await verifyEd25519(key.subarray(12), manifest, signature))) {
    problems.push(`${kBundleName}: the signature of pack.json is wrong`)
  }
}
