// Tokens as an attacker makes them: any header, any claims, any key.

import crypto from 'node:crypto'

export const base64url = (value) => Buffer.from(value).toString('base64url')
export const now = () => Math.floor(Date.now() / 1000)

export function ecKey(kid) {
  const { privateKey, publicKey } = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { kid, alg: 'ES256', privateKey, publicKey }
}

export const jwkOf = (key, more = {}) => ({ ...key.publicKey.export({ format: 'jwk' }), kid: key.kid, ...more })

export function signatureOf(key, input) {
  if (key.alg === 'ES256')
    return crypto.sign('sha256', Buffer.from(input), { key: key.privateKey, dsaEncoding: 'ieee-p1363' })
  return crypto.sign(null, Buffer.from(input), key.privateKey)
}

// `header` and `claims` may be texts: what no honest writer of JSON would write.
export function token(key, claims, header = {}) {
  const head =
    typeof header === 'string' ? header : JSON.stringify({ alg: key.alg, typ: 'JWT', kid: key.kid, ...header })
  const body = typeof claims === 'string' ? claims : JSON.stringify(claims)
  const input = `${base64url(head)}.${base64url(body)}`
  return `${input}.${base64url(signatureOf(key, input))}`
}

export function hmacToken(secret, claims, header) {
  const input = `${base64url(JSON.stringify(header))}.${base64url(JSON.stringify(claims))}`
  return `${input}.${crypto.createHmac('sha256', secret).update(input).digest('base64url')}`
}
