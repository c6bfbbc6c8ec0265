// The pages that people read: a refusal explained, rules with their history, findings and appeals, people and keys, the
// server, one's own page; each also without anything in it.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { detectorFiles } from '../upstream/reeve_process.mjs'
import {
  axe,
  kAddresses,
  machine,
  makeCalls,
  openByLink,
  settle,
  shoot,
  startBrowser,
  startConsole,
} from './console_reeve.mjs'

const kToken = `ghp_${'x1Y2z3W4v5U6t7S8r9Q0p1O2n3M4l5K6j7I8'}`
const kSecrets = `---
kind: Policy
name: no-secrets
title: No secrets to models
owner: security
on: model.call
when: content.findings.exists(f, f.class == "secret")
effect: deny
message: There is a secret in it.
fix: Take it out, and send it again.
tests:
  - {name: a token is refused, given: {content: {findings: [{type: github-token, class: secret}]}}, expect: deny}
---
kind: Policy
name: small-models-only
owner: tests
on: model.call
when: model.name == "practice-large"
effect: deny
message: Small ones do.
mode: shadow
`
const kRoles = { developer: 'dev@example.com, eve@example.com', auditor: 'audrey@example.com' }

let browser, full, bare, roles
before(async () => {
  const detectors = detectorFiles()
  ;[browser, full, bare, roles] = await Promise.all([
    startBrowser(),
    startConsole({ governance: kSecrets, files: detectors }),
    startConsole(),
    startConsole({ governance: kSecrets, files: detectors, bindings: kRoles }),
  ])
  await makeCalls(full.reeve)
})
after(async () => {
  await browser?.close()
  for (const one of [full, bare, roles]) one?.end()
})

const kView = { viewport: { width: 1360, height: 900 } }
async function callAs(reeve, key, { model = 'practice-small', session = 'a-session', text = 'Say hello.' } = {}) {
  const answer = await fetch(`${reeve.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'x-reeve-session': session },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: text }] }),
  })
  return { status: answer.status, request: answer.headers.get('x-reeve-request-id'), text: await answer.text() }
}
const asker =
  (reeve, key) =>
  async (path_, { method = 'GET', body } = {}) => {
    const answer = await fetch(`${reeve.url}${path_}`, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: body && JSON.stringify(body),
    })
    return { status: answer.status, body: await answer.json() }
  }

for (const theme of ['light', 'dark']) {
  test(`without anything in them, in ${theme}: every page teaches, and axe finds nothing`, async () => {
    const context = await browser.newContext({ ...kView, colorScheme: theme })
    const page = await openByLink(context, bare.reeve)
    for (const [name, address] of kAddresses) {
      await page.goto(`${bare.reeve.url}/console/${address}`)
      await settle(page)
      await shoot(page, `empty-${name}-${theme}`)
      assert.deepEqual(await axe(page), [], name)
    }
    assert.deepEqual(page.complaints, [])
    await context.close()
  })
}

test('a refused call is found, and explained: the rule, the facts, the way forward', async () => {
  const context = await browser.newContext(kView)
  const page = await openByLink(context, full.reeve)
  await page.goto(`${full.reeve.url}/console/decisions?outcome=refused&rule=no-mystery`)
  const row = page.getByRole('row').filter({ hasText: 'no-mystery' })
  await row.getByRole('link').first().click()
  await page.getByRole('heading', { name: 'What would have allowed it' }).waitFor()
  const told = await page.textContent('main')
  assert.match(told, /This model is not for you\./)
  assert.match(told, /Not this: model\.name == "practice-forbidden" \(model\.name was "?practice-forbidden"?\)/)
  await shoot(page, 'decision')
  assert.deepEqual(await axe(page), [])
  // To the exception form, filled in.
  await page.getByRole('link', { name: 'ask for one' }).click()
  assert.equal(await page.getByRole('dialog').getByRole('textbox', { name: 'Rule' }).inputValue(), 'no-mystery')
  assert.deepEqual(page.complaints, [])
  await context.close()
})

test('other rules are asked what they would have decided: those of now, and a file', async () => {
  const { reeve } = full
  const folder = path.join(reeve.folder, 'stricter')
  fs.mkdirSync(folder)
  const rule = 'kind: Policy\nname: nothing\nowner: tests\non: model.call\neffect: deny\nmessage: No.\n'
  fs.writeFileSync(path.join(folder, 'rules.yaml'), rule)
  const file = path.join(reeve.folder, 'stricter.json')
  await reeve.command('policy', 'bundle', folder, '-o', file)
  const context = await browser.newContext(kView)
  const page = await openByLink(context, reeve)
  await page.goto(`${reeve.url}/console/decisions`)
  await settle(page)
  await page.getByRole('button', { name: 'Replay' }).click()
  await page.getByText(/0 would end differently/).waitFor()
  await page.getByLabel('or a file').setInputFiles(file)
  await page.getByRole('button', { name: 'Replay' }).click()
  await page.getByRole('region', { name: 'The first calls that differ' }).waitFor()
  assert.match(await page.textContent('main'), /allow by everything.*deny by nothing/s)
  await shoot(page, 'replay')
  assert.deepEqual(await axe(page), [])
  const { secret } = await reeve.createKey('lead@example.com', '--scope', 'control:read')
  const ask = asker(reeve, secret)
  const path_ = await ask('/api/v1/decisions/replay', { method: 'POST', body: { bundle: '/etc/passwd' } })
  assert.equal(path_.status, 404)
  const unnamed = await ask('/api/v1/policy/replay', {
    method: 'POST',
    body: JSON.parse(fs.readFileSync(file, 'utf8')),
  })
  assert.ok(unnamed.body.changes.decisions > 0)
  assert.deepEqual([unnamed.body.by_person, unnamed.body.differences], [[], []])
  await context.close()
})

test('a rule shows its text, its tests, and by git who changed it and who approved', async () => {
  const folder = path.join(full.reeve.folder, 'governance')
  const git = (...words) =>
    execFileSync('git', ['-C', folder, '-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', ...words])
  git('init', '-q')
  git('add', '.')
  git('commit', '-q', '-m', 'Secrets stay here\n\nApproved-by: boss@example.com')
  const context = await browser.newContext(kView)
  const page = await openByLink(context, full.reeve)
  await page.goto(`${full.reeve.url}/console/policies`)
  await page.getByRole('link', { name: 'no-secrets' }).click()
  await page.getByRole('region', { name: 'Changes of its file' }).waitFor()
  const told = await page.textContent('main')
  assert.match(told, /Secrets stay here.*boss@example\.com/s)
  assert.match(told, /name: no-secrets.*content\.findings\.exists/s)
  assert.doesNotMatch(told, /name: everything/)
  assert.match(told, /a token is refused/)
  await shoot(page, 'policy')
  assert.deepEqual(await axe(page), [])
  await page.goto(`${full.reeve.url}/console/policies?show=shadow`)
  await page.getByRole('region', { name: 'Rules in shadow' }).getByText('small-models-only').waitFor()
  await context.close()
})

test('a finding that was wrong is told by whoever made the call, and decided by somebody else', async () => {
  const { reeve } = full
  const own = await reeve.createKey('grace@example.com', '--team', 'payments')
  const refused = await callAs(reeve, own.secret, { text: `My token is ${kToken}.` })
  assert.match(refused.text, /There is a secret in it/)
  const context = await browser.newContext(kView)
  const page = await openByLink(context, reeve)
  await page.goto(`${reeve.url}/console/you`)
  await page.getByRole('button', { name: /^Not that…/ }).click()
  assert.match(await page.textContent('main'), /Take it out, and send it again\./)
  await page.getByLabel('What it really is').fill('An example in our own documentation')
  await shoot(page, 'you-appeal')
  await page.getByRole('button', { name: 'Tell them' }).click()
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await page.goto(`${reeve.url}/console/content`)
  const appeals = page.getByRole('region', { name: 'Appeals' })
  await appeals.getByText('An example in our own documentation').waitFor()
  assert.equal(await appeals.getByRole('button', { name: /Accept/ }).count(), 0)
  assert.doesNotMatch(await page.content(), new RegExp(kToken))
  await settle(page)
  await page.getByRole('region', { name: 'Findings by class' }).waitFor()
  await shoot(page, 'content')
  assert.deepEqual(await axe(page), [])
  const ask = asker(reeve, (await reeve.createKey('lead@example.com', '--scope', 'control:*')).secret)
  const { appeal, type } = (await ask('/api/v1/content/appeals')).body.appeals[0]
  const decide = (decision) =>
    ask(`/api/v1/content/appeals/${appeal}`, { method: 'POST', body: { decision, reason: 'It is one of ours' } })
  assert.equal((await decide('accept')).body.state, 'accepted')
  assert.equal((await decide('reject')).status, 409)
  const foreign = { request_id: refused.request, type, reason: 'not mine' }
  assert.equal((await ask('/api/v1/content/appeals', { method: 'POST', body: foreign })).status, 404)
  await context.close()
})

test('a key is revoked with a reason, and its next call is refused; the ledger tells who and why', async () => {
  const { reeve } = full
  const made = await reeve.createKey('leaver@example.com')
  assert.equal((await callAs(reeve, made.secret)).status, 200)
  const context = await browser.newContext(kView)
  const page = await openByLink(context, reeve)
  await page.goto(`${reeve.url}/console/people/leaver@example.com`)
  await page.getByRole('button', { name: /^Revoke…/ }).click()
  await page.getByRole('dialog').getByLabel('Reason').fill('left the company')
  assert.deepEqual(await axe(page), [])
  await page.getByRole('button', { name: 'Revoke', exact: true }).click()
  await page.getByText('revoked', { exact: true }).waitFor()
  await shoot(page, 'person')
  assert.doesNotMatch(await page.content(), new RegExp(made.secret))
  assert.equal((await callAs(reeve, made.secret)).status, 401)
  const told = (await reeve.entries()).find(({ kind }) => kind === 'identity.revocation_asked')
  assert.deepEqual([told.detail.by, told.detail.reason], ['grace@example.com', 'left the company'])
  await context.close()
})

test('the server tells what it runs with and no secret, and the switch is drilled from the browser', async () => {
  const context = await browser.newContext(kView)
  const page = await openByLink(context, full.reeve)
  await page.goto(`${full.reeve.url}/console/server`)
  await page.getByText('entries signed').waitFor()
  const told = await page.textContent('main')
  assert.match(told, /practice.*needs no key/s)
  assert.doesNotMatch(told, new RegExp(full.reeve.folder))
  await page.goto(`${full.reeve.url}/console/kill-switch`)
  await page.getByRole('button', { name: 'Drill now' }).click()
  await page.getByRole('region', { name: 'The drill, by node' }).waitFor()
  await shoot(page, 'drill')
  assert.deepEqual(await axe(page), [])
  const drilled = (await full.reeve.entries()).find(({ kind }) => kind === 'kill.drilled')
  assert.equal(drilled.detail.by, 'grace@example.com')
  await context.close()
})

test('a developer sees what is theirs, and nothing of anybody else', async () => {
  const { reeve } = roles
  const key = async (person) =>
    (await reeve.createKey(person, '--scope', 'control:read', '--scope', 'control:write')).secret
  const [dev, eve, audrey] = [
    await key('dev@example.com'),
    await key('eve@example.com'),
    await key('audrey@example.com'),
  ]
  const models = async (person) => (await reeve.createKey(person)).secret
  await callAs(reeve, await models('dev@example.com'), { session: 'shared' })
  await callAs(reeve, await models('dev@example.com'), { session: 'only-of-dev', model: 'practice-forbidden' })
  await callAs(reeve, await models('eve@example.com'), { session: 'shared', model: 'practice-large' })
  const [asDev, asEve, asAudrey] = [dev, eve, audrey].map((one) => asker(reeve, one))
  const found = (await asAudrey('/api/v1/decisions')).body.decisions
  assert.equal(found.length, 3)
  const sessions = (await asDev('/api/v1/me/sessions')).body.sessions
  assert.deepEqual(sessions.map(({ session, calls }) => [session, calls]).sort(), [
    ['only-of-dev', 1],
    ['shared', 1],
  ])
  // A session of the same name has only one's own calls.
  assert.deepEqual(
    (await asEve('/api/v1/me/sessions/shared')).body.calls.map(({ person }) => person),
    ['eve@example.com'],
  )
  assert.equal((await asEve('/api/v1/me/sessions/only-of-dev')).status, 404)
  const refused = (await asDev('/api/v1/me/decisions?outcome=refused')).body
  assert.equal(refused.decisions.length, 1)
  assert.equal(refused.rules[0].message, 'This model is not for you.')
  assert.equal((await asEve('/api/v1/me/decisions?outcome=refused')).body.decisions.length, 0)
  const days = (await asEve('/api/v1/me/spend')).body.days
  assert.deepEqual(
    days.map(({ model }) => model),
    ['practice-large'],
  )
  const denied = [
    'decisions',
    'policy/rules',
    'content/findings',
    'content/appeals',
    'people',
    'keys',
    'groups',
    'server',
  ]
  for (const name of [...denied, `decisions/${found[0].decision}`, 'people/dev@example.com', 'policy/bundles']) {
    assert.equal((await asEve(`/api/v1/${name}`)).status, 403, name)
  }
  const revoke = await asEve('/api/v1/keys/key_x', { method: 'DELETE', body: { reason: 'x' } })
  assert.equal(revoke.status, 403)
  assert.equal((await asEve('/api/v1/kill-switch/drills', { method: 'POST', body: {} })).status, 403)
})

test('cursors and what makes no sense', async () => {
  const { reeve } = full
  const ask = asker(reeve, (await reeve.createKey('lead@example.com', '--scope', 'control:read')).secret)
  const all = (await ask('/api/v1/decisions?limit=200')).body.decisions.map(({ seq }) => seq)
  const paged = []
  for (let cursor = ''; cursor !== undefined;) {
    const { body } = await ask(`/api/v1/decisions?limit=3&until=1s&cursor=${cursor}`)
    paged.push(...body.decisions.map(({ seq }) => seq))
    cursor = body.next
  }
  assert.deepEqual(
    paged,
    all.filter((seq) => paged.includes(seq)),
  )
  assert.ok(paged.length > 6)
  // The dearest sessions first, also from page to page; what costs the same or nothing is there once.
  const dear = []
  for (let cursor = ''; cursor !== undefined;) {
    const { body } = await ask(`/api/v1/sessions?sort=cost&limit=2&cursor=${cursor}`)
    dear.push(...body.sessions)
    cursor = body.next
  }
  const costs = dear.map(({ cost_nanos: cost = 0 }) => cost)
  assert.deepEqual(
    costs,
    costs.toSorted((a, b) => b - a),
  )
  const begun = (await ask('/api/v1/sessions?limit=200')).body.sessions
  assert.ok(begun.length > 4)
  assert.deepEqual(dear.map(({ session }) => session).sort(), begun.map(({ session }) => session).sort())
  const write = await machine(reeve)
  for (const reason of ['one', 'two', 'three']) {
    await write('POST', '/api/v1/exceptions', { budget: 'everybody-monthly', add: '$1', until: '1d', reason })
  }
  const oldest = (await ask('/api/v1/exceptions')).body
  assert.ok(oldest.exceptions.length >= 3)
  const newest = (await ask('/api/v1/exceptions?order=newest')).body
  assert.deepEqual(newest.exceptions, oldest.exceptions.toReversed())
  assert.equal(newest.waiting, oldest.exceptions.filter(({ state }) => state === 'requested').length)
  for (const query of [
    'sessions?sort=person',
    'exceptions?order=dearest',
    'decisions?outcome=nothing',
    'decisions?cursor=-1',
    'decisions?limit=0',
    'decisions?limit=201',
    'decisions/x',
    'decisions/1?bundle=/etc/passwd',
    'content/findings?by=password',
    'content/findings?since=soon',
    'content/appeals?state=lost',
    'keys?state=lost',
    'policy/shadow?since=9999d',
  ]) {
    const { status, body } = await ask(`/api/v1/${query}`)
    assert.equal(status, 400, query)
    assert.ok(body.detail.length > 10, query)
  }
  assert.equal((await ask('/api/v1/decisions/99999999')).status, 404)
  assert.equal((await ask("/api/v1/decisions?person=x'%20OR%201=1--")).body.decisions.length, 0)
})
