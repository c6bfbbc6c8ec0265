// Credentials that must not open anything: missing, unknown, ended, foreign, forged, doubled or absurd.

import assert from 'node:assert/strict'
import crypto from 'node:crypto'
import test, { after, before } from 'node:test'
import { goodBody, goodRequest, kPaths, requestText } from './dialects.mjs'
import { encode, hmac, Issuer } from './issuer.mjs'
import { kPlanted, Stage } from './stage.mjs'
import { readJournal } from '../upstream/journal.mjs'
import { eventually } from '../faults/server.mjs'

const stage = new Stage()
const issuer = new Issuer()
const stranger = new Issuer() // an issuer that nobody configured
before(async () => {
  await issuer.start()
  await stranger.start()
  const config = `identity:\n  oidc: [{issuer: "${issuer.url}", audience: reeve, groups_claim: groups}]\n`
  await stage.start({ config })
})
after(() => {
  stage.abandon()
  issuer.stop()
  stranger.stop()
})

// The ways in which clients send a credential: header lines and query for a key.
const kPlaces = {
  bearer: (key) => ({ headers: [['authorization', `Bearer ${key}`]] }),
  'x-api-key': (key) => ({ headers: [['x-api-key', key]] }),
  'x-goog-api-key': (key) => ({ headers: [['x-goog-api-key', key]] }),
  query: (key) => ({ query: `?key=${encodeURIComponent(key)}`, headers: [] }),
}

function callWith(name, { headers, query = '' }) {
  const own = kPaths[name].headers('').filter(([header]) => !/^(authorization|x-api-key|x-goog-api-key)$/.test(header))
  const target = kPaths[name].path + query
  return requestText({ target, headers: [...own, ...headers], body: goodBody(name, kPlanted) })
}

// The credential is refused in each dialect and place, is not repeated anywhere, and nothing is sent.
async function refusedEverywhere(credential, { places = Object.keys(kPlaces), statuses = [401] } = {}) {
  if (credential.length > 20) stage.secrets.set(credential, `the refused credential ${credential.slice(0, 12)}...`)
  const before = await stage.upstreamRequests()
  const refuse = async (name, place) => {
    const { message } = await stage.refused(name, callWith(name, kPlaces[place](credential)), statuses)
    assert.ok(credential.length < 20 || !message.includes(credential), message)
  }
  await Promise.all(Object.keys(kPaths).flatMap((name) => places.map((place) => refuse(name, place))))
  assert.equal(await stage.upstreamRequests(), before)
}

// Two ways to send a credential, in one request.
const both = (one, two) => ({
  headers: [...one.headers, ...two.headers],
  query: [one.query, two.query?.replace(one.query ? '?' : '', one.query ? '&' : '')].filter(Boolean).join(''),
})

const inHeaders = { places: ['bearer', 'x-api-key'] }

test('no credential: each client is told what to do, in its own form', async () => {
  const before = await stage.upstreamRequests()
  for (const name of Object.keys(kPaths)) {
    const { message, answer } = await stage.refused(name, callWith(name, { headers: [] }), [401])
    assert.match(message, /rv_/)
    assert.match(answer.header('www-authenticate') ?? '', /^Bearer/)
  }
  const list = requestText({ method: 'GET', target: '/v1/models', headers: [], framing: 'none' })
  await stage.refused('chat', list, [401])
  assert.equal(await stage.upstreamRequests(), before)
})

test('good keys and tokens are taken from every place', async () => {
  const tokens = ['RS256', 'ES256', 'EdDSA'].map((algorithm) => issuer.token({ algorithm }))
  for (const token of tokens) stage.secrets.set(token, 'a good token')
  for (const credential of [stage.key, ...tokens]) {
    for (const place of Object.keys(kPlaces)) {
      for (const name of Object.keys(kPaths)) {
        const { answers } = await stage.say(callWith(name, kPlaces[place](credential)))
        assert.equal(answers[0]?.status, 200, `${place}: ${answers[0]?.text}`)
      }
    }
  }
})

test('keys that nobody made', async () => {
  const random = crypto.randomBytes(32).toString('base64url')
  await refusedEverywhere(`rv_${random}`)
  await refusedEverywhere(`${stage.key}x`, inHeaders)
  await refusedEverywhere(stage.key.slice(0, -1), inHeaders)
  await refusedEverywhere(stage.key.toUpperCase(), inHeaders)
  await refusedEverywhere('rv_', inHeaders)
  await refusedEverywhere('sk-ant-api03-abcdefghijklmnopqrstuvwxyz', inHeaders)
  await refusedEverywhere('a', inHeaders)
})

test('a revoked key ends at once, an expired one in time', async () => {
  const made = await stage.makeKey('leaver@example.com')
  const { answers } = await stage.say(goodRequest('chat', made.secret))
  assert.equal(answers[0].status, 200)
  assert.equal((await stage.server.run('key', 'revoke', made.id)).code, 0)
  await refusedEverywhere(made.secret)

  const short = await stage.makeKey('visitor@example.com', '--ttl', '2s')
  await new Promise((resolve) => setTimeout(resolve, 2500))
  await refusedEverywhere(short.secret)
})

test('a key is held to its scope', async () => {
  const { secret } = await stage.makeKey('narrow@example.com', '--scope', 'models:claude-*')
  const before = await stage.upstreamRequests()
  await stage.refused('chat', goodRequest('chat', secret), [400, 403])
  assert.equal(await stage.upstreamRequests(), before)
  const { answers } = await stage.say(goodRequest('messages', secret))
  assert.equal(answers[0].status, 200)
})

test('garbage in place of a credential', async () => {
  const garbage = [
    '.',
    '..',
    'a.b.c',
    'e30.e30.e30',
    '%00',
    'Bearer',
    '{"alg":"none"}',
    'x'.repeat(15_000),
    '\xff\xfe\x80',
  ]
  for (const credential of garbage) await refusedEverywhere(credential, inHeaders)
  // Too long for a credential, though not for a header.
  await refusedEverywhere('y'.repeat(30_000), { ...inHeaders, statuses: [401, 431] })
})

test('other schemes, and a scheme without a credential', async () => {
  for (const value of ['Basic dXNlcjpwYXNz', 'Digest username=x', 'Negotiate abc', 'rv_only', 'Bearer a b c']) {
    await stage.refused('chat', callWith('chat', { headers: [['authorization', value]] }), [401])
  }
  for (const value of ['Bearer', 'Bearer ', '']) {
    await stage.refused('chat', callWith('chat', { headers: [['authorization', value]] }), [401])
  }
})

test('two different credentials are one too many in every dialect, wherever they stand', async () => {
  const other = (await stage.makeKey('second@example.com')).secret
  const before = await stage.upstreamRequests()
  const basic = { headers: [['authorization', 'Basic dXNlcjpwYXNz']] }
  for (const name of Object.keys(kPaths)) {
    for (const [i, one] of Object.values(kPlaces).entries()) {
      const seconds = Object.values(kPlaces).slice(i)
      for (const second of [...seconds.map((place) => place(other)), ...(i === 0 ? [basic] : [])]) {
        const { message } = await stage.refused(name, callWith(name, both(one(stage.key), second)), [401])
        assert.match(message, /one credential|only one|Bearer/)
      }
    }
  }
  assert.equal(await stage.upstreamRequests(), before)
})

test('the same place twice is refused even with the same key, two places with the same key are one', async () => {
  const before = await stage.upstreamRequests()
  for (const name of Object.keys(kPaths)) {
    for (const place of Object.values(kPlaces)) {
      const twice = both(place(stage.key), place(stage.key))
      const { message } = await stage.refused(name, callWith(name, twice), [401])
      assert.match(message, /twice/)
    }
    const escaped = { headers: [], query: `?key=${stage.key}&%6bey=${stage.key}` }
    await stage.refused(name, callWith(name, escaped), [401])
  }
  assert.equal(await stage.upstreamRequests(), before)
  // Claude Code sends what its key helper says in both.
  for (const name of Object.keys(kPaths)) {
    const [first, ...others] = Object.values(kPlaces).map((place) => place(stage.key))
    for (const second of others) {
      const { answers } = await stage.say(callWith(name, both(first, second)))
      assert.equal(answers[0]?.status, 200, answers[0]?.text)
    }
  }
})

test('a key in the query opens the call, and goes no further', async () => {
  for (const name of Object.keys(kPaths)) {
    for (const query of [
      `?key=${stage.key}`,
      `?alt=json&key=${stage.key}`,
      `?key=${stage.key}&key2=x`,
      `?%6Bey=${stage.key}`,
      `?$key=${stage.key}`,
      `?key=${stage.key}&access_token=${stage.key}`,
    ]) {
      const { answers } = await stage.say(callWith(name, { headers: [], query }))
      assert.equal(answers[0]?.status, 200, `${name} ${query}: ${answers[0]?.text}`)
    }
    const { answers } = await stage.say(goodRequest('gemini', stage.key, { stream: true }))
    assert.equal(answers[0]?.status, 200)
  }
  const targets = readJournal(stage.journalFile).flatMap(({ target }) => (target ? [target] : []))
  assert.ok(targets.some((target) => target.includes('alt=json')))
  assert.deepEqual(
    targets.filter((target) => target.includes(stage.key) || /[?&](\$|%24)?(key|%6b|access_token)=/i.test(target)),
    [],
  )
})

test('tokens without a signature, or signed with what everybody knows', async () => {
  const nothing = () => ''
  for (const alg of ['none', 'None', 'NONE', 'nOnE', '', null]) {
    await refusedEverywhere(issuer.forged({ alg, typ: 'JWT' }, nothing), inHeaders)
    await refusedEverywhere(issuer.forged({ alg, typ: 'JWT', kid: 'RS256' }, nothing), inHeaders)
  }
  for (const alg of ['HS256', 'HS384', 'HS512', 'RS256']) {
    for (const secret of [issuer.publicPem(), issuer.publicPem().trim(), issuer.publicPem('pkcs1'), '', 'secret']) {
      await refusedEverywhere(issuer.forged({ alg, typ: 'JWT', kid: 'RS256' }, hmac(secret)), { places: ['bearer'] })
    }
  }
  // An ECDSA signature of zeroes, which some verifiers took for good.
  await refusedEverywhere(
    issuer.forged({ alg: 'ES256', kid: 'ES256' }, () => Buffer.alloc(64).toString('base64url')),
    inHeaders,
  )
  await refusedEverywhere(
    issuer.forged({ alg: 'ES256', kid: 'ES256' }, () => Buffer.alloc(64, 0xff).toString('base64url')),
    inHeaders,
  )
  await refusedEverywhere(
    issuer.forged({ alg: 'EdDSA', kid: 'EdDSA' }, () => Buffer.alloc(64).toString('base64url')),
    inHeaders,
  )
})

test('tokens whose key does not fit their algorithm, or is brought along', async () => {
  const signed = (algorithm, header) => issuer.forged(header, (text) => issuer.sign(algorithm, text))
  await refusedEverywhere(signed('RS256', { alg: 'ES256', kid: 'RS256' }), inHeaders)
  await refusedEverywhere(signed('ES256', { alg: 'RS256', kid: 'ES256' }), inHeaders)
  await refusedEverywhere(signed('RS256', { alg: 'PS256', kid: 'RS256' }), inHeaders)
  const mine = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 })
  const signMine = (text) => crypto.sign('sha256', Buffer.from(text), mine.privateKey).toString('base64url')
  const jwk = mine.publicKey.export({ format: 'jwk' })
  for (const header of [
    { jwk, kid: 'mine' },
    { jku: `${stranger.url}/keys` },
    { x5u: `${stranger.url}/keys`, kid: 'RS256' },
    { kid: '../../../../dev/null' },
    { kid: "x' OR '1'='1" },
    { kid: ['RS256'] },
    { crit: ['exp'], kid: 'RS256' },
  ]) {
    await refusedEverywhere(issuer.forged({ alg: 'RS256', typ: 'JWT', ...header }, signMine), inHeaders)
  }
  // Signed with the right key, under a condition that is not understood: it must not pass (RFC 7515 section 4.1.11).
  await refusedEverywhere(
    signed('RS256', { alg: 'RS256', kid: 'RS256', crit: ['x-demand'], 'x-demand': true }),
    inHeaders,
  )
})

test('good signatures under claims that do not hold', async () => {
  const now = Math.floor(Date.now() / 1000)
  for (const claims of [
    { exp: now - 3600 },
    { exp: undefined },
    { exp: 'tomorrow' },
    { exp: -1 },
    { nbf: now + 3600 },
    { aud: 'somebody-else' },
    { aud: ['a', 'b'] },
    { aud: undefined },
    { aud: { reeve: true } },
    { iss: stranger.url },
    { iss: `${issuer.url}/` },
    { iss: undefined },
    { iss: issuer.url.replace('http:', 'https:') },
    { email: undefined, sub: undefined },
    { email: 5, sub: ['x'] },
  ]) {
    await refusedEverywhere(issuer.token({ claims }), inHeaders)
  }
  await refusedEverywhere(stranger.token(), inHeaders)
  await refusedEverywhere(stranger.token({ claims: { iss: issuer.url } }), inHeaders)
})

test('a good token, bent', async () => {
  const token = issuer.token({ claims: { jti: 'bent' } })
  const [header, claims, signature] = token.split('.')
  const other = encode(issuer.claims({ email: 'boss@example.com' }))
  for (const bent of [
    `${header}.${other}.${signature}`,
    `${header}.${claims}.`,
    `${header}.${claims}`,
    `${header}.${claims}.${signature}.${signature}`,
    `${header}.${claims}.${signature}=`,
    `${header}.${claims}.${signature.slice(0, -4)}`,
    `${header}..${signature}`,
    `.${claims}.${signature}`,
    ` ${header}.${claims}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`,
    `${header}.${claims}.${signature.replace(/[-_]/g, '+')}A`,
    `${'A'.repeat(10_000)}.${claims}.${signature}`,
    `${encode('['.repeat(5000))}.${claims}.${signature}`,
    `${encode('{"alg":"RS256","alg":"none","kid":"RS256"}')}.${claims}.`,
  ]) {
    await refusedEverywhere(bent, { ...inHeaders, statuses: [401, 431] })
  }
})

test('an issuer that cannot be reached is said to be so, and its tokens do not pass', async () => {
  issuer.stop()
  const fresh = issuer.forged({ alg: 'RS256', kid: 'rotated' }, (text) => issuer.sign('RS256', text))
  await refusedEverywhere(fresh, { places: ['bearer'], statuses: [401, 503] })
})

test('nothing of all this was kept or repeated', async () => {
  // Strangers' refusals above a rate become one entry, written within some seconds.
  const summarised = (entries) =>
    entries
      .filter(({ kind }) => kind === 'refusals.summarised')
      .reduce((sum, { detail }) => sum + Number(detail.total), 0)
  const recorded = (entries) => {
    const statuses = new Map(
      entries.flatMap(({ outcome, request_id: id }) =>
        outcome?.status === 'refused' ? [[id, outcome.http_status]] : [],
      ),
    )
    return stage.expected.filter(({ requestId, httpStatus }) => statuses.get(requestId) === httpStatus).length
  }
  const all = await eventually(
    async () => {
      const entries = await stage.server.entries()
      return recorded(entries) + summarised(entries) >= stage.expected.length && entries
    },
    30,
    500,
  )
  assert.ok(all, 'refusals of strangers are neither recorded nor counted')
  stage.expected.length = 0
  await stage.finish()
})
