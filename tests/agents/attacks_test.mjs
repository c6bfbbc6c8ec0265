// What somebody tries who wants to be an agent, or to be more than their own: each is refused, and is on record.

import assert from 'node:assert/strict'
import crypto from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { claimsOf } from '../sign-in/signing_in.mjs'
import { AgentHouse, ask, asJwt, callModel, exchange, kDomain, kReview, send, signAgentIn } from './agent_house.mjs'
import { Attacks } from './attacks.mjs'
import { base64url, ecKey, hmacToken, jwkOf, now, token } from './jwt.mjs'

let house, reeve
let counted = 0

const kRoles = `---
kind: RoleBinding
name: developers-decide
role: approver
groups: [developers]
`

before(async () => {
  house = await new AgentHouse().start({ roles: kRoles })
  reeve = house.reeve
  const some = ['--model', 'practice-small', '--acts-for', 'group:payments']
  await house.agent('review', ...some, '--spiffe', kReview)
  await house.agent(
    'planner',
    '--model',
    '*',
    '--acts-for',
    'group:payments',
    '--spiffe',
    `spiffe://${kDomain}/agent/planner`,
  )
  await house.agent(
    'writer',
    '--model',
    '*',
    '--acts-for',
    'group:payments',
    '--spiffe',
    `spiffe://${kDomain}/agent/writer`,
  )
  await house.agent('fourth', '--model', '*', '--acts-for', '*', '--spiffe', `spiffe://${kDomain}/agent/fourth`)
  await house.agent('selfish', '--model', '*', '--spiffe', `spiffe://${kDomain}/agent/selfish`)
  const main = ['--claim', 'repository=acme/payments', '--claim', 'ref=refs/heads/main']
  await house.agent('deploy', '--model', '*', '--workload', house.ci.issuer, ...main)
  await house.agent('carded', '--model', '*', '--card', cardFile('carded'))
})
after(() => {
  house?.end()
  console.log(`# ${counted} attacks on agents, all refused and recorded`)
})

function cardFile(id, key) {
  const file = `${house.folder}/${id}.card`
  writeFileSync(file, house.card(id, key))
  return file
}

const attempt =
  (assertion) =>
  ({ address }) =>
    signAgentIn(reeve, assertion(), address)
const svidOf = (name, ...more) => house.svid({ sub: `spiffe://${kDomain}/agent/${name}` }, ...more)

test('without the attack, each of them is welcome', async () => {
  for (const credential of [house.svid(), await house.ci.tokenOf('job-main'), house.assertion('carded')]) {
    assert.equal((await signAgentIn(reeve, credential)).status, 200)
  }
  const person = await house.person()
  const review = await house.own(house.svid())
  const chain = await exchange(reeve, person.access_token, review)
  assert.equal(chain.status, 200, chain.text)
  assert.equal((await callModel(reeve, chain.body.access_token)).status, 200)
})

test('signatures and headers of a JWT-SVID', async () => {
  const attacks = new Attacks()
  const stranger = ecKey('svid-1')
  const claims = () => claimsOf(house.svid())
  const pem = house.domainKey.publicKey.export({ type: 'spki', format: 'pem' })
  const ed = crypto.generateKeyPairSync('ed25519')
  const edKey = { kid: 'svid-1', alg: 'EdDSA', ...ed }
  const add = (name, words, made) => attacks.add(name, words, attempt(made))
  const unsigned = (alg) =>
    `${base64url(JSON.stringify({ alg, kid: 'svid-1' }))}.${base64url(JSON.stringify(claims()))}.`
  add('no signature', /signed in a way|signature/, () => unsigned('none'))
  add('no signature, in capitals', /signed in a way/, () => unsigned('NONE') + 'AA')
  add('a secret that is the public key', /signed in a way/, () =>
    hmacToken(pem, claims(), { alg: 'HS256', kid: 'svid-1' }),
  )
  add('a secret that is the key set', /signed in a way/, () =>
    hmacToken(JSON.stringify(jwkOf(house.domainKey)), claims(), { alg: 'HS512', kid: 'svid-1' }),
  )
  add('another key under its id', /signature/, () => house.svid({}, {}, stranger))
  add('an id that is not there', /signature/, () => house.svid({}, { kid: 'svid-2' }, stranger))
  add('an id that is a path', /signature/, () => house.svid({}, { kid: '../../../../dev/null' }, stranger))
  add('an id that is SQL', /signature/, () => house.svid({}, { kid: "' UNION SELECT 'key" }, stranger))
  add('an id that is no text', /key id/, () => house.svid({}, { kid: ['svid-1'] }))
  add('its own key in the header', /signature/, () => house.svid({}, { kid: 'x', jwk: jwkOf(stranger) }, stranger))
  add('where its key is, in the header', /signature/, () =>
    house.svid({}, { kid: 'x', jku: 'https://evil.example.com/keys' }, stranger),
  )
  add('certificates in the header', /signature/, () => house.svid({}, { kid: 'x', x5c: ['MIIB'] }, stranger))
  add(
    'a signature of zeros',
    /signature/,
    () => `${house.svid().split('.').slice(0, 2).join('.')}.${base64url(Buffer.alloc(64))}`,
  )
  add('an empty signature', /signature/, () => `${house.svid().split('.').slice(0, 2).join('.')}.`)
  add('a signature of another token', /signature/, () =>
    [
      ...house
        .svid({ sub: `spiffe://${kDomain}/agent/planner` })
        .split('.')
        .slice(0, 2),
      house.svid().split('.')[2],
    ].join('.'),
  )
  add('an algorithm of another type of key', /signature/, () => house.svid({}, { alg: 'RS256' }))
  add('another curve', /signature/, () => token(edKey, claims()))
  add('demands that nobody knows', /extensions/, () => house.svid({}, { crit: ['exp'] }))
  add('a body that is not encoded', /extensions/, () => house.svid({}, { b64: false, crit: ['b64'] }))
  add('a type of another purpose', /credential of an agent/, () => house.svid({}, { typ: 'secevent+jwt' }))
  add('a card in place of a credential', /credential of an agent/, () => house.card('carded'))
  add('a header that says something twice', /twice/, () =>
    house.svid({}, '{"alg":"none","alg":"ES256","kid":"svid-1"}'),
  )
  add('a body that says something twice', /twice/, () =>
    token(house.domainKey, `{"sub":"spiffe://evil/a","sub":"${kReview}","aud":"reeve","exp":${now() + 60}}`),
  )
  add('two parts', /three parts/, () => house.svid().split('.').slice(0, 2).join('.'))
  add('an encrypted token', /encrypted/, () => 'a.b.c.d.e')
  counted += await attacks.run(reeve)
})

test('audience and times of a JWT-SVID', async () => {
  const attacks = new Attacks()
  const add = (name, words, claims) =>
    attacks.add(
      name,
      words,
      attempt(() => house.svid(claims())),
    )
  add('no audience', /audience/, () => ({ aud: undefined }))
  add('another audience', /audience/, () => ({ aud: ['payments-api'] }))
  add('an audience that contains ours', /audience/, () => ({ aud: 'reeve.evil.example.com' }))
  add('an audience in capitals', /audience/, () => ({ aud: 'REEVE' }))
  add('an audience that is an object', /audience/, () => ({ aud: { reeve: true } }))
  add('no end', /when it expires/, () => ({ exp: undefined }))
  add('an end that is text', /when it expires/, () => ({ exp: '9999999999' }))
  add('over', /expired/, () => ({ exp: now() - 300 }))
  add('not begun', /valid from/, () => ({ nbf: now() + 600 }))
  add('made in the future', /valid from/, () => ({ iat: now() + 600 }))
  add('good for two days', /too long/, () => ({ exp: now() + 48 * 3600 }))
  counted += await attacks.run(reeve)
})

test('names that look like those of a trust domain', async () => {
  const attacks = new Attacks()
  const alike = [
    'spiffe://corp.example.com.evil/agent/review',
    'spiffe://evil.corp.example.com/agent/review',
    'spiffe://corp-example.com/agent/review',
    'spiffe://corp.example.com@evil.com/agent/review',
    'spiffe://user@corp.example.com/agent/review',
    'spiffe://user:pw@corp.example.com/agent/review',
    'SPIFFE://corp.example.com/agent/review',
    'Spiffe://corp.example.com/agent/review',
    'spiffe://CORP.example.com/agent/review',
    'spiffe://corp.example.com:443/agent/review',
    'spiffe://corp.example.com:/agent/review',
    'spiffe://corp.example.com/agent/review?x=1',
    'spiffe://corp.example.com/agent/review#x',
    'spiffe://corp.example.com/agent/review/',
    'spiffe://corp.example.com/agent//review',
    'spiffe://corp.example.com//agent/review',
    'spiffe://corp.example.com/agent/./review',
    'spiffe://corp.example.com/agent/x/../review',
    'spiffe://corp.example.com/agent%2Freview',
    'spiffe://corp.example.com/agent/%72eview',
    'spiffe://corp%2eexample.com/agent/review',
    'spiffe://corp.example.com',
    'spiffe://corp.example.com/',
    'spiffe:/corp.example.com/agent/review',
    'spiffe:corp.example.com/agent/review',
    'spiffe:///agent/review',
    'spiffe://corp.example.com\\agent\\review',
    'spiffe://corp.example.com/agent/revi\u0435w',
    'spiffe://corp.example.com./agent/review',
    'spiffe://corp.example.com/agent/Review',
    'spiffe://corp.example.com/agent/review ',
    'spiffe://corp.example.com/agent/review\n',
    'spiffe://corp.example.com/agent/review\0x',
    'spiffe://corp.example.com/agent/revie',
    'spiffe://corp.example.com/agent/review/more',
    `spiffe://corp.example.com/${'a'.repeat(2100)}`,
    'https://corp.example.com/agent/review',
    ' spiffe://corp.example.com/agent/review',
    'agent:review',
    '',
    ['spiffe://corp.example.com/agent/review'],
  ]
  const words = /SPIFFE ID|trust domain|No agent is registered|issuer that Reeve does not take|No registered agent/
  for (const sub of alike)
    attacks.add(
      `sub ${JSON.stringify(sub).slice(0, 80)}`,
      words,
      attempt(() => house.svid({ sub })),
    )
  counted += await attacks.run(reeve)
})

test('tokens of workloads', async () => {
  const attacks = new Attacks()
  const add = (name, words, made) =>
    attacks.add(name, words, async ({ address }) => signAgentIn(reeve, await made(), address))
  const honest = claimsOf(await house.ci.tokenOf('job-main'))
  const forged = (claims, header = { typ: 'at+jwt' }, key = house.ci.key) =>
    token(key, { ...honest, ...claims }, header)
  assert.equal((await signAgentIn(reeve, forged({}))).status, 200)
  const person = await house.person()
  add('another branch', /No agent is registered/, () => house.ci.tokenOf('job-branch'))
  add('another repository', /No agent is registered/, () => house.ci.tokenOf('job-other'))
  add('for another audience', /audience/, () => house.ci.tokenOf('job-main', 'urn:example:payments'))
  add('an issuer with a slash', /issuer that Reeve/, () => forged({ iss: `${house.ci.issuer}/` }))
  add('an issuer in capitals', /issuer that Reeve/, () => forged({ iss: house.ci.issuer.toUpperCase() }))
  add('the issuer of people', /issuer that Reeve/, () => forged({ iss: house.company.issuer }))
  add('another issuer', /issuer that Reeve/, () => forged({ iss: 'https://ci.evil.example.com' }))
  add('issuer and key of others', /signature/, () => forged({}, {}, ecKey(house.ci.key.kid)))
  add('a key of the trust domain', /signature/, () => forged({}, {}, house.domainKey))
  add('a trust domain by a key of the CI system', /signature/, () =>
    forged({ iss: undefined, sub: kReview, aud: 'reeve' }),
  )
  add('a repository in other case', /No agent is registered/, () => forged({ repository: 'ACME/payments' }))
  add('a repository that begins alike', /No agent is registered/, () => forged({ repository: 'acme/payments-evil' }))
  add('a list of repositories', /No agent is registered/, () => forged({ repository: ['acme/payments'] }))
  add('no repository', /No agent is registered/, () => forged({ repository: undefined }))
  add('the repository one level deeper', /No agent is registered/, () =>
    forged({ repository: { repository: 'acme/payments' } }),
  )
  add('no subject', /readable text/, () => forged({ sub: undefined }))
  add("a person's token of Reeve", /no credential/, () => person.access_token)
  add("a person's refresh token", /three parts/, () => person.refresh_token)
  counted += await attacks.run(reeve)
})

test('assertions of an agent with a card', async () => {
  const attacks = new Attacks()
  const add = (name, words, made) =>
    attacks.add(name, words, async ({ address }) => signAgentIn(reeve, await made(), address))
  const seen = house.assertion('carded')
  await house.own(seen)
  add('the same again', /good once/, () => seen)
  const claims = claimsOf(seen)
  add('another assertion with its jti', /good once/, () => house.assertion('carded', { jti: claims.jti }))
  add('no jti', /jti/, () => house.assertion('carded', { jti: undefined }))
  add('an empty jti', /jti/, () => house.assertion('carded', { jti: '' }))
  add('a jti of 300 bytes', /jti/, () => house.assertion('carded', { jti: 'x'.repeat(300) }))
  add('for another server', /audience/, () => house.assertion('carded', { aud: 'https://other.example.com' }))
  add('good for an hour', /too long/, () => house.assertion('carded', { exp: now() + 3600 }))
  add('about somebody else', /issuer that Reeve/, () => house.assertion('carded', { sub: 'review' }))
  add("another agent's name", /No registered agent/, () => house.assertion('review'))
  add('a name that nobody has', /No registered agent/, () => house.assertion('nobody'))
  add('another key', /No registered agent/, () => house.assertion('carded', {}, {}, ecKey('card-1')))
  const old = ecKey('card-1')
  await house.agent('renewed', '--model', '*', '--card', cardFile('renewed', old))
  const next = ecKey('card-2')
  await house.register('renewed', '--replace', '--model', '*', '--card', cardFile('renewed', next))
  add('before its new card is approved', /waits for approval/, () => house.assertion('renewed', {}, {}, next))
  add('the key of its old card', /No registered agent/, () => house.assertion('renewed', {}, {}, old))
  counted += await attacks.run(reeve)
  await house.decide('approve', 'renewed')
  const later = new Attacks()
  later.add('the key of its old card, now', /No registered agent/, ({ address }) =>
    signAgentIn(reeve, house.assertion('renewed', {}, {}, old), address),
  )
  counted += await later.run(reeve)
  assert.equal((await signAgentIn(reeve, house.assertion('renewed', {}, {}, next))).status, 200)
})

test('chains that would gain', async () => {
  const attacks = new Attacks()
  const dev = await house.person()
  const stranger = await house.person('other@example.com')
  const review = await house.own(house.svid())
  const selfish = await house.own(svidOf('selfish'))
  const planner = await house.own(svidOf('planner'))
  const writer = await house.own(svidOf('writer'))
  const fourth = await house.own(svidOf('fourth'))
  const of = async (subject, actor, more) => (await exchange(reeve, subject, actor, more)).body.access_token
  const one = await of(dev.access_token, review)
  const two = await of(one, planner)
  const three = await of(two, writer)
  const key = (await reeve.createKey('dev@example.com')).secret
  const add = (name, words, subject, actor, more = {}) =>
    attacks.add(name, words, ({ address }) => exchange(reeve, subject, actor, more, address))
  add("another person's token", /not registered to act for/, stranger.access_token, review)
  add("another agent's token", /not registered to act for/, planner, review)
  add('a fourth agent', /at most 4/, three, fourth)
  add('the same agent twice', /in this chain already/, one, review)
  add('an agent for itself', /in this chain already/, review, review)
  add('a person as the actor', /registered agent for itself/, dev.access_token, stranger.access_token)
  add('a chain as the actor', /registered agent for itself/, dev.access_token, one)
  add('no actor', /actor_token/, dev.access_token, '')
  add('a key as the actor', /type|three parts|credential/, dev.access_token, key)
  add('a key in place of a sign-in', /access token that Reeve made/, key, review)
  add(
    "the CI system's token in place of a person's",
    /access token that Reeve made/,
    await house.ci.tokenOf('job-main'),
    review,
  )
  add('a JWT-SVID in place of a person', /access token that Reeve made/, house.svid(), review)
  add('a refresh token in place of a person', /access token that Reeve made/, dev.refresh_token, review)
  for (const scope of [
    'control:write',
    'control:*',
    'ledger:read',
    'scim:write',
    '*',
    'models',
    'models:',
    'groups:admins',
    'operations:*',
  ]) {
    add(`the scope ${scope}`, /a scope gives it nothing/, dev.access_token, review, { scope })
  }
  add('for another server', /Reeve itself/, dev.access_token, review, { audience: 'payments-api' })
  add('for another resource', /Reeve itself/, dev.access_token, review, { resource: 'https://payments.example.com' })
  add('a refresh token', /access tokens/, dev.access_token, review, {
    requested_token_type: 'urn:ietf:params:oauth:token-type:refresh_token',
  })
  const [head, body, signature] = one.split('.')
  const without = JSON.parse(Buffer.from(body, 'base64url'))
  delete without.act
  const stripped = [head, base64url(JSON.stringify(without)), signature].join('.')
  add('a chain whose act was taken out', /not one that this Reeve made/, stripped, planner)
  add('an expired JWT-SVID as the actor', /expired/, dev.access_token, house.svid({ exp: now() - 300 }), asJwt)
  add(
    'an actor of no trust domain',
    /trust domain/,
    dev.access_token,
    house.svid({ sub: 'spiffe://evil.example.com/a' }),
    asJwt,
  )
  add('an agent that acts for its owner only', /not registered to act for/, stranger.access_token, selfish)
  const gone = await house.person()
  await ask(reeve, {}) // a request that says nothing at all
  await send(reeve, '/oauth/revoke', {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: `token=${gone.refresh_token}`,
  })
  add('a sign-in that has ended', /ended/, gone.access_token, review)
  counted += await attacks.run(reeve)
  assert.equal(claimsOf(three).act.sub, 'agent:writer')
  assert.equal(claimsOf(three).act.act.act.sub, 'agent:review')
})

test('a chain never lasts longer than what it was made of', async () => {
  const dev = await house.person()
  const short = now() + 90
  const actor = house.svid({ exp: short })
  const chain = await exchange(reeve, dev.access_token, actor, asJwt)
  assert.equal(chain.status, 200, chain.text)
  assert.ok(claimsOf(chain.body.access_token).exp <= short)
  const planner = await house.own(svidOf('planner'))
  const longer = await exchange(reeve, chain.body.access_token, planner)
  assert.ok(claimsOf(longer.body.access_token).exp <= short)
  assert.equal(longer.body.refresh_token, undefined)
  const own = await signAgentIn(reeve, house.svid({ exp: short }))
  assert.ok(claimsOf(own.body.access_token).exp <= short)
})

test('calls with what was given, and with what was not', async () => {
  const attacks = new Attacks()
  const dev = await house.person()
  const review = await house.own(house.svid())
  const planner = await house.own(svidOf('planner'))
  const of = async (subject, actor, more) => (await exchange(reeve, subject, actor, more)).body.access_token
  const one = await of(dev.access_token, review)
  const two = await of(one, planner)
  const planned = await of(dev.access_token, planner)
  const held = await of(dev.access_token, planner, { scope: 'models:practice-large' })
  const add = (name, words, bearer, more = {}) =>
    attacks.add(name, words, ({ address, headers }) =>
      callModel(reeve, bearer, { ...more, address, headers: { ...headers, ...more.headers } }),
    )
  const claude = { 'user-agent': 'claude-cli/2.1.270 (external, cli)' }
  const claim = (id) => ({ headers: { ...claude, 'x-claude-code-agent-id': id } })
  add('a JWT-SVID itself', /identity provider that Reeve does not trust/, house.svid())
  add(
    'the token of a workload itself',
    /identity provider that Reeve does not trust/,
    await house.ci.tokenOf('job-main'),
  )
  add('an assertion itself', /identity provider that Reeve does not trust/, house.assertion('carded'))
  add('a model beyond the agent', /may not use the model/, review, { model: 'practice-large' })
  add('a model beyond one agent of a chain', /may not use the model/, two, { model: 'practice-large' })
  add('a rule about the agent, around which the chain leads', /small models/, planned, {
    model: 'practice-large',
  })
  add('what an exchange gave up', /may not use the model/, held)
  add(
    "a person with an agent's name in a header",
    /credential is not that agent's/,
    dev.access_token,
    claim('review'),
  )
  add("an agent with another agent's name in a header", /credential is not that agent's/, review, claim('planner'))
  add("a chain with another agent's name as its parent", /credential is not that agent's/, one, {
    headers: { ...claude, 'x-claude-code-parent-agent-id': 'writer' },
  })
  add('a repository beyond the agent', /may not work on the repository/, review, {
    headers: { 'x-reeve-repo': 'acme/secret' },
  })
  const contractor = await house.person('contractor@example.com')
  const forContractor = await of(contractor.access_token, await house.own(svidOf('fourth')))
  add('a person who may not, behind an agent who may', /Not for contractors/, forContractor)
  const [head, body, signature] = one.split('.')
  const more = { ...JSON.parse(Buffer.from(body, 'base64url')), sub: 'lead@example.com' }
  add(
    'a chain for somebody else',
    /not one that this Reeve made/,
    [head, base64url(JSON.stringify(more)), signature].join('.'),
  )
  await house.agent('brief', '--model', '*', '--acts-for', '*', '--spiffe', `spiffe://${kDomain}/agent/brief`)
  const live = await house.own(svidOf('brief'))
  const liveChain = await of(dev.access_token, live)
  assert.equal((await callModel(reeve, live)).status, 200)
  await house.decide('suspend', 'brief')
  assert.equal((await callModel(reeve, live)).status, 401)
  await house.decide('retire', 'brief')
  add("a retired agent's live token", /retired/, live)
  add('a chain with a retired agent', /retired/, liveChain)
  const gone = await house.person()
  const orphan = await of(gone.access_token, review)
  await send(reeve, '/oauth/revoke', {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: `token=${gone.refresh_token}`,
  })
  add('a chain whose person has signed out', /sign-in has ended/, orphan)
  counted += await attacks.run(reeve)
})

test('a chain has nothing of what its person may do here, and cannot sign them out', async () => {
  const dev = await house.person()
  const review = await house.own(house.svid())
  const chain = (await exchange(reeve, dev.access_token, review)).body.access_token
  const get = (bearer) =>
    send(reeve, '/api/v1/agents', { method: 'GET', headers: { authorization: `Bearer ${bearer}` } })
  assert.equal((await get(dev.access_token)).status, 200)
  for (const bearer of [chain, review]) assert.equal((await get(bearer)).status, 403)
  const revoked = await send(reeve, '/oauth/revoke', {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: `token=${chain}`,
  })
  assert.deepEqual([revoked.status, revoked.body.error], [400, 'unsupported_token_type'])
  assert.equal((await callModel(reeve, dev.access_token)).status, 200)
  const refreshed = await ask(reeve, { grant_type: 'refresh_token', client_id: 'reeve-cli', refresh_token: chain })
  assert.equal(refreshed.body.error, 'invalid_grant')
})

test('keys that the trust domain withdrew, and keys that it added', async () => {
  const next = ecKey('svid-9')
  house.publishDomain(house.domainKey, next)
  // A key that nobody has seen is looked for, but not for everybody who names one: at most every half minute.
  const until = Date.now() + 45_000
  for (;;) {
    const answer = await signAgentIn(reeve, house.svid({}, {}, next))
    if (answer.status === 200) break
    assert.ok(Date.now() < until, answer.text)
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
})

test('at least a hundred were counted', () => assert.ok(counted >= 100, `${counted}`))
