// The console in a real browser: a newcomer's first look, the four questions, deciding, the keys; axe finds nothing on
// any page in either theme; names that are attacks stay names. Screenshots are kept in CONSOLE_SCREENSHOTS.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import { after, before, test } from 'node:test'
import {
  axe,
  kAddresses,
  intakeFiles,
  kHostile,
  machine,
  makeCalls,
  openByLink,
  openPage,
  settle,
  shoot,
  signInAt,
  startBrowser,
  startConsole,
} from './console_reeve.mjs'
import { askModel } from './house.mjs'
import { kRoot } from '../upstream/reeve_process.mjs'
import { beyondTheEdge } from './looking.mjs'

let browser, house, alone

before(async () => {
  const bindings = {
    developer: 'dev@example.com, grace@example.com',
    approver: 'boss@example.com',
    viewer: 'dev@example.com',
  }
  ;[browser, house, alone] = await Promise.all([
    startBrowser(),
    startConsole({ company: true, bindings }),
    startConsole({ files: intakeFiles() }),
  ])
  await makeCalls(alone.reeve)
  await makeNamed(alone.reeve)
})
after(async () => {
  await browser?.close()
  house?.end()
  alone?.end()
})

test('a newcomer gets in with a link and sees what there is', async () => {
  const context = await browser.newContext({ colorScheme: 'light', viewport: { width: 1360, height: 900 } })
  const first = await openPage(context, alone.reeve)
  await first.goto(`${alone.reeve.url}/console/`)
  await first.getByText('reeve console', { exact: true }).waitFor()
  await shoot(first, 'sign-in-by-link-light')
  assert.deepEqual(await axe(first), [])
  // The question who it is was answered with 401, which the browser tells, too.
  assert.deepEqual(
    first.complaints.filter((text) => !text.includes('401')),
    [],
  )
  const page = await openByLink(context, alone.reeve)
  await settle(page)
  for (const question of [/Why did spend change/, /expensive model/, /What data is sent/, /Who approved/]) {
    await page.getByRole('heading', { name: question }).waitFor()
  }
  assert.deepEqual(page.complaints, [])
  await context.close()
})

const gzipped = (address) =>
  new Promise((done, fail) =>
    http
      .get(address, { headers: { 'accept-encoding': 'gzip' } }, (answer) => {
        let bytes = 0
        answer.on('data', (piece) => (bytes += piece.length))
        answer.on('end', () => done(answer.headers['content-encoding'] === 'gzip' ? bytes : Infinity))
      })
      .on('error', fail),
  )

test('what the first look really fetches of JavaScript is small, charts and all', async () => {
  const context = await browser.newContext({ viewport: { width: 1360, height: 900 } })
  const page = await openByLink(context, alone.reeve)
  await settle(page)
  await page.locator('canvas').first().waitFor()
  const scripts = await page.evaluate(() =>
    performance
      .getEntriesByType('resource')
      .map(({ name }) => name)
      .filter((name) => name.endsWith('.js')),
  )
  assert.ok(scripts.length >= 2, scripts.join())
  const bytes = (await Promise.all(scripts.map(gzipped))).reduce((sum, one) => sum + one, 0)
  assert.ok(bytes > 50_000 && bytes <= 250_000, `${bytes} bytes`)
  await context.close()
})

// A page of each kind that has a name in its address.
async function makeNamed(reeve) {
  const own = await reeve.createKey('grace@example.com')
  await askModel(reeve, own.secret, { session: 'of-grace' })
  const ask = await machine(reeve)
  const made = async (way, body, member) => (await ask('POST', way, body)).body[member].id
  const item = { kind: 'model', title: kHostile[1], owner: kHostile[0], purpose: kHostile[3] }
  const asked = { budget: 'everybody-monthly', add: '$1', until: '1d', reason: kHostile[2] }
  const { decisions } = (await ask('GET', '/api/v1/decisions?outcome=refused')).body
  const decided = decisions.find(({ rule }) => rule === 'no-mystery')
  kPages.push(
    ['item', `inventory/${await made('/api/v1/inventory', item, 'item')}`],
    ['intake-one', `intake/${await made('/api/v1/intake', { kind: 'agent', title: kHostile[4] }, 'intake')}`],
    ['exception', `exceptions/${await made('/api/v1/exceptions', asked, 'exception')}`],
    ['decision', `decisions/${decided.decision}`],
  )
}

const kPages = [
  ...kAddresses,
  ['session', `sessions/${encodeURIComponent(kHostile[0])}`],
  ['entry', 'ledger/3'],
  ['policy', 'policies/no-mystery'],
  ['person', 'people/ada@example.com'],
  ['own-session', 'you/sessions/of-grace'],
]

test('every page that the console has is among those that are looked at', () => {
  const source = fs.readFileSync(path.join(kRoot, 'console/src/router.tsx'), 'utf8')
  const paths = [...source.matchAll(/^ {2}path: '(.*)',$/gm)].map(([, found]) => found)
  assert.ok(paths.length >= 27, `${paths.length} paths found`)
  const looked = kPages.map(([, address]) => `/${address.split('?')[0]}`)
  const missing = paths.filter((one) => {
    const pattern = new RegExp(`^${one.replaceAll(/\$\w+/g, '[^/]+')}$`)
    return !looked.some((address) => pattern.test(address))
  })
  // What only leads on to the first page.
  assert.deepEqual(missing, ['/sign-in'])
})

for (const theme of ['light', 'dark']) {
  test(`every page in ${theme}: axe finds nothing, and no name does anything`, async () => {
    const context = await browser.newContext({ colorScheme: theme, viewport: { width: 1360, height: 900 } })
    const page = await openByLink(context, alone.reeve)
    for (const [name, address] of kPages) {
      await page.goto(`${alone.reeve.url}/console/${address}`)
      await settle(page)
      await shoot(page, `${name}-${theme}`)
      assert.deepEqual(await axe(page), [], name)
      assert.equal(
        await page.evaluate(() => document.querySelectorAll('main img, main script, main svg').length),
        0,
        name,
      )
      assert.match(await page.title(), / · Reeve$/)
    }
    assert.deepEqual(page.complaints, [])
    await context.close()
  })
}

test('an entry is checked by the browser itself, and a changed one is found out', async () => {
  const context = await browser.newContext({ viewport: { width: 1360, height: 900 } })
  const page = await openByLink(context, alone.reeve)
  const check = async () => {
    await page.goto(`${alone.reeve.url}/console/ledger/3`)
    await page.getByRole('button', { name: 'Check it in this browser' }).click()
    await page.getByRole('alert').waitFor()
    return page.getByRole('alert').textContent()
  }
  assert.match(await check(), /It holds\..*signed by reeve\.example\/node-1/s)
  await shoot(page, 'proof')
  await page.route('**/api/v1/ledger/entries/3*', async (route) => {
    const answer = await route.fetch()
    const told = await answer.json()
    await route.fulfill({ response: answer, json: { ...told, entry: { ...told.entry, kind: 'model.forged' } } })
  })
  assert.match(await check(), /It does not hold\./)
  await context.close()
})

test('what is on the page is on the clipboard and in a file, and no formula runs', async () => {
  const context = await browser.newContext({ acceptDownloads: true })
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: alone.reeve.url })
  const page = await openByLink(context, alone.reeve)
  await page.goto(`${alone.reeve.url}/console/spend?by=session`)
  const table = page.getByRole('region', { name: 'Spend by session' })
  await table.getByRole('row').nth(2).waitFor()
  await page.getByRole('button', { name: 'Copy', exact: true }).click()
  const text = await page.evaluate(() => navigator.clipboard.readText())
  assert.match(text, /^Session,Calls,Refused,Tokens in,Tokens out,Cost,Share\r\n/)
  assert.match(text, /a-session,/)
  await table.getByRole('button', { name: 'Calls' }).click()
  assert.equal(await table.getByRole('columnheader', { name: 'Calls' }).getAttribute('aria-sort'), 'descending')
  await page.getByRole('button', { name: 'Show as a table' }).click()
  await page.getByRole('region', { name: 'Cost by day and session, as a table' }).waitFor()
  await context.close()
})

test('with the keyboard alone: skip, go, cut off, let on, sign out', async () => {
  const context = await browser.newContext({ viewport: { width: 1360, height: 900 } })
  const page = await openByLink(context, alone.reeve)
  await page.goto(`${alone.reeve.url}/console/`)
  await settle(page)
  await page.keyboard.press('Tab')
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Skip to the page')
  await page.keyboard.press('Enter')
  assert.equal(await page.evaluate(() => document.activeElement.id), 'main')
  await page.keyboard.press('?')
  await page.getByRole('dialog', { name: 'Keys' }).waitFor()
  assert.deepEqual(await axe(page), [])
  await page.keyboard.press('Escape')
  await page.keyboard.press('g')
  await page.keyboard.press('k')
  await page.getByRole('heading', { name: 'Kill switch', level: 1 }).waitFor()
  const reach = async (name) => {
    for (let i = 0; i < 60; i++) {
      const at = await page.evaluate(
        () => document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent,
      )
      if (name.test(at ?? '')) return
      await page.keyboard.press('Tab')
    }
    assert.fail(`Tab does not reach ${name}`)
  }
  await page.getByText('Nothing is cut off').waitFor()
  await reach(/^Cut off…$/)
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').waitFor()
  assert.deepEqual(await axe(page), [])
  await shoot(page, 'cut-off')
  await page.keyboard.press('Tab')
  await page.getByLabel('Name').focus()
  await page.keyboard.type('ada@example.com')
  await page.keyboard.press('Tab')
  await page.keyboard.type('a drill by keyboard')
  await page.keyboard.press('Enter')
  await page.getByText('person:ada@example.com', { exact: false }).first().waitFor()
  await reach(/^Let on again… person:ada@example\.com$/)
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').getByLabel('Reason').fill('it works')
  await page.keyboard.press('Enter')
  await page.getByText('Nothing is cut off').waitFor()
  await page.getByRole('button', { name: /grace@example\.com/ }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('menuitem', { name: 'Sign out' }).waitFor()
  // The menu takes the focus a moment after it is seen.
  const leaves = page.getByRole('menuitem', { name: 'Sign out' })
  for (let i = 0; i < 20 && !(await leaves.evaluate((item) => item === document.activeElement)); i++) {
    await page.keyboard.press('ArrowDown')
  }
  await page.keyboard.press('Enter')
  await page.getByText('Open it with a link').waitFor()
  await context.close()
})

test('people sign in with the company, one asks, another decides, and nobody decides about their own', async () => {
  const options = { colorScheme: 'light', viewport: { width: 1360, height: 900 } }
  const [asks, decides] = await Promise.all([browser.newContext(options), browser.newContext(options)])
  const dev = await openPage(asks, house.reeve)
  await dev.goto(`${house.reeve.url}/console/exceptions`)
  await dev.getByRole('link', { name: 'Sign in with Example Corp' }).waitFor()
  assert.deepEqual(await axe(dev), [])
  await shoot(dev, 'sign-in-with-company-light')
  await signInAt(dev, 'dev@example.com')
  // Back at the page that was asked for.
  await dev.getByRole('heading', { name: 'Exceptions', level: 1 }).waitFor()
  await dev.getByRole('button', { name: 'Ask for one' }).click()
  const dialog = dev.getByRole('dialog')
  await dialog.getByLabel('Budget').locator('option').first().waitFor({ state: 'attached' })
  await dialog.getByLabel('Reason').fill(`A migration ${kHostile[1]}`)
  assert.deepEqual(await axe(dev), [])
  await shoot(dev, 'ask')
  await dialog.getByRole('button', { name: 'Ask', exact: true }).click()
  await dev.getByText('Waits for').waitFor()
  assert.equal(await dev.getByRole('button', { name: 'Approve…' }).count(), 0)
  const address = dev.url()

  const boss = await openPage(decides, house.reeve)
  await boss.goto(address)
  await signInAt(boss, 'boss@example.com')
  await boss.getByRole('button', { name: 'Approve…' }).click()
  await boss.getByRole('dialog').getByLabel('Conditions').fill('Tell the team')
  await shoot(boss, 'approve')
  await boss.getByRole('button', { name: 'Approve', exact: true }).click()
  await boss.getByText('Approved by').waitFor()
  assert.match(await boss.textContent('main'), /boss@example\.com.*Tell the team/s)
  assert.deepEqual(await axe(boss), [])
  const known = (text) => /\b401\b/.test(text)
  assert.deepEqual(
    [...dev.complaints, ...boss.complaints].filter((text) => !known(text)),
    [],
  )
  await Promise.all([asks.close(), decides.close()])
})

test('at twice the size, nothing lies beyond the edge', async () => {
  const context = await browser.newContext({ viewport: { width: 680, height: 700 } })
  const page = await openByLink(context, alone.reeve)
  for (const [, address] of kPages) {
    await page.goto(`${alone.reeve.url}/console/${address}`)
    await settle(page)
    const over = await beyondTheEdge(page)
    assert.ok(over <= 0, `${address}: ${over} pixels`)
  }
  await context.close()
})
