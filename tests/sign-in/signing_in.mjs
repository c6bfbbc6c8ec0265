// What the tests of signing in share: Reeve with a company's provider, the steps of a sign-in, and calls with a token.

import assert from 'node:assert/strict'
import crypto from 'node:crypto'
import { Reeve } from '../upstream/reeve_process.mjs'
import { kAllowEverything } from '../upstream/upstream_process.mjs'
import { CompanyProvider } from './provider.mjs'
import { hiddenFields, HttpBrowser, refreshTarget } from './http_browser.mjs'

const kPractice = `providers: [{name: practice, dialect: practice}]
models: [{name: "practice-*", provider: practice}]
`
const basics = (node, providers) => `
ledger: {origin: reeve.example/${node}, node: ${node}}
workers: 1
${providers}`
const kRules = `${kAllowEverything}---
kind: Policy
name: contractors-not-here
owner: tests
on: model.call
match: {groups: [contractors]}
effect: deny
message: Not for contractors.
`
export const kDeviceGrant = 'urn:ietf:params:oauth:grant-type:device_code'

// `more`: further lines of the provider's entry, of `identity`, and beyond. `governance`: further files of rules.
export async function startReeve(company, more = '', node = 'node-1', { governance = {}, providers = kPractice } = {}) {
  const config = basics(node, providers) + company.reeveConfig(more)
  const reeve = new Reeve({ config, governance: { 'rules.yaml': kRules, ...governance } })
  await reeve.start()
  reeve.url = `http://127.0.0.1:${reeve.port}`
  return reeve
}

export async function startBoth(more = '', house = {}) {
  const company = await new CompanyProvider().start()
  const reeve = await startReeve(company, more, 'node-1', house)
  company.serve(`${reeve.url}/sign-in/callback`)
  return { company, reeve, end: () => (reeve.end(), company.end()) }
}

export async function post(address, form) {
  const response = await fetch(address, { method: 'POST', body: new URLSearchParams(form) })
  return { status: response.status, headers: response.headers, body: await response.json() }
}

export const tokenOf = (reeve, form) => post(`${reeve.url}/oauth/token`, { client_id: 'reeve-cli', ...form })
export const poll = (reeve, codes) => tokenOf(reeve, { grant_type: kDeviceGrant, device_code: codes.device_code })

export async function beginDevice(reeve) {
  const { status, body } = await post(`${reeve.url}/oauth/device`, { client_id: 'reeve-cli', device_name: 'a test' })
  assert.equal(status, 200, JSON.stringify(body))
  return body
}

// From the code to the company's login page; what came of the form.
export async function enterCode(reeve, browser, code, headers = {}) {
  const page = await browser.visit(`${reeve.url}/sign-in?code=${code}`)
  const form = { ...hiddenFields(page.text), user_code: code }
  return browser.visit(`${reeve.url}/sign-in`, { form, headers })
}

// Through the company's pages; stops in front of `Reeve` with the address that leads back there.
export async function logInAtCompany(reeve, browser, address, account) {
  const follow = (target) => !target.startsWith(reeve.url)
  const login = await browser.visit(address, { follow })
  if (login.location?.startsWith(reeve.url)) return login.location
  const back = await browser.visit(login.address, { form: { account }, follow })
  assert.ok(back.location?.startsWith(reeve.url), `${back.status} ${back.text}`)
  return back.location
}

export const confirm = (reeve, browser, page, answer = 'yes', headers = {}) =>
  browser.visit(`${reeve.url}/sign-in/confirm`, {
    form: { ...hiddenFields(page.text), answer },
    headers,
    follow: () => false,
  })

// A whole sign-in of a device.
export async function signIn(reeve, account = 'dev@example.com', browser = new HttpBrowser()) {
  const codes = await beginDevice(reeve)
  const leaving = await enterCode(reeve, browser, codes.user_code)
  const back = await logInAtCompany(reeve, browser, refreshTarget(leaving), account)
  const page = await browser.visit(back)
  assert.equal(page.status, 200, page.text)
  const done = await confirm(reeve, browser, page)
  assert.match(done.text, /signed in as/)
  const tokens = await poll(reeve, codes)
  assert.equal(tokens.status, 200, JSON.stringify(tokens.body))
  return { ...tokens.body, device_code: codes.device_code }
}

export async function call(reeve, token) {
  const response = await fetch(`${reeve.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'practice-small', messages: [{ role: 'user', content: 'Say hello.' }] }),
  })
  return { status: response.status, text: await response.text() }
}

export const claimsOf = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString())

export function pkce() {
  const verifier = crypto.randomBytes(32).toString('base64url')
  return { verifier, challenge: crypto.createHash('sha256').update(verifier).digest('base64url') }
}

// Entries of one kind, once there are `count`: what commands read lags a little behind.
export async function entriesOf(reeve, kind, count = 1) {
  for (let i = 0; ; i++) {
    const found = (await reeve.entries()).filter((entry) => entry.kind === kind)
    if (found.length >= count || i === 100) return found
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
