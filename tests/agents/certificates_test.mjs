// X.509-SVIDs over real TLS, with certificates of openssl: who is welcome, and what somebody tries who is not. One
// server that asks its clients for certificates.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import https from 'node:https'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { Reeve } from '../upstream/reeve_process.mjs'
import { kAllowEverything } from '../upstream/upstream_process.mjs'
import { Attacks } from './attacks.mjs'

const kReview = 'spiffe://corp.example.com/agent/review'
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'reeve-certificates-'))
const at = (name) => path.join(folder, name)
let reeve
let counted = 0

const openssl = (...args) => execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'], cwd: folder })
const newKey = (name) =>
  openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', `${name}.key`)

// An authority of its own. `more`: lines of its extensions.
function authority(name, more = '') {
  newKey(name)
  fs.writeFileSync(
    at(`${name}.cnf`),
    `[req]
distinguished_name=dn
x509_extensions=ext
prompt=no
[dn]
CN=${name}
[ext]
basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign,cRLSign
${more}
`,
  )
  openssl(
    'req',
    '-x509',
    '-new',
    '-key',
    `${name}.key`,
    '-out',
    `${name}.pem`,
    '-days',
    '30',
    '-config',
    `${name}.cnf`,
  )
}

const kLeaf =
  'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth,serverAuth'

// A certificate by an authority, with these lines as its extensions, good from and until then (YYYYMMDDHHMMSSZ).
function certificate(
  name,
  by,
  extensions,
  { from = '20200101000000Z', until = '20991231000000Z', subject = `/CN=${name}`, hasKey = false } = {},
) {
  if (!hasKey) newKey(name)
  openssl('req', '-new', '-key', `${name}.key`, '-subj', subject, '-out', `${name}.csr`)
  fs.writeFileSync(
    at(`${name}.cnf`),
    `[ca]
default_ca=it
[it]
database=${name}.db
serial=${name}.serial
new_certs_dir=${folder}
default_md=sha256
policy=any
unique_subject=no
[any]
commonName=optional
[ext]
${extensions}
`,
  )
  fs.writeFileSync(at(`${name}.db`), '')
  fs.writeFileSync(
    at(`${name}.serial`),
    `${Math.floor(Math.random() * 1e9)
      .toString(16)
      .padStart(8, '1')}\n`,
  )
  openssl(
    'ca',
    '-batch',
    '-notext',
    '-config',
    `${name}.cnf`,
    '-in',
    `${name}.csr`,
    '-out',
    `${name}.pem`,
    '-cert',
    `${by}.pem`,
    '-keyfile',
    `${by}.key`,
    '-extensions',
    'ext',
    '-startdate',
    from,
    '-enddate',
    until,
  )
  return name
}
const svid = (name, uri, by = 'domain', more = {}) =>
  certificate(name, by, `${kLeaf}\nsubjectAltName=URI:${uri}`, more)

function makeCertificates() {
  authority('domain')
  authority('other')
  authority('server')
  certificate('host', 'server', 'basicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\nsubjectAltName=IP:127.0.0.1')
  svid('review', kReview)
  certificate('between', 'domain', 'basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign')
  svid('below', kReview, 'between')
  fs.writeFileSync(at('below-chain.pem'), fs.readFileSync(at('below.pem')) + fs.readFileSync(at('between.pem')))
}

// `who`: the name of a key and certificate; nothing: without one.
function send(who, where, { method = 'POST', address = '127.0.0.1', headers = {}, body = '', chain = who } = {}) {
  return new Promise((resolve, reject) => {
    const shown = who ? { key: fs.readFileSync(at(`${who}.key`)), cert: fs.readFileSync(at(`${chain}.pem`)) } : {}
    const request = https.request(
      {
        host: '127.0.0.1',
        port: reeve.port,
        path: where,
        method,
        localAddress: address,
        headers,
        agent: false,
        ca: fs.readFileSync(at('server.pem')),
        ciphers: 'DEFAULT:@SECLEVEL=0', // it shows whatever it is told to
        ...shown,
      },
      async (response) => {
        const pieces = []
        for await (const piece of response) pieces.push(piece)
        const text = Buffer.concat(pieces).toString()
        let parsed
        try {
          parsed = JSON.parse(text)
        } catch {
          parsed = undefined
        }
        resolve({ status: response.statusCode, text, body: parsed })
      },
    )
    request.once('error', reject)
    request.end(body)
  })
}

const kForm = { 'content-type': 'application/x-www-form-urlencoded' }
const signIn = (who, address, chain = who) =>
  send(who, '/oauth/token', { address, headers: kForm, body: 'grant_type=client_credentials', chain })

before(async () => {
  makeCertificates()
  reeve = new Reeve({
    config: `ledger: {origin: reeve.example/agents, node: agents}
workers: 1
providers: [{name: practice, dialect: practice}]
models: [{name: "practice-*", provider: practice}]
tls: {certificate: ${at('host.pem')}, key: ${at('host.key')}}
identity:
  agents:
    spiffe: [{trust_domain: corp.example.com, certificates: ${at('domain.pem')}}]
`,
    governance: { 'rules.yaml': kAllowEverything },
    isReady: async () => (await send('', '/readyz', { method: 'GET' })).status === 200,
  })
  await reeve.start()
  const usual = ['--title', 'Reviews', '--owner', 'dev@example.com', '--purpose', 'tests', '--by', 'lead@example.com']
  await reeve.command('agent', 'register', 'review', ...usual, '--model', '*', '--spiffe', kReview)
  await reeve.command('agent', 'approve', 'review', '--by', 'security@example.com')
})
after(() => {
  reeve?.end()
  fs.rmSync(folder, { recursive: true, force: true })
  console.log(`# ${counted} attacks with certificates, all refused and recorded`)
})

test('an SVID is welcome, also below an authority between, and its token is good for calls', async () => {
  for (const [who, chain] of [
    ['review', 'review'],
    ['below', 'below-chain'],
  ]) {
    const given = await signIn(who, undefined, chain)
    assert.equal(given.status, 200, given.text)
    assert.deepEqual(given.body.chain, ['review'])
    const answer = await send('', '/v1/chat/completions', {
      headers: { authorization: `Bearer ${given.body.access_token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'practice-small', messages: [{ role: 'user', content: 'hi' }] }),
    })
    assert.equal(answer.status, 200, answer.text)
  }
})

test('the end of a token is that of a certificate which ends before', async () => {
  const soon = new Date(Date.now() + 120_000).toISOString().replace(/[-:T]/g, '').replace(/\.\d+/, '')
  svid('brief', kReview, 'domain', { until: soon })
  const given = await signIn('brief')
  assert.equal(given.status, 200, given.text)
  assert.ok(given.body.expires_in <= 121, `${given.body.expires_in}`)
})

test('a client without a certificate is served as before', async () => {
  assert.equal((await send('', '/healthz', { method: 'GET' })).status, 200)
  assert.equal((await send('review', '/healthz', { method: 'GET' })).status, 200)
})

test('certificates of others', async () => {
  const attacks = new Attacks()
  const add = (name, words, who, chain = who) =>
    attacks.add(name, words, ({ address }) => signIn(who, address, chain))
  const leaf = (name, extensions, by = 'domain', more = {}) => certificate(name, by, extensions, more)
  const uris = (...list) => `subjectAltName=${list.map((uri) => `URI:${uri}`).join(',')}`
  add('none', /client certificate/, '')
  add('another authority', /not one of its trust domain/, svid('stranger', kReview, 'other'))
  newKey('self')
  openssl(
    'req',
    '-x509',
    '-new',
    '-key',
    'self.key',
    '-subj',
    '/CN=self',
    '-addext',
    uris(kReview),
    '-addext',
    'basicConstraints=critical,CA:FALSE',
    '-out',
    'self.pem',
    '-days',
    '30',
  )
  add('signed by itself', /not one of its trust domain/, 'self')
  fs.writeFileSync(at('self-chain.pem'), fs.readFileSync(at('self.pem')) + fs.readFileSync(at('domain.pem')))
  add('signed by itself, with the authority beside it', /not one of its trust domain/, 'self', 'self-chain')
  fs.writeFileSync(at('stranger-chain.pem'), fs.readFileSync(at('stranger.pem')) + fs.readFileSync(at('other.pem')))
  add('another authority, which it brings along', /not one of its trust domain/, 'stranger', 'stranger-chain')
  add("the server's authority", /not one of its trust domain/, svid('hosted', kReview, 'server'))
  add('below an authority that it does not show', /not one of its trust domain/, 'below', 'below')
  add('expired', /expired/, svid('expired', kReview, 'domain', { until: '20240101000000Z' }))
  add('not valid yet', /not yet valid/, svid('early', kReview, 'domain', { from: '20980101000000Z' }))
  leaf('old-between', 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign', 'domain', {
    until: '20240101000000Z',
  })
  svid('old', kReview, 'old-between')
  fs.writeFileSync(at('old-chain.pem'), fs.readFileSync(at('old.pem')) + fs.readFileSync(at('old-between.pem')))
  add('below an authority that has expired', /expired/, 'old', 'old-chain')
  authority('root-as-leaf', `subjectAltName=URI:${kReview}`)
  add(
    'an authority as an agent',
    /authority/,
    leaf('ca', `basicConstraints=critical,CA:TRUE\nkeyUsage=critical,digitalSignature,keyCertSign\n${uris(kReview)}`),
  )
  add('an authority of its own as an agent', /authority/, 'root-as-leaf')
  leaf('plain', `${kLeaf}\n${uris(kReview)}`)
  svid('under-leaf', kReview, 'plain')
  fs.writeFileSync(at('leaf-chain.pem'), fs.readFileSync(at('under-leaf.pem')) + fs.readFileSync(at('plain.pem')))
  add('signed by another agent', /not one of its trust domain/, 'under-leaf', 'leaf-chain')
  leaf('second', 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign', 'between')
  svid('deep', kReview, 'second')
  fs.writeFileSync(
    at('deep-chain.pem'),
    ['deep', 'second', 'between'].map((name) => fs.readFileSync(at(`${name}.pem`))).join(''),
  )
  add('deeper than an authority allows', /not one of its trust domain/, 'deep', 'deep-chain')
  add('two URIs', /2 URIs/, leaf('two', `${kLeaf}\n${uris(kReview, 'spiffe://corp.example.com/agent/planner')}`))
  add('a URI of the web besides', /2 URIs/, leaf('web', `${kLeaf}\n${uris('https://corp.example.com', kReview)}`))
  add('no URI', /0 URIs/, leaf('named', `${kLeaf}\nsubjectAltName=DNS:corp.example.com`))
  add('no names', /names nobody/, leaf('nameless', kLeaf))
  add(
    'the name in the subject only',
    /names nobody/,
    leaf('subject', kLeaf, 'domain', { subject: `/CN=${kReview.replaceAll('/', '\\/')}` }),
  )
  add(
    'a key that may not sign',
    /not for signatures/,
    leaf('sealing', `basicConstraints=critical,CA:FALSE\nkeyUsage=critical,keyAgreement\n${uris(kReview)}`),
  )
  openssl('genrsa', '-out', 'weak.key', '1024')
  add(
    'a weak key',
    /not one of its trust domain/,
    leaf('weak', `${kLeaf}\n${uris(kReview)}`, 'domain', { hasKey: true }),
  )
  add(
    'for servers only',
    /clients of TLS/,
    leaf('serving', `${kLeaf.replace('clientAuth,serverAuth', 'serverAuth')}\n${uris(kReview)}`),
  )
  for (const [index, uri] of [
    'spiffe://corp.example.com.evil/agent/review',
    'spiffe://CORP.example.com/agent/review',
    'SPIFFE://corp.example.com/agent/review',
    'spiffe://corp.example.com:443/agent/review',
    'spiffe://a@corp.example.com/agent/review',
    'spiffe://corp.example.com/agent/review/',
    'spiffe://corp.example.com/agent%2Freview',
    'spiffe://corp.example.com/agent/../agent/review',
    'spiffe://corp.example.com/agent/review?a=b',
    'spiffe://corp.example.com',
    'https://corp.example.com/agent/review',
    'spiffe://other.example.com/agent/review',
    'spiffe://corp.example.com/agent/nobody',
  ].entries()) {
    add(`the name ${uri}`, /SPIFFE ID|trust domain|No agent is registered/, svid(`alike-${index}`, uri))
  }
  counted += await attacks.run(reeve)
})

test('a certificate proves nothing about the token that comes with it', async () => {
  const given = await signIn('review')
  const exchanged = await send('review', '/oauth/token', {
    headers: kForm,
    body: new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: given.body.access_token,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    }).toString(),
  })
  assert.match(exchanged.text, /in this chain already/)
  const direct = await send('review', '/v1/models', { method: 'GET' })
  assert.equal(direct.status, 401, direct.text)
})

test('the authorities of a trust domain are renewed without a restart', async () => {
  assert.equal((await signIn('stranger')).status, 400)
  fs.appendFileSync(at('domain.pem'), fs.readFileSync(at('other.pem')))
  const given = await signIn('stranger')
  assert.equal(given.status, 200, given.text)
})

test('at least thirty were counted', () => assert.ok(counted >= 30, `${counted}`))
