// Reeve with people in roles, some history, and names that are attacks on whatever shows them.

import fs from 'node:fs'
import path from 'node:path'
import { PostgresServer } from '../postgres/postgres_server.mjs'
import { CompanyProvider, importPackage } from '../sign-in/provider.mjs'
import { kRoot, Reeve } from '../upstream/reeve_process.mjs'

export { axe, settle, shoot } from './looking.mjs'

const kConfig = `
ledger: {origin: reeve.example/node-1, node: node-1}
workers: 1
providers: [{name: practice, dialect: practice}]
models: [{name: "practice-*", provider: practice}]
`
const kGovernance = `kind: Policy
name: everything
owner: tests
on: model.call
effect: allow
---
kind: Policy
name: no-mystery
owner: tests
on: model.call
when: model.name == "practice-forbidden"
effect: deny
message: This model is not for you.
---
kind: Budget
name: everybody-monthly
title: Everybody, each month
each: [person]
window: month
limit: {money: $20}
---
kind: ApprovalPolicy
name: budgets
reviewers: {people: [boss@example.com]}
up_to: $500
longest: 30d
`
const binding = (role, person) => `---\nkind: RoleBinding\nname: ${role}s\nrole: ${role}\npeople: [${person}]\n`

// Each is text that would do something if it were not shown as text.
export const kHostile = [
  '<img src=x onerror="document.title=1">',
  '"><script>alert(1)</script>',
  'javascript:alert(1)',
  '{{7*7}}${7*7}',
  '</script><svg onload=alert(1)>',
]

// `governance`: more documents; `files`: more of its files, by name. `postgres`: the registers are in a PostgreSQL of
// its own, as where several nodes share them.
export async function startConsole({
  company = false,
  bindings = {},
  identity = '',
  postgres = false,
  governance: more = '',
  files = {},
} = {}) {
  const provider = company ? await new CompanyProvider().start() : null
  const database = postgres ? await new PostgresServer().start() : null
  const storage = database ? `storage:\n  postgres:\n    url: "${database.url()}"\n` : ''
  const governance =
    kGovernance +
    more +
    Object.entries(bindings)
      .map(([role, person]) => binding(role, person))
      .join('')
  const reeve = new Reeve({
    config: kConfig + (provider?.reeveConfig(identity) ?? '') + storage,
    governance: { 'rules.yaml': governance, ...files },
  })
  await reeve.start()
  reeve.url = `http://127.0.0.1:${reeve.port}`
  provider?.serve(`${reeve.url}/sign-in/callback`)
  const end = async () => {
    reeve.end()
    provider?.end()
    await database?.remove()
  }
  return { reeve, provider, database, end }
}

export async function makeCalls(reeve) {
  const { secret } = await reeve.createKey('ada@example.com', '--team', 'payments')
  const call = (model, session, text) =>
    fetch(`${reeve.url}/v1/chat/completions`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${secret}`,
        'content-type': 'application/json',
        'user-agent': 'a-test/1.0',
        'x-reeve-session': session,
        'x-reeve-work-item': 'PAY-1',
      },
      body: JSON.stringify({ model, messages: [{ role: 'user', content: text }] }),
    }).then((response) => response.text())
  for (const [i, text] of kHostile.entries()) await call('practice-small', text, `Say hello ${i}.`)
  await call('practice-large', 'a-session', 'Say hello.')
  await call('practice-forbidden', 'a-session', 'Say hello.')
  await call(kHostile[0], 'a-session', 'Say hello.')
}

// The questions of an intake that ship, as a file of a governance folder.
export const intakeFiles = () => ({
  'questions.yaml': fs.readFileSync(path.join(kRoot, 'governance/intake/questions.yaml'), 'utf8'),
  'reviews.yaml': fs.readFileSync(path.join(kRoot, 'governance/reviews/reviews.yaml'), 'utf8'),
})

// The API, asked by a machine that may do everything.
export async function machine(reeve) {
  const { secret } = await reeve.createKey('lead@example.com', '--scope', 'control:*')
  return async (method, way, body) => {
    const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' }
    const answer = await fetch(`${reeve.url}${way}`, { method, headers, body: body && JSON.stringify(body) })
    return { status: answer.status, body: await answer.json() }
  }
}

const kChromium = ['/usr/bin/chromium', '/usr/bin/google-chrome'].find((file) => fs.existsSync(file))
export async function startBrowser() {
  const { chromium } = await importPackage('playwright-core/index.mjs')
  return chromium.launch({ executablePath: kChromium, args: ['--no-sandbox', '--disable-gpu'] })
}

// A page of ours that asks anybody else, breaks its policy or fails shows it in `complaints`.
export async function openPage(context, reeve) {
  const page = await context.newPage()
  page.complaints = []
  page.on('console', (message) => {
    if (page.url().startsWith(reeve.url) && ['error', 'warning'].includes(message.type()))
      page.complaints.push(`${message.text()} ${message.location().url}`)
  })
  page.on('pageerror', (error) => page.complaints.push(String(error)))
  page.on('dialog', (dialog) => {
    page.complaints.push(`a dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('request', (request) => {
    const foreign =
      page.url().startsWith(reeve.url) && !request.isNavigationRequest() && !request.url().startsWith(reeve.url)
    if (foreign && !request.url().startsWith('blob:')) page.complaints.push(`asks for ${request.url()}`)
  })
  return page
}

export async function openByLink(context, reeve) {
  const { link } = JSON.parse(
    await reeve.command('console', '--json', '--address', reeve.url, '--by', 'grace@example.com'),
  )
  const page = await openPage(context, reeve)
  await page.goto(link)
  await page.getByRole('button', { name: 'Open the console' }).click()
  await page.getByRole('heading', { name: 'Overview' }).waitFor()
  return page
}

// Every page that is there without a name, with what of each tab is in the address.
export const kAddresses = [
  ['overview', ''],
  ['spend', 'spend?by=session,model'],
  ['spend-months', 'spend?by=model&show=months'],
  ['spend-savings', 'spend?show=savings'],
  ['spend-forecast', 'spend?show=forecast'],
  ['spend-anomalies', 'spend?show=anomalies'],
  ['budgets', 'budgets'],
  ['sessions', 'sessions'],
  ['decisions', 'decisions'],
  ['policies', 'policies'],
  ['policies-shadow', 'policies?show=shadow'],
  ['policies-bundles', 'policies?show=bundles'],
  ['content', 'content'],
  ['content-by-model', 'content?by=model'],
  ['ledger', 'ledger'],
  ['evidence', 'evidence'],
  ['approvals', 'approvals'],
  ['inventory', 'inventory'],
  ['intake', 'intake'],
  ['exceptions', 'exceptions'],
  ['people', 'people'],
  ['people-groups', 'people?show=groups'],
  ['people-keys', 'people?show=keys'],
  ['agents', 'agents'],
  ['kill-switch', 'kill-switch'],
  ['server', 'server'],
  ['you', 'you'],
  ['nothing-here', 'nothing-here'],
]

// From a page of the console to the company and back to that page.
export async function signInAt(page, account) {
  await page.getByRole('link', { name: 'Sign in with Example Corp' }).click()
  await page.getByLabel('Account').fill(account)
  await page.getByRole('button', { name: 'Log in' }).click()
}
