// Claude Code's gateway protocol, request by request as its release 2.1.329 makes them: signing in without a client_id,
// settings, usage, telemetry, request tags, and what it hears when it is refused.

import assert from 'node:assert/strict'
import crypto from 'node:crypto'
import fs from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { HttpBrowser, refreshTarget } from './http_browser.mjs'
import { claimsOf, confirm, enterCode, entriesOf, kDeviceGrant, logInAtCompany, post } from './signing_in.mjs'
import { signIn as signInCommand, startBoth } from './signing_in.mjs'

const kAgent = { 'user-agent': 'claude-cli/2.1.329 (external, cli)', 'anthropic-version': '2023-06-01' }
const kSettings = `kind: ClientSettings
name: baseline
client: claude-code
settings:
  permissions: {deny: ["Read(./.env)"]}
  env: {CLAUDE_CODE_GATEWAY_HINT_HEADERS: "1"}
---
kind: ClientSettings
name: payments
client: claude-code
match: {groups: [payments]}
priority: 10
settings: {cleanupPeriodDays: 30, permissions: {deny: [WebFetch]}}
`
const kBudget = `kind: Budget
name: each-person
each: person
window: month
limit: {money: $10}
`

let both, reeve, upstream, tokens
const seen = []

// An Anthropic upstream that keeps what it was sent.
async function startUpstream() {
  const server = http.createServer(async (request, response) => {
    const pieces = []
    for await (const piece of request) pieces.push(piece)
    seen.push({ headers: request.headers, body: Buffer.concat(pieces).toString() })
    const answer = {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'claude-haiku-4-5',
      content: [{ type: 'text', text: 'Hello.' }],
      stop_reason: 'end_turn',
      usage: { input_tokens: 100_000, output_tokens: 10 },
    }
    response.setHeader('content-type', 'application/json')
    response.setHeader('anthropic-ratelimit-requests-remaining', '7')
    response.end(JSON.stringify(answer))
  })
  await new Promise((done) => server.listen(0, '127.0.0.1', done))
  return server
}

before(async () => {
  upstream = await startUpstream()
  const address = `http://127.0.0.1:${upstream.address().port}`
  const providers = `providers: [{name: stand-in, dialect: anthropic, base_url: "${address}", api_key: a-key}]
models: [{name: "claude-*", provider: stand-in}]
`
  const governance = { 'settings.yaml': kSettings, 'budgets.yaml': kBudget }
  both = await startBoth('  tokens: {lifetime: 2m}\n', { governance, providers })
  reeve = both.reeve
})
after(() => {
  both?.end()
  upstream?.close()
  upstream?.closeAllConnections()
})

// As it does: where the metadata say, without a client_id, with its surface.
async function signIn(account = 'dev@example.com') {
  const metadata = await (await fetch(`${reeve.url}/.well-known/oauth-authorization-server`)).json()
  assert.equal(new URL(metadata.device_authorization_endpoint).origin, reeve.url)
  const { status, body: codes } = await post(metadata.device_authorization_endpoint, { surface: 'claude_code' })
  assert.equal(status, 200, JSON.stringify(codes))
  const browser = new HttpBrowser()
  const leaving = await enterCode(reeve, browser, codes.user_code)
  const page = await browser.visit(await logInAtCompany(reeve, browser, refreshTarget(leaving), account))
  assert.match(page.text, /Claude Code/)
  assert.match((await confirm(reeve, browser, page)).text, /signed in as/)
  const form = { grant_type: kDeviceGrant, device_code: codes.device_code }
  const answer = await post(metadata.token_endpoint, form)
  assert.equal(answer.status, 200, JSON.stringify(answer.body))
  return answer.body
}

const get = (place, token, headers = {}) =>
  fetch(`${reeve.url}${place}`, { headers: { authorization: `Bearer ${token}`, ...headers } })

function call(token, body = {}, headers = {}) {
  const message = { model: 'claude-haiku-4-5', max_tokens: 10, messages: [{ role: 'user', content: 'Say hello.' }] }
  return fetch(`${reeve.url}/v1/messages?beta=true`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...kAgent, ...headers },
    body: JSON.stringify({ ...message, ...body }),
  })
}

// As the client computes it.
const sorted = (value) =>
  value && typeof value === 'object' && !Array.isArray(value)
    ? Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]))
    : value
const checksum = (settings) =>
  `sha256:${crypto.createHash('sha256').update(JSON.stringify(sorted(settings))).digest('hex')}`

test('it signs in without a client_id, and the token says who and what it is for', async () => {
  tokens = await signIn()
  assert.equal(tokens.email, 'dev@example.com')
  assert.equal(tokens.token_type, 'Bearer')
  const claims = claimsOf(tokens.access_token)
  assert.deepEqual([claims.client_id, claims.billing_group_tag], ['claude-code', 'work-item'])
  const [entry] = await entriesOf(reeve, 'identity.signed_in')
  assert.equal(entry.detail.client, 'claude-code')
})

test('the fixed path does the same as the one in the metadata', async () => {
  const { status, body } = await post(`${reeve.url}/oauth/device_authorization`, { surface: 'claude_code' })
  assert.equal(status, 200)
  assert.match(body.user_code, /^[B-Z]{4}-[B-Z]{4}$/)
  const pending = await post(`${reeve.url}/oauth/token`, { grant_type: kDeviceGrant, device_code: body.device_code })
  assert.deepEqual([pending.status, pending.body.error], [400, 'authorization_pending'])
})

test('settings are those of the person and their groups, with the checksum that the client computes', async () => {
  const answer = await get('/managed/settings', tokens.access_token)
  assert.equal(answer.status, 200)
  const body = await answer.json()
  assert.deepEqual(body.settings.permissions.deny, ['Read(./.env)', 'WebFetch'])
  assert.equal(body.settings.cleanupPeriodDays, 30)
  assert.equal(body.checksum, checksum(body.settings))
  assert.equal(answer.headers.get('etag'), `"${body.checksum}"`)
  assert.match(body.uuid, /^[0-9a-f]{8}-[0-9a-f]{4}-8/)
  const again = await get('/managed/settings', tokens.access_token, { 'if-none-match': `"${body.checksum}"` })
  assert.deepEqual([again.status, await again.text()], [304, ''])
  for (const other of ['*', '"sha256:0"']) {
    assert.equal((await get('/managed/settings', tokens.access_token, { 'if-none-match': other })).status, 200, other)
  }
  const shown = JSON.parse(
    await reeve.command('settings', 'show', '--person', 'dev@example.com', '-g', 'payments', '--json'),
  )
  assert.equal(shown.checksum, body.checksum)
  assert.deepEqual(
    shown.from.map(({ name }) => name),
    ['baseline', 'payments'],
  )
})

test('a change of the files is served with the next question, and no policy is 404', async () => {
  const file = path.join(reeve.folder, 'governance/settings.yaml')
  const narrow = kSettings.replace('name: baseline', 'name: baseline\nmatch: {groups: [nobody]}')
  fs.writeFileSync(file, narrow.replace('[payments]', '[nobody]'))
  for (let i = 0; i < 100; i++) {
    if ((await get('/managed/settings', tokens.access_token)).status === 404) break
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  const none = await get('/managed/settings', tokens.access_token)
  assert.equal(none.status, 404)
  assert.equal((await none.json()).error.type, 'not_found_error')
  fs.writeFileSync(file, kSettings)
  for (let i = 0; i < 100; i++) {
    if ((await get('/managed/settings', tokens.access_token)).status === 200) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  assert.fail('the settings are not served again')
})

test('tags become the work item and reach no provider, nor does the checksum', async () => {
  const answer = await call(
    tokens.access_token,
    { tags: { 'work-item': 'PAY-142' }, safeguards: { dangerous_tool_use: {} } },
    {
      'anthropic-beta': 'claude-code-20250219,request-tags-2026-08-21,safeguards-1',
      'x-claude-code-session-id': 'session-1',
      'x-claude-code-managed-settings-checksum': 'sha256:stale',
    },
  )
  assert.equal(answer.status, 200, await answer.clone().text())
  const { headers, body } = seen.at(-1)
  assert.equal(JSON.parse(body).tags, undefined)
  assert.deepEqual(JSON.parse(body).safeguards, { dangerous_tool_use: {} })
  assert.equal(headers['anthropic-beta'], 'claude-code-20250219,safeguards-1')
  assert.equal(headers['x-claude-code-managed-settings-checksum'], undefined)
  assert.equal(headers.authorization, undefined)
  const outcomes = await entriesOf(reeve, 'model.outcome')
  assert.equal(outcomes.at(-1).work_item, 'PAY-142')
})

test('settings other than those in force are told, once a session', async () => {
  const [drift] = await entriesOf(reeve, 'client.settings_drift')
  assert.deepEqual(
    [drift.detail.person, drift.detail.session, drift.detail.reported],
    ['dev@example.com', 'session-1', 'sha256:stale'],
  )
  const { checksum: current } = await (await get('/managed/settings', tokens.access_token)).json()
  assert.equal(drift.detail.expected, current)
  const headers = { 'x-claude-code-session-id': 'session-2', 'x-claude-code-managed-settings-checksum': current }
  assert.equal((await call(tokens.access_token, {}, headers)).status, 200)
  const silent = { 'x-claude-code-session-id': 'session-3' }
  assert.equal((await call(tokens.access_token, {}, silent)).status, 200)
  const all = await entriesOf(reeve, 'client.settings_drift', 2)
  assert.deepEqual(
    all.map(({ detail }) => detail.session),
    ['session-1', 'session-3'],
  )
})

test('usage is told in the headers of answers and in cents, and never the provider’s', async () => {
  const answer = await call(tokens.access_token)
  assert.equal(answer.headers.get('anthropic-ratelimit-requests-remaining'), null)
  assert.equal(answer.headers.get('anthropic-ratelimit-unified-status'), 'allowed')
  const usage = await (await get('/api/oauth/usage', tokens.access_token)).json()
  assert.deepEqual([usage.extra_usage.monthly_limit, usage.extra_usage.currency], [1000, 'USD'])
  assert.ok(usage.extra_usage.used_credits > 0, JSON.stringify(usage))
  assert.equal(usage.limits.length, 1)
  assert.deepEqual([usage.limits[0].group, usage.limits[0].is_active], ['monthly', true])
  const reset = Number(answer.headers.get('anthropic-ratelimit-unified-overage-reset'))
  assert.equal(Date.parse(usage.limits[0].resets_at) / 1000, reset)
})

test('telemetry is taken in both forms, counted, and bounded', async () => {
  const send = (signal, type, body, headers = { authorization: `Bearer ${tokens.access_token}` }) =>
    fetch(`${reeve.url}/v1/${signal}`, { method: 'POST', headers: { 'content-type': type, ...headers }, body })
  const logs = await send('logs', 'application/json', '{"resourceLogs":[]}')
  assert.deepEqual([logs.status, await logs.text()], [200, '{}'])
  const metrics = await send('metrics', 'application/x-protobuf', Buffer.from([10, 0]))
  assert.deepEqual([metrics.status, (await metrics.arrayBuffer()).byteLength], [200, 0])
  assert.equal(metrics.headers.get('content-type'), 'application/x-protobuf')
  // The connection may be gone before the answer is read.
  const large = await send('traces', 'application/json', 'x'.repeat(9 << 20)).catch(() => ({ status: 413 }))
  assert.equal(large.status, 413)
  assert.equal((await send('traces', 'application/json', '{}', {})).status, 401)
  const [entry] = await entriesOf(reeve, 'client.telemetry')
  assert.equal(entry.detail.person, 'dev@example.com')
})

test('its token is for calls of models only', async () => {
  for (const place of ['/api/v1/budgets', '/scim/v2/Users']) {
    const refused = await get(place, tokens.access_token)
    assert.equal(refused.status, 403, place)
    assert.match((await refused.json()).detail, /calls of models only/)
  }
})

test('what is not served is 501 not_supported, and hello is for everybody', async () => {
  const response = await fetch(`${reeve.url}/v1/messages/batches`, {
    method: 'POST',
    headers: { ...kAgent, authorization: `Bearer ${tokens.access_token}` },
    body: '{}',
  })
  assert.deepEqual([response.status, response.headers.get('x-should-retry')], [501, 'false'])
  assert.equal((await response.json()).error.type, 'not_supported')
  assert.equal((await fetch(`${reeve.url}/api/hello`, { method: 'HEAD' })).status, 200)
  assert.equal((await get('/api/hello', tokens.access_token)).status, 200)
})

test('a process that comes late with a renewed token is refused, and the sign-in goes on', async () => {
  const renew = (refresh_token) => post(`${reeve.url}/oauth/token`, { grant_type: 'refresh_token', refresh_token })
  const renewed = await renew(tokens.refresh_token)
  assert.equal(renewed.status, 200, JSON.stringify(renewed.body))
  const late = await renew(tokens.refresh_token)
  assert.deepEqual([late.status, late.body.error], [401, 'invalid_grant'])
  assert.equal((await call(renewed.body.access_token)).status, 200)
  tokens = renewed.body
})

test('the token of another client is not renewed without its client_id', async () => {
  const other = await signInCommand(reeve)
  const form = { grant_type: 'refresh_token', refresh_token: other.refresh_token }
  const refused = await post(`${reeve.url}/oauth/token`, form)
  assert.deepEqual([refused.status, refused.body.error], [401, 'invalid_grant'])
})

test('after a revocation everything says to sign in again, at once', async () => {
  const metadata = await (await fetch(`${reeve.url}/.well-known/oauth-authorization-server`)).json()
  const revoked = await post(metadata.revocation_endpoint, { token: tokens.access_token })
  assert.equal(revoked.status, 200)
  const places = ['/managed/settings', '/api/oauth/usage']
  const refused = [await call(tokens.access_token)]
  for (const place of places) refused.push(await get(place, tokens.access_token))
  for (const answer of refused) {
    assert.deepEqual([answer.status, answer.headers.get('x-should-retry')], [401, 'false'])
    const body = await answer.json()
    assert.equal(body.error.type, 'authentication_error')
    assert.match(body.error.message, /type \/login/)
  }
  const form = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token }
  const ended = await post(`${reeve.url}/oauth/token`, form)
  assert.deepEqual([ended.status, ended.body.error], [401, 'invalid_grant'])
})
