// Demonstration data in a browser: it says what it is on every page, and somebody on this machine may look as one of
// its people, each with what their role opens. Nobody else may, and nobody's real data has such a door.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { kProgram, Reeve } from '../upstream/reeve_process.mjs'
import { machine, openPage, startBrowser, startConsole } from './console_reeve.mjs'
import { until } from './house.mjs'
import { axe, settle, shoot } from './looking.mjs'

const run = promisify(execFile)
const kRules = 'kind: Policy\nname: everything\nowner: tests\non: model.call\neffect: allow\n'
const kConfig = `workers: 1
providers: [{name: practice, dialect: practice}]
models: [{name: "practice-*", provider: practice}]
`
let browser, made_up, real

before(async () => {
  made_up = new Reeve({ config: kConfig, governance: { 'rules.yaml': kRules } })
  const data = path.join(made_up.folder, 'data')
  await run(kProgram, ['demo-data', '--data', data, '--days', '3', '--people', '40', '--yes'], { cwd: made_up.folder })
  ;[browser, real] = await Promise.all([startBrowser(), startConsole(), made_up.start()])
  made_up.url = `http://127.0.0.1:${made_up.port}`
  // Until its index is made, pages are told to ask again.
  const ask = await machine(made_up)
  await until('the index is made', async () => (await ask('GET', '/api/v1/sessions')).status === 200, 120)
})
after(async () => {
  await browser?.close()
  made_up?.end()
  await real?.end()
})

const kRoles = {
  viewer: ['Spend', 'Budgets'],
  developer: ['You', 'Intake'],
  approver: ['Approvals', 'Exceptions'],
  'policy author': ['Policies', 'Content'],
  auditor: ['Ledger', 'Evidence'],
  'incident commander': ['Kill switch', 'Sessions'],
  administrator: ['People', 'Agents'],
}
const kNot = { viewer: 'Sessions', developer: 'Spend', approver: 'Ledger', administrator: 'Ledger' }

test('each role is there, opens what it opens, and every page says that nobody in it exists', async () => {
  const context = await browser.newContext({ viewport: { width: 1360, height: 900 } })
  const page = await openPage(context, made_up)
  await page.goto(`${made_up.url}/console/`)
  await page.getByRole('heading', { name: 'Look as one of its people' }).waitFor()
  await shoot(page, 'demonstration-door')
  assert.deepEqual(await axe(page), [])
  for (const [role, opens] of Object.entries(kRoles)) {
    await page.getByRole('button', { name: role, exact: true }).click()
    const places = page.getByRole('navigation', { name: 'Pages' })
    await places.waitFor()
    for (const name of opens) {
      await places.getByRole('link', { name, exact: true }).click()
      await page.getByRole('heading', { name, level: 1 }).waitFor()
      await page.getByRole('note').getByText('Demonstration data.').waitFor()
    }
    await settle(page)
    assert.deepEqual(await axe(page), [], role)
    if (kNot[role]) assert.equal(await places.getByRole('link', { name: kNot[role], exact: true }).count(), 0, role)
    await shoot(page, `demonstration-${role.replace(' ', '-')}`)
    await page.getByRole('button', { name: 'Look as somebody else' }).click()
    await page.getByRole('heading', { name: 'Look as one of its people' }).waitFor()
  }
  assert.deepEqual(
    page.complaints.filter((text) => !/\b401\b/.test(text)),
    [],
  )
  await context.close()
})

test('a developer who follows a link to what is not theirs is told so, and asks on their own page', async () => {
  const context = await browser.newContext({ viewport: { width: 1360, height: 900 } })
  const page = await openPage(context, made_up)
  await page.goto(`${made_up.url}/console/`)
  await page.getByRole('button', { name: 'developer', exact: true }).click()
  await page.getByRole('heading', { name: 'You', level: 1 }).waitFor()
  page.complaints = []
  await page.goto(`${made_up.url}/console/ledger`)
  await page.getByText('Your roles do not open this page').waitFor()
  assert.deepEqual(await axe(page), [])
  await page.goto(`${made_up.url}/console/exceptions?ask=no-mystery`)
  await page.getByRole('heading', { name: 'You', level: 1 }).waitFor()
  assert.equal(await page.getByRole('dialog').getByRole('textbox', { name: 'Rule' }).inputValue(), 'no-mystery')
  // Nothing was asked that would have been refused.
  assert.deepEqual(page.complaints, [])
  await context.close()
})

const visit = (reeve, person, headers = {}) =>
  fetch(`${reeve.url}/console/visit`, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'content-type': 'application/x-www-form-urlencoded', origin: reeve.url, ...headers },
    body: new URLSearchParams({ person }),
  })
const status = async (reeve, headers = {}) => (await fetch(`${reeve.url}/console/status`, { headers })).json()

test('the door opens from this machine, its own page and for its own people only', async () => {
  const { demonstration, visitors } = await status(made_up)
  assert.deepEqual([demonstration, visitors.length], [true, 7])
  assert.ok(visitors.every(({ person }) => person.endsWith('@demonstration.example')))
  const { person } = visitors[0]
  const fine = await visit(made_up, person)
  assert.deepEqual([fine.status, fine.headers.get('location')], [303, '/console/'])
  assert.match(fine.headers.getSetCookie().join(), /reeve-session=.*HttpOnly; SameSite=Strict/)
  const refused = {
    'another site': { origin: 'http://evil.example', 'sec-fetch-site': 'cross-site' },
    'a name that leads here': { origin: `http://evil.example:${made_up.port}`, 'sec-fetch-site': 'same-origin' },
    'a page beside it': { origin: `http://127.0.0.1:1`, 'sec-fetch-site': 'same-site' },
    'a proxy': { 'x-forwarded-for': '203.0.113.9' },
    'another proxy': { forwarded: 'for=203.0.113.9' },
  }
  for (const [who, headers] of Object.entries(refused)) {
    const answer = await visit(made_up, person, headers)
    assert.deepEqual([answer.status, /reeve-session=./.test(answer.headers.getSetCookie().join())], [403, false], who)
  }
  assert.equal((await visit(made_up, 'root@demonstration.example')).status, 404)
  assert.deepEqual((await status(made_up, { 'x-forwarded-for': '203.0.113.9' })).visitors, [])
})

test('real data has no such door, whatever lies in its folder', async () => {
  const { person } = (await status(made_up)).visitors[0]
  assert.deepEqual([(await status(real.reeve)).demonstration, (await visit(real.reeve, person)).status], [false, 404])
  const { secret } = await real.reeve.createKey('lead@example.com', '--scope', 'control:*')
  const me = await fetch(`${real.reeve.url}/api/v1/me`, { headers: { authorization: `Bearer ${secret}` } })
  assert.equal((await me.json()).demonstration, false)
  // A server that others reach has none either, though its data is made up.
  const mark = fs.readFileSync(path.join(made_up.folder, 'data/demonstration.json'), 'utf8')
  const config = `identity: {public_url: "https://reeve.example"}\n${kConfig}`
  const open = new Reeve({ config, governance: { 'rules.yaml': kRules } })
  try {
    fs.mkdirSync(path.join(open.folder, 'data'), { recursive: true })
    fs.writeFileSync(path.join(open.folder, 'data/demonstration.json'), mark)
    await open.start()
    open.url = `http://127.0.0.1:${open.port}`
    assert.deepEqual(await status(open), { demonstration: true, providers: [], visitors: [] })
    assert.equal((await visit(open, person, { origin: 'https://reeve.example' })).status, 404)
  } finally {
    open.end()
  }
})
