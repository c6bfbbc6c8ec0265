// Tokens that must open nothing: of a provider, of one that went bad, and of ours.

import crypto from 'node:crypto'
import { encode, hmac } from '../hostile/issuer.mjs'
import { claimsOf } from '../sign-in/signing_in.mjs'

// Both the control API and the gateway are asked; what the one says, the other says.
const bearer = (world, makeToken) => async (from) => {
  const token = await makeToken()
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...from }
  const body = JSON.stringify({ model: 'practice-small', messages: [{ role: 'user', content: 'x' }] })
  const call = await fetch(`${world.reeve.url}/v1/chat/completions`, { method: 'POST', headers, body })
  const asked = await fetch(`${world.reeve.url}/api/v1/budgets`, { headers })
  if (call.status !== asked.status) return { status: `${call.status} and ${asked.status}`, text: await call.text() }
  return { status: asked.status, text: await asked.text() }
}

const kNothing = () => ''
const kZeroes = () => Buffer.alloc(64).toString('base64url')

function algorithmAttacks(issuer) {
  const rows = []
  const forged = (name, header, signature) => rows.push([name, () => issuer.forged(header, signature)])
  for (const alg of ['none', 'None', 'NONE', 'nOnE', '', null]) forged(`alg ${alg}`, { alg, typ: 'JWT' }, kNothing)
  forged('alg none with a known key', { alg: 'none', kid: 'RS256' }, kNothing)
  for (const alg of ['HS256', 'HS384', 'HS512', 'RS256']) {
    rows.push([
      `alg ${alg}, signed with the public key`,
      () => issuer.forged({ alg, kid: 'RS256' }, hmac(issuer.publicPem())),
    ])
  }
  rows.push(['HS256 with the key in its older form', () =>
    issuer.forged({ alg: 'HS256', kid: 'RS256' }, hmac(issuer.publicPem('pkcs1')))])
  rows.push(['HS256 with the key trimmed', () =>
    issuer.forged({ alg: 'HS256', kid: 'RS256' }, hmac(issuer.publicPem().trim()))])
  forged('HS256 with an empty secret', { alg: 'HS256', kid: 'RS256' }, hmac(''))
  forged('HS256 with a common secret', { alg: 'HS256', kid: 'RS256' }, hmac('secret'))
  forged('ES256 of zeroes', { alg: 'ES256', kid: 'ES256' }, kZeroes)
  forged('ES256 of ones', { alg: 'ES256', kid: 'ES256' }, () => Buffer.alloc(64, 0xff).toString('base64url'))
  forged('EdDSA of zeroes', { alg: 'EdDSA', kid: 'EdDSA' }, kZeroes)
  forged('RS256 of zeroes', { alg: 'RS256', kid: 'RS256' }, () => Buffer.alloc(256).toString('base64url'))
  for (const [alg, kid, by] of [
    ['ES256', 'RS256', 'RS256'], ['RS256', 'ES256', 'ES256'], ['PS256', 'RS256', 'RS256'], ['RS512', 'RS256', 'RS256'],
    ['ES384', 'ES256', 'ES256'], ['EdDSA', 'EdDSA', 'RS256'], ['ES256K', 'ES256', 'ES256'], ['RS1', 'RS256', 'RS256'],
    ['dir', 'RS256', 'RS256'],
  ]) {
    forged(`alg ${alg} for the key ${kid}, signed by ${by}`, { alg, kid }, (text) => issuer.sign(by, text))
  }
  return rows
}

function keyAttacks(issuer, stranger) {
  const mine = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 })
  const sign = (text) => crypto.sign('sha256', Buffer.from(text), mine.privateKey).toString('base64url')
  const jwk = mine.publicKey.export({ format: 'jwk' })
  const kinds = {
    'a path': '../../../../../../dev/null', 'SQL': "x' UNION SELECT 'secret' --", 'an address': `${stranger.url}/keys`,
    'nothing': null, 'a NUL': 'RS256\u0000', 'a list': ['RS256'], 'a number': 256, 'an object': { kid: 'RS256' },
    'a long text': 'k'.repeat(6_000), 'a line break': 'RS256\r\nx: y', 'a command': '$(id)|id;`id`',
    'letters that look alike': 'ＲＳ256', 'an empty text': '', 'a template': '{{7*7}}${7*7}', 'the issuer': issuer.url,
  }
  const rows = Object.entries(kinds).map(([name, kid]) => [
    `kid: ${name}`, () => issuer.forged({ alg: 'RS256', typ: 'JWT', kid }, sign),
  ])
  const headers = {
    'its own key': { jwk, kid: 'mine' }, 'its own key under a known name': { jwk, kid: 'RS256' },
    'an address of keys': { jku: `${stranger.url}/keys`, kid: 'RS256' },
    'an address of certificates': { x5u: `${stranger.url}/keys` }, 'a certificate': { x5c: ['MIIB'], kid: 'RS256' },
  }
  for (const [name, header] of Object.entries(headers)) {
    rows.push([`brings along ${name}`, () => issuer.forged({ alg: 'RS256', ...header }, sign)])
  }
  // Signed as it should be, under conditions that nobody here understands.
  for (const [name, header] of Object.entries({
    'a condition nobody knows': { crit: ['x-demand'], 'x-demand': true },
    'a condition that is no list': { crit: 'exp' },
    'an unencoded payload': { b64: false, crit: ['b64'] }, 'a token inside': { cty: 'JWT', crit: ['cty'] },
  })) {
    const signed = { alg: 'RS256', kid: 'RS256', ...header }
    rows.push([name, () => issuer.forged(signed, (text) => issuer.sign('RS256', text))])
  }
  return rows
}

function claimAttacks(issuer, stranger) {
  const now = Math.floor(Date.now() / 1000)
  const claims = {
    'expired': { exp: now - 3_600 }, 'expired beyond the skew': { exp: now - 90 }, 'without an end': { exp: undefined },
    'an end that is a text': { exp: 'tomorrow' }, 'an end before time began': { exp: -1 },
    'valid later': { nbf: now + 3_600 }, 'valid later, beyond the skew': { nbf: now + 600 },
    'for another audience': { aud: 'somebody-else' }, 'for others': { aud: ['a', 'b'] },
    'for nobody': { aud: undefined },
    'for an object': { aud: { reeve: true } }, 'for a name that begins the same': { aud: 'reeve-staging' },
    'for the name in capitals': { aud: 'REEVE' }, 'for the name and a NUL': { aud: 'reeve\u0000' },
    'of another issuer': { iss: stranger.url }, 'of the issuer with a slash': { iss: `${issuer.url}/` },
    'of no issuer': { iss: undefined }, 'of the issuer by https': { iss: issuer.url.replace('http:', 'https:') },
    'of the issuer in capitals': { iss: issuer.url.toUpperCase() }, 'of several issuers': { iss: [issuer.url] },
    'of an issuer in front of it': { iss: issuer.url.replace('//', '//evil.example@') },
    'of nobody': { email: undefined, sub: undefined }, 'of people of odd types': { email: 5, sub: ['x'] },
    'of a name that breaks the line': { email: 'a\r\nb@example.com', sub: 'a\nb' },
    'groups that are numbers': { groups: [1, 2] },
    'groups elsewhere': { groups: undefined, _claim_names: { groups: 's' } },
  }
  const rows = Object.entries(claims).map(([name, given]) => [name, () => issuer.token({ claims: given })])
  rows.push(['of a stranger', () => stranger.token()])
  rows.push(['of a stranger who claims to be the issuer', () => stranger.token({ claims: { iss: issuer.url } })])
  rows.push(['a claim twice', () => {
    const text = JSON.stringify(issuer.claims()).replace('{', '{"email":"boss@example.com",')
    const signed = `${encode({ alg: 'RS256', kid: 'RS256' })}.${encode(text)}`
    return `${signed}.${issuer.sign('RS256', signed)}`
  }])
  return rows
}

function bentTokens(issuer) {
  const parts = () => issuer.token({ claims: { jti: crypto.randomUUID() } }).split('.')
  const bend = (name, make) => [name, () => make(...parts())]
  const other = () => encode(issuer.claims({ email: 'boss@example.com' }))
  return [
    bend('other claims under its signature', (h, c, s) => `${h}.${other()}.${s}`),
    bend('an empty signature', (h, c) => `${h}.${c}.`),
    bend('two parts', (h, c) => `${h}.${c}`),
    bend('four parts', (h, c, s) => `${h}.${c}.${s}.${s}`),
    bend('five parts', (h, c, s) => `${h}.${c}.${s}.${c}.${s}`),
    bend('padding', (h, c, s) => `${h}.${c}.${s}=`),
    bend('half a signature', (h, c, s) => `${h}.${c}.${s.slice(0, 20)}`),
    bend('no claims', (h, c, s) => `${h}..${s}`),
    bend('no header', (h, c, s) => `.${c}.${s}`),
    bend('a header without end', (h, c, s) => `${encode('['.repeat(3_000))}.${c}.${s}`),
    bend('an algorithm twice', (h, c) => `${encode('{"alg":"RS256","alg":"none","kid":"RS256"}')}.${c}.`),
    bend('letters of plain base64', (h, c, s) => `${h}.${c}.${s.slice(0, -4)}+/+/`),
    bend('a first letter changed', (h, c, s) => `${h}.${c}.${s.startsWith('A') ? 'B' : 'A'}${s.slice(1)}`),
    bend('a dot too many in front', (h, c, s) => `.${h}.${c}.${s}`),
  ]
}

// `world.own`: tokens of a sign-in of ours; `world.over`: of one that has ended.
function ownTokens(world) {
  const part = (i) => world.own.access_token.split('.')[i]
  const header = () => JSON.parse(Buffer.from(part(0), 'base64url'))
  const other = crypto.generateKeyPairSync('ed25519')
  const signed = (head, claims) => {
    const text = `${encode(head)}.${encode(claims)}`
    return `${text}.${crypto.sign(null, Buffer.from(text), other.privateKey).toString('base64url')}`
  }
  const claims = () => claimsOf(world.own.access_token)
  return [
    ['groups put in', () => `${part(0)}.${encode({ ...claims(), groups: ['admins'] })}.${part(2)}`],
    ['signed by another key', () => signed(header(), claims())],
    ['signed by another key under an unknown name', () => signed({ ...header(), kid: 'reeve-unknown' }, claims())],
    ['without a signature', () => `${encode({ ...header(), alg: 'none' })}.${part(1)}.`],
    ['an end of its signature cut off', () => world.own.access_token.slice(0, -8)],
    ['its first half', () => `${part(0)}.${part(1)}`],
    ['of a sign-in that has ended', () => world.over.access_token],
    ['a refresh token in its place', () => world.own.refresh_token],
    ['a device code in its place', () => world.own.device_code],
    ['the id of a sign-in in its place', () => world.own.sign_in],
  ]
}

export function tokenAttacks(world) {
  const rows = []
  const add = (table, wanted = 401, more = {}) => {
    for (const [name, make] of table) rows.push([name, wanted, bearer(world, make), more])
  }
  add(algorithmAttacks(world.issuer))
  add(keyAttacks(world.issuer, world.stranger))
  add(claimAttacks(world.issuer, world.stranger))
  add(bentTokens(world.issuer))
  add(ownTokens(world))
  for (const name of world.poisoned.names) {
    const make = bearer(world, () => world.poisoned.token(name))
    rows.push([`keys: ${name}`, [401, 503], make, { unrecorded: 'a provider whose keys cannot be used is an outage' }])
  }
  return rows
}
