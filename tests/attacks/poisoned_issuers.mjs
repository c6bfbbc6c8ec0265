// Identity providers that went bad: each with what is wrong with its documents, and a token that such documents would
// make good.

import crypto from 'node:crypto'
import http from 'node:http'
import { encode, hmac } from '../hostile/issuer.mjs'

const rsa = (bits) => crypto.generateKeyPairSync('rsa', { modulusLength: bits })
const kRsa = rsa(2048)
const kWeak = rsa(1024)
const kEc = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' })
const jwkOf = (pair, more = {}) => ({ ...pair.publicKey.export({ format: 'jwk' }), kid: 'k', ...more })
const signRsa = (pair) => (text) => crypto.sign('sha256', Buffer.from(text), pair.privateKey).toString('base64url')
const signEc = (text) =>
  crypto.sign('sha256', Buffer.from(text), { key: kEc.privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')
const kSecret = crypto.randomBytes(32)
const keys = (...list) => JSON.stringify({ keys: list })
const nothing = () => Buffer.alloc(64).toString('base64url')

// name: the key set's text, the token's alg, how it is signed, what else of its documents is different
const kPoisons = {
  'a shared secret among the keys': [
    keys({ kty: 'oct', k: kSecret.toString('base64url'), kid: 'k', alg: 'HS256' }), 'HS256', hmac(kSecret),
  ],
  'a public key that says HS256': [
    keys(jwkOf(kRsa, { alg: 'HS256' })), 'HS256', hmac(kRsa.publicKey.export({ format: 'pem', type: 'spki' })),
  ],
  'a key of 1024 bits': [keys(jwkOf(kWeak)), 'RS256', signRsa(kWeak)],
  'a key for encryption': [keys(jwkOf(kRsa, { use: 'enc' })), 'RS256', signRsa(kRsa)],
  'a key for other operations': [keys(jwkOf(kRsa, { key_ops: ['encrypt'] })), 'RS256', signRsa(kRsa)],
  'a key of another algorithm': [keys(jwkOf(kRsa, { alg: 'PS512' })), 'RS256', signRsa(kRsa)],
  'an exponent of one': [keys({ ...jwkOf(kRsa), e: 'AQ' }), 'RS256', signRsa(kRsa)],
  'a point that is not on its curve': [keys({ ...jwkOf(kEc), x: 'AAAA'.repeat(10) + 'AAA' }), 'ES256', signEc],
  'a curve that is another': [keys({ ...jwkOf(kEc), crv: 'P-384' }), 'ES256', signEc],
  'a point of small order': [
    keys({ kty: 'OKP', crv: 'Ed25519', x: Buffer.from([1, ...Array(31).fill(0)]).toString('base64url'), kid: 'k' }),
    'EdDSA', () => Buffer.from([1, ...Array(63).fill(0)]).toString('base64url'),
  ],
  'a certificate instead of a key': [keys({ kty: 'RSA', kid: 'k', x5c: ['AAAA'] }), 'RS256', signRsa(kRsa)],
  'no list': [JSON.stringify({ keys: jwkOf(kRsa) }), 'RS256', signRsa(kRsa)],
  'a page instead of keys': ['<!doctype html>', 'RS256', signRsa(kRsa)],
  'more keys than anybody has': [keys(...Array(5_000).fill(jwkOf(kRsa))), 'RS256', signRsa(kRsa)],
  'nesting without an end': ['{"keys":'.repeat(20_000), 'RS256', signRsa(kRsa)],
  'keys behind a redirect': [keys(jwkOf(kRsa)), 'RS256', signRsa(kRsa), { redirects: true }],
  'a document of another issuer': [keys(jwkOf(kRsa)), 'RS256', signRsa(kRsa), { issuer: 'http://127.0.0.1:1' }],
  'keys in a file': [keys(jwkOf(kRsa)), 'RS256', signRsa(kRsa), { jwks_uri: 'file:///etc/passwd' }],
  'keys in the clear from elsewhere': [
    keys(jwkOf(kRsa)), 'RS256', signRsa(kRsa), { jwks_uri: 'http://169.254.169.254/latest/keys' },
  ],
  'keys at an address with a password': [
    keys(jwkOf(kRsa)), 'RS256', signRsa(kRsa), { jwks_uri: 'http://a:b@127.0.0.1/keys' },
  ],
  'no address of keys': [keys(jwkOf(kRsa)), 'RS256', nothing, { jwks_uri: 7 }],
}

export class PoisonedIssuers {
  names = Object.keys(kPoisons)

  async start() {
    this.server = http.createServer((request, response) => this.#answer(request, response))
    await new Promise((done) => this.server.listen(0, '127.0.0.1', done))
    this.origin = `http://127.0.0.1:${this.server.address().port}`
    return this
  }

  issuerOf(name) {
    return `${this.origin}/${this.names.indexOf(name)}`
  }

  // Entries of `identity.oidc`, to stand behind another one.
  config() {
    return this.names.map((name) => `    - {issuer: "${this.issuerOf(name)}", audience: reeve}\n`).join('')
  }

  token(name) {
    const [, alg, sign] = kPoisons[name]
    const now = Math.floor(Date.now() / 1000)
    const who = { iss: this.issuerOf(name), aud: 'reeve', sub: 'u', email: 'boss@example.com' }
    const claims = { ...who, iat: now, exp: now + 600 }
    const text = `${encode({ alg, kid: 'k', typ: 'JWT' })}.${encode(claims)}`
    return `${text}.${sign(text)}`
  }

  #answer(request, response) {
    const [, place, ...rest] = request.url.split('/')
    const name = this.names[Number(place)]
    const [keySet, , , more = {}] = kPoisons[name] ?? ['{}']
    if (rest.join('/') === '.well-known/openid-configuration') {
      const home = this.issuerOf(name)
      return response.end(JSON.stringify({ issuer: home, jwks_uri: `${home}/keys`, ...more }))
    }
    if (more.redirects && rest[0] === 'keys') {
      return response.writeHead(302, { location: `${this.issuerOf(name)}/elsewhere` }).end()
    }
    return response.end(keySet)
  }

  end() {
    this.server?.close()
    this.server?.closeAllConnections()
  }
}
