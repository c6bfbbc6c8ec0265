// What somebody tries who wants to be somebody else: each is refused, says what to do, and is on record.

import assert from 'node:assert/strict'
import http from 'node:http'
import { after, before, test } from 'node:test'
import { hiddenFields, HttpBrowser, refreshTarget } from './http_browser.mjs'
import {
  beginDevice, call, claimsOf, confirm, enterCode, entriesOf, kDeviceGrant, logInAtCompany, pkce, poll, post, signIn,
  startBoth, tokenOf,
} from './signing_in.mjs'

let both, reeve, company

before(async () => {
  both = await startBoth()
  ;({ reeve, company } = both)
})
after(() => both?.end())

const kRedirect = 'http://127.0.0.1:49152/callback'
const authorizeAddress = (fields = {}) => {
  const asked = {
    response_type: 'code', client_id: 'reeve-cli', redirect_uri: kRedirect, state: 's-1',
    code_challenge: pkce().challenge, code_challenge_method: 'S256', ...fields,
  }
  return `${reeve.url}/oauth/authorize?${new URLSearchParams(asked)}`
}

// Up to the page that asks whether it was them.
async function toConfirmation(browser, account = 'dev@example.com') {
  const codes = await beginDevice(reeve)
  const leaving = await enterCode(reeve, browser, codes.user_code)
  const back = await logInAtCompany(reeve, browser, refreshTarget(leaving), account)
  return { codes, back }
}

async function authorizationCode(challenge, fields = {}) {
  const browser = new HttpBrowser()
  const follow = (target) => !target.startsWith(company.issuer)
  const start = await browser.visit(authorizeAddress({ code_challenge: challenge, ...fields }), { follow })
  const back = await logInAtCompany(reeve, browser, start.location, 'dev@example.com')
  const done = await confirm(reeve, browser, await browser.visit(back))
  assert.equal(done.status, 303, done.text)
  return new URL(done.location).searchParams
}

test('metadata, keys and header fields are as the standards say', async () => {
  const metadata = await (await fetch(`${reeve.url}/.well-known/oauth-authorization-server`)).json()
  assert.equal(metadata.issuer, reeve.url)
  assert.deepEqual(metadata.code_challenge_methods_supported, ['S256'])
  assert.ok(metadata.grant_types_supported.includes(kDeviceGrant))
  const { keys } = await (await fetch(metadata.jwks_uri)).json()
  assert.deepEqual([keys[0].kty, keys[0].crv, keys[0].d], ['OKP', 'Ed25519', undefined])
  const page = await fetch(`${reeve.url}/sign-in`)
  const policy = page.headers.get('content-security-policy')
  assert.match(policy, /^default-src 'none'; style-src 'sha256-[^']+'; base-uri 'none'; /)
  assert.match(policy, /frame-ancestors 'none'; form-action 'self'$/)
  assert.equal(page.headers.get('cache-control'), 'no-store')
  assert.doesNotMatch(await page.text(), /<script|https?:\/\//)
})

test('a token says whose it is, is for calls only, and rules see its groups', async () => {
  const tokens = await signIn(reeve)
  const claims = claimsOf(tokens.access_token)
  assert.deepEqual([claims.iss, claims.aud, claims.sub], [reeve.url, 'reeve', 'dev@example.com'])
  assert.deepEqual(JSON.parse(Buffer.from(tokens.access_token.split('.')[0], 'base64url')).typ, 'at+jwt')
  assert.ok(claims.exp - claims.iat <= 900 && claims.jti && claims.sid.startsWith('sgn_'))
  const contractor = await signIn(reeve, 'contractor@example.com')
  const refused = await call(reeve, contractor.access_token)
  assert.ok(refused.status >= 400 && /Not for contractors/.test(refused.text), refused.text)
})

test('a device waits, slows down when told, and gets its tokens once', async () => {
  const codes = await beginDevice(reeve)
  assert.match(codes.user_code, /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/)
  assert.equal((await poll(reeve, codes)).body.error, 'authorization_pending')
  assert.equal((await poll(reeve, codes)).body.error, 'slow_down')
  assert.equal((await tokenOf(reeve, { grant_type: kDeviceGrant, device_code: 'guessed' })).body.error, 'invalid_grant')
  const stranger = await post(`${reeve.url}/oauth/token`, { grant_type: kDeviceGrant, device_code: codes.device_code })
  assert.equal(stranger.body.error, 'invalid_grant')
  const tokens = await signIn(reeve)
  assert.equal((await poll(reeve, tokens)).body.error, 'invalid_grant')
  assert.equal((await call(reeve, tokens.access_token)).status, 200)
})

test('its owner says no', async () => {
  const browser = new HttpBrowser()
  const { codes, back } = await toConfirmation(browser)
  const done = await confirm(reeve, browser, await browser.visit(back), 'no')
  assert.match(done.text, /Nothing was signed in/)
  assert.equal((await poll(reeve, codes)).body.error, 'access_denied')
})

test('a refresh token that comes twice ends the sign-in, for the thief and for its owner', async () => {
  const tokens = await signIn(reeve)
  const refresh = (token) => tokenOf(reeve, { grant_type: 'refresh_token', refresh_token: token })
  const renewed = (await refresh(tokens.refresh_token)).body
  assert.notEqual(renewed.refresh_token, tokens.refresh_token)
  assert.equal((await call(reeve, renewed.access_token)).status, 200)
  const again = await refresh(tokens.refresh_token)
  assert.deepEqual([again.status, again.body.error], [400, 'invalid_grant'])
  assert.equal((await refresh(renewed.refresh_token)).body.error, 'invalid_grant')
  assert.equal((await call(reeve, renewed.access_token)).status, 401)
  assert.equal((await call(reeve, tokens.access_token)).status, 401)
  const entries = await entriesOf(reeve, 'identity.sign_in_ended')
  const mine = entries.filter(({ detail }) => detail.sign_in === tokens.sign_in)
  assert.deepEqual(mine.map(({ detail }) => detail.reason), ['a refresh token came a second time'])
})

test('of many that refresh with one token at once, one is served and then the sign-in ends', async () => {
  const tokens = await signIn(reeve)
  const asked = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token }
  const answers = await Promise.all(Array.from({ length: 8 }, () => tokenOf(reeve, asked)))
  assert.equal(answers.filter(({ status }) => status === 200).length, 1)
  assert.equal((await call(reeve, tokens.access_token)).status, 401)
})

test('revocation ends a sign-in by either token, and says nothing about unknown ones', async () => {
  for (const kind of ['access_token', 'refresh_token']) {
    const tokens = await signIn(reeve)
    assert.equal((await post(`${reeve.url}/oauth/revoke`, { token: tokens[kind] })).status, 200)
    assert.equal((await call(reeve, tokens.access_token)).status, 401)
  }
  assert.equal((await post(`${reeve.url}/oauth/revoke`, { token: 'nonsense' })).status, 200)
})

test('a changed token, or one that another key signed, is refused', async () => {
  const { access_token: token } = await signIn(reeve)
  const [header, , signature] = token.split('.')
  const claims = { ...claimsOf(token), groups: ['admins'] }
  const forged = [header, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.')
  assert.equal((await call(reeve, forged)).status, 401)
  assert.equal((await call(reeve, `${token.slice(0, -4)}AAAA`)).status, 401)
  assert.equal((await call(reeve, token)).status, 200)
})

test('a code is good once, with its verifier, at its address', async () => {
  const { verifier, challenge } = pkce()
  const asked = { grant_type: 'authorization_code', redirect_uri: kRedirect, code_verifier: verifier }
  const exchange = (code, more = {}) => tokenOf(reeve, { ...asked, code, ...more })
  const first = (await authorizationCode(challenge)).get('code')
  assert.equal((await exchange(first, { code_verifier: pkce().verifier })).body.error, 'invalid_grant')
  assert.equal((await exchange(first, { code_verifier: '' })).body.error, 'invalid_grant')
  assert.equal((await exchange(first, { redirect_uri: 'http://127.0.0.1:1/callback' })).body.error, 'invalid_grant')
  assert.equal((await exchange(first, { client_id: 'console' })).body.error, 'invalid_grant')
  const tokens = await exchange(first)
  assert.equal(tokens.status, 200)
  assert.equal((await call(reeve, tokens.body.access_token)).status, 200)
  // The code again: somebody has a copy, and what it bought ends.
  assert.equal((await exchange(first)).body.error, 'invalid_grant')
  assert.equal((await call(reeve, tokens.body.access_token)).status, 401)
})

test('nobody is sent to an address that is not registered', async () => {
  const wrong = [
    { redirect_uri: 'https://evil.example/callback' }, { redirect_uri: 'http://127.0.0.1:49152/elsewhere' },
    { redirect_uri: 'http://127.0.0.1:49152@evil.example/callback' }, { redirect_uri: 'http://localhost:1/callback' },
    { redirect_uri: '//evil.example/callback' }, { client_id: 'unknown' },
    { client_id: 'console', redirect_uri: 'https://evil.example/console/sign-in' },
    { client_id: 'claude-code' },
  ]
  for (const fields of wrong) {
    const answer = await fetch(authorizeAddress(fields), { redirect: 'manual' })
    assert.deepEqual([answer.status, answer.headers.get('location')], [400, null], JSON.stringify(fields))
  }
  for (const fields of [{ code_challenge_method: 'plain' }, { code_challenge: 'short' }, { response_type: 'token' }]) {
    const answer = await fetch(authorizeAddress(fields), { redirect: 'manual' })
    const sent = new URL(answer.headers.get('location'))
    assert.deepEqual([sent.origin, sent.searchParams.has('error'), sent.searchParams.get('iss')],
                     ['http://127.0.0.1:49152', true, reeve.url])
  }
})

test('the way back works once, in the browser that left, and for the provider it left for', async () => {
  const browser = new HttpBrowser()
  const { back } = await toConfirmation(browser)
  const elsewhere = await new HttpBrowser().visit(back)
  assert.deepEqual([elsewhere.status, /another browser/.test(elsewhere.text)], [403, true])
  assert.equal((await browser.visit(back)).status, 200)
  assert.equal((await browser.visit(back)).status, 403)
  const wrongState = new URL(back)
  wrongState.searchParams.set('state', 'guessed')
  assert.equal((await browser.visit(wrongState.href)).status, 403)
  const another = await toConfirmation(browser)
  const mixedUp = new URL(another.back)
  mixedUp.searchParams.set('iss', 'https://evil.example')
  const refused = await browser.visit(mixedUp.href)
  assert.deepEqual([refused.status, /another provider/.test(refused.text)], [403, true])
})

test('an ID token with another nonce, and a code with another challenge, sign nobody in', async () => {
  const another = [
    [{ nonce: 'another' }, /nonce/],
    [{ code_challenge: pkce().challenge }, /did not confirm/],
  ]
  for (const [meddling, says] of another) {
    company.meddle = (parameters) => ({ ...parameters, ...('nonce' in parameters ? meddling : {}) })
    const browser = new HttpBrowser()
    const { back } = await toConfirmation(browser)
    const page = await browser.visit(back)
    assert.deepEqual([page.status, says.test(page.text)], [403, true], page.text)
    company.meddle = (parameters) => parameters
  }
})

test('the company says no, and the person reads so', async () => {
  const browser = new HttpBrowser()
  const { back } = await toConfirmation(browser, 'nobody')
  const page = await browser.visit(back)
  assert.deepEqual([page.status, /sign-in said no/.test(page.text)], [403, true])
})

test('forms of other pages are refused', async () => {
  const browser = new HttpBrowser()
  const codes = await beginDevice(reeve)
  await browser.visit(`${reeve.url}/sign-in`)
  const bare = await browser.visit(`${reeve.url}/sign-in`, { form: { user_code: codes.user_code } })
  assert.equal(bare.status, 403)
  const foreign = await enterCode(reeve, browser, codes.user_code, { origin: 'https://evil.example' })
  assert.equal(foreign.status, 403)
  const crossSite = await enterCode(reeve, browser, codes.user_code, { 'sec-fetch-site': 'cross-site' })
  assert.equal(crossSite.status, 403)
  const { codes: waiting, back } = await toConfirmation(browser)
  const page = await browser.visit(back)
  const stolen = { ...hiddenFields(page.text), form: 'guessed', answer: 'yes' }
  assert.equal((await browser.visit(`${reeve.url}/sign-in/confirm`, { form: stolen })).status, 403)
  // Another browser with the secret of the page, and a form of its own.
  const thief = new HttpBrowser()
  const own = hiddenFields((await thief.visit(`${reeve.url}/sign-in`)).text)
  const form = { ...hiddenFields(page.text), ...own, answer: 'yes' }
  assert.equal((await thief.visit(`${reeve.url}/sign-in/confirm`, { form })).status, 403)
  assert.equal((await poll(reeve, waiting)).body.error, 'authorization_pending')
})

test('text from outside does not become markup', async () => {
  const page = await fetch(`${reeve.url}/sign-in?code=${encodeURIComponent('"><script>alert(1)</script>')}`)
  const text = await page.text()
  assert.doesNotMatch(text, /<script/)
  assert.match(text, /&lt;script&gt;/)
})

test('the console asks too, unless one of our own pages sent the browser', async () => {
  const asked = { client_id: 'console', redirect_uri: `${reeve.url}/console/sign-in` }
  const follow = (target) => !target.startsWith(company.issuer)
  const comeBack = async (headers) => {
    const browser = new HttpBrowser()
    const start = await browser.visit(authorizeAddress(asked), { headers, follow })
    const back = await logInAtCompany(reeve, browser, start.location, 'dev@example.com')
    return browser.visit(back, { follow: () => false })
  }
  const linked = await comeBack({ 'sec-fetch-site': 'cross-site' })
  assert.deepEqual([linked.status, /Sign this program in\?/.test(linked.text)], [200, true], linked.text)
  const own = await comeBack({ 'sec-fetch-site': 'same-origin' })
  assert.equal(own.status, 303)
  assert.ok(own.location.startsWith(`${reeve.url}/console/sign-in?code=`), own.location)
})

test('the command sends nobody to what is no page', async () => {
  let page = ''
  const evil = http.createServer((_, response) => {
    const codes = { device_code: 'd', user_code: 'BCDF-GHJK', expires_in: 1, interval: 1 }
    response.end(JSON.stringify({ ...codes, verification_uri: page, verification_uri_complete: page }))
  })
  await new Promise((done) => evil.listen(0, '127.0.0.1', done))
  const server = `http://127.0.0.1:${evil.address().port}`
  for (page of ['file:///etc/passwd', 'javascript:alert(1)', '--help', '', 'http://evil.example/', 'https://a b/',
                'https://user@evil.example/', 'https://evil.example/$(id)', 'https://evil.example/\u001b[2J']) {
    const login = reeve.command('login', '--server', server, '--no-browser')
    await assert.rejects(login, ({ code, stderr }) => code === 3 && /names no page/.test(stderr), page)
  }
  evil.close()
  evil.closeAllConnections()
})

test('groups that do not fit into the token sign nobody in', async () => {
  const browser = new HttpBrowser()
  const { back } = await toConfirmation(browser, 'many@example.com')
  const page = await browser.visit(back)
  assert.deepEqual([page.status, /so many groups/.test(page.text)], [403, true], page.text)
})

test('every refusal and every sign-in is on record', async () => {
  const refused = (await entriesOf(reeve, 'identity.refused', 5)).map(({ detail }) => detail.what)
  for (const what of ['callback', 'authorize', 'form', 'authorization_code', 'refresh_token']) {
    assert.ok(refused.includes(what), `${what}: ${refused}`)
  }
  const signedIn = await entriesOf(reeve, 'identity.signed_in', 5)
  assert.ok(signedIn.every(({ detail }) => detail.person && detail.sign_in && Array.isArray(detail.groups)))
  const text = JSON.stringify(await reeve.entries()) + reeve.log()
  assert.doesNotMatch(text, /eyJhbGciOiJFZERTQSIs/)
})

// The last one, since it uses up what this address may get wrong.
test('codes of devices are not found by guessing', async () => {
  const browser = new HttpBrowser()
  let limited = 0
  for (let i = 0; i < 25; i++) limited += (await enterCode(reeve, browser, 'BCDF-GHJK')).status === 429
  assert.ok(limited >= 4, String(limited))
  const codes = await beginDevice(reeve)
  const page = await enterCode(reeve, browser, codes.user_code)
  assert.deepEqual([page.status, /Try again in ten minutes/.test(page.text)], [429, true])
})
