// Whoever wants to be signed in as somebody else, or to have somebody else signed in as them.

import crypto from 'node:crypto'
import assert from 'node:assert/strict'
import { hiddenFields, HttpBrowser, refreshTarget } from '../sign-in/http_browser.mjs'
import { beginDevice, confirm, enterCode, kDeviceGrant, logInAtCompany, pkce, signIn } from '../sign-in/signing_in.mjs'

const kRedirect = 'http://127.0.0.1:49152/callback'

export function signInAttacks(world) {
  const at = (path) => `${world.reeve.url}${path}`
  const answerOf = async (response) => ({
    status: response.status, headers: response.headers, text: await response.text(),
  })
  const send = (method, path, body, headers = {}) => async (from) =>
    answerOf(await fetch(at(path), { method, body, headers: { ...headers, ...from }, redirect: 'manual' }))
  const form = (path, fields) => send('POST', path, new URLSearchParams(fields))
  const token = (fields) => form('/oauth/token', { client_id: 'reeve-cli', ...fields })
  const query = (fields) => new URLSearchParams({
    response_type: 'code', client_id: 'reeve-cli', redirect_uri: kRedirect, state: 's-1',
    code_challenge: pkce().challenge, code_challenge_method: 'S256', ...fields,
  })
  const authorize = (fields, headers) => send('GET', `/oauth/authorize?${query(fields)}`, undefined, headers)

  // ---- Where people are sent ----
  const nowhere = (redirect, more) => async (from) => {
    const answer = await authorize({ redirect_uri: redirect, ...more })(from)
    assert.equal(answer.headers.get('location'), null)
    return answer
  }
  const shapes = [
    'https://evil.example/callback', 'http://evil.example:49152/callback', '//evil.example/callback', '/callback', '',
    'http://127.0.0.1:49152@evil.example/callback', 'http://evil.example#@127.0.0.1:49152/callback',
    'http://127.0.0.1:49152/callback/../../x', 'http://127.0.0.1:49152/callback?next=https://evil.example',
    'http://127.0.0.1:49152/callback#x', 'http://127.0.0.1:49152/callback/',
    'http://127.0.0.1:49152//evil.example/callback',
    'http://127.0.0.1:49152\\@evil.example/callback', 'http://127.0.0.1.evil.example:49152/callback',
    'http://127.0.0.1:0x50/callback', 'http://127.0.0.1:123456/callback', 'http://127.0.0.1:/callback',
    'http://127.0.0.1/callback', 'http://localhost:49152/callback', 'http://127.1:49152/callback',
    'http://2130706433:49152/callback', 'http://0:49152/callback', 'http://[::ffff:127.0.0.1]:49152/callback',
    'https://127.0.0.1:49152/callback', 'HTTP://127.0.0.1:49152/callback', 'http://127.0.0.1:49152/Callback',
    ' http://127.0.0.1:49152/callback', 'http://127.0.0.1:49152/callback\r\nset-cookie: x=1', 'javascript:alert(1)',
    'data:text/html,x', 'file:///etc/passwd', 'http://127。0。0。1:49152/callback',
    'http://127.0.0.1:49152/callback\u0000',
  ]
  const redirects = shapes.map((shape) => [`sent to ${JSON.stringify(shape)}`, 400, nowhere(shape)])
  redirects.push(
    ['sent to another program\'s place', 400, (from) => nowhere(at('/console/sign-in'))(from)],
    ['the console, sent elsewhere', 400, nowhere(kRedirect, { client_id: 'console' })],
    ['a program for devices, sent anywhere', 400, nowhere(kRedirect, { client_id: 'claude-code' })],
    ['a program that nobody registered', 400, nowhere(kRedirect, { client_id: 'evil' })],
    ['a program without a name', 400, nowhere(kRedirect, { client_id: '' })],
  )

  // ---- What is asked for ----
  const sentBack = (fields) => async (from) => {
    const answer = await authorize(fields)(from)
    const location = answer.headers.get('location') ?? ''
    assert.ok(location.startsWith(`${kRedirect}?error=`), location)
    assert.ok(!/[\r\n]/.test(location) && answer.headers.get('set-cookie')?.startsWith('reeve-browser=') !== false)
    return answer
  }
  const asked = [
    ['a token instead of a code', 302, sentBack({ response_type: 'token' })],
    ['an ID token instead of a code', 302, sentBack({ response_type: 'id_token' })],
    ['a code and a token', 302, sentBack({ response_type: 'code token' })],
    ['nothing', 302, sentBack({ response_type: '' })],
    ['PKCE in the clear', 302, sentBack({ code_challenge_method: 'plain' })],
    ['no PKCE', 302, sentBack({ code_challenge: '', code_challenge_method: '' })],
    ['a challenge that is too short', 302, sentBack({ code_challenge: 'short' })],
    ['a challenge that is too long', 302, sentBack({ code_challenge: 'A'.repeat(44) })],
    ['a provider that is none', 302, sentBack({ provider: '7' })],
    ['a provider before the first', 302, sentBack({ provider: '-1' })],
    ['a provider that is no number', 302, sentBack({ provider: 'evil' })],
    ['a state that splits the header', 302, sentBack({ response_type: 'x', state: 'a\r\nset-cookie: b=c' })],
    ['a state of two kilobytes', 400, authorize({ state: 's'.repeat(2_000) })],
    ['a parameter twice', 400, send('GET', `/oauth/authorize?${query({})}&state=2`)],
    ['a client twice', 400, send('GET', `/oauth/authorize?${query({})}&client_id=console`)],
    ['a broken escape', 400, send('GET', '/oauth/authorize?client_id=%zz')],
    ['a query of twenty kilobytes', 413, send('GET', `/oauth/authorize?x=${'y'.repeat(20_000)}`)],
  ]

  // ---- Methods and bodies ----
  const json = { 'content-type': 'application/json' }
  const bodies = [
    ['authorize by POST', 405, form('/oauth/authorize', query({}))],
    ['authorize by DELETE', 405, send('DELETE', '/oauth/authorize')],
    ['tokens by GET', 405, send('GET', '/oauth/token?grant_type=refresh_token&refresh_token=x')],
    ['tokens by PUT', 405, send('PUT', '/oauth/token', 'grant_type=refresh_token')],
    ['a device by GET', 405, send('GET', '/oauth/device?client_id=reeve-cli')],
    ['a confirmation by GET', 405, send('GET', '/sign-in/confirm?answer=yes')],
    ['the way back by POST', 405, form('/sign-in/callback', { code: 'x', state: 'y' })],
    ['revocation by GET', 405, send('GET', '/oauth/revoke?token=x')],
    ['another method in a header', 405, send('GET', '/oauth/token', undefined, { 'x-http-method-override': 'POST' })],
    ['tokens by JSON', 400, send('POST', '/oauth/token', '{"grant_type":"refresh_token"}', json)],
    ['tokens by parts', 400,
      send('POST', '/oauth/token', '--x', { 'content-type': 'multipart/form-data; boundary=x' })],
    ['tokens by text', 400, send('POST', '/oauth/token', 'grant_type=refresh_token', { 'content-type': 'text/plain' })],
    ['a form that is too long', 413, form('/oauth/token', { grant_type: 'x'.repeat(20_000) })],
    ['a field twice', 400, send('POST', '/oauth/token', 'grant_type=a&grant_type=b',
                                { 'content-type': 'application/x-www-form-urlencoded' })],
    ['a broken escape in a form', 400, send('POST', '/oauth/token', 'grant_type=%f',
                                            { 'content-type': 'application/x-www-form-urlencoded' })],
  ]

  // ---- Secrets on the way ----
  const authorizationCode = async (challenge) => {
    const browser = new HttpBrowser()
    const follow = (target) => !target.startsWith(world.company.issuer)
    const start = await browser.visit(at(`/oauth/authorize?${query({ code_challenge: challenge })}`), { follow })
    const back = await logInAtCompany(world.reeve, browser, start.location, 'dev@example.com')
    const done = await confirm(world.reeve, browser, await browser.visit(back))
    return new URL(done.location).searchParams.get('code')
  }
  const withCode = (change) => async (from) => {
    const { verifier, challenge } = pkce()
    const code = await authorizationCode(challenge)
    const good = { grant_type: 'authorization_code', code, redirect_uri: kRedirect, code_verifier: verifier }
    return token({ ...good, ...change(code) })(from)
  }
  const codeTwice = async (from) => {
    const { verifier, challenge } = pkce()
    const code = await authorizationCode(challenge)
    const exchange = token({ grant_type: 'authorization_code', code, redirect_uri: kRedirect, code_verifier: verifier })
    const first = await exchange({})
    assert.equal(first.status, 200, first.text)
    const second = await exchange(from)
    const renew = token({ grant_type: 'refresh_token', refresh_token: JSON.parse(first.text).refresh_token })
    assert.equal((await renew({})).status, 400, 'what the first bought has ended')
    return second
  }
  const codeTwiceAtOnce = async (from) => {
    const { verifier, challenge } = pkce()
    const code = await authorizationCode(challenge)
    const exchange = token({ grant_type: 'authorization_code', code, redirect_uri: kRedirect, code_verifier: verifier })
    const answers = await Promise.all([1, 2, 3, 4].map(() => exchange(from)))
    const won = answers.filter(({ status }) => status === 200)
    assert.ok(won.length <= 1, String(won.length))
    for (const { text } of won) {
      const renew = token({ grant_type: 'refresh_token', refresh_token: JSON.parse(text).refresh_token })
      assert.equal((await renew({})).status, 400, 'what one of them bought has ended')
    }
    return answers.find(({ status }) => status !== 200)
  }
  const refreshTwice = async (from) => {
    const tokens = await signIn(world.reeve)
    const renew = token({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token })
    const first = await renew({})
    assert.equal(first.status, 200)
    const second = await renew(from)
    const next = token({ grant_type: 'refresh_token', refresh_token: JSON.parse(first.text).refresh_token })
    assert.equal((await next({})).status, 400, 'the sign-in has ended')
    return second
  }
  const refreshWith = (fields) => async (from) => {
    const tokens = await signIn(world.reeve)
    return token({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token, ...fields(tokens) })(from)
  }
  const guessed = crypto.randomBytes(32).toString('base64url')
  const secrets = [
    ['a code with another verifier', 400, withCode(() => ({ code_verifier: pkce().verifier }))],
    ['a code without a verifier', 400, withCode(() => ({ code_verifier: '' }))],
    ['a code with its challenge as verifier', 400, withCode(() => ({ code_verifier: 'A'.repeat(43) }))],
    ['a code with a verifier that is too long', 400, withCode(() => ({ code_verifier: 'v'.repeat(129) }))],
    ['a code at another address', 400, withCode(() => ({ redirect_uri: 'http://127.0.0.1:1/callback' }))],
    ['a code without its address', 400, withCode(() => ({ redirect_uri: '' }))],
    ['a code by another program', 400, withCode(() => ({ client_id: 'console' }))],
    ['a code by nobody', 400, withCode(() => ({ client_id: '' }))],
    ['a code by a program that nobody registered', 400, withCode(() => ({ client_id: 'evil' }))],
    ['a code in capitals', 400, withCode((code) => ({ code: code.toUpperCase() }))],
    ['a code as a device code', 400, withCode((code) => ({ grant_type: kDeviceGrant, device_code: code }))],
    ['a code as a refresh token', 400, withCode((code) => ({ grant_type: 'refresh_token', refresh_token: code }))],
    ['a code that nobody made', 400, token({ grant_type: 'authorization_code', code: guessed })],
    ['a code twice', 400, codeTwice],
    ['a code several times at once', 400, codeTwiceAtOnce],
    ['a refresh token twice', 400, refreshTwice],
    ['a refresh token by another program', 400, refreshWith(() => ({ client_id: 'claude-code' }))],
    ['a refresh token by nobody', 401, refreshWith(() => ({ client_id: '' }))],
    ['an access token as a refresh token', 400, refreshWith((tokens) => ({ refresh_token: tokens.access_token }))],
    ['a refresh token that nobody made', 400, token({ grant_type: 'refresh_token', refresh_token: guessed })],
    ['a refresh token with SQL', 400, token({ grant_type: 'refresh_token', refresh_token: "' OR 1=1 --" })],
    ['a refresh token of a sign-in that has ended', 400, (from) =>
      token({ grant_type: 'refresh_token', refresh_token: world.over.refresh_token })(from)],
    ['a device code that nobody made', 400, token({ grant_type: kDeviceGrant, device_code: guessed })],
    ['a device code of another program', 400, async (from) => {
      const { device_code: code } = await beginDevice(world.reeve)
      return token({ grant_type: kDeviceGrant, device_code: code, client_id: '' })(from)
    }],
    ['a device code that was used', 400, async (from) =>
      token({ grant_type: kDeviceGrant, device_code: (await signIn(world.reeve)).device_code })(from)],
    ['a user code as a device code', 400, async (from) =>
      token({ grant_type: kDeviceGrant, device_code: (await beginDevice(world.reeve)).user_code })(from)],
    ['a password', 400, token({ grant_type: 'password', username: 'boss@example.com', password: 'x' })],
    ['the rights of a client', 400, token({ grant_type: 'client_credentials', client_id: 'console' })],
    ['a token exchange', 400, token({ grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange' })],
    ['a bearer assertion', 400,
      token({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: 'a.b.c' })],
    ['a device for a program that nobody registered', 400, form('/oauth/device', { client_id: 'evil' })],
  ]

  // ---- Browsers ----
  const toConfirmation = async (browser) => {
    const codes = await beginDevice(world.reeve)
    const leaving = await enterCode(world.reeve, browser, codes.user_code)
    return logInAtCompany(world.reeve, browser, refreshTarget(leaving), 'dev@example.com')
  }
  const backWith = (change, sameBrowser = true) => async (from) => {
    const browser = new HttpBrowser()
    const back = new URL(await toConfirmation(browser))
    change(back.searchParams)
    return (sameBrowser ? browser : new HttpBrowser()).visit(back.href, { headers: from })
  }
  const backTwice = async (from) => {
    const browser = new HttpBrowser()
    const back = await toConfirmation(browser)
    await browser.visit(back)
    return browser.visit(back, { headers: from })
  }
  const meddled = (meddling) => async (from) => {
    world.company.meddle = (sent) => ({ ...sent, ...('nonce' in sent ? meddling : {}) })
    try {
      return await backWith(() => {})(from)
    } finally {
      world.company.meddle = (sent) => sent
    }
  }
  const codeForm = (headers, change = (fields) => fields) => async (from) => {
    const browser = new HttpBrowser()
    const codes = await beginDevice(world.reeve)
    const page = await browser.visit(at('/sign-in'))
    const fields = change({ ...hiddenFields(page.text), user_code: codes.user_code })
    return browser.visit(at('/sign-in'), { form: fields, headers: { ...headers, ...from } })
  }
  const answerForm = (change, headers = {}, another = false) => async (from) => {
    const browser = new HttpBrowser()
    const page = await browser.visit(await toConfirmation(browser))
    const thief = another ? new HttpBrowser() : browser
    const own = another ? hiddenFields((await thief.visit(at('/sign-in'))).text) : {}
    const fields = change({ ...hiddenFields(page.text), ...own, answer: 'yes' })
    const follow = () => false
    return thief.visit(at('/sign-in/confirm'), { form: fields, headers: { ...headers, ...from }, follow })
  }
  const answerTwice = async (from) => {
    const browser = new HttpBrowser()
    const page = await browser.visit(await toConfirmation(browser))
    await confirm(world.reeve, browser, page)
    return confirm(world.reeve, browser, page, 'yes', from)
  }
  // A cookie that somebody else put there: of their own browser, or of none.
  const fixed = (cookie) => async (from) => {
    const victim = new HttpBrowser()
    const back = await toConfirmation(victim)
    const response = await fetch(back, { headers: { cookie, ...from }, redirect: 'manual' })
    return { status: response.status, text: await response.text() }
  }
  const wrongCode = async (from) => {
    const browser = new HttpBrowser()
    return enterCodeWith(browser, 'BCDF-GHJK', from)
  }
  const enterCodeWith = async (browser, code, from) => {
    const page = await browser.visit(at('/sign-in'), { headers: from })
    return browser.visit(at('/sign-in'), { form: { ...hiddenFields(page.text), user_code: code }, headers: from })
  }
  const manyCodes = async (from) => {
    const browser = new HttpBrowser()
    let answer
    for (let i = 0; i < 12; i++) answer = await enterCodeWith(browser, 'BCDF-GHJK', from)
    return answer
  }
  const manyDepartures = async (from) => {
    const browser = new HttpBrowser()
    await browser.visit(at('/sign-in'))
    const leave = () => browser.visit(at(`/oauth/authorize?${query({})}`), { headers: from, follow: () => false })
    let answer
    for (let i = 0; i < 31; i++) answer = await leave()
    return answer
  }
  const browsers = [
    ['the way back in another browser', 403, backWith(() => {}, false)],
    ['the way back twice', 403, backTwice],
    ['a state that nobody made', 403, backWith((query) => query.set('state', guessed))],
    ['no state', 403, backWith((query) => query.delete('state'))],
    ['the answer of another provider', 403, backWith((query) => query.set('iss', 'https://evil.example'))],
    ['an answer that names no provider', 403, backWith((query) => query.delete('iss'))],
    ['an answer without a code', 403, backWith((query) => query.delete('code'))],
    ['a code that the provider did not make', 403, backWith((query) => query.set('code', guessed))],
    ['an ID token of another sign-in', 403, meddled({ nonce: 'another' })],
    ['a code of another sign-in', 403, meddled({ code_challenge: pkce().challenge })],
    ['a code entered from another page', 403, codeForm({ origin: 'https://evil.example' })],
    ['a code entered from nowhere', 403, codeForm({ origin: 'null' })],
    ['a code entered across sites', 403, codeForm({ 'sec-fetch-site': 'cross-site' })],
    ['a code entered from a neighbour', 403, codeForm({ 'sec-fetch-site': 'same-site' })],
    ['a code entered without its form', 403, codeForm({}, ({ user_code: code }) => ({ user_code: code }))],
    ['a code entered with another form', 403, codeForm({}, (fields) => ({ ...fields, form: guessed }))],
    ['a code entered without cookies', 403, async (from) => {
      const page = await new HttpBrowser().visit(at('/sign-in'))
      return form('/sign-in', { ...hiddenFields(page.text), user_code: 'BCDF-GHJK' })(from)
    }],
    ['a yes from another page', 403, answerForm((fields) => fields, { origin: 'https://evil.example' })],
    ['a yes across sites', 403, answerForm((fields) => fields, { 'sec-fetch-site': 'cross-site' })],
    ['a yes with another form', 403, answerForm((fields) => ({ ...fields, form: guessed }))],
    ['a yes with another secret', 403, answerForm((fields) => ({ ...fields, confirmation: guessed }))],
    ['a yes in another browser', 403, answerForm((fields) => fields, {}, true)],
    ['neither yes nor no', 403, answerForm((fields) => ({ ...fields, answer: 'perhaps' }))],
    ['a yes twice', 403, answerTwice],
    ['a cookie of nobody', 403, fixed(`reeve-browser=${guessed}`)],
    ['a cookie that is too short', 403, fixed('reeve-browser=short')],
    ['a cookie in another name\'s place', 403, fixed(`__Host-reeve-browser=${guessed}`)],
    ['two cookies', 403, fixed(`reeve-browser=x; reeve-browser=${guessed}`)],
    ['a user code that no device has', 400, wrongCode],
    ['user codes, tried out', 429, manyCodes],
    ['very many sign-ins begun', 429, manyDepartures],
  ]
  return [...redirects, ...asked, ...bodies, ...secrets, ...browsers]
}
