// An identity provider on loopback: discovery, keys, and tokens of every kind, good and forged.

import crypto from 'node:crypto'
import http from 'node:http'

const encode = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
const kDigests = { RS256: 'sha256', ES256: 'sha256', EdDSA: null }

export class Issuer {
  #server
  #keys = {
    RS256: crypto.generateKeyPairSync('rsa', { modulusLength: 2048 }),
    ES256: crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    EdDSA: crypto.generateKeyPairSync('ed25519'),
  }

  async start() {
    this.#server = http.createServer((request, response) => {
      const documents = {
        '/.well-known/openid-configuration': { issuer: this.url, jwks_uri: `${this.url}/keys` },
        '/keys': { keys: Object.keys(this.#keys).map((algorithm) => this.#publicKey(algorithm)) },
      }
      const found = documents[request.url]
      response.writeHead(found ? 200 : 404, { 'content-type': 'application/json' })
      response.end(JSON.stringify(found ?? {}))
    })
    await new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    this.url = `http://127.0.0.1:${this.#server.address().port}`
    return this
  }

  stop() {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  #publicKey(algorithm) {
    return { ...this.#keys[algorithm].publicKey.export({ format: 'jwk' }), kid: algorithm, alg: algorithm, use: 'sig' }
  }

  // The public RSA key as text, which a careless verifier takes for a shared secret.
  publicPem(type = 'spki') {
    return this.#keys.RS256.publicKey.export({ format: 'pem', type })
  }

  claims(changes = {}) {
    const now = Math.floor(Date.now() / 1000)
    return { iss: this.url, aud: 'reeve', sub: 'u-1', email: 'dev@example.com', iat: now, exp: now + 600, ...changes }
  }

  sign(algorithm, text) {
    const { privateKey } = this.#keys[algorithm]
    const key = algorithm === 'ES256' ? { key: privateKey, dsaEncoding: 'ieee-p1363' } : privateKey
    return crypto.sign(kDigests[algorithm], Buffer.from(text), key).toString('base64url')
  }

  token({ algorithm = 'RS256', header = {}, claims = {} } = {}) {
    const text = `${encode({ alg: algorithm, typ: 'JWT', kid: algorithm, ...header })}.${encode(this.claims(claims))}`
    return `${text}.${this.sign(algorithm, text)}`
  }

  // A token with this header and any signature: `signature` gets the signed text.
  forged(header, signature, claims = {}) {
    const text = `${encode(header)}.${encode(this.claims(claims))}`
    return `${text}.${signature(text)}`
  }
}

export const hmac = (secret) => (text) => crypto.createHmac('sha256', secret).update(text).digest('base64url')
export { encode }
