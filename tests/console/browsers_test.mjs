// Signed in to the console: the cookie, what may be asked with it and from where, and all the ways it ends.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { HttpBrowser, hiddenFields } from '../sign-in/http_browser.mjs'
import { entriesOf } from '../sign-in/signing_in.mjs'
import { patch, scimClient, user } from '../scim/scim_client.mjs'
import { startConsole } from './console_reeve.mjs'

let both, reeve, company
before(async () => {
  both = await startConsole({
    company: true,
    identity: '  directory: optional\n',
    bindings: {
      'incident-commander': 'iris@example.com',
      viewer: 'vera@example.com',
      auditor: 'audrey@example.com, linda@example.com',
    },
  })
  ;({ reeve, provider: company } = both)
})
after(() => both?.end())

const kOurs = { 'sec-fetch-site': 'same-origin' }
const api = (cookie, path = '/api/v1/me', { method = 'GET', headers = kOurs, body } = {}) =>
  fetch(`${reeve.url}${path}`, { method, headers: { cookie, ...headers }, body, redirect: 'manual' })
const goesOn = (address) => !address.startsWith(`${reeve.url}/console/`) || address.includes('/console/sign-in')

const sessionOf = (browser) => {
  const cookie = browser.cookieOf(reeve.url).find(({ name }) => name === 'reeve-session')
  return cookie && `reeve-session=${cookie.value}`
}

// To the company and back; the session's cookie and where it led.
async function signIn(account, to = '/console/') {
  const browser = new HttpBrowser()
  const away = (target) => !target.startsWith(company.issuer)
  const start = await browser.visit(`${reeve.url}/console/sign-in?${new URLSearchParams({ to })}`, { follow: away })
  const login = await browser.visit(start.location, { follow: goesOn })
  const done = await browser.visit(login.address, { form: { account }, follow: goesOn })
  return { browser, cookie: sessionOf(browser), done }
}

test('the cookie is for this server only, and no script sees it', async () => {
  const { done } = await signIn('vera@example.com')
  assert.ok(done.location?.endsWith('/console/'), `${done.status} ${done.text}`)
  const line = done.headers.getSetCookie().find((text) => text.startsWith('reeve-session='))
  assert.match(line, /; Path=\/; HttpOnly; SameSite=Strict$/)
})

test('whoever signed in is who they are, with the rights of their roles', async () => {
  const { cookie } = await signIn('vera@example.com')
  const me = await (await api(cookie)).json()
  assert.deepEqual([me.person, me.roles, me.decided_by], ['vera@example.com', ['viewer'], 'roles'])
  assert.ok(me.permissions.includes('spend.read') && !me.permissions.includes('kill.switch'))
  assert.equal((await api(cookie, '/api/v1/budgets')).status, 200)
  assert.equal((await api(cookie, '/api/v1/ledger/entries')).status, 403)
  const nobody = await signIn('dev@example.com')
  const without = await (await api(nobody.cookie)).json()
  assert.deepEqual([without.roles, without.permissions], [[], []])
  assert.equal((await api(nobody.cookie, '/api/v1/spend')).status, 403)
})

test('a deep link survives signing in, and leads nowhere else', async () => {
  const { done } = await signIn('vera@example.com', '/console/spend?by=team')
  assert.ok(done.location.endsWith('/console/spend?by=team'), done.location)
  for (const to of [
    'https://evil.example/',
    '//evil.example',
    '/sign-in',
    '/console\\..',
    'javascript:alert(1)',
    '/console/\r\nx: y',
  ]) {
    assert.equal(
      new URL((await signIn('vera@example.com', to)).done.location, reeve.url).href,
      `${reeve.url}/console/`,
      to,
    )
  }
})

test('other pages cannot use the cookie', async () => {
  const { cookie } = await signIn('iris@example.com')
  const body = JSON.stringify({ scope: 'model:x', reason: 'a test' })
  const switchOn = (headers) => api(cookie, '/api/v1/kill-switch', { method: 'POST', headers, body })
  const foreign = [
    {},
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'none' },
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: `${reeve.url}.evil.example` },
    { origin: reeve.url, 'sec-fetch-site': 'cross-site' },
  ]
  for (const headers of foreign) assert.equal((await switchOn(headers)).status, 403, JSON.stringify(headers))
  assert.equal((await api(cookie, '/api/v1/me', { headers: { 'sec-fetch-site': 'cross-site' } })).status, 403)
  assert.deepEqual((await (await api(cookie, '/api/v1/kill-switch')).json()).cutoffs, [])
  // An older browser says it with its origin alone.
  assert.equal((await switchOn({ origin: reeve.url })).status, 201)
  const out = await api(cookie, '/console/sign-out', {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'cross-site' },
  })
  assert.equal(out.status, 403)
  assert.equal((await api(cookie)).status, 200)
})

test('the cookie opens the API and nothing else', async () => {
  const { cookie } = await signIn('audrey@example.com')
  assert.equal((await api(cookie, '/api/v1/ledger/entries')).status, 200)
  assert.equal((await api(cookie, '/log/tile/entries/000')).status, 401)
  assert.equal((await api(cookie, '/scim/v2/Users')).status, 401)
  const call = await api(cookie, '/v1/chat/completions', {
    method: 'POST',
    headers: { ...kOurs, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'practice-small', messages: [] }),
  })
  assert.equal(call.status, 401)
})

test('a cookie that nobody was given is nobody', async () => {
  for (const value of ['', 'x', 'A'.repeat(43), `${'A'.repeat(42)}=`, '"quoted"']) {
    assert.equal((await api(`reeve-session=${value}`)).status, 401, value)
  }
})

test('the way back works for the browser that left, once', async () => {
  const browser = new HttpBrowser()
  const away = (target) => !target.startsWith(company.issuer)
  const start = await browser.visit(`${reeve.url}/console/sign-in`, { follow: away })
  const login = await browser.visit(start.location, { follow: goesOn })
  const back = await browser.visit(login.address, {
    form: { account: 'vera@example.com' },
    follow: (target) => !target.startsWith(`${reeve.url}/console/sign-in?code`),
  })
  const thief = new HttpBrowser()
  const stolen = await thief.visit(back.location)
  assert.deepEqual([stolen.status, sessionOf(thief)], [403, undefined])
  const changed = new URL(back.location)
  changed.searchParams.set('state', `${changed.searchParams.get('state').slice(0, -4)}AAAA`)
  assert.equal((await browser.visit(changed.href)).status, 403)
  assert.equal((await browser.visit(back.location, { follow: () => false })).status, 303)
  const cookie = sessionOf(browser)
  assert.equal((await api(cookie)).status, 200)
  // The same code again: somebody has a copy of it, so the sign-in ends.
  assert.equal((await browser.visit(back.location, { follow: () => false })).status, 403)
  assert.equal((await api(cookie)).status, 401)
})

test('signing out ends it at once, here and wherever the cookie was copied to', async () => {
  const { cookie } = await signIn('vera@example.com')
  assert.equal((await api(cookie)).status, 200)
  const out = await api(cookie, '/console/sign-out', {
    method: 'POST',
    headers: { ...kOurs, 'content-type': 'application/x-www-form-urlencoded' },
  })
  assert.equal(out.status, 200)
  assert.match(out.headers.get('set-cookie'), /^reeve-session=; .*Max-Age=0/)
  assert.equal((await api(cookie)).status, 401)
  const ended = (await entriesOf(reeve, 'identity.sign_in_ended', 2)).at(-1)
  assert.deepEqual([ended.detail.person, ended.detail.reason], ['vera@example.com', 'signed out'])
})

test('the kill switch on a person ends the console for them, and lets others go on', async () => {
  const vera = await signIn('vera@example.com')
  const iris = await signIn('iris@example.com')
  const body = JSON.stringify({ scope: 'person:vera@example.com', reason: 'a lost laptop' })
  const made = await api(iris.cookie, '/api/v1/kill-switch', { method: 'POST', body })
  assert.equal(made.status, 201)
  const refused = await api(vera.cookie)
  assert.deepEqual([refused.status, /a lost laptop/.test(await refused.text())], [403, true])
  assert.equal((await api(iris.cookie)).status, 200)
  const all = await api(iris.cookie, '/api/v1/kill-switch', {
    method: 'POST',
    body: JSON.stringify({ scope: 'all', reason: 'x' }),
  })
  assert.equal(all.status, 201)
  assert.equal((await api(iris.cookie, '/api/v1/kill-switch')).status, 200)
})

test('whom the directory puts out is out of the console with the next request', async () => {
  const scim = scimClient(reeve, (await reeve.createKey('idp', '--type', 'service', '--scope', 'scim:*')).secret)
  const made = await scim('POST', '/Users', user('audrey@example.com'))
  assert.equal(made.status, 201)
  const { cookie } = await signIn('audrey@example.com')
  assert.equal((await api(cookie)).status, 200)
  const left = await scim('PATCH', `/Users/${made.body.id}`, patch({ op: 'replace', path: 'active', value: false }))
  assert.equal(left.status, 200, JSON.stringify(left.body))
  assert.equal((await api(cookie)).status, 401)
  const back = await scim('PATCH', `/Users/${made.body.id}`, patch({ op: 'replace', path: 'active', value: true }))
  assert.equal(back.status, 200)
  // What was from before stays void.
  assert.equal((await api(cookie)).status, 401)
})

test('a link opens the console once, on this machine, after a yes', async () => {
  const { link } = JSON.parse(
    await reeve.command('console', '--json', '--address', reeve.url, '--by', 'linda@example.com'),
  )
  const browser = new HttpBrowser()
  const page = await browser.visit(link)
  assert.equal(page.status, 200, page.text)
  assert.match(page.text, /linda@example\.com/)
  const fields = hiddenFields(page.text)
  const enter = (who, form, headers) => who.visit(`${reeve.url}/console/enter`, { form, headers, follow: () => false })
  assert.equal((await enter(new HttpBrowser(), fields)).status, 403)
  assert.equal((await enter(browser, fields, { origin: 'https://evil.example' })).status, 403)
  assert.equal((await enter(browser, fields)).status, 303)
  const me = await (await api(sessionOf(browser))).json()
  assert.deepEqual([me.person, me.roles], ['linda@example.com', ['auditor']])
  assert.equal((await enter(browser, fields)).status, 403)
  assert.equal((await browser.visit(link)).status, 403)
  assert.equal((await browser.visit(`${reeve.url}/console/enter?link=guessed`)).status, 403)
  const text = JSON.stringify(await reeve.entries()) + reeve.log()
  assert.ok(!text.includes(new URL(link).searchParams.get('link')))
})
