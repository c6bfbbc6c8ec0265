// What the tests of agents share: a company with people, a CI system whose jobs have OIDC tokens (both npm
// `oidc-provider`), a trust domain of SPIFFE, and Reeve with agents registered.

import assert from 'node:assert/strict'
import crypto from 'node:crypto'
import fs from 'node:fs'
import http from 'node:http'
import os from 'node:os'
import path from 'node:path'
import { CompanyProvider, importPackage } from '../sign-in/provider.mjs'
import { signIn } from '../sign-in/signing_in.mjs'
import { Reeve } from '../upstream/reeve_process.mjs'
import { kAllowEverything } from '../upstream/upstream_process.mjs'
import { ecKey, jwkOf, now, token } from './jwt.mjs'

const { default: Provider } = await importPackage('oidc-provider/lib/index.js')

export const kDomain = 'corp.example.com'
export const kReview = `spiffe://${kDomain}/agent/review`
export const kJwtAssertion = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
export const kExchange = 'urn:ietf:params:oauth:grant-type:token-exchange'
export const kAccessToken = 'urn:ietf:params:oauth:token-type:access_token'
const kJwt = 'urn:ietf:params:oauth:token-type:jwt'

export const kRules = `${kAllowEverything}---
kind: Policy
name: planner-not-large
owner: tests
on: model.call
match: {agents: [planner], models: [practice-large]}
effect: deny
message: The planner does with small models.
---
kind: Policy
name: contractors-not-here
owner: tests
on: model.call
match: {groups: [contractors]}
effect: deny
message: Not for contractors.
---
kind: Policy
name: not-from-the-sandbox
owner: tests
on: model.call
match: {groups: [sandbox], models: [practice-large]}
effect: deny
message: The sandbox has small models only.
`

// A CI system: each of its clients is a job, whose tokens say what runs.
export class WorkloadIssuer {
  constructor() {
    this.key = ecKey(crypto.randomUUID())
    this.jobs = {
      'job-main': { repository: 'acme/payments', ref: 'refs/heads/main', protected: true },
      'job-branch': { repository: 'acme/payments', ref: 'refs/heads/topic', protected: false },
      'job-other': { repository: 'acme/other', ref: 'refs/heads/main', protected: true },
    }
  }

  async start() {
    const handle = (request, response) => this.provider.callback()(request, response)
    this.server = http.createServer(handle)
    await new Promise((done) => this.server.listen(0, '127.0.0.1', done))
    this.issuer = `http://127.0.0.1:${this.server.address().port}`
    const resource = (audience) => ({
      scope: 'run',
      audience,
      accessTokenTTL: 300,
      accessTokenFormat: 'jwt',
      jwt: { sign: { alg: 'ES256' } },
    })
    this.provider = new Provider(this.issuer, {
      clients: Object.keys(this.jobs).map((id) => ({
        client_id: id,
        client_secret: `${id}-secret-of-32-characters-or-more`,
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
        id_token_signed_response_alg: 'ES256',
      })),
      jwks: {
        keys: [{ ...this.key.privateKey.export({ format: 'jwk' }), kid: this.key.kid, alg: 'ES256', use: 'sig' }],
      },
      scopes: ['run'],
      extraTokenClaims: (_, issued) => this.jobs[issued.clientId],
      features: {
        clientCredentials: { enabled: true },
        devInteractions: { enabled: false },
        resourceIndicators: {
          enabled: true,
          defaultResource: () => 'urn:example:reeve',
          getResourceServerInfo: (_, name) => resource(name.split(':').at(-1)),
        },
      },
      ttl: { ClientCredentials: 300 },
    })
    return this
  }

  // What the job's platform hands to it.
  async tokenOf(job, resource = 'urn:example:reeve') {
    const form = { grant_type: 'client_credentials', scope: 'run', resource }
    const basic = Buffer.from(`${job}:${job}-secret-of-32-characters-or-more`).toString('base64')
    const response = await fetch(`${this.issuer}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${basic}` },
      body: new URLSearchParams(form),
    })
    const body = await response.json()
    assert.equal(response.status, 200, JSON.stringify(body))
    return body.access_token
  }

  end() {
    this.server?.close()
    this.server?.closeAllConnections()
  }
}

// One request from an address of its own, so that what the ledger tells of it can be found.
export function send(reeve, where, { method = 'POST', address = '127.0.0.1', headers = {}, body = '' } = {}) {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: reeve.port, path: where, method, localAddress: address, headers }
    const request = http.request(options, async (response) => {
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
    })
    request.once('error', reject)
    request.end(body)
  })
}

export const ask = (reeve, form, address) =>
  send(reeve, '/oauth/token', {
    address,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(form).toString(),
  })

export const signAgentIn = (reeve, assertion, address) =>
  ask(
    reeve,
    { grant_type: 'client_credentials', client_assertion_type: kJwtAssertion, client_assertion: assertion },
    address,
  )

export const exchange = (reeve, subject, actor, more = {}, address = undefined) =>
  ask(
    reeve,
    {
      grant_type: kExchange,
      subject_token: subject,
      subject_token_type: kAccessToken,
      ...(actor ? { actor_token: actor, actor_token_type: kAccessToken } : {}),
      ...more,
    },
    address,
  )
export const asJwt = { actor_token_type: kJwt }

export const callModel = (reeve, bearer, { model = 'practice-small', headers = {}, address } = {}) =>
  send(reeve, '/v1/chat/completions', {
    address,
    headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Say hello.' }] }),
  })

export class AgentHouse {
  // `storage`: further lines of reeve.yaml, such as a database that a second() node shares.
  async start({ unregistered = 'refuse', roles = '', storage = '' } = {}) {
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'reeve-agents-'))
    this.company = await new CompanyProvider().start()
    this.ci = await new WorkloadIssuer().start()
    this.domainKey = ecKey('svid-1')
    this.cardKey = ecKey('card-1')
    this.publishDomain(this.domainKey)
    const agents = `    - {issuer: "${this.ci.issuer}", audience: reeve, workload: true}
  directory: optional
  agents:
    unregistered: ${unregistered}
    spiffe: [{trust_domain: ${kDomain}, audience: reeve, keys: ${this.keysFile}}]
`
    this.node = async (name, more = '') => {
      const config = `ledger: {origin: reeve.example/${name}, node: ${name}}
workers: 1
providers: [{name: practice, dialect: practice}]
models: [{name: "practice-*", provider: practice}]
${this.company.reeveConfig(agents + more)}${storage}`
      const reeve = new Reeve({ config, governance: { 'rules.yaml': kRules + roles } })
      await reeve.start()
      return reeve
    }
    this.reeve = await this.node('agents')
    this.reeve.url = `http://127.0.0.1:${this.reeve.port}`
    this.company.serve(`${this.reeve.url}/sign-in/callback`)
    return this
  }

  // Another node behind the same address.
  async second() {
    this.other = await this.node('agents-2', `  public_url: ${this.reeve.url}\n`)
    this.other.url = `http://127.0.0.1:${this.other.port}`
    return this.other
  }

  get keysFile() {
    return path.join(this.folder, 'bundle.json')
  }
  publishDomain(...keys) {
    fs.writeFileSync(this.keysFile, JSON.stringify({ keys: keys.map((key) => jwkOf(key, { use: 'jwt-svid' })) }))
  }

  svid(claims = {}, header = {}, key = this.domainKey) {
    return token(key, { sub: kReview, aud: ['reeve'], iat: now(), exp: now() + 300, ...claims }, header)
  }

  card(id, key = this.cardKey) {
    const claims = { sub: id, iat: now(), exp: now() + 3600, jwks: { keys: [jwkOf(key)] } }
    return token(key, claims, { typ: 'agent-card+jwt' })
  }
  assertion(id, claims = {}, header = {}, key = this.cardKey) {
    const said = {
      iss: id,
      sub: id,
      aud: this.reeve.url,
      jti: crypto.randomUUID(),
      iat: now(),
      exp: now() + 60,
      ...claims,
    }
    return token(key, said, header)
  }

  async register(id, ...options) {
    const owner = options.includes('--owner') ? [] : ['--owner', 'dev@example.com']
    const usual = ['--title', `The ${id}`, ...owner, '--purpose', 'tests']
    await this.reeve.command('agent', 'register', id, ...usual, '--by', 'lead@example.com', '--json', ...options)
  }
  async decide(decision, id, ...options) {
    const reason = ['--reason', 'a test decides']
    return JSON.parse(
      await this.reeve.command(
        'agent',
        decision,
        id,
        '--by',
        'security@example.com',
        ...reason,
        '--json',
        ...options,
      ),
    )
  }
  async agent(id, ...options) {
    await this.register(id, ...options)
    return this.decide('approve', id)
  }

  // A token of an agent for itself.
  async own(assertion) {
    const given = await signAgentIn(this.reeve, assertion)
    assert.equal(given.status, 200, given.text)
    return given.body.access_token
  }
  async person(account = 'dev@example.com') {
    return signIn(this.reeve, account)
  }

  end() {
    this.reeve?.end()
    this.other?.end()
    this.company?.end()
    this.ci?.end()
    fs.rmSync(this.folder, { recursive: true, force: true })
  }
}
