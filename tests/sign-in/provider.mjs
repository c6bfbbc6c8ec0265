// A company's identity provider, built on the npm package `oidc-provider`, inside the test's process: with a login
// page, groups, and ways to misbehave.

import crypto from 'node:crypto'
import http from 'node:http'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

// Where CMake put the packages.
const kModules = path.join(process.env.SIGN_IN_MODULES ?? '.', 'node_modules')
export const importPackage = (file) => import(pathToFileURL(path.join(kModules, file)).href)
const { default: Provider } = await importPackage('oidc-provider/lib/index.js')

const kLoginPage = `<!doctype html><title>Example Corp</title><form method="post">
<label>Account <input name="account"></label><button>Log in</button></form>`

export const kSecret = crypto.randomBytes(24).toString('base64url')
const kGroups = { 'dev@example.com': ['g-dev', 'g-payments'], 'contractor@example.com': ['g-contract'] }

function makeKey() {
  const { privateKey } = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig', kid: crypto.randomUUID() }
}

function claimsOf(person, use) {
  const claims = { sub: `sub-${person}`, email: person, email_verified: true }
  // As a large provider does when groups do not fit: names where they are, not what they are.
  if (person.startsWith('many@') && use === 'id_token') return { ...claims, _claim_names: { groups: 'src1' } }
  return { ...claims, groups: kGroups[person] ?? [] }
}

export class CompanyProvider {
  // Called with the parameters of each way to the login page; what it returns is used instead.
  meddle = (parameters) => parameters

  async start() {
    this.server = http.createServer((request, response) => this.#answer(request, response))
    await new Promise((done) => this.server.listen(0, '127.0.0.1', done))
    this.issuer = `http://127.0.0.1:${this.server.address().port}`
    return this
  }

  // As soon as it is known where people come back to.
  serve(redirect) {
    this.provider = new Provider(this.issuer, {
      clients: [
        {
          client_id: 'reeve-console',
          client_secret: kSecret,
          grant_types: ['authorization_code'],
          redirect_uris: [redirect],
          id_token_signed_response_alg: 'ES256',
        },
      ],
      jwks: { keys: [makeKey()] },
      cookies: { keys: [kSecret] },
      claims: { openid: ['sub'], email: ['email', 'email_verified'], groups: ['groups', '_claim_names'] },
      conformIdTokenClaims: false,
      findAccount: (_, sub) => ({ accountId: sub, claims: (use) => claimsOf(sub.replace(/^sub-/, ''), use) }),
      enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
      features: { devInteractions: { enabled: false } },
      interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
      pkce: { required: () => true },
      ttl: { Interaction: 600, Session: 600, Grant: 600, IdToken: 600, AccessToken: 600 },
    })
  }

  reeveConfig(more = '') {
    return `identity:
  oidc:
    - issuer: ${this.issuer}
      audience: reeve
      name: Example Corp
      client_id: reeve-console
      client_secret: ${kSecret}
      scopes: openid email groups
      group_map: {g-dev: developers, g-payments: payments-backend, g-contract: contractors}
      group_parents: {payments-backend: payments, payments: engineering}
${more}`
  }

  async #answer(request, response) {
    try {
      const url = new URL(request.url, this.issuer)
      if (url.pathname === '/auth') {
        url.search = new URLSearchParams(this.meddle(Object.fromEntries(url.searchParams)))
        request.url = url.pathname + url.search
      }
      if (!url.pathname.startsWith('/interaction/')) return await this.provider.callback()(request, response)
      return await this.#interact(request, response)
    } catch (error) {
      response.writeHead(500, { 'content-type': 'text/plain' }).end(String(error?.stack ?? error))
    }
  }

  async #interact(request, response) {
    const { prompt, params, session } = await this.provider.interactionDetails(request, response)
    if (prompt.name === 'consent') {
      const grant = new this.provider.Grant({ accountId: session.accountId, clientId: params.client_id })
      grant.addOIDCScope('openid email groups')
      const consent = { grantId: await grant.save() }
      return this.provider.interactionFinished(request, response, { consent }, { mergeWithLastSubmission: true })
    }
    if (request.method !== 'POST') {
      return response.setHeader('content-type', 'text/html').end(kLoginPage)
    }
    const pieces = []
    for await (const piece of request) pieces.push(piece)
    const account = new URLSearchParams(Buffer.concat(pieces).toString()).get('account')
    const result = account === 'nobody' ? { error: 'access_denied' } : { login: { accountId: `sub-${account}` } }
    return this.provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false })
  }

  end() {
    this.server?.close()
    this.server?.closeAllConnections()
  }
}
