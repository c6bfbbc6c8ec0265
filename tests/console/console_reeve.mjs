// Reeve with people in roles, some history, and names that are attacks on whatever shows them.

import fs from 'node:fs'
import path from 'node:path'
import { CompanyProvider, importPackage } from '../sign-in/provider.mjs'
import { Reeve } from '../upstream/reeve_process.mjs'

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

// `governance`: more documents; `files`: more of its files, by name.
export async function startConsole({
  company = false,
  bindings = {},
  identity = '',
  governance: more = '',
  files = {},
} = {}) {
  const provider = company ? await new CompanyProvider().start() : null
  const governance =
    kGovernance +
    more +
    Object.entries(bindings)
      .map(([role, person]) => binding(role, person))
      .join('')
  const reeve = new Reeve({
    config: kConfig + (provider?.reeveConfig(identity) ?? ''),
    governance: { 'rules.yaml': governance, ...files },
  })
  await reeve.start()
  reeve.url = `http://127.0.0.1:${reeve.port}`
  provider?.serve(`${reeve.url}/sign-in/callback`)
  return { reeve, provider, end: () => (reeve.end(), provider?.end()) }
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

export async function settle(page) {
  await page.getByRole('heading', { level: 1 }).waitFor()
  // Waited for by the driver: a function in the page would be evaluated, which its policy forbids.
  await page.locator('[role="status"] i').first().waitFor({ state: 'detached' })
}

const kAxe = path.join(process.env.SIGN_IN_MODULES ?? '.', 'node_modules/axe-core/axe.min.js')
// Evaluated through the driver, which the page's own policy does not bind.
export async function axe(page) {
  await page.evaluate(fs.readFileSync(kAxe, 'utf8'))
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }))
  return violations.map(
    ({ id, nodes }) =>
      `${id}: ${nodes
        .slice(0, 3)
        .map(({ html }) => html)
        .join(' | ')}`,
  )
}

const kShots = process.env.CONSOLE_SCREENSHOTS
export async function shoot(page, name) {
  if (!kShots) return
  fs.mkdirSync(kShots, { recursive: true })
  await page.screenshot({ path: path.join(kShots, `${name}.png`), fullPage: true })
}

export async function signInAt(page, account) {
  await page.getByRole('link', { name: 'Sign in with Example Corp' }).click()
  await page.getByLabel('Account').fill(account)
  await page.getByRole('button', { name: 'Log in' }).click()
}
